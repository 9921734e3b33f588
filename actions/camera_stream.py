"""The trait action.devices.traits.CameraStream: WebRTC through our own signalling, HLS where that is not played."""

from typing import Any

from actions.trait import Asked, Trait
from registry.camera import Camera, Refusal, Stream, StreamRequest
from registry.registry import Registry

# One value for all protocols. False because the default Cast receiver can't send a token; ours stand in the URLs.
ATTRIBUTES = {"cameraStreamNeedAuthToken": False}


class CameraStream(Trait):
    name = "action.devices.traits.CameraStream"
    command = "action.devices.commands.GetCameraStream"

    def __init__(self, registry: Registry, public_url: str) -> None:
        self._registry = registry
        self._attributes = {"cameraStreamSupportedProtocols": list(registry.playable), **ATTRIBUTES}
        self._public_url = public_url.rstrip("/")

    def attributes(self, camera: Camera) -> dict[str, Any] | None:
        return self._attributes

    def execute(self, asked: Asked) -> dict[str, Any] | Refusal:
        """The result as Google wants it among the states. It may show why the camera can't be shown, in its place."""
        request = StreamRequest("google", _protocols(asked.params), within_s=asked.left_s)
        stream = self._registry.open_stream(asked.link, asked.camera, request)
        if isinstance(stream, Refusal):
            return stream
        result = self._result(stream)
        # a card says nothing of whether its camera is online: it may not be, as QUERY tells
        return result if stream.explains is None else {"online": None, **result}

    def _result(self, stream: Stream) -> dict[str, Any]:
        if stream.protocol == "hls":
            return {"cameraStreamProtocol": "hls", "cameraStreamAccessUrl": stream.url}
        return {
            "cameraStreamProtocol": "webrtc",
            "cameraStreamSignalingUrl": f"{self._public_url}/google/webrtc/{stream.grant}",
            "cameraStreamAuthToken": stream.grant,  # for this camera alone; never the user's own token
        }


def _protocols(params: dict[str, Any]) -> tuple[str, ...]:
    """What was asked for and we have, in our order; a Chromecast that can't play WebRTC does not list it."""
    asked = params.get("SupportedStreamProtocols")
    if not isinstance(asked, list) or not asked:
        return ("hls",)
    return tuple(each for each in ("webrtc", "hls") if each in asked)
