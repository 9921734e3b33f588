"""The base of every Google trait: the command that it executes, the yes or PIN before that, and the change itself.

Google cloud-to-cloud, "Secondary user verification".
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypedDict

from actions.errors import DeviceError, DeviceFailure
from showcam.accounts.pins import Pins, Verdict
from showcam.drivers.camera import Camera, Refusal, State
from showcam.drivers.settings import Asked
from showcam.net.text import JsonObject
from showcam.registry.gate.gate import not_by_voice, not_found
from showcam.registry.registry import Registry
from showcam.registry.scenes import Begun
from showcam.store.records import Link


class Challenge(DeviceError):
    """Google questions the person and repeats the command with the answer. `kind`: Google's type of challenge."""

    def __init__(self, kind: str, debug: str) -> None:
        super().__init__("challengeNeeded", debug)
        self.kind = kind

    def failure(self) -> DeviceFailure:
        return {**super().failure(), "challengeNeeded": {"type": self.kind}}


class Proof:
    """The PINs of one EXECUTE: a PIN given for several cameras counts as one try."""

    def __init__(self, pins: Pins, account: str) -> None:
        self._pins, self._account = pins, account
        self._lock = threading.Lock()
        self._verdicts: dict[str, Verdict] = {}

    def of(self, pin: str) -> Verdict:
        with self._lock:
            if pin not in self._verdicts:
                self._verdicts[pin] = self._pins.check(self._account, pin, time.time())
            return self._verdicts[pin]

    def is_possible(self) -> bool:
        return self._pins.is_set(self._account)


def need_yes(challenge: JsonObject) -> None:
    """Raises Challenge without an answer, DeviceError after a no."""
    match challenge.get("ack"):
        case True:
            return
        case False:
            raise DeviceError("userCancelled", "It was not confirmed.")
    raise Challenge("ackNeeded", "A change by voice is confirmed first.")


def need_pin(challenge: JsonObject, proof: Proof) -> None:
    """Raises Challenge without the right PIN, DeviceError after too many wrong ones or if the owner set none."""
    if not proof.is_possible():
        raise DeviceError(
            "actionNotAvailable",
            "No PIN is set for turning cameras off by voice. The owner sets one on showcam's page, under Assistants.",
        )
    pin = challenge.get("pin")
    if pin is None:
        raise Challenge("pinNeeded", "Turning a camera off by voice needs the PIN.")
    match proof.of(str(pin)):
        case "right":
            return
        case "too_many":
            raise DeviceError("tooManyFailedAttempts", "Too many PINs were tried. Wait, or use the camera's app.")
    raise Challenge("challengeFailedPinNeeded", "That is not the PIN.")


type Keys = Mapping[str, object]  # the keys that a trait adds to an answer; every trait has a TypedDict for them


class Nothing(TypedDict):
    """The trait adds no keys."""


class CameraCommand:
    """Google's command for a single device. `challenge`: the person's answer to a challenge, if any."""

    def __init__(self, link: Link, camera: str, params: Any, challenge: Any, proof: Proof, end: float) -> None:
        self.link, self.camera, self.proof = link, camera, proof
        self.params: JsonObject = params if isinstance(params, dict) else {}
        self.challenge: JsonObject = challenge if isinstance(challenge, dict) else {}
        self._end = end

    @property
    def left_s(self) -> float:
        """Seconds left until the whole EXECUTE must be answered."""
        return max(0.0, self._end - time.monotonic())


class Trait(ABC):
    """A Google trait; one object serves all cameras. `command`: the command that the trait executes, or ""."""

    name: ClassVar[str]
    command: ClassVar[str] = ""

    @abstractmethod
    def attributes(self, camera: Camera) -> Keys | None:
        """The attributes for SYNC; None for a camera that lacks the trait."""

    def states(self, state: State) -> Keys:
        """The states for QUERY; empty for a camera that lacks the trait or whose state is unknown."""
        return Nothing()

    def execute(self, command: CameraCommand) -> Keys | Refusal | Asked | Begun:
        """The states after the command; a key whose state is None is left out of the answer. Raises DeviceError.

        Asked: the change was taken, and no reading has shown it yet. Begun: a TV waits for a camera that wakes.

        Only traits with a `command` are executed; the others need not define this method.
        """
        raise NotImplementedError


class Switch(Trait):
    """A trait that changes a camera's setting, if the owner allows voices to and the speaker confirms the change."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @abstractmethod
    def wanted(self, params: JsonObject) -> tuple[str, str]:
        """The setting and the value that the command asks for. Raises DeviceError."""

    def confirm(self, command: CameraCommand, value: str) -> None:
        """Raises DeviceError as long as the person has not confirmed the value."""
        need_yes(command.challenge)

    def execute(self, command: CameraCommand) -> Keys | Refusal | Asked | Begun:
        setting, value = self.wanted(command.params)
        if (refusal := self.refusal(command, setting)) is not None:
            return refusal
        self.confirm(command, value)
        changed = self.change(command, setting, value)
        return changed if isinstance(changed, Refusal | Asked) else self.states(State(changed))

    def change(self, command: CameraCommand, setting: str, value: str) -> Camera | Asked | Refusal:
        return self._registry.change(command.link, command.camera, setting, value, within_s=command.left_s)

    def refusal(self, command: CameraCommand, setting: str) -> Refusal | None:
        """Why the change is refused, whatever the person confirms. Checked first, to ask for no PIN in vain."""
        state = self._registry.states(command.link, [command.camera], command.left_s).get(command.camera)
        if state is None:
            return not_found()
        if state.camera.name == "":
            return state.refusal  # no reading: nothing is known of any camera now
        return not_by_voice(state.camera, setting)
