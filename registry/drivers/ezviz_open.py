"""EZVIZ Open Platform: live addresses, by an owner's own key (reference: its "Live address" and "Return codes")."""

import threading
import time
from typing import Any

from msgspec import Struct

from registry.drivers.ezviz_codes import error, kind
from registry.drivers.http import Exchange, Http, NotAllowed
from registry.errors import Refused, VendorBusy, VendorDown
from registry.recent import Recent

EARLY_S = 300  # a token is renewed this long before it expires
HLS = "2"
V2, V1 = "/api/lapp/v2/live/address/get", "/api/lapp/live/address/get"
# where v2 is missing a region answers so
NO_V2 = frozenset({"10001", "10020", "20015", "60020"})


class Key(Struct, frozen=True):
    """A developer's appKey and appSecret, tied to one EZVIZ account."""

    key: str
    secret: str


class Live(Struct, frozen=True):
    """An address good for one viewer; `id` gives it back."""

    url: str
    id: str


class _Token(Struct, frozen=True):
    text: str
    area: str  # where it is valid, as https://host
    expires: float  # epoch s


class OpenPlatform:
    """Raises registry.errors.DriverError. Tokens are kept in memory: each process has its own."""

    def __init__(self, http: Http, host: str) -> None:
        self._http, self._host = http, host
        self._tokens: Recent[Key, _Token] = Recent(1024)
        self._locks: Recent[Key, threading.Lock] = Recent(1024)
        self._lock = threading.Lock()
        self._without_v2: set[str] = set()

    def live(self, key: Key, serial: str, channel: int, deadline_s: float) -> Live:
        """An HLS address in H.264 of what the camera sees now."""
        form = {"deviceSerial": serial, "channelNo": str(channel), "protocol": HLS, "quality": "1"}
        with Exchange(deadline_s) as exchange:
            data = self._live(key, form, exchange)
            url, url_id = data.get("url"), data.get("id")
            if not isinstance(url, str):
                raise VendorDown("no address in the answer")
            try:
                self._http.hosts.check(url)
            except NotAllowed:
                raise Refused("no_way", "the address is at an unknown host") from None
            return Live(url, str(url_id or ""))

    def disable(self, key: Key, serial: str, channel: int, url_id: str, deadline_s: float) -> None:
        """Give an address back before it ends by itself."""
        form = {"deviceSerial": serial, "channelNo": str(channel), "urlId": url_id}
        with Exchange(deadline_s) as exchange:
            self._call(key, "/api/lapp/live/address/disable", form, exchange)

    def _live(self, key: Key, form: dict[str, str], exchange: Exchange) -> dict[str, Any]:
        area = self._token(key, exchange).area
        if area not in self._without_v2:
            try:
                return self._call(key, V2, form | {"supportH265": "0"}, exchange)
            except _NoSuchCall as missing:
                if missing.for_good:
                    self._without_v2.add(area)
        return self._call(key, V1, form, exchange)

    def _call(self, key: Key, path: str, form: dict[str, str], exchange: Exchange) -> dict[str, Any]:
        """The answer's `data`; a dead token is renewed once, a fault on their side tried once more."""
        renewed = retried = False
        while True:
            token = self._token(key, exchange)
            code, data = self._post(f"{token.area}{path}", form | {"accessToken": token.text}, exchange)
            match kind(code):
                case _ if code == "200":
                    return data
                case "token" if not renewed:
                    renewed = True
                    self._drop(key, token)
                case "retry" if not retried and exchange.left > 0.5:
                    retried = True
                case _ if code in NO_V2 and path == V2:
                    raise _NoSuchCall(for_good=False)
                case "token":
                    raise Refused("no_way", "a new token is refused")
                case _:
                    raise error(code)

    def _post(self, url: str, form: dict[str, str], exchange: Exchange) -> tuple[str, dict[str, Any]]:
        reply = self._http.post(url, form, exchange.left)
        if reply.status in (404, 405) and url.endswith(V2):
            raise _NoSuchCall(for_good=True)
        if reply.status == 429:
            raise VendorBusy("HTTP 429")
        if reply.status != 200 or reply.data is None:
            raise VendorDown(f"HTTP {reply.status}")
        code, data = reply.data.get("code"), reply.data.get("data")
        return str(code), data if isinstance(data, dict) else {}

    def _token(self, key: Key, exchange: Exchange) -> _Token:
        with self._lock:
            lock = self._locks.get(key)
            if lock is None:
                lock = threading.Lock()
                self._locks.put(key, lock)
        if not lock.acquire(timeout=exchange.left):
            raise VendorDown("no answer in time")
        try:
            token = self._tokens.get(key)
            if token is None or token.expires - EARLY_S <= time.time():
                token = self._new_token(key, exchange)
                self._tokens.put(key, token)
            return token
        finally:
            lock.release()

    def _new_token(self, key: Key, exchange: Exchange) -> _Token:
        asked = f"https://{self._host}"
        code, data = self._post(f"{asked}/api/lapp/token/get", {"appKey": key.key, "appSecret": key.secret}, exchange)
        if code != "200":
            raise error(code)
        text, expires = data.get("accessToken"), data.get("expireTime")
        if not isinstance(text, str) or not isinstance(expires, int | float):
            raise VendorDown("no token in the answer")
        # in China the answer names no area: the host that was asked is the one
        area = str(data.get("areaDomain") or asked).rstrip("/")
        self._http.hosts.check(area)
        return _Token(text, area, expires / 1000)

    def _drop(self, key: Key, token: _Token) -> None:
        if self._tokens.get(key) == token:  # else another thread has renewed it already
            self._tokens.drop(key)


class _NoSuchCall(Exception):
    """The area has no v2, or (not for good) v2 does not do it for this camera."""

    def __init__(self, *, for_good: bool) -> None:
        super().__init__()
        self.for_good = for_good
