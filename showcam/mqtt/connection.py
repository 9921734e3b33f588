"""One connection to the broker, by MQTT 5, from its begin to its end: nothing of it is sent again by the next one.

MQTT 5 lets a client name the longest packet that it takes (3.1.2.11.4), and ask not to be sent its own messages
(3.8.3.1). A broker that keeps to this sends no command of a megabyte; `showcam.net.mqtt` ends a connection to another.
"""

import contextlib
import math
import select
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from showcam.engine.settings import tls_context
from showcam.mqtt.broker import Broker
from showcam.mqtt.entities import OFFLINE, ONLINE, Topics
from showcam.mqtt.status import Outcome
from showcam.net.exchange import PATIENT_S
from showcam.net.mqtt import LONGEST_PACKET, bounded_client
from showcam.registry.readings.changes import RUNG_S

_REFUSED = {0x84: "old_protocol", 0x86: "password", 0x87: "password"}  # MQTT 5, 3.2.2.2
_NOT_AUTHORIZED = 0x87

type Receive = Callable[[str, bytes, bool], None]


class Ended(Exception):
    """The connection has ended; `outcome` is the reason, or "connected" if the connection stood until just now."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def too_much(_text: str) -> Ended:
    return Ended("no_broker")


class Connection:
    """Connects at once. `receive` gets topic, payload and whether it was retained, in the thread that calls `turn`.

    The broker says that showcam is offline once the connection breaks. Raises Ended, as every method does.
    """

    def __init__(self, broker: Broker, topics: Topics, ca_file: Path | None, receive: Receive) -> None:
        self._topics = topics
        self._woken, self._wakes = socket.socketpair()
        self._woken.setblocking(False)
        self._wakes.setblocking(False)
        self._joined = self.unwritable = False
        self._client = client = bounded_client(topics.client, too_much, newest=True)
        if broker.user:
            client.username_pw_set(broker.user, broker.password or None)
        if broker.tls:
            client.tls_set_context(_context(ca_file))
        client.will_set(topics.status, OFFLINE, qos=1, retain=True)
        client.on_connect, client.on_publish = self._connected, self._published
        client.on_message = lambda _client, _data, said: receive(said.topic, bytes(said.payload), said.retain)
        self._refused: Outcome = "no_broker"
        try:
            self._begin(broker)
        except BaseException:
            self.close()
            raise

    def _begin(self, broker: Broker) -> None:
        properties = _properties(PacketTypes.CONNECT)
        properties.MaximumPacketSize = LONGEST_PACKET
        try:
            self._client.connect(broker.host, broker.port, properties=properties)
        except ssl.SSLCertVerificationError:
            raise Ended("certificate") from None
        except ssl.SSLError:
            raise Ended("no_broker") from None
        except (OSError, ValueError):  # ValueError if the name can be no host's
            raise Ended("unreachable") from None
        until = time.monotonic() + PATIENT_S
        while not self._joined:
            if (left_s := until - time.monotonic()) <= 0:
                raise Ended("no_broker")
            self._turn(left_s, self._refused)
        self.publish(self._topics.status, ONLINE)

    def turn(self, within_s: float) -> bool:
        """Sends and receives, until something has come or the time has passed. Returns whether `wake` was called."""
        return self._turn(within_s, "connected")

    def wake(self) -> None:
        """Ends the `turn` of another thread."""
        with contextlib.suppress(OSError):  # full: it wakes anyway; or closed
            self._wakes.send(b"w")

    def publish(self, topic: str, payload: bytes, *, retain: bool = True, lasts_s: float | None = None) -> None:
        """`lasts_s`: brokers hand the message on for this time; None: for good."""
        properties = _properties(PacketTypes.PUBLISH)
        if lasts_s is not None:
            properties.MessageExpiryInterval = int(lasts_s)
        self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)

    def ring(self, topic: str, payload: bytes) -> None:
        self.publish(topic, payload, retain=False, lasts_s=RUNG_S)

    def subscribe(self, topics: str, *, retained: bool) -> None:
        """`retained`: whether retained messages are wanted, as they are now."""
        handling = SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE if retained else SubscribeOptions.RETAIN_DO_NOT_SEND
        options = SubscribeOptions(qos=1, noLocal=True, retainAsPublished=not retained, retainHandling=handling)
        self._client.subscribe(topics, options=options)

    def unsubscribe(self, topics: str) -> None:
        self._client.unsubscribe(topics)

    def close(self) -> None:
        with contextlib.suppress(Exception):  # whatever the broker does, the socket is closed
            if self._joined:
                self.publish(self._topics.status, OFFLINE)
            self._client.disconnect()
        if (still_open := self._client.socket()) is not None:
            still_open.close()
        self._woken.close()
        self._wakes.close()

    def _turn(self, within_s: float, ended: Outcome) -> bool:
        sock = self._client.socket()
        if sock is None:
            raise Ended(ended)
        descriptor = sock.fileno()
        pending = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        waits = select.poll()  # paho's own `loop` takes no descriptor above 1023
        waits.register(descriptor, select.POLLIN | (select.POLLOUT if self._client.want_write() else 0))
        waits.register(self._woken, select.POLLIN)
        events = dict(waits.poll(0 if pending else math.ceil(within_s * 1000)))
        is_woken = self._woken.fileno() in events
        if is_woken:
            self._woken.recv(LONGEST_PACKET)
        code = self._moved(events.get(descriptor, 0), pending=pending)
        if code == MQTTErrorCode.MQTT_ERR_SUCCESS:
            return is_woken
        is_garbled = code not in (MQTTErrorCode.MQTT_ERR_CONN_LOST, MQTTErrorCode.MQTT_ERR_NO_CONN)
        raise Ended(self._refused if not self._joined else "no_broker" if is_garbled else ended)

    def _moved(self, events: int, *, pending: bool) -> MQTTErrorCode:
        """Reads and writes what can be, and keeps the connection alive."""
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        if pending or events & ~select.POLLOUT:
            code = self._client.loop_read()
        if code == MQTTErrorCode.MQTT_ERR_SUCCESS and events & select.POLLOUT:
            code = self._client.loop_write()
        return code if code != MQTTErrorCode.MQTT_ERR_SUCCESS else self._client.loop_misc()

    def _connected(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._joined = not reason.is_failure
        if reason.is_failure:
            self._refused = _REFUSED.get(reason.value, "no_broker")  # type: ignore[assignment]

    def _published(self, _client: Any, _data: Any, _number: Any, reason: Any, _properties: Any) -> None:
        if reason.value == _NOT_AUTHORIZED:
            self.unwritable = True


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]


class _Handshaking(ssl.SSLSocket):
    """Closed if its handshake fails, which paho leaves to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def _context(ca_file: Path | None) -> ssl.SSLContext:
    context = tls_context(ca_file)
    context.sslsocket_class = _Handshaking
    return context
