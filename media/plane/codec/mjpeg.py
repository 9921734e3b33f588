"""Motion JPEG as far as a relay must understand it: each picture is a JPEG, which a decoder can start on."""

from media.plane.codec.keyframe import Measured, decoded, decoder

_FRAME = b"\xff\xc0"  # the segment with the picture's size
_FRAME_BYTES = 19


def is_idr(_data: bytes) -> bool:
    return True


def is_bidirectional(_data: bytes) -> bool:
    return False


def parameter_sets(data: bytes) -> bytes:
    """The segment that has the picture's size: with another one it is another picture."""
    at = data.find(_FRAME)
    return data[at : at + _FRAME_BYTES] if at >= 0 else b""


def sps(sets: bytes) -> list[bytes]:
    return [sets]


def with_parameters(keyframe: bytes, _extradata: bytes) -> bytes:
    """The keyframe unchanged: a JPEG has all that a decoder needs."""
    return keyframe


def relabelled(keyframe: bytes) -> bytes:
    """The keyframe unchanged: nobody is sent Motion JPEG as it is."""
    return keyframe


def measure(keyframe: bytes) -> Measured:
    """Raises NoPicture."""
    frame = decoded(decoder("mjpeg"), keyframe)
    return Measured(frame.width, frame.height, "jpeg", b_frames=False)
