"""Alexa.CameraStreamController 3: HLS for displays that don't take WebRTC.

HLS is not in the published list of protocols; displays play it all the same, from an https address with a public name.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct, structs

from alexa.directive import Directive
from alexa.errors import refused
from alexa.event import Reply, timestamp
from alexa.interface import Capability
from alexa.state import properties
from net.cache import Kept
from registry.camera import Camera, Refusal, Stream, StreamRequest, Video
from registry.gate.displays import USUAL, best, beyond, shown
from registry.registry import Registry
from store.records import Link

WIDEST = 7680
_USUAL = {"width": USUAL[0], "height": USUAL[1]}


class Resolution(Struct):
    width: int = 0
    height: int = 0


class Wanted(Struct, rename="camel"):
    """A combination the display can play. What it leaves out it leaves to us."""

    protocol: str = ""
    resolution: Resolution | None = None
    authorization_type: str = "NONE"
    video_codec: str = "H264"
    audio_codec: str = "AAC"


class _Initialize(Struct, rename="camel"):
    camera_streams: list[Wanted]


class _Asked(Struct, frozen=True):
    request: StreamRequest
    size: dict[str, int]  # told of a picture whose own is not known


_payload = msgspec.json.Decoder(_Initialize)
_read_before: Kept[bytes, _Asked] = Kept(256)
LONGEST_KEPT = 2048  # bytes of a payload


def capabilities(camera: Camera) -> list[Capability]:
    configuration = {
        "protocols": ["HLS"],
        "resolutions": _sizes(camera),
        "authorizationTypes": ["NONE"],
        "videoCodecs": ["H264"],
        "audioCodecs": ["NONE"] if camera.audio == "none" else ["AAC", "NONE"],
    }
    return [
        {
            "type": "AlexaInterface",
            "interface": "Alexa.CameraStreamController",
            "version": "3",
            "cameraStreamConfigurations": [configuration],
        }
    ]


class CameraStreams:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def initialize(self, link: Link, camera_id: str, directive: Directive, reply: Reply) -> bytes:
        """InitializeCameraStreams: the one stream there is, if the display can play it."""
        asked = _asked(directive)
        request = structs.replace(asked.request, within_s=reply.left_s)
        stream = self._registry.open_stream(link, camera_id, request)
        if isinstance(stream, Refusal):
            raise refused(stream, link.locale)
        payload = {"cameraStreams": [_rendered(stream, asked.size)], "imageUri": stream.image_url}
        context = self._context(link, camera_id, stream, reply.left_s)
        return reply.event("Alexa.CameraStreamController", "Response", payload, context)

    def _context(self, link: Link, camera_id: str, stream: Stream, left_s: float) -> Raw | None:
        if stream.camera is not None:
            return properties(stream.camera)
        state = self._registry.states(link, (camera_id,), left_s).get(camera_id)
        return properties(state.camera) if state else None


def _sizes(camera: Camera) -> list[dict[str, int]]:
    """Of the pictures that are shown: the whole one, and the smaller one once its size is known, or that one alone.

    A camera without either is offered all the same, at the size of the card that can say why: what is not offered is
    never asked for, and nobody hears the reason.
    """
    if best(camera) == "sub":
        return [_size(shown(camera, "sub")) or _USUAL]
    if camera.video.codec == "h265" or beyond(camera):
        return [_USUAL]
    whole = _size(camera.video) or _USUAL
    smaller = _size(camera.sub) if camera.sub and camera.sub.codec != "h265" else None
    return [whole, smaller] if smaller and smaller != whole else [whole]


def _asked(directive: Directive) -> _Asked:
    """Displays of one kind ask alike: what they said is read once."""
    said = bytes(directive.payload)
    asked = _read_before.get(said)
    if asked is None:
        asked = _read(directive)
        if len(said) <= LONGEST_KEPT:
            _read_before.put(said, asked)
    return asked


def _read(directive: Directive) -> _Asked:
    """Raises InvalidDirective."""
    playable = [each for each in directive.read(_payload).camera_streams if _playable(each)]
    sizes = [_measured(each) for each in playable]
    told = [each for each in sizes if each]
    # where a size was left open any may come
    largest = max(told, key=lambda size: size[0] * size[1]) if told and len(told) == len(sizes) else None
    silent = all(each.audio_codec == "NONE" for each in playable)
    request = StreamRequest("alexa", ("hls",) if playable else (), largest=largest, image=True, silent=silent)
    width, height = told[0] if told else USUAL
    return _Asked(request, {"width": width, "height": height})


def _measured(wanted: Wanted) -> tuple[int, int] | None:
    """None where it is left open, or is no size."""
    size = wanted.resolution
    if size is None or not (0 < size.width <= WIDEST and 0 < size.height <= WIDEST):
        return None
    return size.width, size.height


def _playable(wanted: Wanted) -> bool:
    return (
        wanted.protocol == "HLS"
        and wanted.authorization_type == "NONE"
        and wanted.video_codec == "H264"
        and wanted.audio_codec in ("AAC", "NONE")
    )


def _rendered(stream: Stream, asked: dict[str, int]) -> dict[str, Any]:
    return {
        "uri": stream.url,
        "protocol": "HLS",
        "resolution": _size(stream.video) or asked,
        "authorizationType": "NONE",
        "videoCodec": "H264",
        "audioCodec": "AAC" if stream.sound else "NONE",
        "expirationTime": timestamp(stream.expires),
        "idleTimeoutSeconds": max(1, stream.idle_timeout_s),
    }


def _size(video: Video) -> dict[str, int] | None:
    return {"width": video.width, "height": video.height} if video.width > 0 and video.height > 0 else None
