"""Which of a camera's pictures a display gets: the whole one, or the smaller one beside it.

The surface "video" plays at most 1280×720 and wants a sound track; a display on a slow line asks for less.
"""

from typing import NamedTuple, get_args

from media.grants import Picture
from registry.camera import Camera, StreamRequest
from registry.gate.displays import best, is_larger, may_fit, plain, within
from registry.gate.sizes import may_have_changed
from registry.surface import Display, Surface

VIDEO_APP = (1280, 720)

# The gate's row for each surface a grant may be for.
GATE: dict[str, Surface] = {display: display for display in get_args(Display.__value__)}


class Fit(NamedTuple):
    """A picture to ask the camera for, and the surface as its grant will name it. `way`: what brought it, "" before."""

    picture: Picture
    surface: str
    way: str = ""


def common(requested: tuple[str, ...], playable: tuple[str, ...]) -> tuple[str, ...]:
    """The requested protocols that are served here, in the requested order."""
    return tuple([protocol for protocol in requested if protocol in playable])


def fits(request: StreamRequest, camera: Camera, *, transcodes: bool) -> tuple[Fit, ...]:
    """Best first: the next is for a camera that turns out to have no smaller picture. Empty: all are too large.

    `transcodes`: the media process may make a larger one smaller.
    """
    if request.surface != "video":
        return _for_display(request, camera) if camera.sub else (Fit("main", request.surface),)
    if plain(camera) == "main" and within(camera.video, VIDEO_APP):
        return (Fit("main", "video"),)
    # how large a picture is may turn out only when it plays: the media process transcodes or refuses it then
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
    # once a day the whole one is tried again: its owner may have made it smaller, and the media process will see
    return request.surface != "page" and best(camera) == "sub" and not may_have_changed(camera)
