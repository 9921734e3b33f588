"""Image Encryption on the console: switching it off step by step, showing a camera in spite of it, and its password.

What the vendor wants next is remembered for the browser.
"""

import time
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from flask import request
from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSession, ConsoleSessions
from showcam.console import pages
from showcam.console.sentences import KEY, PASSWORD, PICTURE_CODE, SWITCHING_OFF
from showcam.drivers.camera import Refusal
from showcam.drivers.settings import Asked, BadValue, Step
from showcam.i18n.catalogue import OURS, Language
from showcam.registry.gate.reasons import explain
from showcam.registry.owner.owner import Owner

WANTED_S = 1800.0  # so long a mailed code is good
LONGEST_CODE = 32
PATIENCE_S = 4.0  # a person waits for the page; what a camera shows later was asked for


class Wanted(Struct, frozen=True):
    """What a camera's tile asks for: `step`, until `until`, epoch seconds."""

    step: Step
    until: float


class Switching(Struct, frozen=True):
    """What one tile says of the next step, whether it takes a code, and whether that is bad news."""

    says: str
    takes_code: bool
    is_bad: bool


class Steps(Struct, frozen=True):
    """By camera id, the next step of switching Image Encryption off, and of asking for its key."""

    off: Mapping[str, Switching]
    key: Mapping[str, Switching]


_decoder = msgspec.msgpack.Decoder(dict[str, Wanted])


class Encryption:
    """`clock`: epoch seconds."""

    def __init__(self, owner: Owner, sessions: ConsoleSessions, clock: Callable[[], float] = time.time) -> None:
        self._owner, self._sessions, self._clock = owner, sessions, clock

    def switch_off(self, current: ConsoleSession, camera: str, code: str, language: Language) -> str:
        """Why it can't be, as a sentence; "" where it was done, was asked for, or takes another step.

        The button stands under what its owner consents to.
        """
        done = self._owner.change(
            current.account, camera, "encryption", "off", code=_typed(code), consent=True, patience_s=PATIENCE_S
        )
        return self._next(current, camera, done, language, "encryption")

    def ask_key(self, current: ConsoleSession, camera: str, code: str, language: Language) -> str:
        """The owner's press. Why there is no key, as a sentence; "" where there is one, or another step is due."""
        return self._next(current, camera, self._owner.ask_key(current.account, camera, _typed(code)), language, "keys")

    def decided(self, current: ConsoleSession, camera: str, step: Step | None) -> None:
        """The owner decided to have it shown; `step`: what the vendor wants before its key comes."""
        self._remember(current, camera, step if step != Step("code") else None, "keys")

    def steps(self, current: ConsoleSession, language: Language, vendor: str) -> Steps:
        """What the tiles of cameras say whose Image Encryption is to be switched off, or whose key is asked for."""
        off, key = self._wanted(current, "encryption"), self._wanted(current, "keys")
        return Steps(
            {camera: _said(wanted.step, SWITCHING_OFF, language, vendor) for camera, wanted in off.items()},
            {camera: _said(wanted.step, KEY, language, vendor) for camera, wanted in key.items()},
        )

    def _next(
        self,
        current: ConsoleSession,
        camera: str,
        done: object,
        language: Language,
        name: Literal["encryption", "keys"],
    ) -> str:
        self._remember(current, camera, done if isinstance(done, Step) else None, name)
        return explain(done, language) if isinstance(done, Refusal) else ""

    def _remember(
        self, current: ConsoleSession, camera: str, step: Step | None, name: Literal["encryption", "keys"]
    ) -> None:
        wanted = self._wanted(current, name)
        wanted.pop(camera, None)
        if step is not None:
            wanted[camera] = Wanted(step, self._clock() + WANTED_S)
        self._sessions.remember(current, msgspec.msgpack.encode(wanted), WANTED_S, name)

    def _wanted(self, current: ConsoleSession, name: Literal["encryption", "keys"]) -> dict[str, Wanted]:
        data, now = self._sessions.remembered(current, name), self._clock()
        try:
            found = _decoder.decode(data) if data else {}
        except msgspec.MsgspecError:
            return {}  # written by another version
        return {camera: wanted for camera, wanted in found.items() if wanted.until > now}


class PictureCodes:
    """The owner's decision to show an encrypted camera, made or taken back at its tile."""

    def __init__(self, owner: Owner, encryption: Encryption) -> None:
        self._owner, self._encryption = owner, encryption

    def give(self, current: ConsoleSession, camera: str, code: str, language: Language, *, consent: bool) -> str:
        """Why it was not kept, as a sentence; "" where it was. Without a code the decision is kept."""
        try:
            done = self._owner.while_encrypted(current.account, camera, "code", code=code.strip(), consent=consent)
        except BadValue:
            return OURS.say(language, PICTURE_CODE["wrong"])
        match done:
            case Refusal():
                return explain(done, language)
            case Step(wants="consent"):
                return OURS.say(language, PICTURE_CODE["consent"])
            case Step(why="guessed") if code.strip():
                return OURS.say(language, PICTURE_CODE["guessed"])
        self._encryption.decided(current, camera, done if isinstance(done, Step) else None)
        return ""

    def give_all(self, current: ConsoleSession, cameras: list[str], language: Language, *, consent: bool) -> str:
        """One decision for all of these. Why it was not kept, as a sentence; "" where it was."""
        if not consent:
            return OURS.say(language, PICTURE_CODE["consent"])
        self._owner.show_all_encrypted(current.account, cameras)
        return ""

    def take_back(self, current: ConsoleSession, camera: str, language: Language) -> str:
        """The decision, and with it the key. Why not, as a sentence; "" where it was."""
        done = self._owner.while_encrypted(current.account, camera, "no")
        self._encryption.decided(current, camera, None)
        return explain(done, language) if isinstance(done, Refusal) else ""


class Changed(Struct, frozen=True):
    """`why` nothing was changed, as a sentence; "" where it was. `is_asked`: the vendor does not list it yet."""

    why: str = ""
    is_asked: bool = False


class EncryptionPassword:
    """The form of a camera's page that changes the password its pictures are encrypted with."""

    def __init__(self, owner: Owner, patience_s: float) -> None:
        self._owner, self._patience_s = owner, patience_s

    def take(self, account: str, camera: str) -> Changed:
        """Passwords are sent on as they were typed, and stand in no page."""
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
        if isinstance(done, Refusal):
            return Changed(explain(done, pages.language()))
        if isinstance(done, Step):
            return Changed(OURS.say(pages.language(), SWITCHING_OFF[_key(done)], vendor=pages.vendor()))
        return Changed(is_asked=isinstance(done, Asked))


def _typed(code: str) -> str:
    return "".join(code.split())[:LONGEST_CODE]


def _said(step: Step, sentences: Mapping[str, str], language: Language, vendor: str) -> Switching:
    takes_code = step.wants != "pause" and step.why not in ("old", "not_given")
    return Switching(OURS.say(language, sentences[_key(step)], vendor=vendor), takes_code, step.wrong or bool(step.why))


def _key(step: Step) -> str:
    """The key of the sentence about a step."""
    return step.why or (f"wrong_{step.wants}" if step.wrong else step.wants)


def _unchanged(why: str) -> Changed:
    return Changed(pages.say(PASSWORD[why]))
