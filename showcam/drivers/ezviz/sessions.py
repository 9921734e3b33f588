"""EZVIZ's hosts, and its sessions: the sealed content of a source, an owner's households, and the clients at work.

All processes share the sealed text through the store: the process that renews a session first wins. Only this module
reads and writes the text; others hand it the values to keep. Each source has a single client at work, for one thread at
a time. A session that has expired is renewed here.
"""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from showcam.accounts import households
from showcam.drivers.errors import SignedOut, VendorDown
from showcam.drivers.ezviz.answers import set_error
from showcam.drivers.ezviz.open_platform import Key, open_key_of
from showcam.drivers.vendor import SourceUser, VendorHttp
from showcam.net.cache import Recent
from showcam.net.exchange import Exchange
from showcam.net.text import JsonObject
from showcam.store.ports import Store
from showcam.store.records import LOOK_S, Account, Source, SourceKind, SourceState
from showcam.store.sealing import SealedUnreadable

if TYPE_CHECKING:
    from showcam.drivers.ezviz.client import Client


# region: app API, Open Platform; a wrong guess of the first is corrected at sign-in, of the second with the token
REGIONS = {
    "eu": ("apiieu.ezvizlife.com", "ieuopen.ezvizlife.com"),
    "us": ("apiius.ezvizlife.com", "iusopen.ezvizlife.com"),
    "sa": ("apiisa.ezvizlife.com", "isaopen.ezvizlife.com"),
    "sg": ("apiisgp.ezvizlife.com", "isgpopen.ezvizlife.com"),
    "in": ("apiiindia.ezvizlife.com", "iindiaopen.ezvizlife.com"),
    "ru": ("apirus.ezvizru.com", "irusopen.ezvizlife.com"),
}
_API = re.compile(r"api(ieu|ius|isa|isgp|iindia)\.ezvizlife\.com")


class EzvizHosts(Struct, frozen=True):
    """The hosts of EZVIZ's two APIs, as "host" or "host:port"."""

    api: str
    open_platform: str
    push: str = ""  # of the app's messages; "": as the account says
    extra: tuple[str, ...] = ()  # of these, the ones that are not EZVIZ's own
    others: tuple[str, ...] = ()  # the app's API in the other regions; an account may live in one of them
    region: str = "eu"  # of `api`
    follows: bool = True  # the Open Platform is in the account's own region, if the account names one

    @property
    def is_here(self) -> bool:
        """Whether the operator's settings say that the app's API is on this machine; its dispatchers are here, too."""
        return self.api.startswith("127.0.0.1:")

    @classmethod
    def of(cls, region: str, *, api: str = "", open_platform: str = "", push: str = "") -> "EzvizHosts":
        """The hosts of a region, or the given ones. Raises ValueError for an unknown region."""
        if region not in REGIONS:
            raise ValueError(f"ezviz_region {region!r} is none of {', '.join(REGIONS)}")
        extra = tuple(f"{host}" if ":" in host else f"{host}:443" for host in (api, open_platform, push) if host)
        own_api, own_open = REGIONS[region]
        others = () if api else tuple(other for other, _ in REGIONS.values() if other != own_api)
        return cls(api or own_api, open_platform or own_open, push, extra, others, region, follows=not open_platform)

    def open_of(self, api: str) -> str:
        """The Open Platform of an account whose app API is at `api`, as the account's sign-in named it."""
        found = _API.fullmatch(api) if self.follows else None
        return f"{found[1]}open.ezvizlife.com" if found else self.open_platform


BY_CODE = "by_code"  # the field of a session that was just signed in by a code
ASK_S = 5.0  # the vendor must answer a background call within this; the account's other calls wait meanwhile
WAIT_S = 1.0  # for another process that is about to write the renewed session
TRIES = 5


class Secrets(Struct, frozen=True):
    """The sealed content of an EZVIZ source. `session` is pyezvizapi's token; the password is never kept."""

    user: str
    session: JsonObject | None = None
    open: Key | None = None
    codes: dict[str, str] = {}  # the codes that open cameras on the LAN, by serial
    open_air: bool = False  # the owner agreed to pictures by a connection that others could listen to
    picture_codes: dict[str, str] = {}  # the owner's code or the key that deciphers a camera's video, by serial
    by_video: dict[str, bool] = {}  # by serial, whether video could be deciphered by that; none: no video came yet
    keys_refused: tuple[str, ...] = ()  # serials of shared cameras whose keys the vendor does not give this account
    elevated: str = ""  # id of the session that was signed in by a code, or was handed a key by one
    local: frozenset[str] = frozenset()  # serials of cameras that their owner has asked by their own protocol at home
    sub_account: str = ""  # id of the household's sub-account under the installation's developer key

    def __repr__(self) -> str:
        return "<Secrets>"


class Held(Struct, frozen=True):
    """The secrets as they were when they were read."""

    secrets: Secrets
    state: SourceState
    version: int


class Sessions:
    kind: SourceKind = "ezviz"

    def __init__(self, store: Store) -> None:
        self._store = store

    @staticmethod
    def waiting(user: str, key: Key | None = None) -> bytes:
        """The content to seal for a source before its first sign-in."""
        return msgspec.json.encode(Secrets(user, open=key))

    def user(self, source: Source) -> SourceUser:
        try:
            held = self.read(source)
        except (SignedOut, SealedUnreadable):
            return SourceUser("", has_signed_in=True, is_signed_in=False)
        secrets = held.secrets
        return SourceUser(secrets.user, has_signed_in=secrets.session is not None, is_signed_in=held.state == "ok")

    def read(self, source: Source) -> Held:
        """Raises SignedOut when no session is stored."""
        row = self._store.read_session(source.account, source.id)
        if row is None:
            raise SignedOut
        try:
            return Held(msgspec.json.decode(row.secrets, type=Secrets), row.state, row.version)
        except msgspec.MsgspecError:
            raise SignedOut from None

    def signed_in(self, source: Source, user: str, session: JsonObject) -> None:
        """Replaces the stored session after a sign-in; keys and codes are kept. BY_CODE in `session`: by a code."""
        kept = {name: value for name, value in session.items() if name != BY_CODE}
        elevated = str(kept["session_id"]) if session.get(BY_CODE) is True else ""
        self._change(
            source, lambda old: replace(old, user=user, session=kept, elevated=elevated, keys_refused=()), "ok"
        )

    def live_id(self, source: Source) -> str:
        """The id of the session that counts now; "" for none."""
        try:
            held = self.read(source)
        except SignedOut:
            return ""
        return _id_of(held.secrets) if held.state == "ok" else ""

    def is_elevated(self, source: Source) -> bool:
        """Whether the vendor hands out keys in this session without mailing a code.

        No public client says whether a renewed session is still elevated: it counts as not elevated.
        """
        held = self.read(source)
        secrets = held.secrets
        return held.state == "ok" and bool(secrets.elevated) and _id_of(secrets) == secrets.elevated

    def elevate(self, source: Source, *, is_elevated: bool) -> None:
        """Keep that the vendor gave a key for a mailed code, or, if not `is_elevated`, that it mailed a code again."""
        self._change(source, lambda old: replace(old, elevated=_id_of(old) if is_elevated else ""))

    def refuse_key(self, source: Source, serial: str) -> None:
        """Keep that the vendor does not give this account the camera's key, so that it is not asked again."""
        self._change(source, lambda old: replace(old, keys_refused=(*old.keys_refused, serial)))

    def judge_key(self, source: Source, serial: str, code: str, *, fits: bool) -> None:
        """Keep whether the code deciphered video, unless another code has replaced it."""

        def changed(old: Secrets) -> Secrets:
            is_kept = old.picture_codes.get(serial) == code
            return replace(old, by_video=old.by_video | {serial: fits}) if is_kept else old

        known = self.read(source).secrets
        if known.picture_codes.get(serial) == code and known.by_video.get(serial) is not fits:
            self._change(source, changed)

    def renewed(self, source: Source, old: str, session: JsonObject) -> JsonObject:
        """Keep the session that replaces session `old`. Returns the session that counts from now on."""
        for _ in range(TRIES):
            held = self.read(source)
            stands = held.secrets.session
            if stands is not None and stands["session_id"] != old:
                return stands  # another process was first, and its session is used
            # a failed renewal in another process may have set "needs_login": this session works, so it is reset
            if self._swap(source, held, replace(held.secrets, session=session), "ok"):
                return session
        raise VendorDown("the session could not be kept")

    def keep_code(self, source: Source, serial: str, code: str) -> None:
        """Keep the code of a camera on the LAN; "" forgets it."""
        self._change(source, lambda old: replace(old, codes=_coded(old.codes, serial, code)))

    def keep_picture_code(self, source: Source, serial: str, code: str) -> None:
        """Keep the code of a camera's video, and forget whether the last one fitted; "" forgets the code."""

        def changed(old: Secrets) -> Secrets:
            by_video = {device: fits for device, fits in old.by_video.items() if device != serial}
            return replace(old, picture_codes=_coded(old.picture_codes, serial, code), by_video=by_video)

        self._change(source, changed)

    def keep_local(self, source: Source, serial: str, *, wanted: bool) -> None:
        """Keep whether the camera is asked by its own protocol at home."""

        def changed(old: Secrets) -> Secrets:
            return replace(old, local=old.local | {serial} if wanted else old.local - {serial})

        self._change(source, changed)

    def allow_open_way(self, source: Source, *, allowed: bool) -> None:
        """Keep whether pictures may come by the account's own cloud stream, an open connection."""
        self.keep(source, open_air=allowed)

    def keep(self, source: Source, **given: Any) -> None:
        """Keep other values of these fields of Secrets."""
        self._change(source, lambda old: replace(old, **given))

    def dead(self, source: Source, old: str, wait_s: float) -> JsonObject:
        """Called if the vendor refused to renew session `old`. Returns the session that another process has renewed.

        If there is none, marks the account signed out, and raises SignedOut.
        """
        end = time.monotonic() + min(WAIT_S, wait_s)
        while True:
            held = self.read(source)
            stands = held.secrets.session
            if stands is not None and stands["session_id"] != old:
                return stands
            # if another process wrote in this moment, it may have stored the renewed session
            if time.monotonic() >= end and self._swap(source, held, held.secrets, "needs_login"):
                raise SignedOut
            time.sleep(LOOK_S)

    def ended(self, source: Source, old: str) -> None:
        """Marks the account signed out, unless the person signed in again since session `old` ended."""
        held = self.read(source)
        if _id_of(held.secrets) == old:
            self._swap(source, held, held.secrets, "needs_login")

    def _change(self, source: Source, change: Callable[[Secrets], Secrets], state: SourceState | None = None) -> None:
        """Change the stored secrets, whatever other processes write meanwhile. `state` None leaves the state."""
        for _ in range(TRIES):
            held = self.read(source)
            if self._swap(source, held, change(held.secrets), state or held.state):
                return
        raise VendorDown("the secrets could not be kept")

    def _swap(self, source: Source, held: Held, secrets: Secrets, state: SourceState) -> bool:
        return self._store.swap_session(
            source.account,
            source.id,
            version=held.version,
            secrets=msgspec.json.encode(secrets),
            state=state,
            look_at=time.time() if state != held.state else None,  # assistants show whether the source can be read
        )


def _coded(codes: dict[str, str], serial: str, code: str) -> dict[str, str]:
    others = {device: known for device, known in codes.items() if device != serial}
    return others | {serial: code} if code else others


def _id_of(secrets: Secrets) -> str:
    return str(secrets.session["session_id"]) if secrets.session else ""


def add_owner(
    store: Store, user: str, *, open_key: str | None = None, open_secret: str | None = None, locale: str = "en"
) -> Account:
    """A household whose EZVIZ source waits for its first sign-in. Raises AlreadyAdded; ValueError for half a key."""
    return households.add(
        store, Sessions.kind, user, Sessions.waiting(user.strip(), open_key_of(open_key, open_secret)), locale=locale
    )


def find(store: Store, user: str) -> Source | None:
    return households.find(store, Sessions.kind, user)


def keep_of(store: Store, user: str, **given: Any) -> None:
    """Keep other values of these fields of Secrets for the user's source, if the user is known here."""
    if (source := find(store, user)) is not None:
        Sessions(store).keep(source, **given)


MOST_AT_WORK = 512  # sessions kept at work


class _AtWork:
    """One client and one lock per source: the library's client is not made for several threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.client: Client | None = None
        self.version = -1


class Clients:
    def __init__(self, sessions: Sessions, http: VendorHttp) -> None:
        self._sessions, self._http = sessions, http
        self._at_work: Recent[str, _AtWork] = Recent(MOST_AT_WORK)

    def use[T](self, source: Source, deadline_s: float, work: "Callable[[Client, Held], T]") -> T:
        """Returns the result of `work` within the time given. Raises showcam.drivers.errors.DriverError."""
        from showcam.drivers.ezviz.client import FAILURES, failure

        at_work = self._at_work.made(source.id, _AtWork)
        began = time.monotonic()
        if not at_work.lock.acquire(timeout=max(0.0, deadline_s)):
            raise VendorDown("no answer in time")
        try:
            with Exchange(deadline_s - (time.monotonic() - began)):
                try:
                    held = self._sessions.read(source)
                    return work(self._client(at_work, source, held), held)
                except FAILURES as error:
                    raise failure(error) from None
        finally:
            at_work.lock.release()

    def end(self, source: Source, deadline_s: float) -> None:
        """Ends the session at the vendor.

        The client is used no more: the library gives it a new connection then, which lacks our rules about hosts.
        """

        def work(client: "Client", _: Held) -> None:
            ended = client.session_id
            try:
                client.logout()
            finally:
                self._at_work.made(source.id, _AtWork).client = None
            self._sessions.ended(source, ended)

        self.use(source, deadline_s, work)

    def change(self, source: Source, deadline_s: float, work: "Callable[[Client, Held], object]") -> None:
        """Runs `work`, which changes a camera. Raises as `use`, and SetRefused by the vendor's last code."""

        def changing(client: "Client", held: Held) -> None:
            with _told_apart(client):
                work(client, held)

        self.use(source, deadline_s, changing)

    def _client(self, at_work: _AtWork, source: Source, held: Held) -> "Client":
        from showcam.drivers.ezviz.client import Client

        if held.secrets.session is None or held.state != "ok":
            raise SignedOut
        if at_work.client is None:
            at_work.client = Client(self._http, held.secrets.session, lambda client: self._renew(source, client))
        elif at_work.version != held.version:
            at_work.client.adopt(held.secrets.session)
        at_work.version = held.version
        return at_work.client

    def _renew(self, source: Source, client: "Client") -> None:
        """Renews a session that the vendor calls expired, unless another process has renewed it already."""
        from pyezvizapi.exceptions import EzvizAuthTokenExpired

        old = client.session_id
        held = self._sessions.read(source)
        stands = held.secrets.session
        if stands is not None and stands["session_id"] != old:
            client.adopt(stands)
            return
        exchange = Exchange.current()
        try:
            client.refresh()
        except EzvizAuthTokenExpired:
            client.adopt(self._sessions.dead(source, old, exchange.left if exchange else 0.0))
            return
        client.adopt(self._sessions.renewed(source, old, client.export_token()))


@contextlib.contextmanager
def _told_apart(client: "Client") -> Iterator[None]:
    """Raises the error for the code in the vendor's last answer, if a change is refused."""
    from pyezvizapi.exceptions import PyEzvizError

    client.code = None
    try:
        yield
    except PyEzvizError:
        refused = set_error(client.code)
        if refused is None:
            raise
        raise refused from None
