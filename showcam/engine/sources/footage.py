"""Reads the units of one session of an EZVIZ camera, from its first keyframe on, with times of the session's clock."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from showcam.engine.codec import nal
from showcam.engine.codec.sound import adts, read_adts
from showcam.engine.ezviz.decipher import Decipherer
from showcam.engine.ezviz.encryption import LAYOUTS, Layout
from showcam.engine.ezviz.h265 import EzvizH265Depacketizer
from showcam.engine.mpegps import G711_RATE, Heard, NotMpegPs, Packets, Pictures, Piece, Sound
from showcam.engine.rtp.nal import H264Depacketizer
from showcam.engine.rtp.packets import AccessUnit, Depacketizer, NotRtp, Packet, read
from showcam.engine.rtp.sound import AacDepacketizer
from showcam.engine.source import CLOCK, SoundFormat, SourceFailed, Unit
from showcam.engine.sources.timeline import Timeline

type Transport = Literal["ps", "rtp", "ts"]

_PACK = b"\x00\x00\x01\xba"
# RTP payload types of EZVIZ: pictures, data for its own player, and kinds of sound
_RTP_KINDS = frozenset({0, 8, 11, 14, 96, 98, *range(100, 105), 112, 115})
_SOURCE = b"\x55\x66\x77\x88"
MOST_UNITS = 1024  # NAL units of a picture: no camera cuts a picture into more, and each takes time to read
UNFOUND = 256 * 1024  # bytes that may come before the transport is known
KEYFRAMES = 4  # keyframes that are also kept as they came, until each was checked
_TURN = 1 << 33  # the clock in a program stream begins again at this number
_VIDEO = 96
_G711 = frozenset({0, 8})
_AAC = frozenset({11, 14, 98, *range(100, 105), 115})  # cameras send sound under these types, and some send other data
_HEADED = b"\x00\x10"  # the length of AU headers (RFC 3640) in front of one frame
_CONFIG = b"\x14\x08"  # AAC-LC, 16 kHz, mono: these cameras' sound, as all that send their own headers say
_RATE, _SAMPLES = 16_000, 1024


def transport(body: bytes, before: bytes = b"") -> Transport | None:
    """Tells from its first bytes which transport a session uses.

    Returns None if the bytes begin in the middle of a packet: then the next bytes decide.

    One packet is enough to recognise RTP with the source number of all known cameras. RTP with another source number
    also needs the packet `before`.
    """
    if _PACK in body or body.startswith(b"IMKH"):
        return "ps"
    if len(body) > 188 and set(body[::188]) == {0x47}:
        return "ts"
    if _may_be_rtp(body) and (body[8:12] == _SOURCE or _follows(body, before)):
        return "rtp"
    return None


def _may_be_rtp(body: bytes) -> bool:
    return len(body) > 12 and body[0] >> 6 == 2 and body[1] & 0x7F in _RTP_KINDS


def _follows(body: bytes, before: bytes) -> bool:
    """True if both RTP packets have the same source and successive numbers."""
    if not _may_be_rtp(before) or body[8:12] != before[8:12]:
        return False
    return (int.from_bytes(body[2:4]) - int.from_bytes(before[2:4])) & 0xFFFF == 1


class Sets(NamedTuple):
    """Parameter sets with start codes, and their codec."""

    codec: nal.Codec
    data: bytes


class Footage:
    """Reads one session. `key`, if given, deciphers it. `now` is a monotonic clock in seconds.

    Raises SourceFailed for a stream that can't be shown.

    `lent` are parameter sets of the session before. A camera may send them only with a session's first keyframe, or
    never (github.com/Bobsilvio/ezviz_hp7, issue 33).
    """

    def __init__(self, key: bytes = b"", now: Callable[[], float] = time.monotonic, lent: Sets | None = None) -> None:
        self._packets, self._pictures = Packets(), Pictures()
        self._rtp: EzvizRtp | None = None
        self._key, self._now, self._lent = key, now, lent
        self.decipherer = Decipherer(key)
        if lent:
            self.decipherer.picture(lent.data)
        self._sound = Sound(self.decipherer.samples if key else None)
        self._codec: nal.Codec | None = None
        self.transport: Transport | None = None  # None until it is known
        self._runs = False
        self._examined, self._before = 0, b""
        self._parameters = b""
        self._last: int | None = None
        self._came: deque[tuple[bytes, Piece]] = deque(maxlen=KEYFRAMES)  # keyframes: in the clear, as they came

    @property
    def sound(self) -> SoundFormat | None:
        """The format of the sound, once sound has come."""
        return SoundFormat(self._sound.codec, self._sound.rate, self._sound.channels) if self._sound.codec else None

    @property
    def codec(self) -> nal.Codec:
        """The codec of the pictures that have come."""
        return self._codec or "h264"

    @property
    def sets(self) -> Sets | None:
        """The session's own parameter sets, once they have come."""
        return Sets(self._codec, self._parameters) if self._codec and self._parameters else None

    @property
    def uses_lent(self) -> bool:
        """True if keyframes are given the parameter sets of another session."""
        return self._lent is not None and not self._parameters

    def drop_lent(self) -> None:
        """Forgets the lent parameter sets, which do not fit this session."""
        self._lent, self._runs = None, bool(self._parameters) and self._runs

    def pieces(self, body: bytes) -> list[Piece]:
        """The pictures and packets of sound that are whole with this body."""
        before = self._find(body) if self.transport is None else b""
        if self._rtp:
            pieces = (self._rtp.feed(before) if before else []) + self._rtp.feed(body)
            self.decipherer = self._rtp.decipherer
            return pieces
        try:
            return list(self._pictures.feed(self._packets.feed(body)))
        except NotMpegPs:
            raise SourceFailed("media_down", again=True) from None

    def feed(self, body: bytes) -> list[Unit]:
        units = [unit for piece in self.pieces(body) for unit in self._units(piece)]
        if self._is_unknown:
            raise SourceFailed("code_wrong" if self._key else "encryption_on", again=False)
        return units

    def otherwise(self, keyframe: bytes) -> Iterator[tuple[Layout, bytes]]:
        """This keyframe deciphered under each layout, no matter which layout was assumed first."""
        if not self._key:
            return
        units = self.decipherer.came(keyframe)
        piece = next((piece for clear, piece in self._came if keyframe.endswith(clear)), None)
        for layout in LAYOUTS:
            opener = self.decipherer.with_keys(layout)
            if self._rtp:
                data = b"".join(b"\0\0\0\1" + opener.unit(unit) for unit in units)
            else:
                data = opener.picture(piece.data, piece.breaks) if piece else b""
            if data and not nal.parameters(data, self.codec):
                data = self._parameters + data
            if data and data != keyframe:
                yield layout, data

    def force(self, layout: Layout) -> None:
        """Reads the slices of keyframes in this layout from now on: a keyframe decoded only under this layout."""
        self.decipherer.encryption.force(layout)

    def _find(self, body: bytes) -> bytes:
        """Finds the session's transport, which never changes. Returns the body before if it was needed to find RTP.

        Raises SourceFailed for a transport that showcam can't read.
        """
        before, self._before = self._before, body
        form = self.transport = transport(body, before)
        if form == "ts":
            raise SourceFailed("media_down", again=False)
        if form == "rtp":
            self._rtp = EzvizRtp(self._key, self._now)
            if self._lent:
                self._rtp.learn(self._lent)
        self._examined += len(body)
        if form is None and self._examined > UNFOUND:
            raise SourceFailed("media_down", again=True)
        return before if form == "rtp" and before[8:12] == body[8:12] else b""

    @property
    def _is_unknown(self) -> bool:
        """True if the stream is encrypted, headers and all, and no key opens it."""
        return self._rtp.is_unknown if self._rtp else self.decipherer.encryption.is_wrong

    def _units(self, piece: Piece) -> list[Unit]:
        is_shredded = piece.kind == "video" and piece.data.count(b"\0\0\1") > MOST_UNITS
        if piece.kind == "lost" or is_shredded:
            self._runs = False  # until the next keyframe, pictures refer to the missing one
            return []
        if piece.kind == "video":
            return self._picture(piece)
        heard = [self._opened(frame) for frame in self._sound.feed(piece.data, piece.pts)]
        if not self._runs:
            return []
        times = [self._time(frame.pts) for frame in heard]
        return [Unit("audio", frame.data, at, at, key=True) for frame, at in zip(heard, times, strict=True)]

    def _opened(self, heard: Heard) -> Heard:
        """Deciphers a frame of AAC after its header; other sound stays as it is."""
        if self._sound.codec != "aac":
            return heard
        size = 7 if heard.data[1] & 1 else 9
        return heard._replace(data=heard.data[:size] + self.decipherer.sound(heard.data[size:]))

    def _picture(self, piece: Piece) -> list[Unit]:
        data = piece.data if self._rtp else self.decipherer.picture(piece.data, piece.breaks)
        codec = self._codec = self.decipherer.encryption.codec
        if codec is None:
            return []
        if self._lent and self._key and not self._runs:
            # until the first keyframe nobody knows how slices are encrypted, and every sixtieth looks like a keyframe's
            data = self.decipherer.plausible(data)
        own = nal.parameters(data, codec)
        self._parameters = own or self._parameters
        lent = self._lent.data if self._lent and self._lent.codec == codec else b""
        key = nal.is_key(data, codec)
        self._runs |= key and bool(self._parameters or lent)
        if not self._runs:
            return []
        if key and self._key and not self._rtp:
            self._came.append((data, piece))
        if key and not own:
            data = (self._parameters or lent) + data
        at = self._time(piece.pts)
        self._last = at
        return [Unit("video", data, at, at, key)]

    def _time(self, pts: int) -> int:
        """A time that goes on growing when the 33-bit timestamps of the stream begin again at zero."""
        if self._last is None:
            return pts
        ahead = (pts - self._last) % _TURN
        return self._last + (ahead if ahead < _TURN // 2 else ahead - _TURN)


class EzvizRtp:
    """Takes bodies of a session and returns pieces on one clock of 90 kHz.

    A picture that lost a part is left out. For a keyframe that lost a part, a piece of kind `lost` is returned.
    `codec` is None until it is known.
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

    def learn(self, lent: Sets) -> None:
        """Learns the codec from the parameter sets of another session."""
        self._takers[lent.codec][1].picture(lent.data)

    @property
    def decipherer(self) -> Decipherer:
        """The decipherer for the stream's codec; the one for H.264 until the codec is known."""
        return self._takers[self.codec or "h264"][1]

    @property
    def is_unknown(self) -> bool:
        """True if the stream is encrypted, headers and all, and no key opens it."""
        openers = [opener for _, opener in self._takers.values()]
        return any(tried.encryption.is_wrong for tried in openers) and not any(
            tried.encryption.may_fit for tried in openers
        )

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
        """True if packets are missing directly before this packet."""
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
                self.codec = opener.encryption.codec
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
        elif head := read_adts(packet.payload):
            yield from self._sound(packet.payload, packet.timestamp, _SAMPLES, head.config.rate)
        elif packet.payload[:2] == _HEADED:
            for unit in self._aac.feed(packet.payload, packet.timestamp, marker=packet.marker):
                yield from self._sound(adts(unit.data, _CONFIG), packet.timestamp, _SAMPLES, _RATE)

    def _sound(self, data: bytes, timestamp: int, samples: int, rate: int) -> Iterator[Piece]:
        ticks = self._clock.ticks(timestamp, samples, rate)
        pts = None if ticks is None else self._timeline.audio(ticks, self._now())
        if pts is not None:
            yield Piece("sound", data, pts)


class _SoundClock:
    """Converts the timestamps of sound to 90 kHz. The first two show whether the camera counts samples or 90 kHz."""

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
