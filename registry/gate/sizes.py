"""What a camera's pictures are like: as its vendor tells, or else as they turned out when they were shown."""

from msgspec import Struct
from msgspec.structs import replace

from media.grants import Picture
from registry.camera import Camera, Ref, Video

AFRESH_S = 24 * 3600  # what was seen so long ago may have been changed in the vendor's app since

type Cameras = tuple[Camera, ...]


class Looks(Struct, frozen=True):
    """A picture as it turned out to be at `at`, epoch s."""

    width: int
    height: int
    b_frames: bool = False
    at: float = 0.0


def resized(cameras: Cameras, ref: Ref, picture: Picture, looks: Looks) -> Cameras:
    """The same with what that picture is like."""

    def one(camera: Camera) -> Camera:
        video = camera.video if picture == "main" else camera.sub or Video("h264")
        video = replace(video, width=looks.width, height=looks.height, b_frames=looks.b_frames)
        if picture == "sub":
            return replace(camera, sub=video)
        if video == camera.video and (not camera.looked_at or looks.at - camera.looked_at < AFRESH_S / 2):
            return camera  # as the vendor tells it too, or nearly as new: the list is not written anew for that
        return replace(camera, video=video, looked_at=looks.at)

    return tuple(one(each) if each.ref == ref else each for each in cameras)


def sized(cameras: Cameras, before: Cameras) -> Cameras:
    """The same with what was known before where nothing is told of it; a picture coded otherwise is another."""
    known = {each.ref: each for each in before if each.video.width or (each.sub and each.sub.width)}
    if not known:
        return cameras
    return tuple(_filled(each, known[each.ref]) if each.ref in known else each for each in cameras)


def _filled(camera: Camera, known: Camera) -> Camera:
    video, sub = _of(camera.video, known.video), _of(camera.sub, known.sub)
    if video is camera.video and sub is camera.sub:
        return camera
    return replace(camera, video=video, sub=sub, looked_at=max(camera.looked_at, known.looked_at))


def _of[V: Video | None](told: V, known: Video | None) -> V | Video:
    if told is None or known is None or told.width or told.codec != known.codec:
        return told
    return known


def may_have_changed(camera: Camera) -> bool:
    """Whether it is long ago that its whole picture was looked at."""
    return 0 < camera.looked_at < camera.as_of - AFRESH_S
