"""An EZVIZ account by the app's API: sign-in with its second step, the cameras and their state, three settings."""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from registry.camera import Camera
from registry.drivers.ezviz_cameras import AUDIO, SECTIONS, SLEEP, cameras
from registry.drivers.ezviz_codes import SIGN_IN
from registry.drivers.ezviz_sessions import Held, Sessions
from registry.drivers.http import Exchange, Http, NotAllowed
from registry.errors import SetRefused, SignedOut, VendorDown
from registry.recent import Recent
from store.ports import Store
from store.records import Source

if TYPE_CHECKING:
    from registry.drivers.ezviz_client import Client

READ_BACK_S = 0.5  # between looks at whether a setting has taken; encryption needs a few seconds
MANY = 512  # sessions kept at work


class SignedIn(Struct, frozen=True):
    session: dict[str, Any]


class CodeSent(Struct, frozen=True):
    """The account wants a code, which the vendor has just sent; it must be brought to `host`."""

    host: str


class Rejected(Struct, frozen=True):
    why: Literal["wrong", "locked", "terminals", "too_often", "wrong_code", "unsupported"]


class _AtWork:
    """One client and one lock per source: the library's client is not made for several threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.client: Client | None = None
        self.version = -1


class EzvizAccount:
    """Raises registry.errors.DriverError. `host` is the region's app API, where signing in starts."""

    def __init__(self, store: Store, sessions: Sessions, http: Http, host: str) -> None:
        self._store, self._sessions, self._http, self._host = store, sessions, http, host
        self._at_work: Recent[str, _AtWork] = Recent(MANY)
        self._lock = threading.Lock()
        self._is_terminal = False

    def load(self) -> None:
        """Import what calling the vendor takes, and be the installation's terminal."""
        from registry.drivers.ezviz_client import be_terminal

        with self._lock:
            if not self._is_terminal:
                be_terminal(self._store.meta_once("ezviz_terminal", secrets.token_hex(16)))
                self._is_terminal = True

    def sign_in(
        self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = ""
    ) -> SignedIn | CodeSent | Rejected:
        """One attempt; the region the vendor names is followed once. `code` and `host` when a code was sent."""
        self.load()
        from registry.drivers.ezviz_client import FAILURES, Redirected, failure

        at = host or self._host
        with Exchange(deadline_s):
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

    def _attempt(self, user: str, password: str, code: str, host: str) -> SignedIn | CodeSent | Rejected:
        from registry.drivers.ezviz_client import EzvizAuthVerificationCode, PyEzvizError, SigningIn

        client = SigningIn(self._http, user, password, host)
        try:
            client.login(code or None)
        except EzvizAuthVerificationCode:
            # the library has asked for a code to be sent; with a code in hand it means that this one was not taken
            return Rejected("wrong_code") if code else CodeSent(client.host)
        except PyEzvizError:
            why = SIGN_IN.get(client.code or 0)
            if why is None:
                raise
            return Rejected(why)
        session = client.export_token()
        self._http.hosts.check(f"https://{session['api_url']}")
        return SignedIn(session)

    def read(self, source: Source, deadline_s: float) -> tuple[Camera, ...]:
        """Every camera as it is now: one request per thirty."""

        def work(client: "Client", held: Held) -> tuple[Camera, ...]:
            ways = ("open",) if held.secrets.open else ()
            return cameras(client.pages(SECTIONS), source.id, ways)

        return self._use(source, deadline_s, work)

    def set_audio(self, source: Source, camera: Camera, on: bool, deadline_s: float) -> None:
        """Raises SetRefused when the camera did not take it."""
        self._set_switch(source, camera, AUDIO, on, lambda each: each.audio, deadline_s)

    def set_sleep(self, source: Source, camera: Camera, on: bool, deadline_s: float) -> None:
        """Raises SetRefused when the camera did not take it."""
        self._set_switch(source, camera, SLEEP, on, lambda each: each.asleep, deadline_s)

    def set_encryption(self, source: Source, camera: Camera, on: bool, code: str, deadline_s: float) -> None:
        """With the code on the label, or the password set since. Raises SetRefused; a code is never tried twice."""
        if camera.owner != "own":
            raise SetRefused("unsupported")

        def work(client: "Client", _: Held) -> None:
            from registry.drivers.ezviz_client import PyEzvizError

            right = _is_right(client.pages(SECTIONS), camera.ref.serial, code)
            if right is False and not on:
                raise SetRefused("wrong_code")
            try:
                client.set_video_enc(camera.ref.serial, 1 if on else 0, camera_verification_code=code or None)
            except PyEzvizError:
                if client.code != 1011:
                    raise
                # newer firmware refuses the right code too, and a code for this one time is mailed
                raise SetRefused("code_mailed" if right else "wrong_code") from None
            self._taken(client, camera, lambda each: each.encryption, on)

        self._use(source, deadline_s, work)

    def _set_switch(
        self, source: Source, camera: Camera, kind: int, on: bool, flag: Callable[[Camera], str], deadline_s: float
    ) -> None:
        def work(client: "Client", _: Held) -> None:
            client.switch_status(camera.ref.serial, kind, on, channel_no=camera.ref.channel)
            self._taken(client, camera, flag, on)

        self._use(source, deadline_s, work)

    @staticmethod
    def _taken(client: "Client", camera: Camera, flag: Callable[[Camera], str], on: bool) -> None:
        """Read back until it is so: the vendor says yes before the camera has done it, and sometimes instead of it."""
        wanted = "on" if on else "off"
        exchange = Exchange.current()
        while exchange is not None and exchange.left > READ_BACK_S:
            found = cameras(client.pages(SECTIONS), camera.ref.source, camera.ways)
            if any(each.ref == camera.ref and flag(each) == wanted for each in found):
                return
            time.sleep(READ_BACK_S)
        raise SetRefused("not_taken")

    def _use[T](self, source: Source, deadline_s: float, work: "Callable[[Client, Held], T]") -> T:
        self.load()
        from registry.drivers.ezviz_client import FAILURES, failure

        at_work = self._entry(source)
        began = time.monotonic()
        if not at_work.lock.acquire(timeout=max(0.0, deadline_s)):
            raise VendorDown("no answer in time")
        try:
            with Exchange(deadline_s - (time.monotonic() - began)):
                held = self._sessions.read(source)
                return work(self._client(at_work, source, held), held)
        except FAILURES as error:
            raise failure(error) from None
        finally:
            at_work.lock.release()

    def _entry(self, source: Source) -> _AtWork:
        with self._lock:
            entry = self._at_work.get(source.id)
            if entry is None:
                entry = _AtWork()
                self._at_work.put(source.id, entry)
            return entry

    def _client(self, at_work: _AtWork, source: Source, held: Held) -> "Client":
        from registry.drivers.ezviz_client import Client

        if held.secrets.session is None or held.state != "ok":
            raise SignedOut
        if at_work.client is None:
            at_work.client = Client(self._http, held.secrets.session, lambda client: self._renew(source, client))
        elif at_work.version != held.version:
            at_work.client.adopt(held.secrets.session)
        at_work.version = held.version
        return at_work.client

    def _renew(self, source: Source, client: "Client") -> None:
        """The vendor said that the session is over; another process may have renewed it already."""
        from registry.drivers.ezviz_client import EzvizAuthTokenExpired

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


def _is_right(pages: list[dict[str, Any]], serial: str, code: str) -> bool | None:
    """Whether it is the camera's code, by the digest the vendor tells; None when it tells none."""
    for page in pages:
        told = (page.get("STATUS") or {}).get(serial, {}).get("encryptPwd")
        if isinstance(told, str) and told:
            once = hashlib.md5(code.encode(), usedforsecurity=False).hexdigest()
            twice = hashlib.md5(once.encode(), usedforsecurity=False).hexdigest()
            return hmac.compare_digest(twice.encode(), told.lower().encode())
    return None
