"""Image Encryption on the console: switching it off step by step, getting its key, and its password.

The browser's session remembers which step the vendor wants next.
"""

import time
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from flask import request
from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSession, ConsoleSessions
from showcam.console.home.sentences import KEY, PASSWORD, SWITCHING_OFF
from showcam.console.look import pages
from showcam.drivers.settings import Asked, BadValue, Step
from showcam.i18n.catalogue import OURS, Language
from showcam.registry.owner.owner import Owner

WANTED_S = 1800.0  # a mailed code works for this time
LONGEST_CODE = 32
PATIENCE_S = 4.0  # a person waits for the page; a change that the camera shows later counts as asked for


class Wanted(Struct, frozen=True):
    """A camera's tile asks for `step` until `until`, in epoch seconds."""

    step: Step
    until: float


class Switching(Struct, frozen=True):
    """A tile's sentence about the next step, whether the tile takes a code, and whether the sentence is bad news."""

    says: str
    takes_code: bool
    is_bad: bool


class Steps(Struct, frozen=True):
    """The next steps by camera id: `off` to switch Image Encryption off, `key` to get its key."""

    off: Mapping[str, Switching]
    key: Mapping[str, Switching]


_decoder = msgspec.msgpack.Decoder(dict[str, Wanted])


type _Kept = Literal["encryption", "keys"]  # names of the steps that a session remembers


class Encryption:
    """`clock`: epoch seconds."""

    def __init__(self, owner: Owner, sessions: ConsoleSessions, clock: Callable[[], float] = time.time) -> None:
        self._owner, self._sessions, self._clock = owner, sessions, clock

    def switch_off(self, current: ConsoleSession, camera: str, code: str) -> str:
        """Returns why Image Encryption stays on, as a sentence; "" if it is off, was asked for, or takes another step.

        The button stands under the text of the consent.
        """
        done = self._owner.change(
            current.account, camera, "encryption", "off", code=_typed(code), consent=True, patience_s=PATIENCE_S
        )
        return self._next(current, camera, done, "encryption")

    def ask_key(self, current: ConsoleSession, camera: str, code: str) -> str:
        """Asks for the key when the owner presses the button.

        Returns why there is no key, as a sentence, or "" if there is a key or another step is due.
        """
        return self._next(current, camera, self._owner.encrypted.ask_key(current.account, camera, _typed(code)), "keys")

    def decided(self, current: ConsoleSession, camera: str, step: Step | None) -> None:
        """Notes that the owner decided to show the camera. `step` is the vendor's demand before the key comes."""
        self._remember(current, camera, step if step != Step("code") else None, "keys")

    def steps(self, current: ConsoleSession, language: Language, vendor: str) -> Steps:
        """Returns the next steps of cameras whose Image Encryption is to be switched off, or whose key is asked for."""
        off, key = self._wanted(current, "encryption"), self._wanted(current, "keys")
        return Steps(
            {camera: _switching(wanted.step, SWITCHING_OFF, language, vendor) for camera, wanted in off.items()},
            {camera: _switching(wanted.step, KEY, language, vendor) for camera, wanted in key.items()},
        )

    def _next(self, current: ConsoleSession, camera: str, done: object, name: _Kept) -> str:
        self._remember(current, camera, done if isinstance(done, Step) else None, name)
        return pages.why(done)

    def _remember(self, current: ConsoleSession, camera: str, step: Step | None, name: _Kept) -> None:
        wanted = self._wanted(current, name)
        wanted.pop(camera, None)
        if step is not None:
            wanted[camera] = Wanted(step, self._clock() + WANTED_S)
        self._sessions.remember(current, msgspec.msgpack.encode(wanted), WANTED_S, name)

    def _wanted(self, current: ConsoleSession, name: _Kept) -> dict[str, Wanted]:
        data, now = self._sessions.remembered(current, name), self._clock()
        try:
            found = _decoder.decode(data) if data else {}
        except msgspec.MsgspecError:
            return {}  # another version wrote this
        return {camera: wanted for camera, wanted in found.items() if wanted.until > now}


class Changed(Struct, frozen=True):
    """`why` is a sentence that says why nothing was changed, or "". `is_asked`: the vendor has not listed it yet."""

    why: str = ""
    is_asked: bool = False


class EncryptionPassword:
    """The form of a camera's page that changes the password its pictures are encrypted with."""

    def __init__(self, owner: Owner, patience_s: float) -> None:
        self._owner, self._patience_s = owner, patience_s

    def take(self, account: str, camera: str) -> Changed:
        """Changes the password. Passwords are sent on as they were typed, and no page shows them."""
        form = request.form
        old, new = form.get("old", ""), form.get("new", "")
        if not old:
            return _unchanged("missing")
        if new != form.get("again", ""):
            return _unchanged("differ")
        if "consent" not in form:
            return _unchanged("consent")
        try:
            done = self._owner.change_password(account, camera, old, new, patience_s=self._patience_s)
        except BadValue:
            return _unchanged("letters")
        if isinstance(done, Step):
            return Changed(pages.say(SWITCHING_OFF[done.key]))
        return Changed(pages.why(done), is_asked=isinstance(done, Asked))


def _typed(code: str) -> str:
    return "".join(code.split())[:LONGEST_CODE]


def _switching(step: Step, sentences: Mapping[str, str], language: Language, vendor: str) -> Switching:
    takes_code = step.wants != "pause" and step.why not in ("old", "not_given")
    return Switching(OURS.say(language, sentences[step.key], vendor=vendor), takes_code, step.wrong or bool(step.why))


def _unchanged(why: str) -> Changed:
    return Changed(pages.say(PASSWORD[why]))
