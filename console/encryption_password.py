"""The form of a camera's page that changes the password its pictures are encrypted with."""

from flask import request
from msgspec import Struct

from console import pages
from console.sentences import PASSWORD, SWITCHING_OFF
from registry.camera import Refusal
from registry.gate.reasons import explain
from registry.owner.owner import Owner
from registry.settings import Asked, BadValue, Step
from words.catalogue import OURS


class Changed(Struct, frozen=True):
    """`why` nothing was changed, as a sentence; "" where it was. `is_asked`: the vendor does not list it yet."""

    why: str = ""
    is_asked: bool = False


class EncryptionPassword:
    def __init__(self, owner: Owner, patience_s: float) -> None:
        self._owner, self._patience_s = owner, patience_s

    def take(self, account: str, camera: str) -> Changed:
        """Passwords are sent on as they were typed, and stand in no page."""
        form = request.form
        old, new = form.get("old", ""), form.get("new", "")
        if not old:
            return _not("missing")
        if new != form.get("again", ""):
            return _not("differ")
        if "consent" not in form:
            return _not("consent")
        try:
            done = self._owner.change_password(account, camera, old, new, patience_s=self._patience_s)
        except BadValue:
            return _not("letters")
        if isinstance(done, Refusal):
            return Changed(explain(done, pages.language()))
        if isinstance(done, Step):
            return Changed(_step(done))
        return Changed(is_asked=isinstance(done, Asked))


def _not(why: str) -> Changed:
    return Changed(pages.say(PASSWORD[why]))


def _step(step: Step) -> str:
    key = step.why or (f"wrong_{step.wants}" if step.wrong else step.wants)
    return OURS.say(pages.language(), SWITCHING_OFF[key], vendor=pages.vendor())
