"""The base of every Google trait, and the command that a trait executes."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypedDict

from actions.confirmation import Proof
from showcam.drivers.camera import Camera, Refusal, State
from showcam.drivers.settings import Asked
from showcam.net.text import JsonObject
from showcam.registry.scenes import Begun
from showcam.store.records import Link

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
