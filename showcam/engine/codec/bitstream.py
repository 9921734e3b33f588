"""What a relay asks of a camera's codec: H.264 and H.265 by the modules of that name, and Motion JPEG."""

from typing import Literal, Protocol

from showcam.engine.codec import h264, h265

_FRAME = b"\xff\xc0"  # the segment with the picture's size
_FRAME_BYTES = 19


class Bitstream(Protocol):
    """`data` is of one picture, in Annex B's form, or a JPEG."""

    DECODER: str  # libav's name

    def is_idr(self, data: bytes, /) -> bool: ...

    def is_bidirectional(self, data: bytes, /) -> bool: ...

    def parameter_sets(self, data: bytes, /) -> bytes: ...

    def sps(self, sets: bytes, /) -> list[bytes]: ...

    def with_parameters(self, keyframe: bytes, extradata: bytes, /) -> bytes: ...

    def relabelled(self, keyframe: bytes, /) -> bytes: ...

    def codec_name(self, keyframe: bytes, /) -> str: ...


class _MotionJpeg:
    """Each picture is a JPEG, which a decoder can start on, and which nobody is sent as it is."""

    DECODER = "mjpeg"

    def is_idr(self, _data: bytes) -> bool:
        return True

    def is_bidirectional(self, _data: bytes) -> bool:
        return False

    def parameter_sets(self, data: bytes) -> bytes:
        """The segment that has the picture's size: with another one it is another picture."""
        at = data.find(_FRAME)
        return data[at : at + _FRAME_BYTES] if at >= 0 else b""

    def sps(self, sets: bytes) -> list[bytes]:
        return [sets]

    def with_parameters(self, keyframe: bytes, _extradata: bytes) -> bytes:
        return keyframe

    def relabelled(self, keyframe: bytes) -> bytes:
        return keyframe

    def codec_name(self, _keyframe: bytes) -> str:
        return "jpeg"


def bitstream(codec: Literal["h264", "h265", "mjpeg"]) -> Bitstream:
    return _OF[codec]


_OF: dict[str, Bitstream] = {"h264": h264, "h265": h265, "mjpeg": _MotionJpeg()}
