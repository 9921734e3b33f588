"""What a trait of Google's is to showcam, and one execution as a trait is asked for it."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar, TypedDict

from actions.confirmation import Proof
from net.incoming import JsonObject
from registry.camera import Camera, Refusal, State
from store.records import Link

type Keys = Mapping[str, object]  # that a trait puts into an answer; each trait has a TypedDict of its own for them


class Nothing(TypedDict):
    """No keys at all."""


class Asked:
    """One command for one device; `challenge` is what the person answered when asked to confirm it, or None."""

    def __init__(self, link: Link, camera: str, params: Any, challenge: Any, proof: Proof, late: float) -> None:
        self.link, self.camera, self.proof = link, camera, proof
        self.params: JsonObject = params if isinstance(params, dict) else {}
        self.challenge: JsonObject = challenge if isinstance(challenge, dict) else {}
        self._late = late

    @property
    def left_s(self) -> float:
        """Seconds until the whole EXECUTE must be answered."""
        return max(0.0, self._late - time.monotonic())


class Trait:
    """One for all cameras. `command` is the one it takes, "" where it only tells."""

    name: ClassVar[str]
    command: ClassVar[str] = ""

    def attributes(self, camera: Camera) -> Keys | None:
        """For SYNC; None where the camera has no such thing."""
        raise NotImplementedError

    def states(self, state: State) -> Keys:
        """For QUERY; empty where the camera has no such thing, or where it isn't known."""
        return Nothing()

    def execute(self, asked: Asked) -> Keys | Refusal:
        """The states that came of it; None where one is not to be told. Raises DeviceError."""
        raise NotImplementedError
