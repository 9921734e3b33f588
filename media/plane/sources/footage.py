"""The units of one session of a camera, from its first keyframe on, by the session's clock."""

from media import nal
from media.ezviz.transport import transport
from media.mpegps.frames import Pictures, Piece
from media.mpegps.packets import NotMpegPs, Packets
from media.mpegps.sound import Codec, Sound
from media.plane.codec.bitstream import bitstream
from media.plane.codec.units import SourceFailed, Unit
from media.source import Codec as VideoCodec

UNTOLD = 768 * 1024  # bytes of pictures of which none shows a codec: they are encrypted, headers and all
UNFOUND = 256 * 1024  # bytes before the form is told
_TURN = 1 << 33  # where the clock in a program stream begins again


class Footage:
    """Raises SourceFailed for what can't be shown."""

    def __init__(self) -> None:
        self._packets, self._pictures, self._sound = Packets(), Pictures(), Sound()
        self._is_told = self._runs = False
        self._codec: VideoCodec | None = None
        self._looked = self._unknown = 0
        self._parameters = b""
        self._last: int | None = None

    @property
    def sound(self) -> tuple[Codec, int] | None:
        """Codec and sample rate, once sound has come."""
        return (self._sound.codec, self._sound.rate) if self._sound.codec else None

    @property
    def codec(self) -> VideoCodec:
        """Of the pictures that have come."""
        return self._codec or "h264"

    def feed(self, body: bytes) -> list[Unit]:
        if not self._is_told:
            self._tell(body)
        try:
            pieces = list(self._pictures.feed(self._packets.feed(body)))
        except NotMpegPs:
            raise SourceFailed("media_down", again=True) from None
        return [unit for piece in pieces for unit in self._units(piece)]

    def _tell(self, body: bytes) -> None:
        """Check that the transport is a program stream. Raises SourceFailed for another one."""
        form = transport(body)
        if form in ("rtp", "ts"):
            raise SourceFailed("media_down", again=False)
        self._is_told = form is not None
        self._looked += len(body)
        if not self._is_told and self._looked > UNFOUND:
            raise SourceFailed("media_down", again=True)

    def _units(self, piece: Piece) -> list[Unit]:
        if piece.kind == "lost":
            self._runs = False  # pictures refer to what is missing, until the next keyframe
            return []
        if piece.kind == "video":
            return self._picture(piece)
        heard = self._sound.feed(piece.data, piece.pts)
        if not self._runs:
            return []
        times = [self._time(each.pts) for each in heard]
        return [Unit("audio", each.data, at, at, key=True) for each, at in zip(heard, times, strict=True)]

    def _picture(self, piece: Piece) -> list[Unit]:
        codec = self._codec or self._judge(piece.data)
        if codec is None:
            return []
        self._parameters = nal.parameters(piece.data, codec) or self._parameters
        key = nal.is_key(piece.data, codec)
        self._runs |= key and bool(self._parameters)
        if not self._runs:
            return []
        data = bitstream(codec).with_parameters(piece.data, self._parameters) if key else piece.data
        at = self._time(piece.pts)
        self._last = at
        return [Unit("video", data, at, at, key)]

    def _judge(self, picture: bytes) -> VideoCodec | None:
        self._codec = nal.codec(picture)
        self._unknown += len(picture)
        if self._codec is None and self._unknown > UNTOLD:
            raise SourceFailed("encryption_on", again=False)
        return self._codec

    def _time(self, pts: int) -> int:
        """A time that goes on growing where the 33-bit timestamps of the stream begin again at zero."""
        if self._last is None:
            return pts
        ahead = (pts - self._last) % _TURN
        return self._last + (ahead if ahead < _TURN // 2 else ahead - _TURN)
