"""How large a camera's pictures are: as its vendor tells, or else as they turned out when they were shown."""

from msgspec.structs import replace

from media.grants import Picture
from registry.camera import Camera, Ref, Video

type Cameras = tuple[Camera, ...]


def resized(cameras: Cameras, ref: Ref, picture: Picture, size: tuple[int, int]) -> Cameras:
    """The same with that picture's size."""

    def one(camera: Camera) -> Camera:
        width, height = size
        if picture == "main":
            return replace(camera, video=replace(camera.video, width=width, height=height))
        return replace(camera, sub=replace(camera.sub or Video("h264"), width=width, height=height))

    return tuple(one(each) if each.ref == ref else each for each in cameras)


def sized(cameras: Cameras, before: Cameras) -> Cameras:
    """The same with the sizes known before where nothing is told of them; a picture coded otherwise is another."""
    known = {each.ref: each for each in before if each.video.width or (each.sub and each.sub.width)}
    if not known:
        return cameras
    return tuple(_filled(each, known[each.ref]) if each.ref in known else each for each in cameras)


def _filled(camera: Camera, known: Camera) -> Camera:
    video, sub = _of(camera.video, known.video), _of(camera.sub, known.sub)
    if video is camera.video and sub is camera.sub:
        return camera
    return replace(camera, video=video, sub=sub)


def _of[V: Video | None](told: V, known: Video | None) -> V | Video:
    if told is None or known is None or told.width or told.codec != known.codec:
        return told
    return known
