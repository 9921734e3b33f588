"""Refusals for Alexa's users, where the registry's sentences for any assistant do not say how to mend one."""

from collections.abc import Mapping

from registry.errors import Reason
from registry.vendor import Sentence
from words.catalogue import mark

WRITTEN: Mapping[Reason, Sentence] = {
    "not_found": (
        mark("There is no camera of that name here."),
        mark("Say “discover devices”, or link again and tick the camera."),
    ),
    "signed_out": (
        mark("showcam is signed out of the {vendor} account."),
        mark(
            "In the Alexa app disable the showcam skill, enable it again, and sign in there with the {vendor} user "
            "name and password."
        ),
    ),
}
