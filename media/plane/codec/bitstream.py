"""What a relay asks of a camera's codec, which the modules h264, h265 and mjpeg answer."""

from typing import Protocol

from media.plane.codec import h264, h265, mjpeg
from media.plane.codec.keyframe import Measured
from media.source import Codec


class Bitstream(Protocol):
    """`data` is of one picture, in Annex B's form, or a JPEG."""

    def is_idr(self, data: bytes, /) -> bool: ...

    def is_bidirectional(self, data: bytes, /) -> bool: ...

    def parameter_sets(self, data: bytes, /) -> bytes: ...

    def sps(self, sets: bytes, /) -> list[bytes]: ...

    def with_parameters(self, keyframe: bytes, extradata: bytes, /) -> bytes: ...

    def relabelled(self, keyframe: bytes, /) -> bytes: ...

    def measure(self, keyframe: bytes, /) -> Measured: ...


def bitstream(codec: Codec) -> Bitstream:
    return _OF[codec]


_OF: dict[Codec, Bitstream] = {"h264": h264, "h265": h265, "mjpeg": mjpeg}
