"""Switching Image Encryption off at a camera's tile, step by step: what the vendor wants next is remembered."""

import time
from collections.abc import Callable

import msgspec
from msgspec import Struct

from accounts.console_sessions import ConsoleSession, ConsoleSessions
from console.sentences import SWITCHING_OFF
from registry.camera import Refusal
from registry.gate.reasons import explain
from registry.owner.owner import Owner
from registry.settings import Step
from words.catalogue import OURS
from words.languages import Language

WANTED_S = 1800.0  # so long a mailed code is good
LONGEST_CODE = 32
PATIENCE_S = 3.0  # a person waits for the page; what shows later makes its tile live


class Wanted(Struct, frozen=True):
    """What a camera's tile asks for: `step`, until `until`, epoch seconds."""

    step: Step
    until: float


class Switching(Struct, frozen=True):
    """What one tile says of switching off, whether it takes a code, and whether that is bad news."""

    says: str
    takes_code: bool
    is_bad: bool


_decoder = msgspec.msgpack.Decoder(dict[str, Wanted])


class Encryption:
    """`clock`: epoch seconds."""

    def __init__(self, owner: Owner, sessions: ConsoleSessions, clock: Callable[[], float] = time.time) -> None:
        self._owner, self._sessions, self._clock = owner, sessions, clock

    def switch_off(self, current: ConsoleSession, camera: str, code: str, language: Language) -> str:
        """Why it can't be, as a sentence; "" where it was done, was asked for, or takes another step.

        The button stands under what its owner consents to.
        """
        code = "".join(code.split())[:LONGEST_CODE]
        done = self._owner.change(
            current.account, camera, "encryption", "off", code=code, consent=True, patience_s=PATIENCE_S
        )
        wanted = self._wanted(current)
        wanted.pop(camera, None)
        if isinstance(done, Step):
            wanted[camera] = Wanted(done, self._clock() + WANTED_S)
        self._sessions.remember(current, msgspec.msgpack.encode(wanted), WANTED_S, "encryption")
        return explain(done, language) if isinstance(done, Refusal) else ""

    def steps(self, current: ConsoleSession, language: Language, vendor: str) -> dict[str, Switching]:
        """What the tiles of cameras say whose Image Encryption is to be switched off, by camera id."""
        return {camera: _said(wanted.step, language, vendor) for camera, wanted in self._wanted(current).items()}

    def _wanted(self, current: ConsoleSession) -> dict[str, Wanted]:
        data, now = self._sessions.remembered(current, "encryption"), self._clock()
        try:
            found = _decoder.decode(data) if data else {}
        except msgspec.MsgspecError:
            return {}  # written by another version
        return {camera: wanted for camera, wanted in found.items() if wanted.until > now}


def _said(step: Step, language: Language, vendor: str) -> Switching:
    key = step.why or (f"wrong_{step.wants}" if step.wrong else step.wants)
    takes_code = step.wants != "pause" and step.why != "old"
    return Switching(OURS.say(language, SWITCHING_OFF[key], vendor=vendor), takes_code, step.wrong or bool(step.why))
