"""Access tokens of the Open Platform: for an owner's own key, and for a household's sub-account under a developer's."""

import threading
import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from net.cache import Recent
from net.exchange import Exchange
from registry.drivers.ezviz.codes import error, kind
from registry.drivers.vendor_http import VendorHttp
from registry.errors import Refused, VendorDown

EARLY_S = 300  # a token is renewed this long before it expires

type Post = Callable[[str, dict[str, str], Exchange], tuple[str, Any]]


class Key(Struct, frozen=True, omit_defaults=True):  # sealed so, without `host`
    """A developer's appKey and appSecret, tied to one EZVIZ account."""

    key: str
    secret: str
    host: str = ""  # where it asks for its tokens; "": where the installation's settings say


class Sub(Struct, frozen=True):
    """A sub-account under the installation's own developer key: it sees the cameras it was given."""

    developer: Key
    account_id: str


type Access = Key | Sub


class Token(Struct, frozen=True):
    text: str
    area: str  # where it is valid, as https://host
    expires: float  # epoch s


class Tokens:
    """Kept in memory: each process has its own. `post` answers with the vendor's code and data."""

    def __init__(self, http: VendorHttp, host: str, post: Post) -> None:
        self._http, self._host, self._post = http, host, post
        self._tokens: Recent[Access, Token] = Recent(1024)
        self._locks: Recent[Access, threading.Lock] = Recent(1024)
        self._lock = threading.Lock()

    def get(self, access: Access, exchange: Exchange) -> Token:
        """One asks for a new token, the others wait for it. Raises DriverError."""
        with self._lock:
            lock = self._locks.get(access)
            if lock is None:
                lock = threading.Lock()
                self._locks.put(access, lock)
        if not lock.acquire(timeout=exchange.left):
            raise VendorDown("no answer in time")
        try:
            token = self._tokens.get(access)
            if token is None or token.expires - EARLY_S <= time.time():
                token = self._new(access, exchange)
                self._tokens.put(access, token)
            return token
        finally:
            lock.release()

    def drop(self, access: Access, token: Token) -> None:
        """Forget a token that was refused."""
        if self._tokens.get(access) == token:  # else another thread has renewed it already
            self._tokens.drop(access)

    def _new(self, access: Access, exchange: Exchange) -> Token:
        if isinstance(access, Key):
            form = {"appKey": access.key, "appSecret": access.secret}
            return self._taken(f"https://{access.host or self._host}", "/api/lapp/token/get", form, exchange)
        for _ in range(2):
            developer = self.get(access.developer, exchange)
            form = {"accessToken": developer.text, "accountId": access.account_id}
            try:
                return self._taken(developer.area, "/api/lapp/ram/token/get", form, exchange)
            except _Dead:
                self.drop(access.developer, developer)
        raise Refused("no_way", "a new token is refused")

    def _taken(self, host: str, path: str, form: dict[str, str], exchange: Exchange) -> Token:
        code, data = self._post(f"{host}{path}", form, exchange)
        if kind(code) == "token" and "accessToken" in form:
            raise _Dead
        if code != "200":
            raise error(code)
        answer = data if isinstance(data, dict) else {}
        text, expires = answer.get("accessToken"), answer.get("expireTime")
        if not isinstance(text, str) or isinstance(expires, bool) or not isinstance(expires, int | float):
            raise VendorDown("no token in the answer")
        # in China the answer names no area: the queried host is the area
        area = str(answer.get("areaDomain") or host).rstrip("/")
        self._http.check(area)
        return Token(text, area, expires / 1000)


class _Dead(Exception):
    """The developer's own token is over."""
