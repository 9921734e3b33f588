"""The messages that EZVIZ sends: to its app by MQTT 3.1.1, and by the Open Platform's signed webhook.

pyezvizapi's own client stops at the first message that is no JSON, and connects to any host that the account names.
Only its constants are used here.
"""

import base64
import hashlib
import hmac
import json
import logging
import random
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import msgspec
from msgspec import Struct

from showcam.drivers.driver import LONGEST_PAUSE_S, REREAD_S, RETRY_S, EventKind, Hint
from showcam.drivers.errors import DriverError, SignedOut, VendorBusy, VendorDown
from showcam.drivers.ezviz.account import EzvizAccount, PushSession
from showcam.drivers.ezviz.answers import channel_of, epoch_s, kind_of, push_hint
from showcam.drivers.vendor import Full, Inbox, Unreadable, Untrusted, VendorHttp
from showcam.net.exchange import Exchange
from showcam.net.text import JsonObject, mended, too_deep
from showcam.store.ports import Throttle
from showcam.store.records import Source

if TYPE_CHECKING:
    from paho.mqtt.client import Client


SKEW_S = 300  # a signature's time may differ by this from ours
ONCE_S = 12 * SKEW_S  # a message's id is remembered at least for 2 SKEW_S
LONGEST_POST = 64 * 1024


class _Header(Struct):
    deviceId: str  # noqa: N815 - the vendor's names
    messageId: str  # noqa: N815
    type: str
    channelNo: int | str = 0  # noqa: N815
    messageTime: int | str = 0  # noqa: N815


class _Message(Struct):
    header: _Header
    body: Any = None


class Taken(TypedDict):
    messageId: str


class Webhook:
    """`key` signs the messages; `inbox` does the work, after the answer or before it."""

    def __init__(self, key: str, store: Throttle, inbox: Inbox, clock: Callable[[], float] = time.time) -> None:
        self._key, self._store, self._inbox, self._clock = key.encode(), store, inbox, clock

    def take(self, body: bytes, signature: str, at: str) -> bytes:
        """The answer to a message. Raises Untrusted, Unreadable, Full, StoreUnavailable."""
        self._check(body, signature, at)
        message = _read(body)
        if self._inbox.full:
            raise Full
        # noted when it is done: a message that comes twice at the same moment is handled twice, and none is lost
        key = f"webhook/{message.header.messageId}"
        if not self._is_known(key):
            self._inbox.offer(_posted_hint(message, self._clock()))
            self._store.hit(key, ONCE_S, self._clock())
        return msgspec.json.encode(Taken(messageId=message.header.messageId))

    def _check(self, body: bytes, signature: str, at: str) -> None:
        right = hmac.digest(self._key, body + at.encode(), hashlib.sha1).hex()
        if not hmac.compare_digest(right.encode(), signature.strip().lower().encode()):
            raise Untrusted("the signature is missing or wrong")
        signed = epoch_s(at)
        if signed is None or abs(self._clock() - signed) > SKEW_S:
            raise Untrusted("the signature is of another time")

    def _is_known(self, key: str) -> bool:
        """Whether the message came before, even if the store counted it in the window before this one."""
        now = self._clock()
        windows = {at // ONCE_S: at for at in (now - 2 * SKEW_S, now)}
        return any(self._store.hits(key, ONCE_S, at) > 0 for at in windows.values())


def _read(body: bytes) -> _Message:
    if len(body) > LONGEST_POST:
        raise Unreadable("too long")
    if too_deep(body):
        raise Unreadable("too deep")
    try:
        message = msgspec.json.decode(body, type=_Message)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(type(error).__name__) from None
    if not 0 < len(message.header.messageId) <= 200 or not 0 < len(message.header.deviceId) <= 64:
        raise Unreadable("ids of no length, or too long")
    return message


def _posted_hint(message: _Message, now: float) -> Hint:
    header, body = message.header, message.body if isinstance(message.body, dict) else {}
    kind: Literal["read"] | EventKind = "read"
    if header.type == "ys.alarm":
        kind = kind_of(body.get("alarmType"))
    elif header.type == "ys.calling":
        kind = "doorbell"
    return Hint(header.deviceId, channel_of(header.channelNo), kind, epoch_s(header.messageTime) or now)


log = logging.getLogger(__name__)

PORT = 1882  # plain TCP, as the vendor has it
KEEP_ALIVE_S = 60  # as pyEzvizApi's mqtt.py and paho's own default have it
# the places of the fields in `ext`, a text of twenty that are parted by commas
SERIAL, CHANNEL, ALARM, MESSAGE = 2, 3, 4, 15

type Hears = Callable[[Hint], None]


class Ended(Exception):
    """The connection has ended."""


class TooMuch(VendorDown):
    """The broker sends more than is held for it."""


@dataclass(frozen=True)
class Waits:
    """A listener's waits in seconds."""

    start_s: float = 8.0  # until the broker confirms the subscription
    check_s: float = REREAD_S  # between checks whether the session has changed
    first_pause_s: float = RETRY_S


WAITS = Waits()


class Listener:
    """Listens in its own thread until `stop`. `at`: "host:port" of the messages, "": as the account says."""

    def __init__(
        self,
        source: Source,
        account: EzvizAccount,
        http: VendorHttp,
        hear: Hears,
        *,
        at: str,
        waits: Waits,
    ) -> None:
        self._source, self._account, self._http, self._hear, self._at = source, account, http, hear, at
        self._waits = waits
        self._stopped = threading.Event()
        self.listening = False
        self._thread = threading.Thread(target=self._run, name=f"push-{source.id}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        pause_s = self._waits.first_pause_s
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                self._listen()
                pause_s = self._waits.first_pause_s
            except SignedOut:
                pause_s = REREAD_S  # a person signs in again; the vendor is not asked meanwhile
            except DriverError as error:
                log.warning("source %s is not listened to: %s (%s)", self._source.id, error.reason, error)
                lasted = time.monotonic() - began > LONGEST_PAUSE_S
                pause_s = next_pause_s(error, 0.5 * self._waits.first_pause_s if lasted else pause_s)
            except Exception:
                log.exception("source %s is not listened to", self._source.id)
                pause_s = LONGEST_PAUSE_S
            self.listening = False
            self._stopped.wait(pause_s * random.uniform(0.75, 1.25))  # noqa: S311 - spreads many accounts

    def _listen(self) -> None:
        """Listens until the connection or the session ends. Raises DriverError if neither can be had."""
        session = self._account.push_session(self._source, self._waits.start_s)
        client = self._client(register(self._http, session, self._waits.start_s))
        try:
            self._connect(client, session)
            self._hear(Hint())  # whatever happened while nobody listened
            self._stay(client, session)
        except Ended:
            if not self.listening:
                raise VendorDown("the broker ended the connection before it sent messages") from None
        finally:
            _close(client)

    def _client(self, client_id: str) -> "Client":
        from pyezvizapi.constants import APP_SECRET, MQTT_APP_KEY

        from showcam.net.mqtt import bounded_client

        client = bounded_client(client_id, TooMuch)
        client.username_pw_set(MQTT_APP_KEY, APP_SECRET)
        client.connect_timeout = self._waits.start_s

        def connected(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            # also if the broker says that the session goes on: it may have lost the subscription
            # (AidenShaw2020/ha-ezviz-doorbell, coordinator.py)
            if not reason.is_failure:
                client.subscribe(f"{MQTT_APP_KEY}/#", qos=2)

        def subscribed(_client: Any, _data: Any, _mid: Any, reasons: Any, _properties: Any) -> None:
            self.listening = not any(reason.is_failure for reason in reasons)

        client.on_connect, client.on_subscribe = connected, subscribed
        client.on_message = lambda _client, _data, message: self._receive(bytes(message.payload))
        return client

    def _connect(self, client: "Client", session: PushSession) -> None:
        """Returns once the broker has accepted the subscription. Raises DriverError and Ended."""
        host, port = _place(self._at or f"{session.host.partition(':')[0]}:{PORT}")
        address = self._http.addresses(host, port, self._waits.start_s)[0]
        try:
            client.connect(address, port, keepalive=KEEP_ALIVE_S)
        except OSError as error:
            raise VendorDown(type(error).__name__) from None
        self._turn(client, until=time.monotonic() + self._waits.start_s, done=lambda: self.listening)
        if not self.listening:
            raise VendorDown("the broker does not say that it will send messages")

    def _stay(self, client: "Client", session: PushSession) -> None:
        while not self._stopped.is_set():
            self._turn(client, until=time.monotonic() + self._waits.check_s, done=self._stopped.is_set)
            if self._account.sessions.live_id(self._source) != session.session_id:
                return  # renewed, or over: the messages belong to a session

    @staticmethod
    def _turn(client: "Client", until: float, done: Callable[[], bool]) -> None:
        while not done() and time.monotonic() < until:
            if not _loop(client):
                raise Ended

    def _receive(self, payload: bytes) -> None:
        hint = hint_of(payload)
        if hint is not None:
            self._hear(hint)


def next_pause_s(error: DriverError, pause_s: float) -> float:
    """The pause after another failure: twice the last, or as long as the vendor asks if it is too busy."""
    asked_s = error.after_s if isinstance(error, VendorBusy) else 0.0
    return max(asked_s, min(LONGEST_PAUSE_S, pause_s * 2))


def hint_of(payload: bytes) -> Hint | None:
    """The hint in a message; None if the message is not about an event."""
    try:
        message = json.loads(mended(payload))
    except (ValueError, RecursionError):
        return None
    fields = message.get("ext") if isinstance(message, dict) else None
    values = fields.split(",") if isinstance(fields, str) else []
    if len(values) <= ALARM or not 0 < len(values[SERIAL]) <= 64:
        return None
    # its time is local to the camera, in no stated zone: it comes as it happens, and now is near enough
    message = values[MESSAGE] if len(values) > MESSAGE else ""
    return push_hint(values[SERIAL], values[CHANNEL], values[ALARM], message, time.time())


def register(http: VendorHttp, session: PushSession, within_s: float) -> str:
    """Registers with the broker, and returns the client id of this installation. Raises DriverError."""
    from pyezvizapi.constants import APP_SECRET, MQTT_APP_KEY

    base, key = f"https://{session.host}", f"{MQTT_APP_KEY}:{APP_SECRET}"
    headers = {"Authorization": f"Basic {base64.b64encode(key.encode()).decode()}"}
    form = {"appKey": MQTT_APP_KEY, "clientType": "5", "mac": session.terminal, "token": "123456", "version": "v1.3.0"}
    with Exchange(within_s) as exchange:
        data = _post(http, f"{base}/v1/getClientId", form, exchange, headers).get("data")
        client_id = data.get("clientId") if isinstance(data, dict) else None
        if not isinstance(client_id, str) or not client_id:
            raise VendorDown("no client id in the answer")
        start = {
            "appKey": MQTT_APP_KEY,
            "clientId": client_id,
            "clientType": "5",
            "sessionId": session.session_id,
            "username": session.username,
            "token": "123456",
        }
        _post(http, f"{base}/api/push/start", start, exchange)
    return client_id


def _post(
    http: VendorHttp, url: str, form: dict[str, str], exchange: Exchange, headers: dict[str, str] | None = None
) -> JsonObject:
    reply = http.post(url, form, exchange.left, headers)
    if reply.status != 200 or reply.data is None or reply.data.get("status") != 200:
        raise VendorDown(f"HTTP {reply.status}")
    return reply.data


def _loop(client: "Client") -> bool:
    """Waits a second for a message, as the library's `loop` does; False: the connection has ended.

    The library waits by select, which takes no descriptor above 1023, and it opens three for a connection.
    """
    sock = client.socket()
    if sock is None:
        return False
    waits = select.poll()
    waits.register(sock, select.POLLIN | (select.POLLOUT if client.want_write() else 0))
    for _, events in waits.poll(1000):
        if events & ~select.POLLOUT and client.loop_read() != 0:
            return False
        if events & select.POLLOUT and client.loop_write() != 0:
            return False
    return client.loop_misc() == 0


def _close(client: "Client") -> None:
    """Tell the broker, if it still reads, and close the socket in any case."""
    client.disconnect()
    still_open = client.socket()
    if still_open is not None:
        still_open.close()


def _place(at: str) -> tuple[str, int]:
    host, _, port = at.partition(":")
    return host, int(port)
