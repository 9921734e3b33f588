"""A household's program by RTSP: the answers of the web app to the media process, and a client that sends bytes."""

import hashlib
import socket
import time
from dataclasses import dataclass, field
from typing import Self

from showcam.engine.grants import Grants
from showcam.engine.messages import Knocked, Played
from tests.doubles.waiting import LONG_S

NAME, KEY = "frigate", "kitchen-key_0123456789abcdefghijklmnopqrstu"


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass
class Programs:
    """Knows one player. `refusal`: the word and the sentence by which every camera is refused."""

    grants: Grants
    camera: str = "garden"
    refusal: tuple[str, str] = ("", "")
    is_away: bool = False
    knocked: list[str] = field(default_factory=list)
    played: list[str] = field(default_factory=list)

    async def knock(self, name: str) -> Knocked | None:
        self.knocked.append(name)
        if self.is_away:
            return None
        is_known = name == NAME
        return {"player": "player-1" if is_known else "", "ha1": md5(f"{NAME}:showcam:{KEY}") if is_known else ""}

    async def play(self, player: str, camera: str) -> Played | None:
        self.played.append(camera)
        reason, words = self.refusal if camera == self.camera else ("not_found", "There is no camera of that name.")
        if reason:
            return {"grant": "", "reason": reason, "words": words}
        grant, _ = self.grants.issue(
            account="home",
            link=player,
            camera=camera,
            protocol="hls",
            surface="player",
            now=time.time(),
            life_s=60,
        )
        return {"grant": grant, "reason": "", "words": ""}


@dataclass
class Answer:
    status: int
    phrase: str
    headers: dict[str, str]
    body: str


class Client:
    """Speaks RTSP on a socket, one request after another."""

    def __init__(self, port: int, camera: str = "garden", *, buffer: int = 0) -> None:
        """`buffer`: the bytes that its system takes before showcam has to wait."""
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(LONG_S)
        self.socket.connect(("127.0.0.1", port))
        self.base = f"rtsp://127.0.0.1:{port}/{camera}"
        self._file = self.socket.makefile("rb")
        self._number = 0
        self._session = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, method: str, uri: str, **headers: str) -> None:
        self._number += 1
        lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {self._number}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def ask(self, method: str, track: str = "", **headers: str) -> Answer:
        self.send(method, f"{self.base}{track}", **headers)
        return self.answer()

    def answer(self) -> Answer:
        """The next answer; frames before it are left out."""
        while (first := self._file.read(1)) == b"$":
            head = self._file.read(3)
            self._file.read(int.from_bytes(head[1:]))
        start = (first + self._file.readline()).decode().rstrip()
        assert start, "the connection was closed"
        _, status, phrase = start.split(" ", 2)
        lines = iter(lambda: self._file.readline().decode().rstrip(), "")
        headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in lines)}
        body = self._file.read(int(headers.get("content-length", 0))).decode()
        return Answer(int(status), phrase, headers, body)

    def frames(self, count: int) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        while len(found) < count:
            assert self._file.read(1) == b"$"
            head = self._file.read(3)
            found.append((head[0], self._file.read(int.from_bytes(head[1:]))))
        return found

    def is_ended(self) -> bool:
        """Whether the other end closes the connection; reads all that comes before."""
        try:
            while self._file.read(4096):
                pass
        except ConnectionError:
            return True
        return True

    def signed(self, nonce: str, key: str = KEY, *, name: str = NAME, method: str = "DESCRIBE") -> str:
        proof = md5(f"{md5(f'{name}:showcam:{key}')}:{nonce}:{md5(f'{method}:{self.base}')}")
        return f'Digest username="{name}", realm="showcam", nonce="{nonce}", uri="{self.base}", response="{proof}"'

    def nonce(self) -> str:
        """A nonce of this connection, from the answer to an unsigned request."""
        answer = self.ask("DESCRIBE")
        assert answer.status == 401
        return nonce_of(answer)

    def described(self, key: str = KEY, *, name: str = NAME) -> Answer:
        return self.ask("DESCRIBE", Authorization=self.signed(self.nonce(), key, name=name))

    def set_up(self, track: str = "video", transport: str = "RTP/AVP/TCP;unicast;interleaved=0-1") -> Answer:
        answer = self.ask("SETUP", f"/{track}", Transport=transport, **self._in_session())
        self._session = answer.headers.get("session", self._session).partition(";")[0]
        return answer

    def play(self) -> Answer:
        return self.ask("PLAY", "/", **self._in_session())

    def _in_session(self) -> dict[str, str]:
        return {"Session": self._session} if self._session else {}


def nonce_of(answer: Answer) -> str:
    return answer.headers["www-authenticate"].partition('nonce="')[2].partition('"')[0]
