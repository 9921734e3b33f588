"""The trait action.devices.traits.StatusReport: why a camera can't be shown, for "is the garage OK".

The codes of a refused stream say that it can't be played; here Google says what is the matter, as far as it has words
for it.

Page: https://developers.home.google.com/cloud-to-cloud/traits/statusreport
Codes: https://developers.home.google.com/cloud-to-cloud/intents/errors-exceptions
"""

from typing import TypedDict

from actions.errors import REFUSED
from actions.trait import Nothing, Trait
from registry.camera import Camera, State

CODES = REFUSED | {
    "encryption_on": "securityRestriction",
    "encryption_unknown": "securityRestriction",
    "state_unknown": "deviceNotReady",
}
LOW_PERCENT = 20


class Status(TypedDict):
    blocking: bool
    deviceTarget: str
    priority: int  # 0 is told first
    statusCode: str


class States(TypedDict):
    currentStatusReport: list[Status]


class StatusReport(Trait):
    name = "action.devices.traits.StatusReport"

    def attributes(self, camera: Camera) -> Nothing:
        return Nothing()

    def states(self, state: State) -> States:
        failed = [CODES[each.reason] for each in state.refusal.failed] if state.refusal else []
        told = [(code, True) for code in dict.fromkeys(failed)]
        told += [(code, False) for code in _beside(state.camera)]
        target = state.camera.id
        return {
            "currentStatusReport": [
                {"blocking": blocking, "deviceTarget": target, "priority": place, "statusCode": code}
                for place, (code, blocking) in enumerate(told or [("noIssuesReported", False)])
            ]
        }


def _beside(camera: Camera) -> list[str]:
    """What is worth knowing of a camera that can be shown for all that."""
    told = ["lowBattery"] if camera.battery is not None and camera.battery <= LOW_PERCENT else []
    return [*told, "motionDetected"] if "on" in (camera.motion, camera.person) else told
