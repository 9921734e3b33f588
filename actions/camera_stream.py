"""The trait action.devices.traits.CameraStream: WebRTC through our own signalling, HLS for displays without WebRTC.

Page: https://developers.home.google.com/cloud-to-cloud/traits/camerastream
"""

from typing import Literal, NotRequired, TypedDict

from actions.trait import CameraCommand, Trait
from showcam.drivers.camera import Camera, Refusal, Stream, StreamRequest
from showcam.net.text import JsonObject
from showcam.registry.registry import Registry


class Attributes(TypedDict):
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
    name = "action.devices.traits.CameraStream"
    command = "action.devices.commands.GetCameraStream"

    def __init__(self, registry: Registry, public_url: str, receiver_app: str = "") -> None:
        self._registry, self._receiver_app = registry, receiver_app
        self._attributes = Attributes(
            cameraStreamSupportedProtocols=list(registry.playable), cameraStreamNeedAuthToken=False
        )
        self._public_url = public_url.rstrip("/")

    def attributes(self, camera: Camera) -> Attributes:
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
