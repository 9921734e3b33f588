"""The media process's view of cameras: how a source is described and lent, who is asked for another, what it brings.

A lease crosses processes that are deployed apart. The version before wrote a lease and its ending into one text; this
version reads that text and still writes it as well. Composition gives the media process an object of the protocol
`Sources`; the process itself knows no registry and no store.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, Protocol

from msgspec import Struct, convert, to_builtins

from showcam.engine.grants import Claims
from showcam.net.text import JsonObject

_IN_VAIN, _REFUSED = " in vain: ", " refused: "


class Lease(Struct, frozen=True):
    """The loan of a source for one opening. `source`: the lender's id. `lent`: text for the source's driver only."""

    source: str
    lent: str


class Used(Struct, frozen=True, tag="used"):
    """A session was opened, or the camera did not answer: there is nothing to report."""


class InVain(Struct, frozen=True, tag="in_vain"):
    """The opening brought no video; `reason` is a Reason of the registry."""

    reason: str


class Unopened(Struct, frozen=True, tag="unopened"):
    """The vendor opened nothing. `result` is the vendor's code; the camera is not opened again for `rest_s` seconds."""

    result: int
    reason: str
    rest_s: float


type Ending = Used | InVain | Unopened

USED = Used()


def as_text(lease: Lease | None, ending: Ending = USED) -> str:
    """Writes both as one text for a process of the version before."""
    text = f"{lease.source}/{lease.lent}" if lease else ""
    if isinstance(ending, InVain):
        return f"{text}{_IN_VAIN}{ending.reason}"
    if isinstance(ending, Unopened):
        return f"{text}{_REFUSED}{ending.result}/{ending.reason}/{ending.rest_s:.1f}"
    return text


def from_text(text: str) -> tuple[Lease | None, Ending]:
    """Both from the text that the version before wrote."""
    ending: Ending = USED
    if _IN_VAIN in text:
        text, _, reason = text.partition(_IN_VAIN)
        ending = InVain(reason)
    elif _REFUSED in text:
        text, _, told = text.partition(_REFUSED)
        result, reason, rest_s = told.split("/") if told.count("/") == 2 else ("0", "", "0")
        ending = Unopened(int(result), reason, float(rest_s))
    source, _, lent = text.partition("/")
    return (Lease(source, lent) if lent else None), ending


MOST_PIXELS = 8704 * 256  # pixels of the largest video that displays decode: H.264 up to level 4.2 (table A-1, MaxFS)
TRANSCODED = (1280, 720)  # the largest width and height of a transcoded video


def transcoded_size(width: int, height: int, most: tuple[int, int] = TRANSCODED) -> tuple[int, int]:
    """The largest allowed size in the same proportions, with even sides as 4:2:0 requires."""
    scale = min(most[0] / width, most[1] / height, 1.0)
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


type Codec = Literal["h264", "h265", "mjpeg"]
type Sound = Literal["on", "off", "none"]  # as the vendor reports: off = switched off, none = no microphone
type WireSource = JsonObject  # a SourceSpec in the JSON that showcam's processes exchange

WAKING_S = 70.0  # seconds for a camera on battery to wake: the first byte took 8 to "70+" s (Dead96, CHANGELOG 0.2.4)


class SourceSpec(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """A way to a camera's video, good for one opening. Secret: never logged, never shown.

    Each way is its own struct, whose fields say what the way can do; showcam.engine.sources.opener has its opener.
    """

    is_at_home: ClassVar[bool] = False  # the video comes over the home network, and no vendor counts the tries
    is_single: ClassVar[bool] = False  # the camera gives one session at a time, whose keyframes are seconds apart
    is_enciphered: ClassVar[bool] = False  # the video comes as the camera encrypts it, so it shows whether a key fits
    is_secret: ClassVar[bool] = False  # the spec itself opens a camera: it may go by loopback or https only

    sound: Sound
    lease: Lease | None = None  # handed back, so the vendor's place is free
    encrypts: bool = True  # the vendor has an Image Encryption, which may be the reason if a video does not decode
    alone: bool = False  # no other stream of the camera can be played by displays unchanged
    key: bytes = b""  # AES-128 key for an encrypted video; empty: the video is shown only if it is clear
    lasts_s: int = 0  # seconds of video; then a viewer has to ask again; 0: no end
    dozes: bool = False  # on battery: showcam may have to ask more than once before the camera is awake

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @property
    def may_be_retried_at_once(self) -> bool:
        """Whether nobody counts how often the camera is opened, and no battery runs down by it."""
        return self.is_at_home and not self.is_single and not self.lasts_s

    def as_json(self) -> WireSource:
        """The spec as JSON for another process of showcam, which may be of the version before."""
        written: WireSource = to_builtins(self)
        return {"url": "", "hosts": (), **written, "release": as_text(self.lease)}


class CameraSpec(SourceSpec, frozen=True, kw_only=True):
    """A spec that a driver makes. `hosts`: all hosts that may be connected to, as "host" (443) or "host:port"."""

    url: str
    hosts: tuple[str, ...]


class Hls(CameraSpec, frozen=True, kw_only=True, tag="hls"):
    """A vendor's live HLS."""


class Rtsp(CameraSpec, frozen=True, kw_only=True, tag="rtsp"):
    """A camera in the house by RTSP. `hosts`: its IP address and port."""

    is_at_home: ClassVar[bool] = True

    user: str = ""  # signs requests together with the password; no URL ever holds them
    password: str = ""
    basic: bool = True  # user and password may be sent without protection, if the camera wants that
    still: str = ""  # http://… of a JPEG that the camera makes itself, at one of its hosts' addresses


class EzvizCloud(CameraSpec, frozen=True, kw_only=True, tag="ezviz"):
    """The account's cloud stream. `hosts`: a dispatcher's, which sends on to a node of the vendor's."""

    is_single: ClassVar[bool] = True
    is_enciphered: ClassVar[bool] = True

    # stands for the vendor's last report about the camera; when it changes, a refusal may no longer hold
    state: str = ""


class EzvizLocal(CameraSpec, frozen=True, kw_only=True, tag="ezviz_local"):
    """A camera in the house by its own protocol. `hosts`: its ports of commands and of pictures."""

    is_at_home: ClassVar[bool] = True
    is_single: ClassVar[bool] = True
    is_enciphered: ClassVar[bool] = True
    is_secret: ClassVar[bool] = True

    user: str  # the operation code
    password: str  # the key of commands


class Card(SourceSpec, frozen=True, kw_only=True, tag="card"):
    """Opens no camera: a heading and paragraphs are written into the video."""

    sound: Sound = "none"
    card: tuple[str, ...]


def read_source(written: WireSource) -> SourceSpec:
    """Reads the JSON of another process of showcam, also of the version before. Raises msgspec.ValidationError."""
    if "lease" not in written and (release := written.get("release")):
        lease, _ = from_text(str(release))
        written = {**written, "lease": to_builtins(lease)}
    found: SourceSpec = convert(written, Hls | Rtsp | EzvizCloud | EzvizLocal | Card)
    return found


def mark_of(key: bytes) -> str:
    """A short text that distinguishes a camera's keys from each other, without being the key."""
    return hashlib.sha256(b"showcam key " + key).hexdigest()[:8]


class Watched(Struct, frozen=True):
    """A camera's stream at home, watched for a moment. `gop_s` 0.0: no second keyframe came in `watched_s` seconds."""

    codec: Codec
    width: int
    height: int
    rate: float  # pictures a second
    gop_s: float  # seconds from one keyframe to the next
    watched_s: float
    still: bytes  # JPEG


MOVED = "moved"  # another media process has the camera now
UNASKED = "unasked"  # no verdict, since the gate could not be asked: a live video has only a moment left


class Denied(Struct, frozen=True):
    """The gate is closed, or could not be asked. `reason` is a registry reason such as "encryption_on"."""

    reason: str
    again: bool = False  # True: a fault that may pass; False: end the stream


# "begins": somebody starts to talk through a camera. "goes_on": may they still? "ended": they stopped, or had to.
type TalkPhase = Literal["begins", "goes_on", "ended"]


class Sources(Protocol):
    async def open(self, claims: Claims) -> SourceSpec | Denied:
        """Opens a camera through the gate, read fresh; a new vendor address each time."""
        ...

    async def still(self, claims: Claims) -> bytes | Denied | None:
        """A JPEG, through the gate, of a camera that should not be woken for it; None if the camera
        has to be opened.
        """
        ...

    async def check(self, claims: list[Claims]) -> list[Denied | None]:
        """Whether these live sessions may go on, in the order of the claims."""
        ...

    async def admits(self, claims: Claims, bearer: str) -> bool:
        """Whether this access token belongs to the link that the grant was made for."""
        ...

    async def talk(self, claims: Claims, phase: TalkPhase, reason: str = "") -> SourceSpec | Denied:
        """The way to the camera's speaker, through the gate, read fresh. With "ended" only `reason` is reported."""
        ...

    async def learnt(
        self,
        claims: Claims,
        width: int,
        height: int,
        *,
        codec: Codec,
        b_frames: bool,
        lacks_sub: bool,
        first_s: float | None,
    ) -> None:
        """Reports the properties of the video that was opened by these claims.

        `lacks_sub`: the smaller stream brought nothing, and the main stream came in its place. `first_s`: the time from
        the first request for the video to its first picture; None: it was shown before, or could not be.
        """
        ...

    async def judged(self, claims: Claims, mark: str, *, fits: bool) -> None:
        """Reports whether the key with this mark (`mark_of`) deciphered the video that was opened by these claims.

        It did not if keyframes failed twice, under every layout.
        """
        ...

    async def closed(self, claims: Claims, lease: Lease, ending: Ending) -> None:
        """Reports that an opening ended; the vendor's place may be given back."""
        ...


# from a source to its viewers

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


class SoundFormat(NamedTuple):
    """The format of a camera's sound."""

    codec: SoundCodec
    rate: int
    channels: int = 0  # 0: not known
    bits: int = 0  # of a sample of G.726


@dataclass(frozen=True, slots=True)
class Format:
    """The format of a source, as found when it was opened."""

    width: int
    height: int
    codec: str  # RFC 6381, such as "avc1.42c01f" or "hvc1.1.6.L93.B0"; "jpeg" of Motion JPEG
    sound: SoundFormat | None = None
    b_frames: bool = False  # frames come in another order than they are shown in, as far as known
    lacks_sub: bool = False  # this is the main stream, since the smaller one was requested and brought nothing

    @property
    def kind(self) -> Codec:
        return "h265" if self.codec.startswith("hvc1") else "mjpeg" if self.codec == "jpeg" else "h264"

    def continues(self, before: "Format") -> bool:
        """Whether a player of the format before can go on with this format."""
        told = self.codec, self.width, self.height, self.sound is None
        return told == (before.codec, before.width, before.height, before.sound is None)


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
