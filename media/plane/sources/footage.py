"""The units of one session of a camera, from its first keyframe on, by the session's clock."""

import time
from collections.abc import Callable

from media import nal
from media.ezviz.decipher import Decipherer
from media.ezviz.transport import transport
from media.mpegps.packets import NotMpegPs, Packets
from media.mpegps.pictures import Pictures, Piece
from media.mpegps.sound import Codec, Heard, Sound
from media.plane.codec.units import SourceFailed, Unit
from media.plane.sources.ezviz_rtp import EzvizRtp

MOST_UNITS = 1024  # of a picture: each is looked at, and no camera cuts one into so many
UNFOUND = 256 * 1024  # bytes before the transport is known
_TURN = 1 << 33  # where the clock in a program stream begins again


class Footage:
    """`key` deciphers, where it is given. `now`: a monotonic clock in seconds. Raises SourceFailed for what can't be
    shown.
    """

    def __init__(self, key: bytes = b"", now: Callable[[], float] = time.monotonic) -> None:
        self._packets, self._pictures = Packets(), Pictures()
        self._rtp: EzvizRtp | None = None
        self._key, self._now = key, now
        self._decipherer = Decipherer(key)
        self._sound = Sound(self._decipherer.samples if key else None)
        self._codec: nal.Codec | None = None
        self._is_found = self._runs = False
        self._examined, self._before = 0, b""
        self._parameters = b""
        self._last: int | None = None

    @property
    def sound(self) -> tuple[Codec, int] | None:
        """Codec and sample rate, once sound has come."""
        return (self._sound.codec, self._sound.rate) if self._sound.codec else None

    @property
    def channels(self) -> int:
        """How many channels its sound has; 0: not known."""
        return self._sound.channels

    @property
    def codec(self) -> nal.Codec:
        """The codec of the pictures that have come."""
        return self._codec or "h264"

    @property
    def unreadable(self) -> SourceFailed:
        """What to say of a picture that no decoder takes."""
        return SourceFailed("code_wrong" if self._key else "encryption_on", again=False)

    def feed(self, body: bytes) -> list[Unit]:
        before = b""
        if not self._is_found:
            before = self._find(body)
        if self._rtp:
            pieces = (self._rtp.feed(before) if before else []) + self._rtp.feed(body)
            self._decipherer = self._rtp.decipherer
        else:
            try:
                pieces = list(self._pictures.feed(self._packets.feed(body)))
            except NotMpegPs:
                raise SourceFailed("media_down", again=True) from None
        units = [unit for piece in pieces for unit in self._units(piece)]
        if self._is_unknown:
            raise self.unreadable
        return units

    def _find(self, body: bytes) -> bytes:
        """Find which transport it is, which stays. Returns the body before it, where it is found by both.

        Raises SourceFailed for one that is not read.
        """
        before, self._before = self._before, body
        form = transport(body, before)
        if form == "ts":
            raise SourceFailed("media_down", again=False)
        if form == "rtp":
            self._rtp = EzvizRtp(self._key, self._now)
        self._is_found = form is not None
        self._examined += len(body)
        if not self._is_found and self._examined > UNFOUND:
            raise SourceFailed("media_down", again=True)
        return before if form == "rtp" and before[8:12] == body[8:12] else b""

    @property
    def _is_unknown(self) -> bool:
        """Whether the stream is encrypted, headers and all, and no key opens it."""
        return self._rtp.is_unknown if self._rtp else self._decipherer.is_wrong

    def _units(self, piece: Piece) -> list[Unit]:
        is_shredded = piece.kind == "video" and piece.data.count(b"\0\0\1") > MOST_UNITS
        if piece.kind == "lost" or is_shredded:
            self._runs = False  # pictures refer to what is missing, until the next keyframe
            return []
        if piece.kind == "video":
            return self._picture(piece)
        heard = [self._opened(frame) for frame in self._sound.feed(piece.data, piece.pts)]
        if not self._runs:
            return []
        times = [self._time(frame.pts) for frame in heard]
        return [Unit("audio", frame.data, at, at, key=True) for frame, at in zip(heard, times, strict=True)]

    def _opened(self, heard: Heard) -> Heard:
        """AAC is deciphered behind its header."""
        if self._sound.codec != "aac":
            return heard
        size = 7 if heard.data[1] & 1 else 9
        return heard._replace(data=heard.data[:size] + self._decipherer.sound(heard.data[size:]))

    def _picture(self, piece: Piece) -> list[Unit]:
        data, codec = self._read(piece)
        if codec is None:
            return []
        self._parameters = nal.parameters(data, codec) or self._parameters
        key = nal.is_key(data, codec)
        self._runs |= key and bool(self._parameters)
        if not self._runs:
            return []
        if key and not nal.parameters(data, codec):
            data = self._parameters + data
        at = self._time(piece.pts)
        self._last = at
        return [Unit("video", data, at, at, key)]

    def _read(self, piece: Piece) -> tuple[bytes, nal.Codec | None]:
        """The picture in the clear, and its codec."""
        data = piece.data if self._rtp else self._decipherer.picture(piece.data, piece.breaks)
        self._codec = self._decipherer.codec
        return data, self._codec

    def _time(self, pts: int) -> int:
        """A time that goes on growing where the 33-bit timestamps of the stream begin again at zero."""
        if self._last is None:
            return pts
        ahead = (pts - self._last) % _TURN
        return self._last + (ahead if ahead < _TURN // 2 else ahead - _TURN)
