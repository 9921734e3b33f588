"""Questions to showcam and its peer, and the checks of their answers. Standard library only."""

from collections.abc import Callable
from typing import Any

type Message = dict[str, Any]
type Check = Callable[[Message], None]

SIZES = (1, 100, 300)  # cameras of the household


def directive(namespace: str, name: str, token: str, camera: str | None, payload: Message | None = None) -> Message:
    """A directive as Alexa sends it; Discover has its scope in the payload."""
    scope = {"type": "BearerToken", "token": token}
    header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": "bench-1"}
    if camera is None:
        return {"directive": {"header": header, "payload": {"scope": scope}}}
    header["correlationToken"] = "bench-correlation"
    endpoint = {"scope": scope, "endpointId": camera, "cookie": {}}
    return {"directive": {"header": header, "endpoint": endpoint, "payload": payload or {}}}


def discover(token: str) -> Message:
    return directive("Alexa.Discovery", "Discover", token, None)


def report_state(token: str, camera: str) -> Message:
    return directive("Alexa", "ReportState", token, camera)


def initialize(token: str, camera: str) -> Message:
    stream = {
        "protocol": "HLS",
        "resolution": {"width": 1280, "height": 720},
        "authorizationType": "NONE",
        "videoCodec": "H264",
        "audioCodec": "AAC",
    }
    return directive(
        "Alexa.CameraStreamController", "InitializeCameraStreams", token, camera, {"cameraStreams": [stream]}
    )


def intent(name: str, payload: Message | None = None) -> Message:
    given: Message = {"intent": f"action.devices.{name}"}
    if payload is not None:
        given["payload"] = payload
    return {"requestId": "bench-request-1", "inputs": [given]}


def sync() -> Message:
    return intent("SYNC")


def query(camera: str) -> Message:
    return intent("QUERY", {"devices": [{"id": camera}]})


def get_stream(camera: str) -> Message:
    params = {"StreamToChromecast": True, "SupportedStreamProtocols": ["hls"]}
    execution = {"command": "action.devices.commands.GetCameraStream", "params": params}
    return intent("EXECUTE", {"commands": [{"devices": [{"id": camera}], "execution": [execution]}]})


class WrongAnswer(Exception):
    """The answer does not answer the question, so that its time means nothing."""


def _expect(right: bool, answer: Message) -> None:
    if not right:
        raise WrongAnswer(str(answer)[:600])


def _whole(check: Check) -> Check:
    """An answer that lacks what is looked for is a wrong one too, and is raised as one."""

    def judged(answer: Message) -> None:
        try:
            check(answer)
        except (LookupError, TypeError, ValueError, AttributeError):
            _expect(False, answer)

    return judged


def discovered(cameras: int) -> Check:
    """Checks that exactly this many cameras are offered, and nothing else."""

    @_whole
    def check(answer: Message) -> None:
        event = answer["event"]
        offered = event["payload"].get("endpoints", [])
        _expect(event["header"]["name"] == "Discover.Response" and len(offered) == cameras, answer)
        _expect(all("CAMERA" in endpoint["displayCategories"] for endpoint in offered), answer)

    return check


@_whole
def reported(answer: Message) -> None:
    properties = {(state["namespace"], state["name"]) for state in answer["context"]["properties"]}
    _expect(answer["event"]["header"]["name"] == "StateReport", answer)
    _expect(("Alexa.EndpointHealth", "connectivity") in properties, answer)


@_whole
def initialized(answer: Message) -> None:
    event = answer["event"]
    streams = event["payload"].get("cameraStreams", [])
    _expect(event["header"]["name"] == "Response" and streams[0]["uri"].startswith("https://"), answer)


def synced(cameras: int) -> Check:
    @_whole
    def check(answer: Message) -> None:
        devices = answer["payload"].get("devices", [])
        _expect(len(devices) == cameras, answer)
        _expect(all("action.devices.traits.CameraStream" in device["traits"] for device in devices), answer)

    return check


@_whole
def queried(answer: Message) -> None:
    (device,) = answer["payload"]["devices"].values()
    _expect(device.get("online") is True, answer)


@_whole
def stream_given(answer: Message) -> None:
    (command,) = answer["payload"]["commands"]
    _expect(command["status"] == "SUCCESS", answer)
    _expect(command["states"]["cameraStreamAccessUrl"].startswith("https://"), answer)


type Question = tuple[str, str, Callable[[str, str], Message], Callable[[int], Check]]

# name, assistant, message of (token, camera), check of the answer by the household's size
QUESTIONS: tuple[Question, ...] = (
    ("Discover", "alexa", lambda token, _: discover(token), discovered),
    ("InitializeCameraStreams", "alexa", initialize, lambda _: initialized),
    ("ReportState", "alexa", report_state, lambda _: reported),
    ("SYNC", "google", lambda *_: sync(), synced),
    ("QUERY of one", "google", lambda _, camera: query(camera), lambda _: queried),
    ("GetCameraStream", "google", lambda _, camera: get_stream(camera), lambda _: stream_given),
)
