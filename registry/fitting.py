"""Which of a camera's pictures a display gets: the whole one, the smaller one beside it, or one made smaller here.

Alexa's VideoApp plays at most 1280×720 and wants a sound track; a display on a slow line asks for less than there is.
"""

from typing import NamedTuple

from media.grants import Picture
from registry.camera import Camera, StreamRequest, Video
from registry.gate import Surface

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


def shown(camera: Camera, picture: Picture) -> Video:
    return camera.sub if picture == "sub" and camera.sub else camera.video


def within(video: Video, largest: tuple[int, int]) -> bool:
    """Known to be so."""
    return 0 < video.width <= largest[0] and 0 < video.height <= largest[1]


def _asked(request: StreamRequest, camera: Camera) -> tuple[Fit, ...]:
    picture = plain(camera)
    largest = request.largest if picture == "main" else None
    if largest and _is_larger(camera.video, largest) and _may_fit(camera.sub, largest):
        return Fit("sub", request.surface), Fit("main", request.surface)
    return (Fit(picture, request.surface),)


def _may_fit(video: Video | None, largest: tuple[int, int]) -> bool:
    return video is not None and video.codec != "h265" and (video.width == 0 or within(video, largest))


def _is_larger(video: Video, largest: tuple[int, int]) -> bool:
    width, height = (video.width, video.height) if video.width else USUAL
    return width > largest[0] or height > largest[1]
