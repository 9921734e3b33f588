"""Refusals for Google's users, where the registry's sentences for any assistant do not say how to mend one."""

from collections.abc import Mapping

from registry.errors import Reason
from registry.vendor import Sentence
from words.catalogue import mark

WRITTEN: Mapping[Reason, Sentence] = {
    "not_found": (
        mark("There is no camera of that name here."),
        mark("Say “sync my devices”, or link again and tick the camera."),
    ),
    "signed_out": (
        mark("showcam is signed out of the {vendor} account."),
        mark(
            "In the Google Home app reconnect the showcam account and sign in there with the {vendor} user name and "
            "password."
        ),
    ),
}
