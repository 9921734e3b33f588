"""Which of a camera's pictures a display gets: the whole one, the smaller one beside it, or one made smaller here.

Displays decode H.264 up to level 4.x, which is Full HD; more than that is black on them. Alexa's VideoApp plays at most
1280×720 and wants a sound track; a display on a slow line asks for less than there is.
"""

from typing import NamedTuple

from media.grants import Picture
from registry.camera import Camera, StreamRequest, Video
from registry.gate import Surface
from registry.sizes import may_have_changed

FULL_HD = (1920, 1080)
VIDEO_APP = (1280, 720)
USUAL = (1280, 720)  # what is told of a picture whose size is not known
SCALED = "video_scaled"  # a surface of grants alone: the media process makes the picture smaller

# The gate's row for each surface a grant may be for.
GATE: dict[str, Surface] = {
    "alexa": "alexa",
    "google": "google",
    "page": "page",
    "video": "alexa",
    SCALED: "alexa",
}


class Fit(NamedTuple):
    """A picture to ask the camera for, and the surface as its grant will name it."""

    picture: Picture
    surface: str


def fits(request: StreamRequest, camera: Camera, *, scaled: bool) -> tuple[Fit, ...]:
    """Best first: the next is for a camera that turns out to have no smaller picture. Empty: all are too large.

    `scaled`: its owner allows that a smaller one is made of it.
    """
    if request.surface != "video":
        return _asked(request, camera) if camera.sub else (Fit("main", request.surface),)
    if plain(camera) == "main" and within(camera.video, VIDEO_APP):
        return (Fit("main", "video"),)
    # how large a picture is may turn out only when it plays: the media process scales or refuses it then
    surface = SCALED if scaled else "video"
    alone = scaled and plain(camera) == "sub"
    found = [Fit("sub", surface)] if alone or _may_fit(camera.sub, VIDEO_APP) else []
    if plain(camera) == "main" and (scaled or camera.video.width == 0):
        found.append(Fit("main", surface))
    return tuple(found)


def plain(camera: Camera) -> Picture:
    """The picture for whoever plays any size: the smaller one where that alone is H.264."""
    return "sub" if camera.video.codec == "h265" and camera.sub and camera.sub.codec == "h264" else "main"


def best(camera: Camera) -> Picture:
    """The picture for a display: the smaller one too where the whole one is known to be more than displays decode."""
    sub_alone = camera.video.codec != "h265" and _is_larger(camera.video, _full_hd(camera.video))
    return "sub" if sub_alone and camera.sub and _may_fit(camera.sub, _full_hd(camera.sub)) else plain(camera)


def shown(camera: Camera, picture: Picture) -> Video:
    return camera.sub if picture == "sub" and camera.sub else camera.video


def within(video: Video, largest: tuple[int, int]) -> bool:
    """Known to be so."""
    return 0 < video.width <= largest[0] and 0 < video.height <= largest[1]


def _asked(request: StreamRequest, camera: Camera) -> tuple[Fit, ...]:
    picture = plain(camera)
    if picture == "main" and _wants_less(request, camera):
        return Fit("sub", request.surface), Fit("main", request.surface)
    return (Fit(picture, request.surface),)


def _wants_less(request: StreamRequest, camera: Camera) -> bool:
    largest = request.largest
    if largest and _is_larger(camera.video, largest) and _may_fit(camera.sub, largest):
        return True
    orderly = camera.sub is not None and camera.sub.codec != "h265" and not camera.sub.b_frames
    if orderly and camera.video.b_frames and "hls" not in request.protocols:
        return True
    # once a day the whole one is tried again: its owner may have made it smaller, and the media process will see
    return request.surface != "page" and best(camera) == "sub" and not may_have_changed(camera)


def _full_hd(video: Video) -> tuple[int, int]:
    """Of a picture that stands or lies: what is decoded is counted in squares of it."""
    width, height = FULL_HD
    return (height, width) if video.height > video.width else FULL_HD


def _may_fit(video: Video | None, largest: tuple[int, int]) -> bool:
    return video is not None and video.codec != "h265" and (video.width == 0 or within(video, largest))


def _is_larger(video: Video, largest: tuple[int, int]) -> bool:
    width, height = (video.width, video.height) if video.width else USUAL
    return width > largest[0] or height > largest[1]
