"""What the media plane is handed for a camera, and whom it asks again. Standard library only.

Composition gives the plane an object of this protocol; the plane itself knows no registry and no store.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, NotRequired, Protocol, TypedDict

from media.grants import Claims

MOST_PIXELS = 8704 * 256  # of a picture that displays decode: H.264 up to level 4.2 (table A-1, MaxFS)
TRANSCODED = (1280, 720)  # width and height of a transcoded picture, at the most


def transcoded_size(width: int, height: int, most: tuple[int, int] = TRANSCODED) -> tuple[int, int]:
    """The largest size that may be, in the same proportions, with even sides as 4:2:0 requires."""
    scale = min(most[0] / width, most[1] / height, 1.0)
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


# ezviz: the account's cloud stream; ezviz_local: the camera's own protocol at home; card: nobody is asked, `card` is
# written into the picture
type Kind = Literal["hls", "rtsp", "ezviz", "ezviz_local", "card"]
type Codec = Literal["h264", "h265", "mjpeg"]
type Sound = Literal["on", "off", "none"]  # as the vendor says: off = switched off, none = no microphone


class WireSource(TypedDict):
    """A SourceSpec between two of our own processes."""

    kind: Kind
    url: str
    hosts: Sequence[str]
    sound: Sound
    release: NotRequired[str]
    card: NotRequired[Sequence[str]]
    user: NotRequired[str]
    password: NotRequired[str]
    encrypts: NotRequired[bool]
    alone: NotRequired[bool]
    dozes: NotRequired[bool]
    key: NotRequired[str]
    lasts_s: NotRequired[int]
    basic: NotRequired[bool]
    still: NotRequired[str]
    state: NotRequired[str]


class SourceSpec(NamedTuple):
    """A picture's origin, good for one opening. Secret: never logged, never shown."""

    kind: Kind
    url: str
    # what the fetcher may reach, exactly so, as "host" (443) or "host:port"; rtsp: one, an IP address; ezviz: a
    # dispatcher's, which sends on to a node of the vendor's; ezviz_local: a camera's ports of commands and of pictures
    hosts: tuple[str, ...]
    sound: Sound
    release: str = ""  # handed back by `closed` so that the vendor's slot can be freed
    card: tuple[str, ...] = ()  # a heading and paragraphs
    # rtsp: they sign requests, and no URL ever holds them; ezviz_local: the operation code, and the key of commands
    user: str = ""
    password: str = ""
    encrypts: bool = True  # the vendor has an Image Encryption, which a picture that does not decode may be the work of
    alone: bool = False  # the camera sends no other picture that displays play as it comes
    dozes: bool = False  # on battery: it may have to be asked more than once before it is awake
    key: bytes = b""  # AES-128, what deciphers a picture that comes encrypted; empty: it is shown only if it is clear
    lasts_s: int = 0  # seconds of picture, after which a viewer has to ask again; 0: no end
    still: str = ""  # rtsp alone: http://… of a JPEG that the camera makes itself, at one of its hosts' addresses
    state: str = ""  # ezviz: names what the vendor's list said of the camera; when it changes a refusal may be over
    basic: bool = True  # rtsp alone: user and password may be sent as they are, where the camera wants that

    def __repr__(self) -> str:
        return f"<SourceSpec {self.kind}>"

    def as_json(self) -> WireSource:
        return {
            "kind": self.kind,
            "url": self.url,
            "hosts": self.hosts,
            "sound": self.sound,
            "release": self.release,
            "card": self.card,
            "user": self.user,
            "password": self.password,
            "encrypts": self.encrypts,
            "alone": self.alone,
            "dozes": self.dozes,
            "key": base64.b64encode(self.key).decode(),
            "lasts_s": self.lasts_s,
            "still": self.still,
            "state": self.state,
            "basic": self.basic,
        }

    @classmethod
    def from_json(cls, data: WireSource) -> "SourceSpec":
        return cls(
            kind=data["kind"],
            url=data["url"],
            hosts=tuple(data["hosts"]),
            sound=data["sound"],
            release=data.get("release", ""),
            card=tuple(data.get("card", ())),
            user=data.get("user", ""),
            password=data.get("password", ""),
            encrypts=data.get("encrypts", True),
            alone=data.get("alone", False),
            dozes=data.get("dozes", False),
            key=base64.b64decode(data.get("key", "")),
            lasts_s=data.get("lasts_s", 0),
            still=data.get("still", ""),
            state=data.get("state", ""),
            basic=data.get("basic", True),
        )


def mark_of(key: bytes) -> str:
    """Tells one key of a camera from the next, without being the key."""
    return hashlib.sha256(b"showcam key " + key).hexdigest()[:8]


_IN_VAIN = " in vain: "


def in_vain(release: str, reason: str) -> str:
    """A `release` whose way brought no picture, and why."""
    return f"{release}{_IN_VAIN}{reason}"


def outcome(release: str) -> tuple[str, str]:
    """The `release` itself, and why no picture came by its way; "" where one did."""
    taken, _, reason = release.partition(_IN_VAIN)
    return taken, reason


class Watched(NamedTuple):
    """A picture at home as it came in a moment. `gop_s` 0.0: no second keyframe came in the `watched_s` seconds."""

    codec: Codec
    width: int
    height: int
    rate: float  # pictures a second
    gop_s: float  # from one keyframe to the next
    watched_s: float
    still: bytes  # JPEG


_REFUSED = " refused: "


class NotOpened(NamedTuple):
    """What became of an address for which the vendor opened nothing.

    `result` is the vendor's code. For `rest_s` seconds the camera is not asked for again; `reason` says why.
    """

    release: str
    result: int
    reason: str
    rest_s: float

    @property
    def text(self) -> str:
        return f"{self.release}{_REFUSED}{self.result}/{self.reason}/{self.rest_s:.1f}"

    @classmethod
    def of(cls, release: str) -> "NotOpened":
        """With the result 0 and no reason, if its session was opened or nobody answered."""
        taken, _, told = release.partition(_REFUSED)
        result, reason, rest_s = told.split("/") if told.count("/") == 2 else ("0", "", "0")
        return cls(taken, int(result), reason, float(rest_s))


UNASKED = "unasked"  # no verdict: who judges could not, so that a live picture has but a moment left


class WireDenied(TypedDict):
    """A Denied between two of our own processes."""

    reason: str
    again: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class Denied:
    """The gate is closed, or nobody could be asked. `reason` is a registry reason such as "encryption_on"."""

    reason: str
    again: bool = False  # True: a fault that may pass; False: end the stream

    def as_json(self) -> WireDenied:
        return {"reason": self.reason, "again": self.again}


class Sources(Protocol):
    async def open(self, claims: Claims) -> SourceSpec | Denied:
        """Through the gate, read fresh; a new vendor address each time."""
        ...

    async def still(self, claims: Claims) -> bytes | Denied | None:
        """A JPEG, through the gate, of a camera that should not be woken for one; None where one has to be opened."""
        ...

    async def check(self, claims: list[Claims]) -> list[Denied | None]:
        """Whether these live sessions may go on, in the order asked."""
        ...

    async def admits(self, claims: Claims, bearer: str) -> bool:
        """Whether this access token is one of the link that the grant was made for."""
        ...

    async def learnt(
        self, claims: Claims, width: int, height: int, *, codec: Codec, b_frames: bool, lacks_sub: bool
    ) -> None:
        """What the picture turned out to be like that was opened by these claims.

        `lacks_sub`: the smaller picture brought nothing in its place.
        """
        ...

    async def judged(self, claims: Claims, mark: str, *, fits: bool) -> None:
        """Whether the key with this mark (`mark_of`) deciphered the video that was opened by these claims.

        It did not if keyframes failed twice, under every layout.
        """
        ...

    async def closed(self, claims: Claims, release: str) -> None:
        """A pull ended; the vendor's place may be given back. Where no picture came by its way, `release` says why."""
        ...
