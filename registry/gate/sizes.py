"""What a camera's pictures are like: as its vendor lists them, or else as measured when they were opened."""

from msgspec import Struct
from msgspec.structs import replace

from media.grants import Picture
from registry.camera import Camera, Ref, Video, VideoCodec

REMEASURE_S = 24 * 3600  # a size measured longer ago may have been changed in the vendor's app since

type Cameras = tuple[Camera, ...]


class Measurement(Struct, frozen=True):
    """What an opened picture turned out to be at `at`, epoch s."""

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
        if picture == "sub":
            return replace(camera, sub=video)
        if measurement.lacks_sub:
            return replace(camera, video=video, looked_at=measurement.at, sub_silent_at=measurement.at)
        if video == camera.video and (not camera.looked_at or measurement.at - camera.looked_at < REMEASURE_S / 2):
            return camera  # unchanged, and listed by the vendor or measured lately: the list is not written again
        return replace(camera, video=video, looked_at=measurement.at)

    return tuple(measured(camera) if camera.ref == ref else camera for camera in cameras)


def sized(cameras: Cameras, before: Cameras) -> Cameras:
    """The cameras with what is known from `before` where the vendor lists no size, and no other codec."""
    known = {camera.ref: camera for camera in before if camera.video.width or (camera.sub and camera.sub.width)}
    if not known:
        return cameras
    return tuple(_filled(camera, known[camera.ref]) if camera.ref in known else camera for camera in cameras)


def _filled(camera: Camera, known: Camera) -> Camera:
    video, sub = _size_or_known(camera.video, known.video), _size_or_known(camera.sub, known.sub)
    silent_at = max(camera.sub_silent_at, known.sub_silent_at)
    if video is camera.video and sub is camera.sub and silent_at == camera.sub_silent_at:
        return camera
    looked_at = max(camera.looked_at, known.looked_at)
    return replace(camera, video=video, sub=sub, looked_at=looked_at, sub_silent_at=silent_at)


def _size_or_known[V: Video | None](listed: V, known: Video | None) -> V | Video:
    if listed is None or known is None or listed.width or listed.codec not in ("unknown", known.codec):
        return listed
    return known


def may_have_changed(camera: Camera) -> bool:
    """Whether its whole picture was measured more than REMEASURE_S ago: its owner may have chosen another since."""
    return 0 < camera.looked_at < camera.as_of - REMEASURE_S
