"""An EZVIZ account by the app's API: the cameras, their state and settings, and what leads to their pictures.

Each source has a single client at work, for one thread at a time. A session that has expired is renewed here.
"""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.camera import Camera, Listed
from showcam.drivers.driver import Direction, EventKind, Hint
from showcam.drivers.errors import DriverError, Refused, SetRefused, SignedOut, VendorDown
from showcam.drivers.ezviz import home, keys, pictures, tracing
from showcam.drivers.ezviz import settings as of_app
from showcam.drivers.ezviz.answers import LastStatus, message_hint, set_error
from showcam.drivers.ezviz.cameras import SECTIONS, Channels, cameras
from showcam.drivers.ezviz.home import Lan
from showcam.drivers.ezviz.keys import CasSession
from showcam.drivers.ezviz.pictures import Cloud
from showcam.drivers.ezviz.sessions import Held, Sessions
from showcam.drivers.ezviz.stills import MESSAGES, picture_of
from showcam.drivers.settings import Setting, SettingView
from showcam.drivers.vendor_http import VendorHttp
from showcam.net.cache import Recent
from showcam.net.exchange import Exchange
from showcam.net.text import JsonObject
from showcam.store.records import Source

if TYPE_CHECKING:
    from showcam.drivers.ezviz.client import Client


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
        self._lock = threading.Lock()

    def use[T](self, source: Source, deadline_s: float, work: "Callable[[Client, Held], T]") -> T:
        """Returns the result of `work` within the time given. Raises showcam.drivers.errors.DriverError."""
        from showcam.drivers.ezviz.client import FAILURES, failure

        at_work = self._entry(source)
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

    def change(self, source: Source, deadline_s: float, work: "Callable[[Client, Held], object]") -> None:
        """Runs `work`, which changes a camera. Raises as `use`, and SetRefused by the vendor's last code."""

        def changing(client: "Client", held: Held) -> None:
            with _told_apart(client):
                work(client, held)

        self.use(source, deadline_s, changing)

    def _entry(self, source: Source) -> _AtWork:
        with self._lock:
            entry = self._at_work.get(source.id)
            if entry is None:
                entry = _AtWork()
                self._at_work.put(source.id, entry)
            return entry

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
        from showcam.drivers.ezviz.client import EzvizAuthTokenExpired

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
    from showcam.drivers.ezviz.client import PyEzvizError

    client.code = None
    try:
        yield
    except PyEzvizError:
        refused = set_error(client.code)
        if refused is None:
            raise
        raise refused from None


AWAKE = 1  # kind of a battery camera's rest: from it, to being awake


class PushSession(Struct, frozen=True):
    """The session and the host for listening to an account's messages."""

    host: str  # "host" or "host:port", by https
    session_id: str
    username: str
    terminal: str


TURN_SPEED = 5  # the library's, for `ptz_control`


class EzvizAccount:
    """Accounts by the app's API. Raises showcam.drivers.errors.DriverError."""

    def __init__(
        self, sessions: Sessions, http: VendorHttp, lan: Lan | None = None, cloud: Cloud | None = None
    ) -> None:
        self._sessions, self._http = sessions, http
        self._lan = lan  # None: cameras are not looked for in houses
        self._cloud = cloud  # None: their cloud stream is not used
        self._clients, self._channels, self._last_status = Clients(sessions, http), Channels(), LastStatus()
        self._listeners = Clients(sessions, http)  # a ring must not wait while a list of cameras is read

    def read(self, source: Source, deadline_s: float) -> tuple[Listed, ...]:
        """The account's cameras as they are now, with a request for each thirty of them."""

        def work(client: "Client", held: Held) -> tuple[Listed, ...]:
            ways = ("open",) if held.secrets.open or held.secrets.sub_account else ()
            at_home = self._lan if held.secrets.codes or held.secrets.local else None
            sections = ",".join([SECTIONS, *[home.SECTIONS] * bool(at_home), *[pictures.SECTIONS] * bool(self._cloud)])
            from showcam.drivers.ezviz.client import FAILURES

            pages = self._last_status.read(source.id, lambda: client.pages(sections), (DriverError, *FAILURES))
            found = keys.judged(
                cameras(pages, source.id, ways), pages, held.secrets.picture_codes, held.secrets.by_video
            )
            self._channels.keep(pages, [camera.ref for camera in found])
            if at_home:
                found = at_home.at_home(found, pages, held.secrets.codes, held.secrets.local)
            return self._cloud.offered(found, pages, agreed=held.secrets.open_air) if self._cloud else found

        return self._clients.use(source, deadline_s, work)

    def place(self, source: Source, camera: Camera, deadline_s: float) -> home.Place:
        """The camera's address at home, as the vendor lists it now. Raises Refused if it is no address of a house."""

        def work(client: "Client", _: Held) -> home.Place:
            pages = client.pages(f"{SECTIONS},{home.SECTIONS}")
            place = self._lan.places(pages).get(camera.ref.serial) if self._lan else None
            if place is None:
                raise Refused("lan_unreachable", "the vendor names no address at home")
            return place

        return self._clients.use(source, deadline_s, work)

    def is_picture_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> bool | None:
        """Whether the code deciphers the camera's picture; None if the vendor does not say."""
        return self._clients.use(
            source, deadline_s, lambda client, _: keys.is_right(client.pages("STATUS"), camera.ref.serial, code)
        )

    def settings(self, source: Source, camera: Camera, deadline_s: float) -> dict[Setting, SettingView]:
        """Every setting of the camera: the list with more of its sections, and a request about its detection."""

        def work(client: "Client", _: Held) -> dict[Setting, SettingView]:
            pages = client.pages(of_app.SECTIONS)
            for listed in cameras(pages, source.id, camera.ways):
                if listed.ref == camera.ref:
                    return of_app.views(client, pages, listed)
            raise Refused("not_found")

        return self._clients.use(source, deadline_s, work)

    def clock(self, source: Source, camera: Camera, deadline_s: float) -> of_app.Clock:
        """How the camera writes the time, for setting part of it without losing the rest."""
        return self._clients.use(source, deadline_s, lambda client, _: of_app.clock(client.pages("STATUS"), camera))

    def apply(
        self, source: Source, camera: Camera, setting: Setting, value: str, deadline_s: float, *, code: str = ""
    ) -> None:
        """Sets a value. A code is sent only once. Raises SetRefused, and BadValue for a value the camera can't have."""
        of_app.check(camera, setting, value)

        def work(client: "Client", held: Held) -> None:
            if setting == "encryption" and value == "on":
                keys.turn_on(client, camera)
            elif setting == "encryption":
                keys.turn_off(client, camera, code, held.secrets.user)
            elif not of_app.write(client, camera, setting, value, self._channels):
                raise SetRefused("unsupported")

        self._clients.change(source, deadline_s, work)

    def change_password(self, source: Source, camera: Camera, old: str, new: str, deadline_s: float) -> None:
        """Changes the password that pictures are encrypted with. Raises SetRefused."""
        self._clients.change(source, deadline_s, lambda client, _: keys.change_password(client, camera, old, new))

    def key(self, source: Source, camera: Camera, code: str, deadline_s: float) -> str:
        """The key that the camera's video is encrypted with. Raises SetRefused."""
        return self._clients.use(source, deadline_s, lambda client, _: keys.ask_key(client, camera, code))

    def restart(self, source: Source, camera: Camera, deadline_s: float) -> None:
        self._clients.change(source, deadline_s, lambda client, _: client.reboot_camera(camera.ref.serial))

    def turn(self, source: Source, camera: Camera, direction: Direction, deadline_s: float, *, action: str) -> None:
        """Has the camera begin to turn, or stop: `action` is "START" or "STOP". Raises SetRefused."""
        from showcam.drivers.ezviz.client import PyEzvizError

        def work(client: "Client", _: Held) -> None:
            # the library's `ptz_control` turns only channel 1, and reads no answer (pyEzvizApi, client.py)
            form = {"command": direction.upper(), "action": action, "speed": TURN_SPEED, "uuid": str(uuid.uuid4())}
            form |= {"serial": camera.ref.serial, "channelNo": camera.ref.channel}
            path = f"/v3/devices/{camera.ref.serial}/ptzControl"
            answer = client._request_json("PUT", path, data=form, retry_401=False)
            try:
                client._ensure_ok(answer, "the camera does not turn")
            except PyEzvizError:
                # a code is an answer: 60002 to 60005 mean "turned to its end" (open.ys7.com, ptz/start)
                raise set_error(client.code) or SetRefused("not_taken") from None

        self._clients.change(source, deadline_s, work)

    def happened(self, source: Source, since: float, deadline_s: float) -> tuple[Hint, ...]:
        """The events after `since`, epoch seconds, among the account's fifty newest messages.

        The request names no day: the vendor's day and this machine's differ around midnight.

        The times of messages are moved to our clock if it differs from the vendor's.
        """

        def work(client: "Client", _: Held) -> tuple[Hint, ...]:
            answer = client.get_device_messages_list(limit=MESSAGES, date="")
            messages = answer.get("message") or answer.get("messages")
            hints = [message_hint(message) for message in messages] if isinstance(messages, list) else []
            ours = [replace(hint, at=hint.at + client.ahead_s) for hint in hints if hint is not None]
            return tuple(hint for hint in ours if hint.at > since)

        return self._listeners.use(source, deadline_s, work)

    def alarm_picture(self, source: Source, camera: Camera, kind: EventKind, at: float, deadline_s: float) -> str:
        """The address of the picture with the message about what happened at `at`; "" if there is none."""
        return self._clients.use(
            source, deadline_s, lambda client, _: picture_of(client, camera.ref, kind, at - client.ahead_s)
        )

    def wake(self, source: Source, camera: Camera, deadline_s: float) -> None:
        """Have a battery camera wake, and stay awake for a while."""
        serial, channel = camera.ref.serial, camera.ref.channel
        self._clients.use(
            source, deadline_s, lambda client, _: client.delay_battery_device_sleep(serial, channel, AWAKE)
        )

    def capture(self, source: Source, camera: Camera, deadline_s: float) -> str:
        """The address of a still that the camera makes now, even while asleep."""
        return self._clients.use(
            source, deadline_s, lambda client, _: client.capture(camera.ref.serial, camera.ref.channel)
        )

    def stream_token(self, source: Source, deadline_s: float) -> str:
        """A token for one stream of the account, good for minutes. Only one is asked for at a time."""
        return self._clients.use(source, deadline_s, lambda client, _: client.stream_token())

    def excerpt(
        self, source: Source, camera: Camera, alias: str, notes: tracing.CallNotes, deadline_s: float
    ) -> tracing.Excerpt:
        """The lines of a trace about the camera, from the list and the last messages."""

        def work(client: "Client", held: Held) -> tracing.Excerpt:
            client.hear = notes.note
            try:
                pages = client.pages(tracing.SECTIONS)
                messages = client.get_device_messages_list(limit=MESSAGES, date="").get("message")
            finally:
                client.hear = None
            if not tracing.has_status(pages, camera.ref.serial):
                notes.note_empty()
            return tracing.excerpt(pages, messages, camera, alias, held.secrets, time.time())

        return self._clients.use(source, deadline_s, work)

    def dispatcher(self, source: Source, camera: Camera, deadline_s: float) -> JsonObject:
        """The dispatcher of the camera's cloud stream, as the vendor writes its address."""
        return self._clients.use(
            source, deadline_s, lambda client, _: client.dispatcher(camera.ref.serial, camera.ref.channel)
        )

    def cas_session(self, source: Source, deadline_s: float) -> CasSession:
        """The account's data for the server of cameras' keys. The account is registered there again."""

        def work(client: "Client", _: Held) -> CasSession:
            servers = client.get_service_urls().get("sysConf")
            client.register_p2p()
            return CasSession.of(servers, client.session_id, str(client.export_token().get("feature_code") or ""))

        return self._clients.use(source, deadline_s, work)

    def push_session(self, source: Source, deadline_s: float) -> PushSession:
        """A live session, and the host that sends the account's messages."""

        def work(client: "Client", held: Held) -> PushSession:
            host = str(client.get_service_urls().get("pushAddr") or "")
            self._http.check(f"https://{host}")
            token = client.export_token()
            terminal = str(token.get("feature_code") or "")
            return PushSession(host, str(token["session_id"]), str(token["username"]), terminal)

        return self._clients.use(source, deadline_s, work)

    def sign_out(self, source: Source, deadline_s: float) -> None:
        self._clients.use(source, deadline_s, lambda client, _: client.logout())

    def session_id(self, source: Source) -> str:
        """The id of the session that counts now; "" for none."""
        try:
            held = self._sessions.read(source)
        except SignedOut:
            return ""
        return str(held.secrets.session["session_id"]) if held.secrets.session and held.state == "ok" else ""
