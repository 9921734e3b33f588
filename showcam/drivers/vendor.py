"""A camera vendor as showcam knows it: its line in the table of vendors, sign-in, sentences, and the way out to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from msgspec import Struct

from showcam.drivers.driver import Driver, Hint
from showcam.drivers.errors import NoInternet, Reason, VendorDown
from showcam.i18n.catalogue import Catalogue
from showcam.net.http import Http
from showcam.net.text import JsonObject
from showcam.store.ports import Store
from showcam.store.records import Source, SourceKind

type Sentence = tuple[str, str]  # the fault, and its remedy; {camera} and {vendor} are names


def remedy(sentence: str) -> Sentence:
    """The vendor's own remedy of a fault that is said as for all vendors. `make words` collects the sentence."""
    return "", sentence


@dataclass(frozen=True)
class Speech:
    """A vendor's own sentences, which name its menus and words.

    The sentences for all vendors stand in for a reason that is missing here, and for a sentence that is "".
    """

    vendor: str  # the name that people use, and the `manufacturer` of the cameras
    catalogue: Catalogue  # the translations
    written: Mapping[Reason, Sentence]  # in place of those of showcam.registry.gate.reasons
    aloud: Mapping[Reason, Sentence]  # as the end of “…, because”, without signs that a voice would read out
    # in place of sentences of the sign-in page, by the reason of a refusal; "no_password" is always near the form
    sign_in: Mapping[str, str]
    # in place of the sentences above: for cameras on battery, then for cameras that another account shares
    written_battery: Mapping[Reason, Sentence] = field(default_factory=dict)
    written_shared: Mapping[Reason, Sentence] = field(default_factory=dict)
    aloud_shared: Mapping[Reason, Sentence] = field(default_factory=dict)
    # names of the vendor's regions, which the sentence "unknown" of `sign_in` has as {region} and {others}
    regions: Mapping[str, str] = field(default_factory=dict)

    def of_written(self, *, shared: bool, battery: bool) -> Mapping[Reason, Sentence]:
        """The written sentences; if a camera is shared and on battery, the sentence for battery wins."""
        of_camera = self.written_shared if shared else {}
        return {**self.written, **of_camera, **(self.written_battery if battery else {})}

    def of_aloud(self, *, shared: bool) -> Mapping[Reason, Sentence]:
        return {**self.aloud, **self.aloud_shared} if shared else self.aloud


class Installation(Struct, frozen=True):
    """The facts about an installation that a driver needs. `given`: all settings by name; a vendor reads its own."""

    given: Mapping[str, Any]
    ca_file: Path | None
    demo: bool
    in_house: bool  # whether cameras may be asked at home: the installation serves no strangers
    adds: bool  # whether owners may add cameras by their addresses
    relays: bool  # whether there is a media process, which fetches what a display can't
    may_go_on: bool  # whether work may go on after an answer


class AccountOption(Struct, frozen=True):
    """A setting of an account at the vendor, which `showcam owner set USER NAME VALUE` keeps."""

    name: str
    help: str
    value: str  # the name of VALUE
    # keeps VALUE, and the text that `secret` names, for the account of a user. Raises BadValue
    keep: Callable[[Store, str, str, str], object]
    secret: str = ""  # the name of a text that is only asked for, and never an argument


@dataclass(frozen=True)
class Brand:
    """One vendor of the table in showcam.drivers. `speech`: sentences of this vendor only."""

    kind: SourceKind  # of the vendor's sources; ids of cameras begin with this word
    vendor: str  # the name that people use
    build: Callable[[Store, Installation], Driver | None]  # None: not in this installation
    speech: Speech | None = None
    signs_in: bool = True  # whether people have accounts there
    options: tuple[AccountOption, ...] = ()
    # a sentence after an account was added; the argument: whether showcam relays pictures. {user} is the account
    when_added: Callable[[bool], str] = lambda relays: ""


class SignedIn(Struct, frozen=True):
    """`session` is only for `Sessions`. `user`: the account's name, if the vendor says it and not the person."""

    session: JsonObject
    user: str = ""


class CodeSent(Struct, frozen=True):
    """The account wants a code, which the vendor has just sent; it must be brought to `host`."""

    host: str


class Rejected(Struct, frozen=True):
    why: Literal["wrong", "unknown", "locked", "terminals", "too_often", "wrong_code", "expired", "unsupported"]
    region: str = ""  # if no region knows the account: the region asked first, a key of `Speech.regions`


class GoThere(Struct, frozen=True):
    """The vendor's own page asks for the password: the browser goes to `url`. `verifier` is PKCE's (RFC 7636)."""

    url: str
    verifier: str


type Verdict = SignedIn | CodeSent | Rejected | GoThere
type Manner = Literal["password", "key", "page"]  # how people sign in to a vendor


class SourceUser(Struct, frozen=True):
    """`name` "": it can't be read."""

    name: str
    has_signed_in: bool  # once at least; the session may have ended since
    is_signed_in: bool


class Sessions(Protocol):
    """The sealed content of the vendor's sources."""

    kind: SourceKind

    def user(self, source: Source) -> SourceUser:
        """The user whose account the source reads."""

    def waiting(self, user: str) -> bytes:
        """The content to seal for a source before its first sign-in."""

    def signed_in(self, source: Source, user: str, session: JsonObject) -> None:
        """Keep the session of a user who signed in. Raises VendorDown if it can't be kept."""

    def allow_open_way(self, source: Source, *, allowed: bool) -> None:
        """Keep whether the owner allows pictures over a connection that others could listen to.

        Raises showcam.drivers.errors.DriverError.
        """


@runtime_checkable
class Vendor(Protocol):
    """A driver whose vendor people sign in to."""

    @property
    def vendor(self) -> str:
        """The vendor's name, as people say it."""

    @property
    def sessions(self) -> Sessions: ...

    def sign_out(self, source: Source, deadline_s: float) -> None:
        """End the source's session there; the source is then signed out here too.

        Raises showcam.drivers.errors.DriverError, such as SignedOut if there is no session.
        """


@runtime_checkable
class ByPassword(Protocol):
    """A vendor that takes user name and password from showcam's form."""

    def sign_in(self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = "") -> Verdict:
        """One try at the vendor; the password is not kept. Raises showcam.drivers.errors.DriverError."""


@runtime_checkable
class ByKey(Protocol):
    """A vendor whose accounts make keys for programs such as showcam."""

    def sign_in_by_key(self, key: str, deadline_s: float) -> Verdict:
        """Try the key at the vendor, which names its account. Raises showcam.drivers.errors.DriverError."""


@runtime_checkable
class ByPage(Protocol):
    """A vendor with OAuth 2.0, whose own page asks for the password (RFC 6749, 4.1)."""

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of that page, such as "https://accounts.example"; a browser is led to no other one."""

    def go_there(self, back: str, state: str) -> GoThere:
        """The page's address, with showcam's callback `back` and the state. Asks nobody."""

    def came_back(self, code: str, back: str, verifier: str, deadline_s: float) -> Verdict:
        """Exchange the code for a session. Raises showcam.drivers.errors.DriverError."""


class VendorHttp(Http):
    """The way out of drivers: to the registry its failures are the vendor's."""

    unreached = VendorDown
    no_internet = NoInternet


class Untrusted(Exception):
    """The signature of a posted message is missing, wrong, or of another time."""


class Unreadable(Exception):
    """The post is signed, but is no message."""


class Full(Exception):
    """The inbox has no room for another message; the vendor is to try again."""


class Inbox(Protocol):
    @property
    def full(self) -> bool: ...
    def offer(self, hint: Hint) -> None:
        """May raise StoreUnavailable."""


class Webhook(Protocol):
    def take(self, body: bytes, signature: str, at: str) -> bytes:
        """The answer to a message. Raises Untrusted, Unreadable, Full, StoreUnavailable."""


@runtime_checkable
class Posts(Protocol):
    """A vendor that posts a message to /webhooks/{kind} when something happens at a camera.

    `webhook_key` signs the messages; while the setting `webhook_setting` has none, the address answers 404.
    """

    vendor: str
    webhook_key: str
    webhook_setting: str
    webhook_headers: tuple[str, str]  # of the signature, and of its time

    def webhook(self, inbox: Inbox) -> Webhook: ...


def manner_of(vendor: Vendor) -> Manner:
    return "page" if isinstance(vendor, ByPage) else "key" if isinstance(vendor, ByKey) else "password"
