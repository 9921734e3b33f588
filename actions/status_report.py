"""The trait action.devices.traits.StatusReport: why a camera can't be shown, for "is the garage OK".

The error codes of a refused stream only say that the stream can't be played. With these codes Google names the cause,
as far as it has a code for it.

Page: https://developers.home.google.com/cloud-to-cloud/traits/statusreport
Codes: https://developers.home.google.com/cloud-to-cloud/intents/errors-exceptions
"""

from typing import TypedDict

from actions.errors import REFUSED
from actions.trait import Nothing, Trait
from showcam.drivers.camera import Camera, State

CODES = REFUSED | {
    "encryption_on": "securityRestriction",
    "encryption_unknown": "securityRestriction",
    "state_unknown": "deviceNotReady",
}
LOW_PERCENT = 20


class Status(TypedDict):
    blocking: bool
    deviceTarget: str
    priority: int  # 0 is spoken first
    statusCode: str


class States(TypedDict):
    currentStatusReport: list[Status]


class StatusReport(Trait):
    name = "action.devices.traits.StatusReport"

    def attributes(self, camera: Camera) -> Nothing:
        return Nothing()

    def states(self, state: State) -> States:
        failed = [CODES[row.reason] for row in state.refusal.failed] if state.refusal else []
        codes = [(code, True) for code in dict.fromkeys(failed)]
        codes += [(code, False) for code in _notices(state.camera)]
        target = state.camera.id
        return {
            "currentStatusReport": [
                {"blocking": blocking, "deviceTarget": target, "priority": place, "statusCode": code}
                for place, (code, blocking) in enumerate(codes or [("noIssuesReported", False)])
            ]
        }


def _notices(camera: Camera) -> list[str]:
    """Codes of conditions that don't keep a camera from being shown."""
    notices = ["lowBattery"] if camera.battery is not None and camera.battery <= LOW_PERCENT else []
    return [*notices, "motionDetected"] if "on" in (camera.motion, camera.person) else notices
