"""The rows of a store. Times are epoch seconds; hashes are hex SHA-256."""

import hashlib
from typing import Literal

from msgspec import Struct

# How long rows outlive their use
CODE_KEPT_S = 600  # so that a replay is distinguished from a guess
DAY_S = 24 * 3600  # an assistant that was off for a day, a list of cameras that is a day old
LOOK_S = 0.05  # between two looks at what another process or thread is about to write
TOKEN_KEPT_S = DAY_S  # an assistant that was off for a day gets "expired" (refresh), not "invalid" (link again)
MONTH_S = 30 * 24 * 3600  # what ended is kept for so long, so that its owner still finds it
LINK_KEPT_S = MONTH_S  # an ended link keeps its label this long
ASK_KEPT_S = MONTH_S
HAPPENING_KEPT_S = 600  # what happened counts for half a minute; older rows are removed after this

OVERTAKEN_S = 60.0  # a read that began earlier ends no later than this after one that began later

type SourceKind = str  # a row of showcam.drivers: of a vendor's account, or "lan" of cameras added by address
type SourceState = Literal["ok", "needs_login"]
# who began a household: whoever runs showcam, a guest whom they invited, or anybody by linking
type Origin = Literal["owner", "invited", "linking"]
type Assistant = Literal["alexa", "google"]


class Account(Struct, frozen=True):
    """One household."""

    id: str
    created: float
    salt: bytes  # 16 bytes; camera ids are HMACs under it
    locale: str = "en"
    origin: Origin = "owner"


class Source(Struct, frozen=True):
    """Where cameras of an account come from."""

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
    """What the owner of a household was notified of about one fault, and the version that a swap must name."""

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
    loopback_redirect: bool = False  # also http://127.0.0.1:{any port}/callback; the demo alone sets it


class Link(Struct, frozen=True):
    """One completed authorization. Its id is part of every token issued under it."""

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
    """What happened at a camera just now: motion, a person, the bell; or a change that its vendor was asked for."""

    camera: str  # its id
    kind: str  # a sighting's word; of a change see showcam.registry.readings.changes
    at: float


class Ask(Struct, frozen=True):
    """A person asked an assistant for a camera, and what came of it. It holds no address and no name.

    Without a link nobody asked: `reason` is then what the camera reported of itself, "tamper".
    """

    id: str
    camera: str  # its id
    link: str
    surface: str  # a word of showcam.drivers.camera
    at: float
    took_s: float  # until it was answered
    reason: str  # why it was refused; "" where it was not
    live_s: float = 0.0  # how long it was watched, as last known; 0: the display never fetched it


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
