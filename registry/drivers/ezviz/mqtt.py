"""paho's MQTT client with a bound on what a broker can make it hold.

The standard lets a packet be 256 MB long (MQTT 3.1.1, 2.2.3) and a broker send messages of quality 2 that it never
releases (4.3.3). paho bounds neither, and has no public hook before it reads: the private names used here are why
pyproject.toml bounds its version. Importing this imports paho; import it where it is used.
"""

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from registry.errors import VendorDown

LONGEST = 64 * 1024  # bytes of a packet; the vendor's messages have about one thousand
MOST_HELD = 256  # messages that were sent and not released


class TooMuch(VendorDown):
    """The broker sends more than is held for it."""


class Mqtt(mqtt.Client):
    """Clean sessions of MQTT 3.1.1. `loop` raises TooMuch, before it reads what is too much."""

    def __init__(self, client_id: str) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv311, clean_session=True)

    def _sock_recv(self, bufsize: int) -> bytes:
        """`bufsize` is 1 in a packet's header, then what is still to come of it."""
        if bufsize > LONGEST:
            raise TooMuch(f"a message of {bufsize} bytes")
        if len(self._in_messages) > MOST_HELD:
            raise TooMuch(f"{len(self._in_messages)} messages that it does not release")
        return super()._sock_recv(bufsize)

    def close(self) -> None:
        """Say so if the broker still reads, and close the socket in any case."""
        self.disconnect()
        still_open = self.socket()
        if still_open is not None:
            still_open.close()
