"""An EZVIZ account by the app's API: signing in, cameras' settings, messages, and the calls before a picture."""

import hmac
import logging
import re
import secrets
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.camera import Camera
from showcam.drivers.driver import Direction, EventKind, Hint
from showcam.drivers.errors import DriverError, Refused, SetRefused, VendorDown
from showcam.drivers.ezviz import home, keys
from showcam.drivers.ezviz import settings as of_app
from showcam.drivers.ezviz.answers import SIGN_IN, message_hint, set_error
from showcam.drivers.ezviz.cameras import SECTIONS, Channels, cameras
from showcam.drivers.ezviz.home import Lan
from showcam.drivers.ezviz.keys import CasSession
from showcam.drivers.ezviz.sessions import BY_CODE, Clients, EzvizHosts, Held, Sessions
from showcam.drivers.ezviz.stills import MESSAGES, picture_of
from showcam.drivers.settings import Setting, SettingView
from showcam.drivers.vendor import CodeSent, Rejected, SignedIn, VendorHttp, Verdict
from showcam.net.exchange import Exchange, NotAllowed
from showcam.net.text import JsonObject
from showcam.store.ports import Store
from showcam.store.records import Source

if TYPE_CHECKING:
    import requests

    from showcam.drivers.ezviz.client import Client


log = logging.getLogger(__name__)

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
        from pyezvizapi.exceptions import EzvizAuthVerificationCode, PyEzvizError

        from showcam.drivers.ezviz.client import SigningIn

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


AWAKE = 1  # kind of a battery camera's rest: from it, to being awake


class PushSession(Struct, frozen=True):
    """The session and the host for listening to an account's messages."""

    host: str  # "host" or "host:port", by https
    session_id: str
    username: str
    terminal: str


TURN_SPEED = 5  # the library's, for `ptz_control`


class EzvizAccount:
    """Accounts by the app's API. `lan` None: no camera is looked for in houses. Raises DriverError."""

    def __init__(self, sessions: Sessions, http: VendorHttp, lan: Lan | None, channels: Channels) -> None:
        self.sessions, self._http, self._lan, self._channels = sessions, http, lan, channels
        self.clients = Clients(sessions, http)
        self._listeners = Clients(sessions, http)  # a ring must not wait while a list of cameras is read

    def place(self, source: Source, camera: Camera, deadline_s: float) -> home.Place:
        """The camera's address at home, as the vendor lists it now. Raises Refused if it is no address of a house."""

        def work(client: "Client", _: Held) -> home.Place:
            pages = client.pages(f"{SECTIONS},{home.SECTIONS}")
            place = self._lan.places(pages).get(camera.ref.serial) if self._lan else None
            if place is None:
                raise Refused("lan_unreachable", "the vendor names no address at home")
            return place

        return self.clients.use(source, deadline_s, work)

    def settings(self, source: Source, camera: Camera, deadline_s: float) -> dict[Setting, SettingView]:
        """Every setting of the camera: the list with more of its sections, and a request about its detection."""

        def work(client: "Client", _: Held) -> dict[Setting, SettingView]:
            pages = client.pages(of_app.SECTIONS)
            for listed in cameras(pages, source.id, camera.ways):
                if listed.ref == camera.ref:
                    return of_app.views(client, pages, listed)
            raise Refused("not_found")

        return self.clients.use(source, deadline_s, work)

    def clock(self, source: Source, camera: Camera, deadline_s: float) -> of_app.Clock:
        """How the camera writes the time, for setting part of it without losing the rest."""
        return self.clients.use(source, deadline_s, lambda client, _: of_app.clock(client.pages("STATUS"), camera))

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

        self.clients.change(source, deadline_s, work)

    def change_password(self, source: Source, camera: Camera, old: str, new: str, deadline_s: float) -> None:
        """Changes the password that pictures are encrypted with. Raises SetRefused."""
        self.clients.change(source, deadline_s, lambda client, _: keys.change_password(client, camera, old, new))

    def key(self, source: Source, camera: Camera, code: str, deadline_s: float) -> str:
        """The key that the camera's video is encrypted with. Raises SetRefused."""
        return self.clients.use(source, deadline_s, lambda client, _: keys.ask_key(client, camera, code))

    def restart(self, source: Source, camera: Camera, deadline_s: float) -> None:
        self.clients.change(source, deadline_s, lambda client, _: client.reboot_camera(camera.ref.serial))

    def turn(self, source: Source, camera: Camera, direction: Direction, deadline_s: float, *, action: str) -> None:
        """Has the camera begin to turn, or stop: `action` is "START" or "STOP". Raises SetRefused."""
        from pyezvizapi.exceptions import PyEzvizError

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

        self.clients.change(source, deadline_s, work)

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
        return self.clients.use(
            source, deadline_s, lambda client, _: picture_of(client, camera.ref, kind, at - client.ahead_s)
        )

    def wake(self, source: Source, camera: Camera, deadline_s: float) -> None:
        """Have a battery camera wake, and stay awake for a while."""
        serial, channel = camera.ref.serial, camera.ref.channel
        self.clients.use(
            source, deadline_s, lambda client, _: client.delay_battery_device_sleep(serial, channel, AWAKE)
        )

    def capture(self, source: Source, camera: Camera, deadline_s: float) -> str:
        """The address of a still that the camera makes now, even while asleep."""
        return self.clients.use(
            source, deadline_s, lambda client, _: client.capture(camera.ref.serial, camera.ref.channel)
        )

    def stream_token(self, source: Source, deadline_s: float) -> str:
        """A token for one stream of the account, good for minutes. Only one is asked for at a time."""
        return self.clients.use(source, deadline_s, lambda client, _: client.stream_token())

    def dispatcher(self, source: Source, camera: Camera, deadline_s: float) -> JsonObject:
        """The dispatcher of the camera's cloud stream, as the vendor writes its address."""
        return self.clients.use(
            source, deadline_s, lambda client, _: client.dispatcher(camera.ref.serial, camera.ref.channel)
        )

    def cas_session(self, source: Source, deadline_s: float) -> CasSession:
        """The account's data for the server of cameras' keys. The account is registered there again."""

        def work(client: "Client", _: Held) -> CasSession:
            servers = client.get_service_urls().get("sysConf")
            client.register_p2p()
            return CasSession.of(servers, client.session_id, str(client.export_token().get("feature_code") or ""))

        return self.clients.use(source, deadline_s, work)

    def push_session(self, source: Source, deadline_s: float) -> PushSession:
        """A live session, and the host that sends the account's messages."""

        def work(client: "Client", held: Held) -> PushSession:
            host = str(client.get_service_urls().get("pushAddr") or "")
            self._http.check(f"https://{host}")
            token = client.export_token()
            terminal = str(token.get("feature_code") or "")
            return PushSession(host, str(token["session_id"]), str(token["username"]), terminal)

        return self.clients.use(source, deadline_s, work)
