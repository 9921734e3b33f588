"""A client of MQTT that a hostile broker can't fill: bounded in what it reads, and in what it holds for the broker."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paho.mqtt.client import Client

LONGEST_PACKET = 64 * 1024  # bytes; a vendor's messages have about one thousand, and a command to a camera has three
MOST_HELD = 256  # messages that were sent and not released


def bounded_client(client_id: str, too_much: Callable[[str], Exception], *, newest: bool = False) -> "Client":
    """A client with clean sessions: of MQTT 3.1.1, or with `newest` of MQTT 5.

    Its `loop` raises `too_much`, called with a text for the log, before reading too much.

    The standard lets a packet be 256 MB long (MQTT 3.1.1, 2.2.3). It lets a broker send messages of quality 2 that it
    never releases (4.3.3). The library paho bounds neither, and has no public hook before it reads. Since private names
    are used here, pyproject.toml bounds its version.
    """
    from paho.mqtt import client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    class Bounded(mqtt.Client):
        def _sock_recv(self, bufsize: int) -> bytes:
            """`bufsize` is 1 in a packet's header, then the number of bytes that the packet still has."""
            if bufsize > LONGEST_PACKET:
                raise too_much(f"a message of {bufsize} bytes")
            if len(self._in_messages) > MOST_HELD:
                raise too_much(f"{len(self._in_messages)} messages that it does not release")
            return super()._sock_recv(bufsize)

    if newest:
        return Bounded(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)  # clean at its start
    return Bounded(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv311, clean_session=True)
