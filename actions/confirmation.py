"""A yes or a PIN before a change by voice (Google cloud-to-cloud, "Secondary user verification")."""

import threading
import time

from actions.errors import DeviceError, DeviceFailure
from showcam.accounts.pins import Pins, Verdict
from showcam.net.text import JsonObject


class Challenge(DeviceError):
    """Google questions the person and repeats the command with the answer. `kind`: Google's type of challenge."""

    code = "challengeNeeded"

    def __init__(self, kind: str, debug: str) -> None:
        super().__init__(debug)
        self.kind = kind

    def failure(self) -> DeviceFailure:
        return {**super().failure(), "challengeNeeded": {"type": self.kind}}


class Cancelled(DeviceError):
    code = "userCancelled"


class TooManyTries(DeviceError):
    code = "tooManyFailedAttempts"


class NoPin(DeviceError):
    code = "actionNotAvailable"


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
    """Raises Challenge without an answer, Cancelled after a no."""
    match challenge.get("ack"):
        case True:
            return
        case False:
            raise Cancelled("It was not confirmed.")
    raise Challenge("ackNeeded", "A change by voice is confirmed first.")


def need_pin(challenge: JsonObject, proof: Proof) -> None:
    """Raises Challenge without the right PIN, TooManyTries after too many wrong ones, NoPin if the owner set none."""
    if not proof.is_possible():
        raise NoPin(
            "No PIN is set for turning cameras off by voice. The owner sets one on showcam's page, under Assistants."
        )
    pin = challenge.get("pin")
    if pin is None:
        raise Challenge("pinNeeded", "Turning a camera off by voice needs the PIN.")
    match proof.of(str(pin)):
        case "right":
            return
        case "too_many":
            raise TooManyTries("Too many PINs were tried. Wait, or use the camera's app.")
    raise Challenge("challengeFailedPinNeeded", "That is not the PIN.")
