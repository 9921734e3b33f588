"""The functions that a relay needs for a camera's codec: H.264, H.265 (each in its own module) or Motion JPEG."""

from typing import Protocol

from showcam.engine.codec import h264, h265

_FRAME = b"\xff\xc0"  # the segment with the picture's size
_FRAME_BYTES = 19


class Bitstream(Protocol):
    """A codec's functions. `data` is one picture in Annex B's form, or a JPEG."""

    DECODER: str  # libav's name

    def is_idr(self, data: bytes, /) -> bool: ...

    def is_bidirectional(self, data: bytes, /) -> bool: ...

    def parameter_sets(self, data: bytes, /) -> bytes: ...

    def sps(self, sets: bytes, /) -> list[bytes]: ...

    def with_parameters(self, keyframe: bytes, extradata: bytes, /) -> bytes: ...

    def relabelled(self, keyframe: bytes, /) -> bytes: ...

    def codec_name(self, keyframe: bytes, /) -> str: ...

    def buffers(self, keyframe: bytes, /) -> int: ...


class _MotionJpeg:
    """Motion JPEG: each frame is a JPEG, a decoder can start on it, and no viewer gets it unchanged."""

    DECODER = "mjpeg"

    def is_idr(self, _data: bytes) -> bool:
        return True

    def is_bidirectional(self, _data: bytes) -> bool:
        return False

    def parameter_sets(self, data: bytes) -> bytes:
        """The segment with the size of the frame. A frame of another size is the start of another format."""
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

    def buffers(self, _keyframe: bytes) -> int:
        return 0


BITSTREAMS: dict[str, Bitstream] = {"h264": h264, "h265": h265, "mjpeg": _MotionJpeg()}
