"""The rows of a store, and the ids and keyed hashes that rows are found by, which disclose nothing about their owners.

Times are epoch seconds; hashes are hex SHA-256.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Literal

from msgspec import Struct

# How long rows outlive their use
CODE_KEPT_S = 600  # a code that is sent again is recognized for this time, and not taken for a guess
HOUR_S = 3600  # guesses and notices are counted in an hour
DAY_S = 24 * 3600  # for an assistant that was off for a day, and a list of cameras that is a day old
WAIT_S = 2.0  # for a lock of the database, or memory: a request's own deadline is a little longer
LOOK_S = 0.05  # between two checks for something that another process or thread is about to write
TOKEN_KEPT_S = DAY_S  # an assistant that was off for a day gets "expired" (refresh), not "invalid" (link again)
MONTH_S = 30 * 24 * 3600  # ended links, asks and parked rows are kept for this time: the owner still finds them
LINK_KEPT_S = MONTH_S  # an ended link keeps its label this long
ASK_KEPT_S = MONTH_S
HAPPENING_KEPT_S = CODE_KEPT_S  # a happening counts for half a minute; its row is removed after this time

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
OVERTAKEN_S = 60.0  # a read ends at most this many seconds after a read that began later

type SourceKind = str  # a row of showcam.drivers: of a vendor's account, or "lan" of cameras added by address
type SourceState = Literal["ok", "needs_login"]
# the person who began a household: the owner of this showcam, an invited guest, or anybody by linking
type Origin = Literal["owner", "invited", "linking"]
type Assistant = Literal["alexa", "google"]
ASSISTANTS: tuple[Assistant, ...] = ("alexa", "google")


class Account(Struct, frozen=True):
    """The account of one household."""

    id: str
    created: float
    salt: bytes  # 16 bytes; camera ids are HMACs under it
    locale: str = "en"
    origin: Origin = "owner"


class Source(Struct, frozen=True):
    """A source of an account's cameras: an account at a vendor, or the cameras added by address."""

    id: str
    account: str
    kind: SourceKind
    vendor_key: str  # keyed hash of the vendor's user name, or of the account's id (lan); unique over all accounts
    created: float


class OwnerUser(Struct, frozen=True):
    """The user name and password of a household's owner at showcam itself, and the version that a swap must name."""

    account: str
    key: str  # keyed hash of the user name; unique over all accounts
    data: bytes  # encoded by showcam.accounts.owner_users; plain here, sealed at rest
    version: int


class Notice(Struct, frozen=True):
    """The notices that a household's owner got about one fault, and the version that a swap must name."""

    account: str
    fault: str
    data: bytes  # encoded by showcam.registry.notices
    version: int


class Session(Struct, frozen=True):
    """A source's secrets, and the version that a swap must name."""

    secrets: bytes  # plain here, sealed at rest
    state: SourceState
    version: int


class Client(Struct, frozen=True):
    """An assistant's OAuth registration."""

    id: str
    assistant: Assistant
    secret_hash: str
    redirect_uris: tuple[str, ...]
    created: float
    require_pkce: bool = False
    loopback_redirect: bool = False  # also http://127.0.0.1:{any port}/callback; only the demo sets it


class Link(Struct, frozen=True):
    """One completed authorization. The link's id is part of every token issued under it."""

    id: str
    account: str
    client: str
    assistant: Assistant
    label: str
    cameras: tuple[str, ...] | None  # camera ids chosen at consent; None: every camera, also ones added later
    locale: str
    created: float
    agent_user: str  # opaque id for Google; never reused
    last_used: float = 0.0
    ended: float | None = None


class Code(Struct, frozen=True):
    """An authorization code (RFC 6749 section 4.1.2), at rest only as its hash."""

    hash: str
    client: str
    link: str
    redirect_uri: str
    scope: str
    challenge: str  # PKCE S256 challenge; "" when none was sent
    expires: float


class Token(Struct, frozen=True):
    """An access or refresh token at rest; `expires` None: does not expire."""

    hash: str
    link: str
    kind: Literal["access", "refresh"]
    scope: str
    issued: float
    expires: float | None


class Known(Struct, frozen=True):
    """A source's camera list as last read, encoded by showcam.registry.readings; sealed at rest."""

    data: bytes
    as_of: float


class Happening(Struct, frozen=True):
    """An event at a camera just now: motion, a person, the bell; or a change that showcam asked its vendor for."""

    camera: str  # its id
    kind: str  # a sighting's word; for a change see showcam.registry.readings.changes
    at: float


class Hold(Struct, frozen=True):
    """Something that one owner holds for a while, such as a process its own id, or a process a camera's video."""

    name: str
    owner: str
    ends: float
    data: bytes = b""


ASKED = "asked"  # the kind of an ask; the kind of a sighting is its own word


class Ask(Struct, frozen=True):
    """A person's request to an assistant for a camera, and its outcome. It holds no address and no name.

    If `link` is empty, nobody asked: the camera or its vendor reported a sighting, whose kind is then `reason`.
    """

    id: str  # grows with time
    camera: str  # its id
    link: str
    surface: str  # a word of showcam.drivers.camera
    at: float
    took_s: float  # until it was answered
    reason: str  # why the request was refused; "" if it was not
    live_s: float = 0.0  # how long the camera was watched, as last known; 0: the display never fetched the video

    @property
    def kind(self) -> str:
        """ASKED, or the kind of a sighting."""
        return ASKED if self.link else self.reason


def addressable(*names: str) -> bool:
    """Whether rows can have these names: one from outside may be empty, longer than 512 bytes, or no UTF-8."""
    try:
        return all(0 < len(name.encode()) <= 512 for name in names)
    except UnicodeEncodeError:
        return False


def throttle_window(key: str, window_s: int, now: float) -> tuple[str, int]:
    """The window that holds `now`: its name, hashed since keys hold user names and addresses, and its end."""
    name = hashlib.sha256(f"{window_s}|{key}".encode(errors="replace")).hexdigest()
    return name, int(now // window_s + 1) * window_s


def places_name(key: str) -> str:
    """The name of a key's places, hashed since keys hold user names and addresses; it differs from every window's."""
    return hashlib.sha256(f"places|{key}".encode(errors="replace")).hexdigest()


def new_id(length: int = 16) -> str:
    """A random text of lower-case letters and the digits 2 to 7, which URLs, Alexa endpoint ids and table keys take."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_secret() -> str:
    """256 random bits, for a cookie or a code: safe in URLs."""
    return secrets.token_urlsafe(32)


def id_from(secret: str) -> str:
    """An id of the secret: always the same one, and as hard to guess as the secret."""
    return base64.b32encode(hashlib.sha256(f"id|{secret}".encode()).digest())[:16].decode().lower()


def token_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def vendor_key(salt: str, kind: str, user: str) -> str:
    """The key that finds a vendor user's household again. The database does not reveal the user name."""
    message = f"{kind}\x00{user.strip().casefold()}".encode()
    return hmac.digest(salt.encode(), message, hashlib.sha256).hex()


def camera_id(salt: bytes, space: str, serial: str, channel: int) -> str:
    """`{space}-{20 characters}`: the same after a rename and by every API, another one in every account."""
    digest = hmac.digest(salt, f"{space}\x00{serial.upper()}\x00{channel}".encode(), hashlib.sha256)
    number = int.from_bytes(digest[:13])
    return f"{space}-" + "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in range(20))
