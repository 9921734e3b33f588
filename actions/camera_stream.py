"""The trait action.devices.traits.CameraStream: WebRTC through our own signalling, HLS where that is not played.

Page: https://developers.home.google.com/cloud-to-cloud/traits/camerastream
"""

from typing import Literal, NotRequired, TypedDict

from actions.trait import Asked, Trait
from net.incoming import JsonObject
from registry.camera import Camera, Refusal, Stream, StreamRequest
from registry.registry import Registry


class Attributes(TypedDict):
    cameraStreamSupportedProtocols: list[str]
    # One value for all protocols. False because the default Cast receiver can't send a token; ours stand in the URLs.
    cameraStreamNeedAuthToken: Literal[False]


class Hls(TypedDict):
    online: NotRequired[None]
    cameraStreamProtocol: Literal["hls"]
    cameraStreamAccessUrl: str


class WebRtc(TypedDict):
    online: NotRequired[None]
    cameraStreamProtocol: Literal["webrtc"]
    cameraStreamSignalingUrl: str
    cameraStreamAuthToken: str  # for this camera alone; never the user's own token


class CameraStream(Trait):
    name = "action.devices.traits.CameraStream"
    command = "action.devices.commands.GetCameraStream"

    def __init__(self, registry: Registry, public_url: str) -> None:
        self._registry = registry
        self._attributes = Attributes(
            cameraStreamSupportedProtocols=list(registry.playable), cameraStreamNeedAuthToken=False
        )
        self._public_url = public_url.rstrip("/")

    def attributes(self, camera: Camera) -> Attributes:
        return self._attributes

    def execute(self, asked: Asked) -> Hls | WebRtc | Refusal:
        """The result as Google wants it among the states. It may show why the camera can't be shown, in its place."""
        request = StreamRequest("google", _protocols(asked.params), within_s=asked.left_s)
        stream = self._registry.open_stream(asked.link, asked.camera, request)
        if isinstance(stream, Refusal):
            return stream
        result = self._result(stream)
        # a card says nothing of whether its camera is online: it may not be, as QUERY tells
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
    """What was asked for and we have, in our order; a Chromecast that can't play WebRTC does not list it."""
    asked = params.get("SupportedStreamProtocols")
    if not isinstance(asked, list) or not asked:
        return ("hls",)
    return tuple(each for each in ("webrtc", "hls") if each in asked)
