"""EXECUTE: answers once for every device of every command, within the two seconds that Google's quality bar allows."""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Literal, NamedTuple, NotRequired, TypedDict

from actions.errors import DeviceError, DeviceFailure, Needed, refused
from actions.request import Execution, asks_for_picture
from actions.trait import CameraCommand, Proof, Trait
from showcam.accounts.pins import Pins
from showcam.drivers.camera import Refusal
from showcam.drivers.settings import Asked
from showcam.registry import outcomes
from showcam.registry.outcomes import Asking, Outcome
from showcam.registry.scenes import Begun
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Link

log = logging.getLogger(__name__)

BUDGET_S = 1.7  # from receipt to outcome, for all devices; the rest of two seconds covers the answer
AT_ONCE = 8  # devices in parallel: "turn off all cameras" is one EXECUTE, and every change takes the vendor a while

_LATE = "transientError", "It took too long. Ask again."


class Success(TypedDict):
    # PENDING: the vendor took it, and the camera does not show it yet; or a TV waits for a camera that is being woken
    status: Literal["SUCCESS", "PENDING"]
    states: dict[str, object]  # `online`, and those of the traits whose commands succeeded


type Answered = Success | DeviceFailure


class Ran(NamedTuple):
    answer: Answered
    outcome: Outcome | None  # for the log


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
            ran = [self._run(link, camera, executions, proof, end) for camera, executions in wanted.items()]
        else:
            ran = self._together(link, wanted, proof, end)
        for one in ran:
            outcomes.add(one.outcome)
        return {"commands": [{"ids": [camera], **one.answer} for camera, one in zip(wanted, ran, strict=True)]}

    def _together(self, link: Link, wanted: dict[str, list[Execution]], proof: Proof, end: float) -> list[Ran]:
        # a pool for each request: a household whose vendor hangs does not delay another
        pool = ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="execute")
        try:
            futures = [
                pool.submit(self._run, link, camera, executions, proof, end) for camera, executions in wanted.items()
            ]
            return [
                _ran_by(end, future) or self._late(link, camera, executions)
                for future, (camera, executions) in zip(futures, wanted.items(), strict=True)
            ]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, link: Link, camera: str, executions: list[Execution], proof: Proof, end: float) -> Ran:
        """Turns every failure into one of this device: other devices of the EXECUTE may have been changed by now."""
        for_picture = asks_for_picture(executions)
        with outcomes.asking(self._named(executions), "google", for_picture=for_picture) as asked:
            asked.by(link.id, link.account)
            asked.about(camera)
            try:
                answer = self._ran(link, camera, executions, proof, end, asked)
            except DeviceError as error:
                asked.refused(error.code)
                answer = error.failure()
            except StoreUnavailable:
                log.warning("the store can't be reached for a command", extra={"reason": "store"})
                asked.failed("store")
                answer = DeviceError("transientError", "showcam can't reach its store just now.").failure()
            except Exception:
                # an edge: the traceback goes to the log, Google learns only that something failed
                log.exception("a command failed")
                asked.failed()
                answer = DeviceError("hardError", "Something went wrong in showcam.").failure()
        return Ran(answer, asked.ended())

    def _late(self, link: Link, camera: str, executions: list[Execution]) -> Ran:
        """The answer for a device whose thread has not finished in time."""
        asked = Asking(self._named(executions), "google", for_picture=asks_for_picture(executions))
        asked.by(link.id, link.account)
        asked.about(camera)
        late = DeviceError(*_LATE)
        asked.refused(late.code)
        return Ran(late.failure(), asked.ended())

    def _named(self, executions: list[Execution]) -> str:
        """The commands' names for the log, which holds nothing that a stranger wrote."""
        known = [one.command for one in executions if one.command in self._commands]
        return " ".join(["EXECUTE", *dict.fromkeys(command.rpartition(".")[2] for command in known)])

    def _ran(
        self, link: Link, camera: str, executions: list[Execution], proof: Proof, end: float, asked: Asking
    ) -> Answered:
        """Runs a device's executions in order, up to the first that fails. Raises DeviceError."""
        states: dict[str, object] = {"online": True}
        pending = False
        for execution, trait in [(execution, self._trait(execution.command)) for execution in executions]:
            command = CameraCommand(link, camera, execution.params, execution.challenge, proof, end)
            if command.left_s <= 0:
                raise DeviceError(*_LATE)
            result = trait.execute(command)
            if isinstance(result, Refusal):
                asked.refused(result.reason)
                return refused(result, link.locale)
            if isinstance(result, (Asked, Begun)):
                pending = True
                asked.pending()
            else:
                states.update(result)
        if not executions:
            raise DeviceError("functionNotSupported", "Nothing is to be done with it.")
        known = {key: value for key, value in states.items() if value is not None}
        return {"status": "PENDING" if pending else "SUCCESS", "states": known}

    def _trait(self, command: str) -> Trait:
        """Raises DeviceError if no trait has this command."""
        try:
            return self._commands[command]
        except KeyError:
            raise DeviceError("functionNotSupported", "No trait of a camera takes this command.") from None


def _ran_by(end: float, future: Future[Ran]) -> Ran | None:
    try:
        return future.result(max(0.0, end - time.monotonic()))
    except FutureTimeout:
        return None
