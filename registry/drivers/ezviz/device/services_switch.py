"""A camera's own switch for its RTSP, at its port 8000: read, changed in one place, and written back whole.

The camera is signed in to with the code, once for each of the two. A wrong code is never tried again here: cameras shut
their sign-in for a while after a few.
"""

import socket
import time
from ipaddress import IPv4Address

import msgspec
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from net.incoming import JsonObject
from registry.drivers.ezviz.device.auth_word import auth_word
from registry.drivers.ezviz.device.messages import (
    HEAD,
    REQUEST,
    Challenge,
    Message,
    NotDevice,
    Session,
    asking,
    named,
    proven,
    rest,
    text_of,
)
from registry.errors import Refused

USER = "admin"
RSA_BITS, RSA_EXPONENT = 1024, 65537  # larger ones are refused
PATH = "/ISAPI/EZVIZ/IPC/System/servicesSwitch?format=json"
DONE = 1


class _Services(msgspec.Struct):
    """The switches of a camera's services, each 0 or 1; those that are not known are written back as they came."""

    services: JsonObject = msgspec.field(name="servicesSwitch")


class _Answer(msgspec.Struct):
    status: int = msgspec.field(name="statusCode")


class ServicesSwitch:
    """`port`: of each camera, on its own address."""

    def __init__(self, port: int) -> None:
        self._port = port

    def turn_rtsp_on(self, host: str, code: str, deadline_s: float) -> None:
        """Raises Refused: code_wrong, or lan_closed where the camera has no such switch or says no."""
        end = time.monotonic() + deadline_s
        try:
            found = msgspec.json.decode(self._answered(host, code, f"GET {PATH}\r\n".encode(), end), type=_Services)
            found.services["rtsp"] = 1
            request = f"PUT {PATH}\r\n".encode() + msgspec.json.encode(found)
            answer = msgspec.json.decode(self._answered(host, code, request, end), type=_Answer)
        except (OSError, NotDevice, ValueError, msgspec.MsgspecError):
            raise Refused("lan_closed", "no switch for RTSP at the camera") from None
        if answer.status != DONE:
            raise Refused("lan_closed", "the camera did not switch RTSP on")

    def _answered(self, host: str, code: str, request: bytes, end: float) -> bytes:
        """Raises Refused("code_wrong"), NotDevice, OSError."""
        with self._connected(host, end) as connection:
            session = _signed_in(connection, code, end)
        if session is None:
            raise Refused("code_wrong", "the camera refuses the code")
        with self._connected(host, end) as connection:
            word = auth_word(session.key, session.number, session.seed, REQUEST)
            return text_of(_asked(connection, asking(_own(connection), session, word, request), end).body)

    def _connected(self, host: str, end: float) -> socket.socket:
        return socket.create_connection((host, self._port), timeout=_left_s(end))


def _signed_in(connection: socket.socket, code: str, end: float) -> Session | None:
    key = rsa.generate_private_key(RSA_EXPONENT, RSA_BITS)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    own = _own(connection)
    answer = Challenge.read(_asked(connection, named(own, USER, public), end).body)
    challenge = key.decrypt(answer.ciphered, padding.PKCS1v15()).rstrip(b"\0")
    return Session.read(_asked(connection, proven(own, USER, code, challenge, answer.seed), end), challenge)


def _asked(connection: socket.socket, message: Message, end: float) -> Message:
    """Raises NotDevice, OSError."""
    connection.settimeout(_left_s(end))
    connection.sendall(message.write())
    head = _read(connection, HEAD.size, end)
    _, second, third, fourth = HEAD.unpack(head)
    return Message(second, third, fourth, _read(connection, rest(head), end))


def _read(connection: socket.socket, size: int, end: float) -> bytes:
    data = bytearray()
    while len(data) < size:
        connection.settimeout(_left_s(end))
        more = connection.recv(size - len(data))
        if not more:
            raise NotDevice
        data += more
    return bytes(data)


def _own(connection: socket.socket) -> IPv4Address:
    """Raises NotDevice by IPv6, for which nobody knows what the camera wants."""
    try:
        return IPv4Address(connection.getsockname()[0])
    except ValueError:
        raise NotDevice from None


def _left_s(end: float) -> float:
    """Raises TimeoutError."""
    left_s = end - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s
