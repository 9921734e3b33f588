"""The pieces of a stream from a source to its viewers: access units of one timeline, and the format of the stream."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from showcam.engine.source import Codec

CLOCK = 90_000  # ticks a second, of every time in this package unless said otherwise


# names of libavcodec; g726le begins at the lowest bits of each byte, as RFC 3551 has it, and g726 at the highest
type SoundCodec = Literal["aac", "pcm_mulaw", "pcm_alaw", "pcm_s16be", "g722", "g726le", "g726", "opus"]


class SourceFailed(Exception):
    """No video comes. `reason` is the registry's word; `again`: the fault may pass without a change."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


class WayFailed(SourceFailed):
    """This way to a video failed; the web process may know a better one."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, again=True)


@dataclass(frozen=True, slots=True)
class Format:
    """The format of a source, as found when it was opened."""

    width: int
    height: int
    codec: str  # RFC 6381, such as "avc1.42c01f" or "hvc1.1.6.L93.B0"; "jpeg" of Motion JPEG
    audio: bool
    audio_rate: int = 0
    audio_channels: int = 0  # 0: not known
    audio_codec: SoundCodec = "aac"
    audio_bits: int = 0  # of a sample of G.726
    b_frames: bool = False  # frames come in another order than they are shown in, as far as known
    lacks_sub: bool = False  # this is the main stream, since the smaller one was requested and brought nothing

    @property
    def kind(self) -> Codec:
        return "h265" if self.codec.startswith("hvc1") else "mjpeg" if self.codec == "jpeg" else "h264"

    def continues(self, before: "Format") -> bool:
        """Whether a player of the format before can go on with this format."""
        told = self.codec, self.width, self.height, self.audio
        return told == (before.codec, before.width, before.height, before.audio)


class Unit(NamedTuple):
    """H.264 or H.265 in Annex B, with its parameter sets on every keyframe; or a frame of sound.

    AAC comes as one frame with its ADTS header, other sound unchanged. `form`: the format of frames from this one on,
    if it changes or after a time without video.
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
