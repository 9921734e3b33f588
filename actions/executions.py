"""EXECUTE: answers once for every device of every command, within the two seconds that Google's quality bar allows."""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Literal, NotRequired, TypedDict

from accounts.pins import Pins
from actions.confirmation import Proof
from actions.errors import DeviceError, DeviceFailure, Needed, NoStore, OutOfTime, UnknownCommand, refused
from actions.request import Execution
from actions.trait import CameraCommand, Trait
from registry.camera import Refusal
from registry.settings import Asked
from store.ports import StoreUnavailable
from store.records import Link

log = logging.getLogger(__name__)

BUDGET_S = 1.7  # from receipt to outcome, for all devices; the rest of two seconds covers the answer
AT_ONCE = 8  # devices in parallel: "turn off all cameras" is one EXECUTE, and every change takes the vendor a while

_LATE = "It took too long. Ask again."
_NO_STORE = "showcam can't reach its store just now."
_BROKEN = "Something went wrong in showcam."


class Success(TypedDict):
    status: Literal["SUCCESS", "PENDING"]  # PENDING: the vendor took it, and the camera does not show it yet
    states: dict[str, object]  # `online`, and those of the traits whose commands succeeded


type Outcome = Success | DeviceFailure


class Command(TypedDict):
    """The outcome of one device's commands."""

    ids: list[str]
    status: Literal["SUCCESS", "PENDING", "ERROR", "OFFLINE"]
    states: NotRequired[dict[str, object]]
    errorCode: NotRequired[str]
    debugString: NotRequired[str]
    challengeNeeded: NotRequired[Needed]


class ExecutePayload(TypedDict):
    commands: list[Command]


class Executions:
    def __init__(self, traits: tuple[Trait, ...], pins: Pins) -> None:
        self._pins = pins
        self._commands = {trait.command: trait for trait in traits if trait.command}

    def execute(self, link: Link, wanted: dict[str, list[Execution]], received: float) -> ExecutePayload:
        end = received + BUDGET_S
        proof = Proof(self._pins, link.account)
        if len(wanted) <= 1:
            outcomes = [self._run(link, camera, executions, proof, end) for camera, executions in wanted.items()]
        else:
            outcomes = self._together(link, wanted, proof, end)
        return {"commands": [{"ids": [camera], **outcome} for camera, outcome in zip(wanted, outcomes, strict=True)]}

    def _together(self, link: Link, wanted: dict[str, list[Execution]], proof: Proof, end: float) -> list[Outcome]:
        # a pool for each request: a household whose vendor hangs does not delay another
        pool = ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="execute")
        try:
            futures = [
                pool.submit(self._run, link, camera, executions, proof, end) for camera, executions in wanted.items()
            ]
            return [_outcome(future, end) for future in futures]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, link: Link, camera: str, executions: list[Execution], proof: Proof, end: float) -> Outcome:
        """Whatever fails, fails for this device: of the others of an EXECUTE some may have been changed by now."""
        try:
            return self._ran(link, camera, executions, proof, end)
        except DeviceError as error:
            return _logged(error.failure())
        except StoreUnavailable:
            log.warning("the store can't be reached for a command", extra={"reason": "store"})
            return NoStore(_NO_STORE).failure()
        except Exception:
            # an edge: the traceback goes to the log, Google learns only that something failed
            log.exception("a command failed")
            return DeviceError(_BROKEN).failure()

    def _ran(self, link: Link, camera: str, executions: list[Execution], proof: Proof, end: float) -> Outcome:
        """Runs a device's executions in order, up to the first that fails. Raises DeviceError."""
        states: dict[str, object] = {"online": True}
        pending = False
        for execution, trait in [(execution, self._trait(execution.command)) for execution in executions]:
            command = CameraCommand(link, camera, execution.params, execution.challenge, proof, end)
            if command.left_s <= 0:
                raise OutOfTime(_LATE)
            result = trait.execute(command)
            if isinstance(result, Refusal):
                return _logged(refused(result, link.locale))
            if isinstance(result, Asked):
                pending = True
            else:
                states.update(result)
        if not executions:
            return UnknownCommand("Nothing is to be done with it.").failure()
        known = {key: value for key, value in states.items() if value is not None}
        return {"status": "PENDING" if pending else "SUCCESS", "states": known}

    def _trait(self, command: str) -> Trait:
        """Raises UnknownCommand."""
        try:
            return self._commands[command]
        except KeyError:
            raise UnknownCommand("No trait of a camera takes this command.") from None


def _logged(failure: DeviceFailure) -> DeviceFailure:
    log.info("answered with %s", failure["errorCode"], extra={"reason": "refused"})
    return failure


def _outcome(future: Future[Outcome], end: float) -> Outcome:
    try:
        return future.result(max(0.0, end - time.monotonic()))
    except FutureTimeout:
        return OutOfTime(_LATE).failure()
