"""The vendor's server of keys, and the messages of its protocol in the house, as two public clients found them.

These messages are written independently of showcam's own driver, which is tried with them.
"""

import asyncio
import contextlib
import hashlib
import random
import ssl
import struct
from xml.etree import ElementTree

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from showcam.simulator.app_api.sessions import Sessions
from showcam.simulator.app_api.sessions import _digest as _digest_of_session
from showcam.simulator.state import md5
from tests.doubles.troubled.trouble import TroubledWorld

HEAD_BYTES, TAIL_BYTES = 32, 32
MAGIC = b"\x9e\xba\xac\xe9"
ENCIPHERED = 0xFFFFFFFF
LONGEST = 8192
CAS = "cas"  # the name of its port
_FIRST = b"01234567" + bytes(8)


class NotOurs(Exception):
    """The peer speaks another protocol, or has another key."""


class Said:
    """A client's message. `body` is in the clear."""

    def __init__(self, command: int, number: int, body: bytes) -> None:
        self.command, self.number = command, number
        try:
            self._root = ElementTree.fromstring(body)  # noqa: S314 - of the program that is tried
        except ElementTree.ParseError:
            raise NotOurs from None
        if self._root.tag != "Request":
            raise NotOurs

    def text(self, name: str) -> str:
        return (self._root.findtext(name) or "").strip()

    def attribute(self, name: str, attribute: str) -> str:
        found = self._root.find(name)
        return found.get(attribute, "") if found is not None else ""


async def receive(reader: asyncio.StreamReader, key: bytes = b"") -> Said:
    """Reads the next message. With a key, the body must be enciphered and the tail right."""
    head = await reader.readexactly(HEAD_BYTES)
    magic, version, number, _, command, flags, length, _ = struct.unpack(">4s4s6I", head)
    if magic != MAGIC or version != b"\x01\0\0\0" or length > LONGEST or flags != (ENCIPHERED if key else 0):
        raise NotOurs
    body, tail = await reader.readexactly(length), await reader.readexactly(TAIL_BYTES)
    if not key:
        return Said(command, number, body)
    if tail != _digest(body) or length % 16 or not length:
        raise NotOurs
    clear = _cipher(key).decryptor().update(body)
    if not 0 < clear[-1] <= 16:
        raise NotOurs
    return Said(command, number, clear[: -clear[-1]])


def answer(said: Said, xml: str, key: bytes = b"") -> bytes:
    """Enciphers the answer with the key. Without a key the answer stays in the clear, as some cameras send it too."""
    body = f'<?xml version="1.0" encoding="utf-8"?>\n<Response>\n{xml}\n</Response>\n'.encode()
    if key:
        rest = 16 - len(body) % 16
        body = _cipher(key).encryptor().update(body + bytes((rest,)) * rest)
    flags = ENCIPHERED if key else 0
    head = MAGIC + b"\x01\0\0\0" + struct.pack(">6I", said.number, 0, said.command + 1, flags, len(body), 0)
    return head + body + _digest(body)


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(_FIRST))


def _digest(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).hexdigest().encode()


KEY_WANTED = 0x2001
UNREGISTERED, REFUSED, LIMIT = 1052170, 1052175, -9999
_ENDINGS = (OSError, NotOurs, TimeoutError, asyncio.IncompleteReadError, ssl.SSLError)


class Keys:
    """`expired` is TLS with an outdated certificate, used in place of `tls` unless the setting says good.

    `replaced` is TLS with another outdated certificate.
    """

    def __init__(
        self,
        world: TroubledWorld,
        sessions: Sessions,
        tls: ssl.SSLContext,
        expired: ssl.SSLContext,
        replaced: ssl.SSLContext,
    ) -> None:
        self._world, self._sessions = world, sessions
        self._registered: set[str] = set()  # sessions
        self._server: asyncio.Server | None = None
        self._tls, self._expired, self._replaced = tls, expired, replaced

    def register(self, session_id: str) -> None:
        """Registers the session, as the app does before it asks for a key."""
        self._registered.add(session_id)

    async def open(self, host: str) -> None:
        def chosen(connection: ssl.SSLObject, _name: str, _context: ssl.SSLContext) -> None:
            if self._world.settings.cas_certificate == "replaced":
                connection.context = self._replaced
            elif self._world.settings.cas_certificate != "good":
                connection.context = self._expired

        self._tls.sni_callback = chosen
        self._server = await asyncio.start_server(self._connected, host, 0, ssl=self._tls)
        self._world.ports.chosen[CAS] = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server:
            self._server.close()
            self._server.abort_clients()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except _ENDINGS:
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await asyncio.wait_for(receive(reader), 10)
        settings = self._world.settings
        self._world.calls["cas"] += 1
        is_answered = said.text("ClientType") == "3" or (said.text("ClientType") == "0" and settings.cas_zero)
        if settings.cas_fault == "silent" or not is_answered or said.command != KEY_WANTED:
            await reader.read()  # until the client gives up
            return
        data = answer(said, self._result(said))
        if settings.cas_fault == "garbage":
            data = random.randbytes(len(data))
        data = data[: len(data) // 2] if settings.cas_fault == "half" else data
        size = 1 if settings.cas_fault == "drips" else len(data)
        for at in range(0, len(data), size):
            writer.write(data[at : at + size])
            await writer.drain()

    def _terminal(self, session_id: str) -> str:
        return self._sessions._sessions[_digest_of_session(session_id)].terminal

    def _result(self, said: Said) -> str:
        session, fault = said.text("ClientID"), self._world.settings.cas_fault
        user = self._sessions.user(session)
        if user is None or said.text("Sign") != self._terminal(session):
            return f"<Result>{REFUSED}</Result>"
        if session not in self._registered:
            return f"<Result>{UNREGISTERED}</Result>"
        if fault == "forgets":
            self._registered.discard(session)
            self._world.settings.cas_fault = ""
            return f"<Result>{UNREGISTERED}</Result>"
        camera = self._world.first(said.text("DevSerial"))
        if fault == "refused" or camera is None or camera not in self._world.visible(user):
            return f"<Result>{REFUSED}</Result>"
        if fault == "limit":
            return f"<Result>0</Result>\n<Limit>{LIMIT}</Limit>"
        key, code = key_of(camera.serial, self._world.trouble_of(camera).pairing), code_of(camera.serial)
        return f'<Result>0</Result>\n<Session Key="{key}" OperationCode="{code}" Algorithm="AES128" />'


def key_of(serial: str, pairing: int = 1) -> str:
    """Returns the key of the camera's own protocol; a new pairing changes the key."""
    return md5(f"{serial} key {pairing}")[:16]


def code_of(serial: str) -> str:
    return md5(f"{serial} code").upper()[:7]
