"""What travels from a source to its viewers: access units of one timeline, and what kind of stream they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from showcam.engine.source import Codec

CLOCK = 90_000  # ticks a second, of every time in this package unless said otherwise


# as libavcodec names them; g726le begins at the lowest bits of each byte, as RFC 3551 has it, and g726 at the highest
type SoundCodec = Literal["aac", "pcm_mulaw", "pcm_alaw", "pcm_s16be", "g722", "g726le", "g726", "opus"]


class SourceFailed(Exception):
    """A picture can't be had. `reason` is the registry's word; `again`: a fault that may pass by itself."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


class WayFailed(SourceFailed):
    """The way to a picture failed, so that another one may do better, which the web process knows."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, again=True)


@dataclass(frozen=True, slots=True)
class Format:
    """A source as it turned out to be when it was opened."""

    width: int
    height: int
    codec: str  # RFC 6381, such as "avc1.42c01f" or "hvc1.1.6.L93.B0"; "jpeg" of Motion JPEG
    audio: bool
    audio_rate: int = 0
    audio_channels: int = 0  # 0: not known
    audio_codec: SoundCodec = "aac"
    audio_bits: int = 0  # of a sample of G.726
    b_frames: bool = False  # pictures come in another order than they are shown in, as far as that is known
    lacks_sub: bool = False  # it is the whole picture, since the smaller one was requested and brought nothing

    @property
    def kind(self) -> Codec:
        return "h265" if self.codec.startswith("hvc1") else "mjpeg" if self.codec == "jpeg" else "h264"

    def continues(self, before: "Format") -> bool:
        """Whether a player that was told of the format before goes on with this one."""
        told = self.codec, self.width, self.height, self.audio
        return told == (before.codec, before.width, before.height, before.audio)


class Unit(NamedTuple):
    """H.264 or H.265 in Annex B, its parameter sets on every keyframe; or one AAC frame with its ADTS header, or
    other sound as it comes.

    `form`: what pictures are like from this one on, where that changes or where time passed without a picture.
    """

    kind: Literal["video", "audio"]
    data: bytes
    pts: int
    dts: int
    key: bool = False
    form: Format | None = None

    def later(self, shift: int) -> "Unit":
        """The unit moved later by that many ticks."""
        return Unit(self.kind, self.data, self.pts + shift, self.dts + shift, self.key, self.form)


type Watch = Callable[[Unit], None]
type Listen = Callable[[bytes, int], None]  # an Opus packet, and its time at 48 kHz
