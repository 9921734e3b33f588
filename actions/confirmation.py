"""A person's yes or PIN before something is done by voice (cloud-to-cloud "Secondary user verification")."""

import threading
import time

from accounts.pins import Pins, Verdict
from actions.errors import DeviceError, DeviceFailure
from net.incoming import JsonObject


class Challenge(DeviceError):
    """Google asks the person, and sends the command again with the answer. `kind` is its type."""

    code = "challengeNeeded"

    def __init__(self, kind: str, debug: str) -> None:
        super().__init__(debug)
        self.kind = kind

    def told(self) -> DeviceFailure:
        return {**super().told(), "challengeNeeded": {"type": self.kind}}


class Cancelled(DeviceError):
    code = "userCancelled"


class TooManyTries(DeviceError):
    code = "tooManyFailedAttempts"


class NoPin(DeviceError):
    code = "actionNotAvailable"


class Proof:
    """PINs given in one EXECUTE: one for several cameras is one try."""

    def __init__(self, pins: Pins, account: str) -> None:
        self._pins, self._account = pins, account
        self._lock = threading.Lock()
        self._found: dict[str, Verdict] = {}

    def of(self, pin: str) -> Verdict:
        with self._lock:
            if pin not in self._found:
                self._found[pin] = self._pins.check(self._account, pin, time.time())
            return self._found[pin]

    def is_possible(self) -> bool:
        return self._pins.is_set(self._account)


def need_yes(challenge: JsonObject) -> None:
    """Raises Challenge until the person said yes, Cancelled after a no."""
    match challenge.get("ack"):
        case True:
            return
        case False:
            raise Cancelled("It was not confirmed.")
    raise Challenge("ackNeeded", "A change by voice is confirmed first.")


def need_pin(challenge: JsonObject, proof: Proof) -> None:
    """Raises Challenge until the right PIN is given, TooManyTries, NoPin."""
    if not proof.is_possible():
        raise NoPin("No PIN is set for turning cameras off by voice. The owner sets one: showcam pin set.")
    pin = challenge.get("pin")
    if pin is None:
        raise Challenge("pinNeeded", "Turning a camera off by voice needs the PIN.")
    match proof.of(str(pin)):
        case "right":
            return
        case "too_many":
            raise TooManyTries("Too many PINs were tried. Wait, or use the camera's app.")
    raise Challenge("challengeFailedPinNeeded", "That is not the PIN.")
