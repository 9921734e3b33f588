"""A person's sign-in, sealed in the store under the hash of a random cookie; and the cookie of a known browser.

The second cookie is signed and grants no access. It only gives the browser its own tries, which no stranger uses up
(showcam.accounts.attempts).
"""

import hashlib
import hmac
import secrets
import time
from typing import Literal

import msgspec
from flask import Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer
from msgspec import Struct

from showcam.accounts.attempts import Browser
from showcam.accounts.console_sessions import COOKIE_S
from showcam.store.ports import Store
from showcam.store.records import id_from, new_id, token_hash

VISIT_S = 600  # life of a visit that is signed in
MOST = 8  # accounts remembered in one browser


class Visit(Struct, frozen=True):
    """A person's way through the sign-in. `step`: `there`, at the vendor's page; `refused`, back from that page, and
    `hint` says why; `code`, the vendor wants its code; `signed`, signed in; `done`, consent was given to `request`.

    A visit makes one link. It is kept after that until it expires, so that another window can say what became of it.
    """

    step: Literal["there", "refused", "code", "signed", "done"]
    user: str
    expires: float
    account: str = ""
    pending: bytes = b""  # the driver's state of the sign-in; opaque
    hint: str = ""  # the masked address that gets the vendor's code; of a refused visit, the reason
    kind: str = ""  # the vendor's kind of source
    state: str = ""  # hash of the state that the vendor sends back
    query: str = ""  # the authorization request to go on with
    offered: tuple[str, ...] | None = None  # camera ids as last offered on the consent page
    link: str = ""
    request: str = ""
    agreed: float = 0.0  # time of consent, epoch s


_decoder = msgspec.msgpack.Decoder(Visit)


class Visits:
    def __init__(self, store: Store, secure: bool) -> None:
        self._store = store
        self._secure = secure
        self.cookie = "__Host-showcam-visit" if secure else "showcam-visit"

    def read(self, request: Request) -> Visit | None:
        key = self._key(request)
        data = self._store.visit(key, time.time()) if key else None
        try:
            return _decoder.decode(data) if data else None
        except msgspec.MsgspecError:
            return None  # written by another version

    def begin(self, request: Request, response: Response, visit: Visit) -> None:
        """Starts a visit under a new cookie and drops that of an earlier one (no session fixation)."""
        if key := self._key(request):
            self._store.drop_visit(key)
        text = secrets.token_urlsafe(32)
        self._store.put_visit(_row(text), msgspec.msgpack.encode(visit), visit.expires)
        left_s = max(1, round(visit.expires - time.time()))
        _set(response, self.cookie, text, left_s, secure=self._secure, samesite="Lax")

    def keep(self, request: Request, visit: Visit) -> None:
        """Writes the visit's new state under the same cookie."""
        if key := self._key(request):
            self._store.put_visit(key, msgspec.msgpack.encode(visit), visit.expires)

    def end(self, request: Request, response: Response) -> None:
        if key := self._key(request):
            self._store.drop_visit(key)
            response.delete_cookie(self.cookie, path="/", secure=self._secure, httponly=True, samesite="Lax")

    def claim(self, request: Request, visit: Visit) -> bool:
        """Whether this request may make the visit's link: True for one request only, even of parallel ones."""
        # the counting window is the one of the visit's end, so that it can't change during the visit
        return self._store.hit(f"agree:{self._key(request)}", VISIT_S, visit.expires) == 1

    def came_back(self, request: Request, visit: Visit, state: str) -> bool:
        """True once, for the browser that was sent to the vendor's page with this state."""
        is_same = hmac.compare_digest(visit.state.encode(), token_hash(state).encode())
        counted = f"callback:{self._key(request)}"
        return visit.step == "there" and is_same and self._store.hit(counted, VISIT_S, visit.expires) == 1

    def link_id(self, request: Request) -> str:
        """The id of the link: each visit makes at most one."""
        return id_from(request.cookies.get(self.cookie, ""))

    def _key(self, request: Request) -> str | None:
        text = request.cookies.get(self.cookie, "")
        return _row(text) if 20 <= len(text) <= 100 and text.isascii() else None


def _row(text: str) -> str:
    """The row of a visit. Sessions of the console and codes of phones have rows in the same table, by other hashes."""
    return token_hash(f"visit|{text}")


def fingerprint(request: Request) -> str:
    """A hash of the authorization request, to recognise it."""
    return token_hash(request.query_string.decode())


class KnownBrowser:
    def __init__(self, keys: list[bytes], secure: bool) -> None:
        """The first key signs, all verify."""
        kind = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._signer = URLSafeTimedSerializer(keys[::-1], salt="showcam known browser", signer_kwargs=kind)
        self._secure = secure
        self.cookie = "__Host-showcam-known" if secure else "showcam-known"

    def read(self, request: Request) -> Browser | None:
        try:
            content = self._signer.loads(request.cookies.get(self.cookie, ""), max_age=COOKIE_S)
            return Browser(str(content["browser"]), tuple(map(str, content["accounts"])))
        except (BadData, TypeError, KeyError):
            return None

    def remember(self, request: Request, response: Response, account_id: str) -> None:
        """Adds the account to the accounts that the browser is known for."""
        before = self.read(request) or Browser(new_id(), ())
        accounts = [account_id, *(known for known in before.accounts if known != account_id)][:MOST]
        text = str(self._signer.dumps({"browser": before.id, "accounts": accounts}))
        # read only when a form of showcam is posted
        _set(response, self.cookie, text, COOKIE_S, secure=self._secure, samesite="Strict")


def _set(response: Response, name: str, text: str, max_age: int, *, secure: bool, samesite: str) -> None:
    response.set_cookie(name, text, max_age=max_age, path="/", secure=secure, httponly=True, samesite=samesite)
