"""EXECUTE: every device of every command, each answered once, within the two seconds that Google counts as well."""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from typing import Literal, NotRequired, TypedDict

from accounts.pins import Pins
from actions.confirmation import Proof
from actions.errors import DeviceError, DeviceFailure, Needed, OutOfTime, UnknownCommand, refused
from actions.request import Execution
from actions.trait import Asked, Trait
from registry.camera import Refusal
from store.records import Link

log = logging.getLogger(__name__)

BUDGET_S = 1.7  # since it was received, for all of it; what is left of two seconds is for saying so
AT_ONCE = 8  # "turn off all cameras" is one EXECUTE, and a vendor takes its time for each of them

_LATE = "It took too long. Ask again."


class Success(TypedDict):
    status: Literal["SUCCESS"]
    states: dict[str, object]  # online, and those of the traits whose commands were done


type Outcome = Success | DeviceFailure


class Command(TypedDict):
    """What came of one device's commands."""

    ids: list[str]
    status: Literal["SUCCESS", "ERROR", "OFFLINE"]
    states: NotRequired[dict[str, object]]
    errorCode: NotRequired[str]
    debugString: NotRequired[str]
    challengeNeeded: NotRequired[Needed]


class ExecutePayload(TypedDict):
    commands: list[Command]


class Executions:
    def __init__(self, traits: tuple[Trait, ...], pins: Pins) -> None:
        self._pins = pins
        self._commands = {each.command: each for each in traits if each.command}

    def execute(self, link: Link, wanted: dict[str, list[Execution]], received: float) -> ExecutePayload:
        late = received + BUDGET_S
        proof = Proof(self._pins, link.account)
        if len(wanted) <= 1:
            done = [self._done(link, camera, each, proof, late) for camera, each in wanted.items()]
        else:
            done = self._together(link, wanted, proof, late)
        return {"commands": [{"ids": [camera], **told} for camera, told in zip(wanted, done, strict=True)]}

    def _together(self, link: Link, wanted: dict[str, list[Execution]], proof: Proof, late: float) -> list[Outcome]:
        # threads of its own: a household whose vendor hangs keeps no other one's waiting
        pool = ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="execute")
        try:
            begun = [pool.submit(self._done, link, camera, each, proof, late) for camera, each in wanted.items()]
            return [_in_time(each, late) for each in begun]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, link: Link, camera: str, executions: list[Execution], proof: Proof, late: float) -> Outcome:
        """All of a device's executions, up to the first that fails."""
        states: dict[str, object] = {"online": True}
        try:
            for each, trait in [(each, self._trait(each.command)) for each in executions]:
                asked = Asked(link, camera, each.params, each.challenge, proof, late)
                if asked.left_s <= 0:
                    raise OutOfTime(_LATE)
                result = trait.execute(asked)
                if isinstance(result, Refusal):
                    return _logged(refused(result, link.locale))
                states.update(result)
        except DeviceError as error:
            return _logged(error.told())
        if not executions:
            return UnknownCommand("Nothing is to be done with it.").told()
        return {"status": "SUCCESS", "states": {key: value for key, value in states.items() if value is not None}}

    def _trait(self, command: str) -> Trait:
        """Raises UnknownCommand."""
        try:
            return self._commands[command]
        except KeyError:
            raise UnknownCommand("No trait of a camera takes this command.") from None


def _logged(told: DeviceFailure) -> DeviceFailure:
    log.info("answered with %s", told["errorCode"], extra={"reason": "refused"})
    return told


def _in_time(begun: Future[Outcome], late: float) -> Outcome:
    try:
        return begun.result(max(0.0, late - time.monotonic()))
    except Late:
        return OutOfTime(_LATE).told()
