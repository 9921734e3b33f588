"""An EZVIZ account by the app's API: sign-in with its second step, the cameras, their state and settings."""

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from net.cache import Recent
from net.errors import NotAllowed
from net.exchange import Exchange
from net.incoming import JsonObject
from registry.camera import Camera
from registry.driver import Hint
from registry.drivers.ezviz import cloud, encryption, lan
from registry.drivers.ezviz import settings as of_app
from registry.drivers.ezviz.cameras import SECTIONS, cameras
from registry.drivers.ezviz.cloud import Cloud
from registry.drivers.ezviz.codes import SIGN_IN, set_error
from registry.drivers.ezviz.events import message_hint
from registry.drivers.ezviz.lan import Lan
from registry.drivers.ezviz.sessions import Held, Sessions
from registry.drivers.vendor_http import VendorHttp
from registry.errors import Refused, SetRefused, SignedOut, VendorDown
from registry.settings import Setting, SettingView
from registry.vendor import CodeSent, Rejected, SignedIn, Verdict
from store.ports import Store
from store.records import Source

if TYPE_CHECKING:
    from registry.drivers.ezviz.client import Client

MANY = 512  # sessions kept at work
AWAKE = 1  # kind of a battery camera's rest: from it, to being awake
MESSAGES = 50  # of those that happened, the vendor tells no more at once


class PushSession(Struct, frozen=True):
    """What listening to an account's messages takes."""

    host: str  # "host" or "host:port", by https
    session_id: str
    username: str
    terminal: str


class _AtWork:
    """One client and one lock per source: the library's client is not made for several threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.client: Client | None = None
        self.version = -1


class EzvizAccount:
    """Raises registry.errors.DriverError. `host` is the region's app API, where signing in starts."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        http: VendorHttp,
        host: str,
        lan: Lan | None = None,
        cloud: Cloud | None = None,
    ) -> None:
        self._store, self._sessions, self._http, self._host = store, sessions, http, host
        self._lan = lan  # None: cameras are not looked for in houses
        self._cloud = cloud  # None: their cloud stream is not used
        self._at_work: Recent[str, _AtWork] = Recent(MANY)
        self._lock = threading.Lock()
        self._is_terminal = False

    def load(self) -> None:
        """Import what calling the vendor takes, and be the installation's terminal."""
        from registry.drivers.ezviz.client import be_terminal

        with self._lock:
            if not self._is_terminal:
                be_terminal(self._store.meta_once("ezviz_terminal", secrets.token_hex(16)))
                self._is_terminal = True

    def sign_in(self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = "") -> Verdict:
        """One attempt; the region the vendor names is followed once. `code` and `host` when a code was sent."""
        self.load()
        from registry.drivers.ezviz.client import FAILURES, Redirected, failure

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

    def _attempt(self, user: str, password: str, code: str, host: str) -> Verdict:
        from registry.drivers.ezviz.client import EzvizAuthVerificationCode, PyEzvizError, SigningIn

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
        self._http.check(f"https://{session['api_url']}")
        return SignedIn(session)

    def read(self, source: Source, deadline_s: float) -> tuple[Camera, ...]:
        """Every camera as it is now: one request per thirty."""

        def work(client: "Client", held: Held) -> tuple[Camera, ...]:
            ways = ("open",) if held.secrets.open or held.secrets.sub_account else ()
            at_home = self._lan if held.secrets.codes else None
            pages = client.pages(
                ",".join([SECTIONS, *[lan.SECTIONS] * bool(at_home), *[cloud.SECTIONS] * bool(self._cloud)])
            )
            found = encryption.judged(cameras(pages, source.id, ways), pages, held.secrets.picture_codes)
            if at_home:
                found = at_home.at_home(found, pages, held.secrets.codes)
            return self._cloud.offered(found, pages, agreed=held.secrets.open_air) if self._cloud else found

        return self._use(source, deadline_s, work)

    def place(self, source: Source, camera: Camera, deadline_s: float) -> str:
        """Where the camera is at home, as "address:port"; "": not known, or none of our business."""

        def work(client: "Client", _: Held) -> str:
            pages = client.pages(f"{SECTIONS},{lan.SECTIONS}")
            return self._lan.places(pages).get(camera.ref.serial, "") if self._lan else ""

        return self._use(source, deadline_s, work)

    def is_picture_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> bool | None:
        """Whether the code deciphers the camera's picture; None where the vendor does not say."""

        def work(client: "Client", _: Held) -> bool | None:
            return encryption.is_right(client.pages("STATUS"), camera.ref.serial, code)

        return self._use(source, deadline_s, work)

    def settings(self, source: Source, camera: Camera, deadline_s: float) -> dict[Setting, SettingView]:
        """Every setting of the camera: the list with more of its sections, at the same number of requests."""

        def work(client: "Client", _: Held) -> dict[Setting, SettingView]:
            pages = client.pages(of_app.SECTIONS)
            for each in cameras(pages, source.id, camera.ways):
                if each.ref == camera.ref:
                    return of_app.views(pages, each)
            raise Refused("not_found")

        return self._use(source, deadline_s, work)

    def clock(self, source: Source, camera: Camera, deadline_s: float) -> of_app.Clock:
        """How the camera writes the time, for setting part of it without losing the rest."""

        def work(client: "Client", _: Held) -> of_app.Clock:
            return of_app.clock(client.pages("STATUS"), camera)

        return self._use(source, deadline_s, work)

    def apply(
        self, source: Source, camera: Camera, setting: Setting, value: str, deadline_s: float, *, code: str = ""
    ) -> None:
        """Raises SetRefused. A code is sent once and never again."""

        def work(client: "Client", held: Held) -> None:
            with _told_apart(client):
                if setting == "encryption" and value == "on":
                    encryption.turn_on(client, camera)
                elif setting == "encryption":
                    encryption.turn_off(client, camera, code, held.secrets.user)
                elif not of_app.write(client, camera, setting, value):
                    raise SetRefused("unsupported")

        self._use(source, deadline_s, work)

    def change_password(self, source: Source, camera: Camera, old: str, new: str, deadline_s: float) -> None:
        """The password that pictures are encrypted with. Raises SetRefused."""

        def work(client: "Client", held: Held) -> None:
            with _told_apart(client):
                encryption.change_password(client, camera, old, new)

        self._use(source, deadline_s, work)

    def restart(self, source: Source, camera: Camera, deadline_s: float) -> None:
        def work(client: "Client", _: Held) -> None:
            with _told_apart(client):
                client.reboot_camera(camera.ref.serial)

        self._use(source, deadline_s, work)

    def happened(self, source: Source, since: float, deadline_s: float) -> tuple[Hint, ...]:
        """What the account's messages of today say happened after `since`, epoch seconds; the fifty newest."""

        def work(client: "Client", _: Held) -> tuple[Hint, ...]:
            told = client.get_device_messages_list(limit=MESSAGES).get("message")
            hints = (message_hint(each) for each in told) if isinstance(told, list) else ()
            return tuple(hint for hint in hints if hint is not None and hint.at > since)

        return self._use(source, deadline_s, work)

    def wake(self, source: Source, camera: Camera, deadline_s: float) -> None:
        """Have a battery camera wake, and stay awake for a while."""

        def work(client: "Client", _: Held) -> None:
            client.delay_battery_device_sleep(camera.ref.serial, camera.ref.channel, AWAKE)

        self._use(source, deadline_s, work)

    def stream_token(self, source: Source, deadline_s: float) -> str:
        """Good for one stream of the account's, within minutes; one is asked for at a time."""

        def work(client: "Client", _: Held) -> str:
            return client.stream_token()

        return self._use(source, deadline_s, work)

    def dispatcher(self, source: Source, camera: Camera, deadline_s: float) -> JsonObject:
        """Where the camera's cloud stream is asked for, as the vendor writes it."""

        def work(client: "Client", _: Held) -> JsonObject:
            return client.dispatcher(camera.ref.serial, camera.ref.channel)

        return self._use(source, deadline_s, work)

    def push_session(self, source: Source, deadline_s: float) -> PushSession:
        """A live session, and the host that sends messages about it."""

        def work(client: "Client", held: Held) -> PushSession:
            host = str(client.get_service_urls().get("pushAddr") or "")
            self._http.check(f"https://{host}")
            token = client.export_token()
            terminal = self._store.meta("ezviz_terminal") or ""
            return PushSession(host, str(token["session_id"]), str(token["username"]), terminal)

        return self._use(source, deadline_s, work)

    def session_id(self, source: Source) -> str:
        """Which session counts now; "" for none."""
        try:
            held = self._sessions.read(source)
        except SignedOut:
            return ""
        return str(held.secrets.session["session_id"]) if held.secrets.session and held.state == "ok" else ""

    def _use[T](self, source: Source, deadline_s: float, work: "Callable[[Client, Held], T]") -> T:
        self.load()
        from registry.drivers.ezviz.client import FAILURES, failure

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
        from registry.drivers.ezviz.client import Client

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
        from registry.drivers.ezviz.client import EzvizAuthTokenExpired

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
    """What the vendor refuses a setting for, out of its last answer's code."""
    from registry.drivers.ezviz.client import PyEzvizError

    client.code = None
    try:
        yield
    except PyEzvizError:
        refused = set_error(client.code)
        if refused is None:
            raise
        raise refused from None
