"""EZVIZ's sessions: the sealed content of a source, the sign-in itself, and an owner's households.

All processes share the sealed text through the store: the process that renews a session first wins. Only this module
reads and writes the text; others hand it the values to keep.
"""

import hmac
import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from showcam.accounts import households
from showcam.drivers.errors import DriverError, SignedOut, VendorDown
from showcam.drivers.ezviz.answers import SIGN_IN
from showcam.drivers.ezviz.open_platform import EzvizHosts, Key
from showcam.drivers.vendor import CodeSent, Rejected, SignedIn, SourceUser, Verdict
from showcam.drivers.vendor_http import VendorHttp
from showcam.net.exchange import Exchange, NotAllowed
from showcam.net.text import JsonObject
from showcam.store.ports import Store
from showcam.store.records import LOOK_S, Account, Source, SourceKind, SourceState
from showcam.store.sealing import SealedUnreadable

if TYPE_CHECKING:
    import requests


log = logging.getLogger(__name__)

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

        def changed(old: Secrets) -> Secrets:
            codes = {device: known for device, known in old.codes.items() if device != serial}
            return replace(old, codes=codes | {serial: code} if code else codes)

        self._change(source, changed)

    def keep_picture_code(self, source: Source, serial: str, code: str) -> None:
        """Keep the code of a camera's video; "" forgets it."""

        def changed(old: Secrets) -> Secrets:
            codes = {device: known for device, known in old.picture_codes.items() if device != serial}
            by_video = {device: fits for device, fits in old.by_video.items() if device != serial}
            return replace(old, picture_codes=codes | {serial: code} if code else codes, by_video=by_video)

        self._change(source, changed)

    def keep_local(self, source: Source, serial: str, *, wanted: bool) -> None:
        """Keep whether the camera is asked by its own protocol at home."""

        def changed(old: Secrets) -> Secrets:
            return replace(old, local=old.local | {serial} if wanted else old.local - {serial})

        self._change(source, changed)

    def allow_open_way(self, source: Source, *, allowed: bool) -> None:
        """Keep whether pictures may come by the account's own cloud stream, an open connection."""
        self._change(source, lambda old: replace(old, open_air=allowed))

    def keep_key(self, source: Source, key: Key | None) -> None:
        """Keep the household's own Open Platform key; None forgets it."""
        self._change(source, lambda old: replace(old, open=key))

    def keep_sub_account(self, source: Source, account_id: str) -> None:
        """Keep the household's sub-account under the installation's developer key; "" forgets it."""
        self._change(source, lambda old: replace(old, sub_account=account_id))

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
            if time.monotonic() >= end:
                self._swap(source, held, held.secrets, "needs_login")
                raise SignedOut
            time.sleep(LOOK_S)

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


def _id_of(secrets: Secrets) -> str:
    return str(secrets.session["session_id"]) if secrets.session else ""


def add_owner(
    store: Store, user: str, *, open_key: str | None = None, open_secret: str | None = None, locale: str = "en"
) -> Account:
    """A household whose EZVIZ source waits for its first sign-in. Raises AlreadyAdded; ValueError for half a key."""
    return households.add(
        store, Sessions.kind, user, Sessions.waiting(user.strip(), _key(open_key, open_secret)), locale=locale
    )


def find(store: Store, user: str) -> Source | None:
    return households.find(store, Sessions.kind, user)


def set_open_key(store: Store, user: str, key: str, secret: str) -> bool:
    """Give the user's source another Open Platform key; False when the user is unknown here."""
    source, given = find(store, user), _key(key, secret)
    if source is not None:
        Sessions(store).keep_key(source, given)
    return source is not None


def set_sub_account(store: Store, user: str, account_id: str) -> bool:
    """Say which sub-account of the installation's developer key is this household's, or "" for none.

    False when the user is unknown here.
    """
    source = find(store, user)
    if source is not None:
        Sessions(store).keep_sub_account(source, account_id)
    return source is not None


def set_open_air(store: Store, user: str, allowed: bool) -> bool:
    """Say whether pictures may come by the account's own cloud stream; False when the user is unknown here."""
    source = find(store, user)
    if source is not None:
        Sessions(store).allow_open_way(source, allowed=allowed)
    return source is not None


def _key(key: str | None, secret: str | None) -> Key | None:
    if bool(key) != bool(secret):
        raise ValueError("an Open Platform key is an appKey and its appSecret, or none of both")
    return Key(key, secret) if key and secret else None


# Codes of a sign-in that the vendor decides upon; others are of a service in trouble.
DECIDED = re.compile(r"[16]\d{3}|80000")
UNKNOWN = Rejected("unknown")  # the vendor knows no such user
OURS = frozenset({1021})  # a parameter is wrong, which no person can fix

type Note = Callable[["requests.Response", int | None], None]


class Terminal:
    """Raises showcam.drivers.errors.DriverError. `note` notes each answer of the vendor, for a trace.

    Europe's host answers for an account of Russia that no such user exists, and does not name its region
    (github.com/BaQs/pyEzviz, issue 38; github.com/RenierM26/ha-ezviz, issue 44).
    """

    def __init__(self, store: Store, http: VendorHttp, hosts: EzvizHosts, note: Note) -> None:
        self._store, self._http, self._hosts, self._note = store, http, hosts, note

    def of(self, user: str) -> str:
        """The user's terminal code, 32 hex digits: the same for ever in this installation, and nobody else's."""
        root = self._store.meta_once("ezviz_terminal", secrets.token_hex(16))
        return hmac.new(root.encode(), user.strip().casefold().encode(), "sha256").hexdigest()[:32]

    def sign_in(self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = "") -> Verdict:
        """One attempt; the region the vendor names is followed once. `code` and `host` when a code was sent.

        If the vendor knows no such user, each other region is asked once.
        """
        with Exchange(deadline_s) as exchange:
            verdict = self._at(user, password, code, host or self._hosts.api)
            if verdict != UNKNOWN or host or not self._hosts.others:
                return Rejected("wrong") if verdict == UNKNOWN else verdict
            is_sure = True
            for other in self._hosts.others:
                try:
                    if exchange.left <= 0:
                        raise VendorDown("no time left")
                    verdict = self._at(user, password, code, other)
                except DriverError:
                    is_sure = False
                    continue
                if verdict != UNKNOWN:
                    return verdict
        return Rejected("unknown", self._hosts.region) if is_sure else Rejected("wrong")

    def _at(self, user: str, password: str, code: str, at: str) -> Verdict:
        from showcam.drivers.ezviz.client import FAILURES, Redirected, failure

        for _ in range(2):
            try:
                self._http.hosts.check(f"https://{at}")
                return self._attempt(user, password, code, at)
            except Redirected as redirected:
                at = redirected.host
            except NotAllowed:
                return Rejected("unsupported")
            except FAILURES as error:
                raise failure(error) from None
        raise VendorDown("sent from region to region")

    def _attempt(self, user: str, password: str, code: str, host: str) -> Verdict:
        from showcam.drivers.ezviz.client import EzvizAuthVerificationCode, PyEzvizError, SigningIn

        client = SigningIn(self._http, user, password, host, self.of(user))
        client.hear = self._note
        try:
            session = client.login(code or None)
        except EzvizAuthVerificationCode:
            # the vendor was asked for a code; with a code in hand it means that this one was not taken
            return Rejected("wrong_code") if code else CodeSent(client.host)
        except PyEzvizError:
            return self._rejected(client.code)
        self._http.check(f"https://{session['api_url']}")
        return SignedIn({**session, BY_CODE: True} if code else session)

    def _rejected(self, code: int | None) -> Rejected:
        """The vendor's verdict on a sign-in. Raises VendorDown if the code is no verdict on this person."""
        why = SIGN_IN.get(code or 0)
        if why is not None:
            return Rejected(why)
        if code in OURS or not DECIDED.fullmatch(str(code)):
            raise VendorDown(f"code {code}")
        log.warning("the vendor wants another way of signing in: code %s", code)
        return Rejected("unsupported")
