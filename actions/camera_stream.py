"""The trait action.devices.traits.CameraStream: WebRTC through our own signalling, HLS for Cast receivers."""

from typing import Any

from registry.camera import Refusal, StreamRequest
from registry.registry import Registry
from store.records import Link

TRAIT = "action.devices.traits.CameraStream"
COMMAND = "action.devices.commands.GetCameraStream"

# One value for all protocols. False because the default Cast receiver can't send a token; ours stand in the URLs.
ATTRIBUTES = {"cameraStreamSupportedProtocols": ["webrtc", "hls"], "cameraStreamNeedAuthToken": False}


class CameraStream:
    def __init__(self, registry: Registry, public_url: str) -> None:
        self._registry = registry
        self._public_url = public_url.rstrip("/")

    def get(self, link: Link, camera_id: str, params: Any) -> dict[str, Any] | Refusal:
        """GetCameraStream: the result as Google wants it among the states."""
        stream = self._registry.open_stream(link, camera_id, StreamRequest("google", _protocols(params)))
        if isinstance(stream, Refusal):
            return stream
        if stream.protocol == "hls":
            return {"cameraStreamProtocol": "hls", "cameraStreamAccessUrl": stream.url}
        return {
            "cameraStreamProtocol": "webrtc",
            "cameraStreamSignalingUrl": f"{self._public_url}/google/webrtc/{stream.grant}",
            "cameraStreamAuthToken": stream.grant,  # for this camera alone; never the user's own token
        }


def _protocols(params: Any) -> tuple[str, ...]:
    """What was asked for and we have, in our order; on a Chromecast HLS is the safe one."""
    given = params if isinstance(params, dict) else {}
    asked = given.get("SupportedStreamProtocols")
    if not isinstance(asked, list) or not asked:
        return ("hls",)
    ours = ("hls", "webrtc") if given.get("StreamToChromecast") is True else ("webrtc", "hls")
    return tuple(each for each in ours if each in asked)
