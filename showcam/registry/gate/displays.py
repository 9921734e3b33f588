"""The pictures of a camera: their properties, which of them a display can play, and which one it gets.

Sizes are as the vendor lists them, or else as measured when a picture was opened.

Displays decode H.264 up to level 4.x, which is Full HD: larger pictures stay black. No display reorders frames that
come by WebRTC, so it can't play B-frames.
"""

from typing import NamedTuple, get_args

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.camera import (
    DISPLAYS,
    STALE_S,
    UNMEASURED,
    Camera,
    Display,
    Measured,
    Ref,
    StreamRequest,
    Surface,
    Video,
    VideoCodec,
)
from showcam.engine.grants import Picture
from showcam.engine.source import MOST_PIXELS, TRANSCODED, transcoded_size

type Cameras = tuple[Camera, ...]
PLAYABLE = ("webrtc", "hls")  # protocols of the media process, the better first
FULL_HD = (1920, 1080)
USUAL = (1280, 720)  # assumed for a picture of unknown size
VIDEO_APP = (1280, 720)
# The gate's row for each surface a grant may be for.
GATE: dict[str, Surface] = {display: display for display in get_args(Display.__value__)}


class Measurement(Struct, frozen=True):
    """The properties of an opened picture, as measured at `at`, epoch s."""

    width: int
    height: int
    b_frames: bool = False
    at: float = 0.0
    codec: VideoCodec = "unknown"  # "unknown": not measured
    lacks_sub: bool = False  # the smaller picture was opened first, and brought nothing


def resized(cameras: Cameras, ref: Ref, picture: Picture, measurement: Measurement) -> Cameras:
    """The cameras with the measurement applied to that picture of the camera `ref`."""

    def measured(camera: Camera) -> Camera:
        video = camera.video if picture == "main" else camera.sub or Video()
        codec = video.codec if measurement.codec == "unknown" else measurement.codec
        video = Video(codec, measurement.width, measurement.height, measurement.b_frames)
        known, at = camera.measured, measurement.at
        if picture == "sub":
            return replace(camera, measured=replace(known, sub=video))
        if measurement.lacks_sub:
            known = replace(known, sub_silent_at=at)
        elif video == camera.video and (not known.looked_at or at - known.looked_at < STALE_S / 2):
            return camera  # unchanged, and listed by the vendor or measured lately: the list is not written again
        return replace(camera, measured=replace(known, video=video, looked_at=at))

    return tuple(measured(camera) if camera.ref == ref else camera for camera in cameras)


def sized(cameras: Cameras, before: Cameras) -> Cameras:
    """The cameras with the sizes known from `before`, if the vendor lists no size and no other codec."""
    known = {camera.ref: camera.measured for camera in before}
    return tuple(_filled(camera, known.get(camera.ref, UNMEASURED)) for camera in cameras)


def _filled(camera: Camera, known: Measured) -> Camera:
    own = camera.measured
    video = known.video if _lacks(camera.video, known.video) else own.video
    sub = known.sub if _lacks(camera.sub, known.sub) else own.sub
    silent_at = max(own.sub_silent_at, known.sub_silent_at)
    if video is own.video and sub is own.sub and silent_at == own.sub_silent_at:
        return camera
    return replace(camera, measured=Measured(video, sub, max(own.looked_at, known.looked_at), silent_at))


def _lacks(picture: Video | None, known: Video | None) -> bool:
    """Whether the picture has no size that a measurement has, and no other codec."""
    if picture is None or known is None or picture.width or not known.width:
        return False
    return picture.codec in ("unknown", known.codec)


def may_have_changed(camera: Camera) -> bool:
    """Whether the whole picture was measured more than STALE_S ago: the owner may have changed it since."""
    return 0 < camera.measured.looked_at < camera.as_of - STALE_S


def plain(camera: Camera) -> Picture:
    """The picture for a player of any size: the smaller one if, as far as is known, only that one is H.264."""
    return "sub" if camera.video.is_foreign and camera.sub and not camera.sub.is_foreign else "main"


def not_h264(camera: Camera) -> bool:
    """Whether no picture is H.264. False if the codec may have changed: the picture is tried then."""
    return shown(camera, plain(camera)).is_foreign and not may_have_changed(camera)


def best(camera: Camera) -> Picture:
    """The picture for a display: also the smaller one if the whole one is known to be too large for displays."""
    sub_alone = not camera.video.is_foreign and is_larger(camera.video, _full_hd(camera.video))
    return "sub" if sub_alone and camera.sub and may_fit(camera.sub, _full_hd(camera.sub)) else plain(camera)


def shown(camera: Camera, picture: Picture) -> Video:
    return camera.sub if picture == "sub" and camera.sub else camera.video


def within(video: Video, largest: tuple[int, int]) -> bool:
    """Whether the video is at most this large; False if its size is not known."""
    return 0 < video.width <= largest[0] and 0 < video.height <= largest[1]


def beyond(camera: Camera) -> bool:
    """Whether every picture is too large for a display. False if the size may have changed: it is tried then."""
    picture = shown(camera, best(camera))
    return picture.width * picture.height > MOST_PIXELS and not may_have_changed(camera)


def by_hls_alone(camera: Camera) -> bool:
    """Whether the picture for a display has B-frames, and no playable picture without them exists."""
    picture = best(camera)
    if not shown(camera, picture).b_frames:
        return False
    return picture == "sub" or camera.sub is None or camera.sub.b_frames or camera.sub.is_foreign


def as_played(video: Video, surface: str) -> Video:
    """The video that a display gets, if the media process transcodes pictures that the display can't play."""
    is_too_large = surface in DISPLAYS and video.width * video.height > MOST_PIXELS
    if video.is_foreign or is_too_large or (surface == "video" and is_larger(video, TRANSCODED)):
        return Video("h264", *(transcoded_size(video.width, video.height) if video.width else TRANSCODED))
    return video


def _full_hd(video: Video) -> tuple[int, int]:
    """Full HD in the picture's orientation: a decoder's limit counts macroblocks."""
    width, height = FULL_HD
    return (height, width) if video.height > video.width else FULL_HD


def may_fit(video: Video | None, largest: tuple[int, int]) -> bool:
    return video is not None and not video.is_foreign and (video.width == 0 or within(video, largest))


def is_larger(video: Video, largest: tuple[int, int]) -> bool:
    width, height = (video.width, video.height) if video.width else USUAL
    return width > largest[0] or height > largest[1]


class Fit(NamedTuple):
    """A picture to ask the camera for, and the surface as its grant will name it.

    `way`: the way that the source came by; "" until then.
    """

    picture: Picture
    surface: str
    way: str = ""


def common(requested: tuple[str, ...], playable: tuple[str, ...]) -> tuple[str, ...]:
    """The requested protocols that are served here, in the requested order."""
    return tuple([protocol for protocol in requested if protocol in playable])


def fits(request: StreamRequest, camera: Camera, *, transcodes: bool) -> tuple[Fit, ...]:
    """The fits, best first: the next is for a camera that turns out to have no smaller picture. Empty: all too large.

    `transcodes`: the media process may make a larger picture smaller.
    """
    if request.surface != "video":
        return _for_display(request, camera) if camera.sub else (Fit("main", request.surface),)
    if plain(camera) == "main" and within(camera.video, VIDEO_APP):
        return (Fit("main", "video"),)
    # the size of a picture may turn out only when it plays: the media process transcodes or refuses it then
    alone = transcodes and plain(camera) == "sub"
    found = [Fit("sub", "video")] if alone or may_fit(camera.sub, VIDEO_APP) else []
    if plain(camera) == "main" and (transcodes or camera.video.width == 0):
        found.append(Fit("main", "video"))
    return tuple(found)


def _for_display(request: StreamRequest, camera: Camera) -> tuple[Fit, ...]:
    picture = plain(camera)
    if picture == "main" and _wants_less(request, camera):
        return Fit("sub", request.surface), Fit("main", request.surface)
    return (Fit(picture, request.surface),)


def _wants_less(request: StreamRequest, camera: Camera) -> bool:
    largest = request.largest
    if largest and is_larger(camera.video, largest) and may_fit(camera.sub, largest):
        return True
    orderly = camera.sub is not None and not camera.sub.is_foreign and not camera.sub.b_frames
    if orderly and camera.video.b_frames and "hls" not in request.protocols:
        return True
    # once a day the whole picture is tried again: the owner may have made it smaller, and the media process will see
    return request.surface != "page" and best(camera) == "sub" and not may_have_changed(camera)
