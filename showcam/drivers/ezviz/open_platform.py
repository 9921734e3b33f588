"""EZVIZ's Open Platform: access tokens, live addresses, and the calls about a camera."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.camera import Camera, Ref
from showcam.drivers.errors import Refused, SignedOut, VendorBusy, VendorDown
from showcam.drivers.ezviz.answers import DONE, error, kind, open_set_error
from showcam.drivers.vendor import VendorHttp
from showcam.engine.grants import Picture
from showcam.net.cache import Recent
from showcam.net.exchange import EARLY_S, Exchange, NotAllowed
from showcam.net.http import Reply
from showcam.net.text import JsonObject

if TYPE_CHECKING:
    from showcam.drivers.ezviz.sessions import EzvizHosts, Held

type Post = Callable[[str, dict[str, str], Exchange, bool], tuple[str, Any]]


class Key(Struct, frozen=True, omit_defaults=True):  # sealed so, without `host`
    """A developer's appKey and appSecret, tied to one EZVIZ account."""

    key: str
    secret: str
    host: str = ""  # the host to ask for tokens; "": as the installation's settings say


def open_key_of(key: str | None, secret: str | None) -> Key | None:
    """Raises ValueError for half a key."""
    if bool(key) != bool(secret):
        raise ValueError("an Open Platform key is an appKey and its appSecret, or none of both")
    return Key(key, secret) if key and secret else None


class Sub(Struct, frozen=True):
    """A sub-account under the installation's own developer key: it sees the cameras it was given."""

    developer: Key
    account_id: str


type Access = Key | Sub


class Token(Struct, frozen=True):
    text: str
    area: str  # the host that takes the token, as https://host
    expires: float  # epoch s


class Tokens:
    """The access tokens, kept in memory: each process has its own.

    `post` answers with the vendor's code and data; its last argument says that it may send the form twice.
    """

    def __init__(self, http: VendorHttp, host: str, post: Post) -> None:
        self._http, self._host, self._post = http, host, post
        self._tokens: Recent[Access, Token] = Recent(1024)
        self._locks: Recent[Access, threading.Lock] = Recent(1024)

    def get(self, access: Access, exchange: Exchange) -> Token:
        """A valid token. One thread asks for a new token while the others wait. Raises DriverError."""
        lock = self._locks.made(access, threading.Lock)
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
            return self._fetch_token(f"https://{access.host or self._host}", "/api/lapp/token/get", form, exchange)
        for _ in range(2):
            developer = self.get(access.developer, exchange)
            form = {"accessToken": developer.text, "accountId": access.account_id}
            try:
                return self._fetch_token(developer.area, "/api/lapp/ram/token/get", form, exchange)
            except _Dead:
                self.drop(access.developer, developer)
        raise Refused("no_way", "a new token is refused")

    def _fetch_token(self, host: str, path: str, form: dict[str, str], exchange: Exchange) -> Token:
        code, data = self._post(f"{host}{path}", form, exchange, True)
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
    """The developer's own token has expired."""


HLS = "2"
QUALITY: dict[Picture, str] = {"main": "1", "sub": "2"}
V2, V1 = "/api/lapp/v2/live/address/get", "/api/lapp/live/address/get"
# a region without v2 answers with one of these codes
NO_V2 = frozenset({"10001", "10020", "20015", "60020"})
PAGE = 50
MOST_PAGES = 40


class Live(Struct, frozen=True):
    """An address good for one viewer; `id` gives it back."""

    url: str
    id: str


class OpenPlatform:
    """Raises showcam.drivers.errors.DriverError."""

    def __init__(self, http: VendorHttp, host: str) -> None:
        self._http = http
        self._tokens = Tokens(http, host, self._post)
        self._without_v2: set[str] = set()

    def live(
        self, key: Access, ref: Ref, deadline_s: float, picture: Picture = "main", life_s: int = 0, *, is_h265: bool
    ) -> Live:
        """An HLS address of what the camera sees now; `life_s` 0 leaves its end to the vendor.

        `is_h265`: its picture is known to be H.265.
        """
        form = {"deviceSerial": ref.serial, "channelNo": str(ref.channel)}
        form |= {"protocol": HLS, "quality": QUALITY[picture]}
        if life_s:
            form["expireTime"] = str(life_s)
        fail = _none_smaller if picture == "sub" else error
        with Exchange(deadline_s) as exchange:
            data = _object(self._live(key, form, exchange, fail, is_h265=is_h265))
            url, url_id = data.get("url"), data.get("id")
            if not isinstance(url, str):
                raise VendorDown("no address in the answer")
            try:
                self._http.hosts.check(url)
            except NotAllowed:
                raise Refused("no_way", "the address is at an unknown host") from None
            return Live(url, str(url_id or ""))

    def disable(self, key: Access, serial: str, channel: int, url_id: str, deadline_s: float) -> None:
        """Give an address back before it expires."""
        form = {"deviceSerial": serial, "channelNo": str(channel), "urlId": url_id}
        with Exchange(deadline_s) as exchange:
            self.call(key, "/api/lapp/live/address/disable", form, exchange)

    def call(
        self,
        key: Access,
        path: str,
        form: dict[str, str],
        exchange: Exchange,
        *,
        fail: Callable[[str], Exception] = error,
        method: str = "",
        again: bool = True,
    ) -> Any:
        """The answer's `data`; a dead token is renewed once.

        With `again` the call is made once more after a fault of the vendor or at the end of a kept connection.
        With `method` the call is one of version 3. Raises the error that `fail` makes of the code.
        """
        renewed = retried = False
        while True:
            token = self._tokens.get(key, exchange)
            code, data = self._say(token, path, form, exchange, method, again)
            match kind(code):
                case _ if code == "200" or code in DONE:
                    return data
                case "token" if not renewed:
                    renewed = True
                    self._tokens.drop(key, token)
                case "retry" if again and not retried and exchange.left > 0.5:
                    retried = True
                case _ if code in NO_V2 and path == V2:
                    raise _NoSuchCall(for_good=False)
                case "token":
                    raise Refused("no_way", "a new token is refused")
                case _:
                    raise fail(code)

    def pages(self, key: Access, path: str, exchange: Exchange) -> list[JsonObject]:
        """Every row of a list."""
        found: list[JsonObject] = []
        for page in range(MOST_PAGES):
            form = {"pageStart": str(page), "pageSize": str(PAGE)}
            data = self.call(key, f"/api/lapp/{path}", form, exchange)
            if not isinstance(data, list):
                raise VendorDown("no list in the answer")
            found += [row for row in data if isinstance(row, dict)]
            if len(data) < PAGE:
                return found
        raise VendorDown("the list does not end")

    def _live(
        self,
        key: Access,
        form: dict[str, str],
        exchange: Exchange,
        fail: Callable[[str], Exception],
        *,
        is_h265: bool,
    ) -> Any:
        """Asks for any codec: a client that asks only for H.264 may be sent a film about the codec, not the camera.

        The first version of the call can ask only for H.264.
        """
        area = self._tokens.get(key, exchange).area
        if area not in self._without_v2:
            try:
                return self.call(key, V2, form | {"supportH265": "1"}, exchange, fail=fail)
            except _NoSuchCall as missing:
                if missing.for_good:
                    self._without_v2.add(area)
        if is_h265:
            raise Refused("no_way", "in place of the camera a film might come")
        return self.call(key, V1, form, exchange, fail=fail)

    def _say(
        self, token: Token, path: str, form: dict[str, str], exchange: Exchange, method: str, again: bool
    ) -> tuple[str, Any]:
        if not method:
            return self._post(f"{token.area}{path}", form | {"accessToken": token.text}, exchange, again)
        form = dict(form)
        headers = {"accessToken": token.text, "deviceSerial": form.pop("deviceSerial", "")}
        query, posted = (form, None) if method == "GET" else (None, form)
        url = f"{token.area}{path}"
        reply = self._http.ask(method, url, exchange.left, query=query, form=posted, headers=headers)
        return _third(reply)

    def _post(self, url: str, form: dict[str, str], exchange: Exchange, again: bool) -> tuple[str, Any]:
        reply = self._http.ask("POST", url, exchange.left, form=form, repeatable=again)
        if reply.status in (404, 405) and url.endswith(V2):
            raise _NoSuchCall(for_good=True)
        if reply.status == 429:
            raise VendorBusy("HTTP 429")
        if reply.status != 200 or reply.data is None:
            raise VendorDown(f"HTTP {reply.status}")
        return str(reply.data.get("code")), reply.data.get("data")


class Calls:
    """The calls about a channel of a camera, within one exchange. Raises SetRefused too.

    Not `again`: no request is repeated, since a code counts its tries and turning a picture over twice undoes it.
    """

    def __init__(
        self, platform: OpenPlatform, key: Access, ref: Ref, exchange: Exchange, *, again: bool = True
    ) -> None:
        self._platform, self._key, self._serial, self._exchange = platform, key, ref.serial, exchange
        self._again = again
        self.channel = ref.channel

    def data(self, path: str, **more: str) -> JsonObject:
        return _object(self._call(path, more))

    def rows(self, path: str, **more: str) -> list[JsonObject]:
        data = self._call(path, more)
        return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []

    def v3(self, method: str, path: str, **more: str) -> JsonObject:
        return _object(self._call(path, more, method))

    def _call(self, path: str, more: dict[str, str], method: str = "") -> Any:
        form = {"deviceSerial": self._serial, "channelNo": str(self.channel)} | more
        path = path if method else f"/api/lapp/{path}"
        return self._platform.call(
            self._key, path, form, self._exchange, fail=open_set_error, method=method, again=self._again
        )


def _none_smaller(code: str) -> Exception:
    """The code for a camera without a smaller picture is not published: "not supported" counts as that."""
    return Refused("too_large", f"code {code}") if kind(code) == "no_way" else error(code)


class _NoSuchCall(Exception):
    """The area has no v2, or (not for good) v2 does not serve this camera."""

    def __init__(self, *, for_good: bool) -> None:
        super().__init__()
        self.for_good = for_good


def _third(reply: Reply) -> tuple[str, Any]:
    """The code and the data of an answer of version 3. The code is a number, in one of two wrappings."""
    if reply.status == 429:
        raise VendorBusy("HTTP 429")
    answer = reply.data or {}
    body = answer.get("body") if isinstance(answer.get("body"), dict) else answer
    assert isinstance(body, dict)
    code = _object(body.get("meta")).get("code")
    if code is None:
        raise VendorDown(f"HTTP {reply.status}")
    return str(code), body.get("data")


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}


class Keys:
    """`developer` is the installation's own key; households may have sub-accounts under it."""

    def __init__(self, platform: OpenPlatform, hosts: "EzvizHosts", developer: Key | None) -> None:
        self._platform, self._hosts, self._developer = platform, hosts, developer

    def find(self, held: "Held") -> Access | None:
        """The household's own key, at the region of its account; else the sub-account."""
        own = held.secrets.open
        if own is not None:
            api = str((held.secrets.session or {}).get("api_url") or "")
            return replace(own, host=self._hosts.open_of(api))
        if not held.secrets.sub_account or self._developer is None:
            return None
        return Sub(self._developer, held.secrets.sub_account)

    def access(self, held: "Held") -> Access:
        """The household's key or sub-account. Raises SignedOut if there is none."""
        key = self.find(held)
        if key is None:
            raise SignedOut
        return key

    def alone(self, held: "Held") -> bool:
        """Whether the household has only an integrator's sub-account, and nobody signed in with an app account."""
        return held.secrets.session is None and bool(held.secrets.sub_account) and self._developer is not None

    def reaches(self, held: "Held", camera: Camera) -> bool:
        """Whether the key reaches the camera: for another owner's camera EZVIZ answers the key with a refusal."""
        return camera.owner != "shared" and self.find(held) is not None

    @contextlib.contextmanager
    def calls(self, held: "Held", camera: Camera, deadline_s: float, *, again: bool = True) -> Iterator[Calls]:
        with Exchange(deadline_s) as exchange:
            yield Calls(self._platform, self.access(held), camera.ref, exchange, again=again)
