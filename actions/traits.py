"""Google's traits that show a camera or report its state, and the table of every trait in the order of SYNC."""

from typing import Literal, NotRequired, TypedDict

from actions.errors import REFUSED
from actions.request import SHOW
from actions.switches import Modes, OnOff, Reboot, Toggles
from actions.trait import CameraCommand, Nothing, Trait
from showcam.drivers.camera import Camera, Refusal, State, Stream, StreamRequest
from showcam.net.text import JsonObject
from showcam.registry.registry import Registry
from showcam.registry.scenes import Begun


class StreamAttributes(TypedDict):
    cameraStreamSupportedProtocols: list[str]
    # One value for all protocols. False because the default Cast receiver can't send a token: the URLs hold ours.
    cameraStreamNeedAuthToken: Literal[False]


class Hls(TypedDict):
    online: NotRequired[None]
    cameraStreamProtocol: Literal["hls"]
    cameraStreamAccessUrl: str
    cameraStreamReceiverAppId: NotRequired[str]  # only with HLS; only a TV reads the field


class WebRtc(TypedDict):
    online: NotRequired[None]
    cameraStreamProtocol: Literal["webrtc"]
    cameraStreamSignalingUrl: str
    cameraStreamAuthToken: str  # opens only this camera; the link's token is never sent to a player


class CameraStream(Trait):
    """The trait action.devices.traits.CameraStream: WebRTC through our own signalling, HLS for displays without WebRTC.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/camerastream
    """

    name = "action.devices.traits.CameraStream"
    command = SHOW

    def __init__(self, registry: Registry, public_url: str, receiver_app: str = "") -> None:
        self._registry, self._receiver_app = registry, receiver_app
        self._attributes = StreamAttributes(
            cameraStreamSupportedProtocols=list(registry.playable), cameraStreamNeedAuthToken=False
        )
        self._public_url = public_url.rstrip("/")

    def attributes(self, camera: Camera) -> StreamAttributes:
        return self._attributes

    def execute(self, command: CameraCommand) -> Hls | WebRtc | Refusal:
        """The stream in Google's format. It may be a card with the reason why the camera can't be shown."""
        request = StreamRequest("google", _protocols(command.params), within_s=command.left_s)
        stream = self._registry.open_stream(command.link, command.camera, request)
        if isinstance(stream, Refusal):
            return stream
        result = self._result(stream)
        if result["cameraStreamProtocol"] == "hls" and self._receiver_app and command.params.get("StreamToChromecast"):
            result["cameraStreamReceiverAppId"] = self._receiver_app
        # a card does not mean that its camera is online, so `online` is left out; QUERY reports it
        if stream.explains is not None:
            result["online"] = None
        return result

    def _result(self, stream: Stream) -> Hls | WebRtc:
        if stream.protocol == "hls":
            return {"cameraStreamProtocol": "hls", "cameraStreamAccessUrl": stream.url}
        return {
            "cameraStreamProtocol": "webrtc",
            "cameraStreamSignalingUrl": f"{self._public_url}/google/webrtc/{stream.grant}",
            "cameraStreamAuthToken": stream.grant,
        }


def _protocols(params: JsonObject) -> tuple[str, ...]:
    """The protocols that the display lists and showcam has, WebRTC first. A display that lists none gets HLS."""
    listed = params.get("SupportedStreamProtocols")
    if not isinstance(listed, list) or not listed:
        return ("hls",)
    return tuple(protocol for protocol in ("webrtc", "hls") if protocol in listed)


class SceneAttributes(TypedDict):
    sceneReversible: Literal[True]


class SceneTrait(Trait):
    """The trait action.devices.traits.Scene: a scene shows a camera on a TV in the house until it is ended.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/scene
    Google lists each scene as a device of the type action.devices.types.SCENE.
    """

    name = "action.devices.traits.Scene"
    command = "action.devices.commands.ActivateScene"

    def __init__(self, registry: Registry) -> None:
        self._scenes = registry.scenes

    def attributes(self, camera: Camera) -> None:
        """None for every camera, since no camera is a scene."""
        return

    @staticmethod
    def of_scene() -> SceneAttributes:
        return SceneAttributes(sceneReversible=True)

    def execute(self, command: CameraCommand) -> Nothing | Refusal | Begun:
        if command.params.get("deactivate") is True:
            return self._scenes.deactivate(command.link, command.camera, command.left_s) or Nothing()
        found = self._scenes.activate(command.link, command.camera, command.left_s)
        return found if isinstance(found, Refusal) or found.waking else Nothing()


CODES = {
    **REFUSED,
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


class ReportStates(TypedDict):
    currentStatusReport: list[Status]


class StatusReport(Trait):
    """The trait action.devices.traits.StatusReport: why a camera can't be shown, for "is the garage OK".

    The error codes of a refused stream only say that the stream can't be played. With these codes Google names the
    cause, as far as it has a code for it.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/statusreport
    Codes: https://developers.home.google.com/cloud-to-cloud/intents/errors-exceptions
    """

    name = "action.devices.traits.StatusReport"

    def attributes(self, camera: Camera) -> Nothing:
        return Nothing()

    def states(self, state: State) -> ReportStates:
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


type Level = Literal["CRITICALLY_LOW", "LOW", "MEDIUM", "HIGH", "FULL"]

# up to this many percent Google calls a battery by that name
_LEVELS: tuple[tuple[int, Level], ...] = (
    (10, "CRITICALLY_LOW"),
    (30, "LOW"),
    (60, "MEDIUM"),
    (95, "HIGH"),
    (100, "FULL"),
)


class BatteryAttributes(TypedDict):
    queryOnlyEnergyStorage: Literal[True]
    isRechargeable: bool


class Capacity(TypedDict):
    unit: Literal["PERCENTAGE"]
    rawValue: int


class BatteryStates(TypedDict):
    descriptiveCapacityRemaining: Level
    capacityRemaining: list[Capacity]
    isCharging: NotRequired[bool]


class EnergyStorage(Trait):
    """The trait action.devices.traits.EnergyStorage: the level of a battery. Charging can't be started by voice.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/energystorage
    """

    name = "action.devices.traits.EnergyStorage"

    def attributes(self, camera: Camera) -> BatteryAttributes | None:
        if camera.battery is None:
            return None
        return {"queryOnlyEnergyStorage": True, "isRechargeable": camera.charging != "none"}

    def states(self, state: State) -> BatteryStates | Nothing:
        battery, charging = state.camera.battery, state.camera.charging
        if battery is None:
            return Nothing()
        percent = min(100, max(0, battery))
        states: BatteryStates = {
            "descriptiveCapacityRemaining": next(level for most, level in _LEVELS if percent <= most),
            "capacityRemaining": [{"unit": "PERCENTAGE", "rawValue": percent}],
        }
        if charging in ("on", "off"):
            states["isCharging"] = charging == "on"
        return states


class ObjectDetection(Trait):
    """The trait action.devices.traits.ObjectDetection: for doorbells, and for cameras that ring as their owner said.

    It has no attributes, states or command, only notifications, which actions/reports.py sends. Google announces each
    of them “after a doorbell ring chime” (the page below), so a camera that merely recognises people lacks the trait.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/objectdetection
    """

    name = "action.devices.traits.ObjectDetection"

    def attributes(self, camera: Camera) -> Nothing | None:
        return Nothing() if camera.can_ring else None


def traits(registry: Registry, public_url: str, receiver_app: str = "") -> tuple[Trait, ...]:
    return (
        CameraStream(registry, public_url, receiver_app),
        OnOff(registry),
        Toggles(registry),
        Modes(registry),
        StatusReport(),
        ObjectDetection(),
        EnergyStorage(),
        Reboot(registry),
        SceneTrait(registry),
    )
