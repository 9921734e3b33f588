"""Which of a camera's pictures a display can play, as far as their sizes are known.

Displays decode H.264 up to level 4.x, which is Full HD: more than that is black on them. By WebRTC no
display reorders frames, so B-frames can't be played.
"""

from media.grants import Picture
from media.source import MOST_PIXELS, TRANSCODED, transcoded_size
from registry.camera import Camera, Video
from registry.gate.sizes import may_have_changed
from registry.surface import DISPLAYS

PLAYABLE = ("webrtc", "hls")  # protocols of the media process, the better first
FULL_HD = (1920, 1080)
USUAL = (1280, 720)  # assumed of a picture whose size is not known


def plain(camera: Camera) -> Picture:
    """The picture for whoever plays any size: the smaller one where that alone is H.264, as far as is known."""
    return "sub" if camera.video.is_foreign and camera.sub and not camera.sub.is_foreign else "main"


def not_h264(camera: Camera) -> bool:
    """Whether no picture is H.264. False where that may have changed: it is tried then."""
    return shown(camera, plain(camera)).is_foreign and not may_have_changed(camera)


def best(camera: Camera) -> Picture:
    """The picture for a display: the smaller one too where the whole one is known to be more than displays decode."""
    sub_alone = not camera.video.is_foreign and is_larger(camera.video, _full_hd(camera.video))
    return "sub" if sub_alone and camera.sub and may_fit(camera.sub, _full_hd(camera.sub)) else plain(camera)


def shown(camera: Camera, picture: Picture) -> Video:
    return camera.sub if picture == "sub" and camera.sub else camera.video


def within(video: Video, largest: tuple[int, int]) -> bool:
    """False also where the size is not known."""
    return 0 < video.width <= largest[0] and 0 < video.height <= largest[1]


def beyond(camera: Camera) -> bool:
    """Whether every picture is more than a display decodes. False where the size may have changed: it is tried then."""
    picture = shown(camera, best(camera))
    return picture.width * picture.height > MOST_PIXELS and not may_have_changed(camera)


def by_hls_alone(camera: Camera) -> bool:
    """Whether the picture for a display has B-frames, and no playable picture without them exists."""
    picture = best(camera)
    if not shown(camera, picture).b_frames:
        return False
    return picture == "sub" or camera.sub is None or camera.sub.b_frames or camera.sub.is_foreign


def as_played(video: Video, surface: str) -> Video:
    """What a display gets of it, where the media process transcodes what can't be shown as it comes."""
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
