"""Pictures and sound from the RTP that some of EZVIZ's cameras send by their cloud, one packet in each body.

Nothing describes the tracks: which codec each has is found by its bytes. All packets may share one sequence, or each
kind may have its own.
"""

from collections.abc import Callable, Iterator

from media import nal
from media.ezviz.decipher import Decipherer
from media.ezviz.h265 import EzvizH265Depacketizer
from media.mpegps.pictures import Piece
from media.mpegps.sound import G711_RATE, adts_rate
from media.plane.codec import sound
from media.plane.codec.units import CLOCK
from media.plane.sources.timeline import Timeline
from media.rtp.aac import AacDepacketizer
from media.rtp.h264 import H264Depacketizer
from media.rtp.packet import NotRtp, Packet, read
from media.rtp.unit import AccessUnit, Depacketizer

_VIDEO = 96
_G711 = frozenset({0, 8})
_AAC = frozenset({11, 14, 98, *range(100, 105), 115})  # those that cameras send sound by; some send other things
_HEADED = b"\x00\x10"  # the length of AU headers (RFC 3640) in front of one frame
_CONFIG = b"\x14\x08"  # AAC-LC, 16 kHz, mono: what all sound of these cameras is whose own headers say it
_RATE, _SAMPLES = 16_000, 1024


class EzvizRtp:
    """Takes bodies of a session, returns pieces on one clock of 90 kHz.

    A picture that lost a part is left out; where it was a keyframe, `lost` says so. `codec` is None until it is known.
    """

    def __init__(self, key: bytes, now: Callable[[], float]) -> None:
        self._now, self._timeline = now, Timeline(CLOCK)
        h264, h265 = Decipherer(key, "h264"), Decipherer(key, "h265")
        self._takers: dict[nal.Codec, tuple[Depacketizer, Decipherer]] = {
            "h264": (H264Depacketizer(h264), h264),
            "h265": (EzvizH265Depacketizer(h265), h265),
        }
        self.codec: nal.Codec | None = None
        self._last: int | None = None  # number of the packet before, of any kind
        self._numbers: dict[int, int] = {}  # by kind
        self._aac = AacDepacketizer(13, 3)
        self._clock = _SoundClock()

    @property
    def decipherer(self) -> Decipherer:
        """The one of the codec; that of H.264 until it is known."""
        return self._takers[self.codec or "h264"][1]

    @property
    def is_unknown(self) -> bool:
        """Whether the stream is encrypted, headers and all, and no key opens it."""
        openers = [opener for _, opener in self._takers.values()]
        return any(tried.is_wrong for tried in openers) and not any(tried.may_fit for tried in openers)

    def feed(self, body: bytes) -> list[Piece]:
        try:
            packet = read(body)
        except NotRtp:
            return []
        is_lost = self._is_lost(packet)
        if packet.kind == _VIDEO:
            return list(self._pictures(packet, is_lost=is_lost))
        if packet.kind in _G711 or packet.kind in _AAC:
            return list(self._sounds(packet))
        return []

    def _is_lost(self, packet: Packet) -> bool:
        """Whether packets are missing directly before this one."""
        before = packet.number - 1 & 0xFFFF
        is_lost = self._last is not None and before not in (self._last, self._numbers.get(packet.kind))
        self._last = self._numbers[packet.kind] = packet.number
        return is_lost

    # pictures

    def _pictures(self, packet: Packet, *, is_lost: bool) -> Iterator[Piece]:
        units: list[AccessUnit] = []
        for codec, (taker, opener) in self._takers.items():
            if self.codec in (None, codec):
                units = taker.feed(packet.payload, packet.timestamp, marker=packet.marker, lost=is_lost)
                self.codec = opener.codec
                if self.codec:
                    break
        for unit in units:
            pts = self._timeline.video(unit.timestamp, self._now())
            if not unit.damaged:
                yield Piece("video", unit.data, pts)
            elif unit.key:
                yield Piece("lost")

    # sound

    def _sounds(self, packet: Packet) -> Iterator[Piece]:
        if packet.kind in _G711:
            yield from self._sound(packet.payload, packet.timestamp, len(packet.payload), G711_RATE)
        elif rate := adts_rate(packet.payload):
            yield from self._sound(packet.payload, packet.timestamp, _SAMPLES, rate)
        elif packet.payload[:2] == _HEADED:
            for unit in self._aac.feed(packet.payload, packet.timestamp, marker=packet.marker):
                yield from self._sound(sound.adts(unit.data, _CONFIG), packet.timestamp, _SAMPLES, _RATE)

    def _sound(self, data: bytes, timestamp: int, samples: int, rate: int) -> Iterator[Piece]:
        ticks = self._clock.ticks(timestamp, samples, rate)
        pts = None if ticks is None else self._timeline.audio(ticks, self._now())
        if pts is not None:
            yield Piece("sound", data, pts)


class _SoundClock:
    """Timestamps of sound at 90 kHz. The first two show whether they count samples or 90 kHz."""

    def __init__(self) -> None:
        self._before: tuple[int, int] | None = None  # timestamp and samples of the packet before
        self._hz = self._counted = 0

    def ticks(self, timestamp: int, samples: int, rate: int) -> int | None:
        before, self._before = self._before, (timestamp, samples)
        if before is None:
            return None
        step = (timestamp - before[0] + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        if not self._hz:
            by_clock = before[1] * CLOCK // rate
            self._hz = rate if abs(step - before[1]) < abs(step - by_clock) else CLOCK
        self._counted += step
        return self._counted * CLOCK // self._hz & 0xFFFFFFFF
