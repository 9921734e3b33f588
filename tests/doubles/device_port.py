"""A camera's own port 8000, as one public client found it: the switch for its RTSP behind signing in with the code.

Its ciphers are written apart from those of the client that it tests, which the public vectors hold too.
"""

import hashlib
import hmac
import json
import secrets
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

CODE, SERIAL = "ABCDEF", "F00497201"
WRONG = 3  # codes, after which the sign-in is shut
# a PKCS #1 key wrapped as a SubjectPublicKeyInfo of 1024 bits, which is what the library reads
_WRAP = bytes.fromhex("30819f300d06092a864886f70d010101050003818d00")
_CLIENT = bytes.fromhex("05013d4b000000010100007f0000000000006f00")  # 127.0.0.1 reversed
GET, PUT = b"GET /ISAPI/EZVIZ/IPC/System/servicesSwitch?format=json\r\n", b"PUT " + b"/ISAPI/EZVIZ/IPC/System/"


class DevicePort:
    """`opened` is called when RTSP was switched on. `does` changes how it behaves. Call `close` after use."""

    def __init__(self, opened: Callable[[], None] = lambda: None) -> None:
        self.services = {"hiksdk": 1, "web": 0, "upnp": 0, "rtsp": 0}
        self.asked: list[str] = []
        self.wrong = 0
        self.slowly = self.lacks_switch = self.refuses = False
        self.answers: bytes | None = None  # in place of everything it would say
        self._opened = opened
        self._sessions: dict[int, tuple[bytes, int]] = {}  # challenge and seed, until one command was signed with it
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    self._last(connection)
                except OSError:
                    continue

    def _last(self, connection: socket.socket) -> None:
        words, body = _heard(connection)
        if self.answers is not None:
            connection.sendall(self.answers)
        elif words[0] == 0x5A000000:
            self._sign_in(connection, body)
        elif words[0] == 0x63000000:
            self._say(connection, (0, 0, 0), self._answered(words, body))

    def _say(self, connection: socket.socket, words: tuple[int, int, int], body: bytes) -> None:
        data = struct.pack(">4I", 16 + len(body), *words) + body
        for size in range(1 if self.slowly else 0, len(data) + 1 if self.slowly else 1):
            connection.sendall(data[size - 1 : size] if self.slowly else data)

    def _sign_in(self, connection: socket.socket, body: bytes) -> None:
        assert body[:20] == _CLIENT
        user, key = body[20:68].rstrip(b"\0"), body[68:]
        if len(key) != 140 or self.wrong >= WRONG:
            return
        public = load_der_public_key(_WRAP + key)
        assert isinstance(public, rsa.RSAPublicKey)
        challenge, seed = secrets.token_hex(16).encode(), secrets.token_hex(32).encode()
        self._say(connection, (0, 0, 0), public.encrypt(challenge + bytes(8), padding.PKCS1v15()) + seed)
        _, body = _heard(connection)
        told = hashlib.sha256(user + seed + CODE.encode()).hexdigest().encode()
        proof = hmac.new(challenge, b"admin", "md5").digest() + bytes(16) + hmac.new(challenge, told, "md5").digest()
        if user != b"admin" or body[20:] != proof:
            self.wrong += 1
            self._say(connection, (0, 0, 0), bytes(48))
            return
        number, session_seed = secrets.randbelow(1 << 31) + 1, secrets.randbits(32)
        self._sessions[number] = challenge[:16], session_seed
        self._say(connection, (session_seed, 0, 0), number.to_bytes(4, "big") + SERIAL.encode().ljust(44, b"\0"))

    def _answered(self, words: tuple[int, ...], body: bytes) -> bytes:
        number = int.from_bytes(body[4:8], "big")
        key, seed = self._sessions.pop(number, (bytes(16), 0))
        size = int.from_bytes(body[28:32], "big")
        request = body[36:]
        whole = body[24:28] == (12 + size).to_bytes(4, "big") and body[32:36] == b"\1\0\0\0" and len(request) == size
        if words[1] != word(key, number, seed, words[2]) or words[2] != 0x117000 or not whole:
            return b""  # a bare acknowledgement
        self.asked.append(request[:3].decode())
        return b"\x00\x01\x7f" + json.dumps(self._said(request)).encode() + b"\0\0\x05"

    def _said(self, request: bytes) -> dict[str, Any]:
        if self.lacks_switch:
            return {"statusCode": 4, "statusString": "Invalid Operation"}
        if request == GET:
            return {"servicesSwitch": self.services}
        told = json.loads(request.partition(b"\r\n")[2])["servicesSwitch"]
        if self.refuses or not request.startswith(PUT) or told.keys() != self.services.keys():
            return {"statusCode": 6, "statusString": "Invalid Content"}
        self.services = told
        if told["rtsp"]:
            self._opened()
        return {"statusCode": 1, "statusString": "OK"}


def _heard(connection: socket.socket) -> tuple[tuple[int, ...], bytes]:
    data = b""
    while len(data) < 16 or len(data) < int.from_bytes(data[:4], "big"):
        more = connection.recv(4096)
        if not more:
            raise OSError
        data += more
    return struct.unpack(">3I", data[4:16]), data[16:]


def word(key: bytes, session: int, seed: int, command: int) -> int:
    """The word that signs a command, by tables of its own."""
    made = _four_rounds(key, struct.pack("<I", (seed + 2 * command) & 0xFFFFFFFF) + bytes(12))
    folded = 0
    for at in range(0, 16, 4):
        folded ^= int.from_bytes(made[at : at + 4], "little")
    return (folded + session) & 0xFFFFFFFF


def _times(one: int, other: int) -> int:
    product = 0
    for bit in range(8):
        if other >> bit & 1:
            product ^= one << bit
    for bit in range(14, 7, -1):
        if product >> bit & 1:
            product ^= 0x11B << bit - 8
    return product


def _substituted(byte: int) -> int:
    inverse = next((candidate for candidate in range(256) if _times(byte, candidate) == 1), 0)
    turned = inverse
    for by in range(1, 5):
        turned ^= (inverse << by | inverse >> 8 - by) & 0xFF
    return turned ^ 0x63


SUBSTITUTED = bytes(_substituted(byte) for byte in range(256))
MIX = ((2, 3, 1, 1), (1, 2, 3, 1), (1, 1, 2, 3), (3, 1, 1, 2))


def _four_rounds(key: bytes, block: bytes) -> bytes:
    words = [list(key[at : at + 4]) for at in range(0, 16, 4)]
    for at in range(4, 20):
        word = words[-1]
        if at % 4 == 0:
            word = [SUBSTITUTED[candidate] for candidate in (word[1], word[2], word[3], word[0])]
            word[0] ^= 1 << at // 4 - 1
        words.append([a ^ b for a, b in zip(words[at - 4], word, strict=True)])
    columns = [[a ^ b for a, b in zip(block[4 * at : 4 * at + 4], words[at], strict=True)] for at in range(4)]
    for turn in range(1, 5):
        moved = [[SUBSTITUTED[columns[(at + row) % 4][row]] for row in range(4)] for at in range(4)]
        if turn < 4:
            moved = [[_mixed(row, column) for row in MIX] for column in moved]
        columns = [[a ^ b for a, b in zip(moved[at], words[4 * turn + at], strict=True)] for at in range(4)]
    return b"".join(bytes(column) for column in columns)


def _mixed(row: tuple[int, ...], column: list[int]) -> int:
    total = 0
    for times, byte in zip(row, column, strict=True):
        total ^= _times(byte, times)
    return total
