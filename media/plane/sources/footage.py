"""The units of one session of a camera, from its first keyframe on, by the session's clock."""

from media import nal
from media.ezviz.transport import transport
from media.mpegps.frames import Pictures, Piece
from media.mpegps.packets import NotMpegPs, Packets
from media.mpegps.sound import Codec, Sound
from media.plane.codec import h264
from media.plane.codec.units import SourceFailed, Unit

UNTOLD = 768 * 1024  # bytes of pictures of which none shows a codec: they are encrypted, headers and all
UNFOUND = 256 * 1024  # bytes before the form is told
_TURN = 1 << 33  # where the clock in a program stream begins again


class Footage:
    """Raises SourceFailed for what can't be shown."""

    def __init__(self) -> None:
        self._packets, self._pictures, self._sound = Packets(), Pictures(), Sound()
        self._is_told = self._is_h264 = self._runs = False
        self._looked = self._unknown = 0
        self._parameters = b""
        self._last: int | None = None

    @property
    def sound(self) -> tuple[Codec, int] | None:
        """Codec and sample rate, once sound has come."""
        return (self._sound.codec, self._sound.rate) if self._sound.codec else None

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
        if not self._is_h264:
            self._judge(piece.data)
        if not self._is_h264:
            return []
        self._parameters = nal.h264_parameters(piece.data) or self._parameters
        key = nal.is_h264_key(piece.data)
        self._runs |= key and bool(self._parameters)
        if not self._runs:
            return []
        data = h264.with_parameters(piece.data, self._parameters) if key else piece.data
        at = self._time(piece.pts)
        self._last = at
        return [Unit("video", data, at, at, key)]

    def _judge(self, picture: bytes) -> None:
        codec = nal.codec(picture)
        if codec == "h265":
            raise SourceFailed("not_playable", again=False)
        self._is_h264 = codec == "h264"
        self._unknown += len(picture)
        if not self._is_h264 and self._unknown > UNTOLD:
            raise SourceFailed("encryption_on", again=False)

    def _time(self, pts: int) -> int:
        """A time that goes on growing where the 33-bit timestamps of the stream begin again at zero."""
        if self._last is None:
            return pts
        ahead = (pts - self._last) % _TURN
        return self._last + (ahead if ahead < _TURN // 2 else ahead - _TURN)
