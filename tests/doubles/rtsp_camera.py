"""A camera in the house with its own RTSP server: with a camera's faults and attacks."""

import asyncio
import base64
import contextlib
import hashlib
import re
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from showcam.engine.source import Rtsp
from showcam.simulator.lan.server import CameraServer, Take, Tracks, Viewer
from tests.doubles.loop_end import let_go
from tests.doubles.rtsp_recording import CODE, Recording, recorded
from tests.doubles.waiting import LONG_S

PATH = "/Streaming/Channels/101"


@dataclass
class Behaviour:
    """The camera's behaviour; tests change it while it runs."""

    recording: Recording = field(default_factory=recorded)
    joins: Literal["keyframe", "middle"] = "keyframe"
    code: str = CODE
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by method: status, headers
    first: bytes = b""  # sent to every request, and then nothing
    drip_s: float = 0.0  # between bytes of every answer
    clock_jump_s: float = 0.0  # its clock jumps by this after two seconds
    path: str = ""  # the one name of its picture, where that is none of the usual ones
    sub: bool = True  # it has a smaller stream, here of the same picture
    speaker: bool = False  # it plays G.711, by ONVIF's back channel
    played: list[bytes] = field(default_factory=list)  # the packets that it played
    silent: bool = False  # PLAY is answered, and nothing comes
    udp: bool = False  # TCP is refused
    says: Callable[[list[str]], list[str]] = lambda lines: lines  # what becomes of an answer's lines
    ignores: frozenset[str] = frozenset()  # methods that are never answered
    wire: "Wire | None" = None  # what becomes of frames on their way
    flood: bytes = b""  # sent over and over after PLAY
    scheme: Literal["digest", "sha256", "basic", "stale"] = "digest"
    realm: str = "IP Camera"  # of Digest; bytes that are not UTF-8 are in it as surrogates
    methods: list[str] = field(default_factory=list)  # of the requests
    uris: list[str] = field(default_factory=list)
    wrong: int = 0  # wrong signatures
    authorizations: list[str] = field(default_factory=list)  # as they came


type Frame = tuple[int, bytes]  # channel, RTP or RTCP
type Wire = Callable[[list[Frame]], list[Frame]]


class RtspCamera:
    """Runs in a thread with its own loop; `port` stays the same over `stop` and `start`."""

    def __init__(self, *, loop: asyncio.AbstractEventLoop | None = None, **behaviour: object) -> None:
        self.does = Behaviour(**behaviour)  # type: ignore[arg-type]
        self._loop = loop or asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="camera", daemon=True)
        self._thread.start()
        self._server: CameraServer | None = None
        self._held: socket.socket | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        self._let_port_go()
        self._server = Server(self.does)
        self._server.port = self.port
        self._run(self._server.start())
        self.port = self._server.port

    def stop(self) -> None:
        """Its port answers that it is closed, and no other program gets it."""
        assert self._server is not None
        self._run(self._server.stop())
        if self._held is None:
            self._held = socket.socket()
            self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._held.bind(("127.0.0.1", self.port))

    def close(self) -> None:
        self.stop()
        self._let_port_go()
        self._run(let_go())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LONG_S)
        self._loop.close()

    def _let_port_go(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None

    def call(self, action: Callable[["_Viewer"], None]) -> None:
        """Calls the function for every viewer, in the camera's loop."""

        async def called() -> None:
            for viewer in list(self._server.connected):  # type: ignore[union-attr]
                action(viewer)

        self._run(called())

    def spec(self, **changes: object) -> Rtsp:
        given: dict[str, object] = {
            "url": f"rtsp://127.0.0.1:{self.port}{PATH}",
            "hosts": (f"127.0.0.1:{self.port}",),
            "sound": "on" if self.does.recording.tracks.sound else "none",
            "user": "admin",
            "password": CODE,
        }
        return Rtsp(**(given | changes))  # type: ignore[arg-type]

    def _run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LONG_S)


class _Lens:
    """Plays the recording to each viewer from its start, or from the middle of a GOP."""

    def __init__(self, does: Behaviour) -> None:
        self._does = does
        self._playing: dict[Take, asyncio.Task[None]] = {}

    async def tracks(self) -> Tracks:
        return self._does.recording.tracks

    def watch(self, take: Take, _over: Callable[[], None]) -> None:
        if not self._does.silent:
            self._playing[take] = asyncio.create_task(self._play(take))

    def unwatch(self, take: Take) -> None:
        task = self._playing.pop(take, None)
        if task:
            task.cancel()

    async def _play(self, take: Take) -> None:
        samples, length_s = self._does.recording.samples, self._does.recording.length_s
        keys = [sample.at for sample in samples if sample.key]
        first = 0.0 if self._does.joins == "keyframe" else (keys[1] - keys[0]) / 2
        clock = asyncio.get_running_loop().time
        zero, wall = clock() - first, time.time() - clock()
        rounds = 0
        while True:
            for sample in samples:
                if rounds == 0 and sample.at < first:
                    continue
                due = zero + rounds * length_s + sample.at
                await asyncio.sleep(max(0.0, due - clock()))
                late = self._does.clock_jump_s if due - zero - first > 2 else 0.0
                take(sample.kind, sample.data, wall + due + late)
            rounds += 1


class Server(CameraServer):
    """Behaves as `does` says. It runs in the loop that starts it."""

    def __init__(self, does: Behaviour) -> None:
        self.does = does
        self.connected: set[_Viewer] = set()
        lens = _Lens(does)
        speaker = does.played.append if does.speaker else None
        super().__init__(lens, lambda: does.code, smaller=lens if does.sub else None, speaker=speaker)

    @property
    def realm(self) -> str:
        return self.does.realm

    def is_right(self, method: str, authorization: str, nonce: str) -> bool:
        before = self.refused
        right = super().is_right(method, authorization, nonce)
        self.does.wrong += self.refused - before  # counted before the answer is sent
        return right

    def viewer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Viewer:
        return _Viewer(self, reader, writer)


class _Tap:
    """In the place of a writer: what is written is kept."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.transport = writer.transport
        self.kept: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.kept.append(bytes(data))


class _Viewer(Viewer):
    def __init__(self, server: Server, *rest: object) -> None:
        super().__init__(server, *rest)  # type: ignore[arg-type]
        self._does = server.does
        self._known = server.connected
        self._staled = False
        self._ports: dict[int, int] = {}  # by channel, of the viewer's UDP
        self._socket: socket.socket | None = None

    async def serve(self) -> None:
        self._known.add(self)
        try:
            await super().serve()
        finally:
            self._known.discard(self)
            if self._socket:
                self._socket.close()

    def say(self, number: str, status: str, *headers: str, body: str = "") -> None:
        writer, self._writer = self._writer, _Tap(self._writer)  # type: ignore[assignment]
        super().say(number, status, *headers, body=body)
        tap, self._writer = self._writer, writer
        lines = b"".join(tap.kept).decode("utf-8", "surrogateescape").split("\r\n")  # type: ignore[attr-defined]
        self._writer.write("\r\n".join(self._does.says(lines)).encode("utf-8", "surrogateescape"))

    def _set_up(self, number: str, uri: str, transport: str) -> None:
        if not self._does.udp or "TCP" in transport:
            super()._set_up(number, uri, "" if self._does.udp else transport)
            return
        port = int(re.search(r"client_port=(\d+)", transport)[1])  # type: ignore[index]
        self._socket = self._socket or socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if not self._ports:
            self._socket.bind(("127.0.0.1", 0))
        super()._set_up(number, uri, "TCP")
        self._ports[max(self._channels.values())] = port

    def _take(self, kind: Literal["video", "audio"], data: bytes, at: float) -> None:
        if self._does.wire is None and self._socket is None:
            super()._take(kind, data, at)
            return
        writer, self._writer = self._writer, _Tap(self._writer)  # type: ignore[assignment]
        super()._take(kind, data, at)
        tap, self._writer = self._writer, writer
        frames = list(_frames(b"".join(tap.kept)))  # type: ignore[attr-defined]
        for channel, frame in self._does.wire(frames) if self._does.wire else frames:
            if self._socket:
                self._socket.sendto(frame, ("127.0.0.1", self._ports[channel & ~1] + channel % 2))
            else:
                self._writer.write(b"$" + bytes((channel,)) + len(frame).to_bytes(2) + frame)

    async def _pour(self) -> None:
        while True:
            self._writer.write(self._does.flood)
            await self._writer.drain()

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def answer(self, method: str, uri: str, headers: dict[str, str]) -> None:
        self._does.methods.append(method)
        self._does.uris.append(uri)
        number = headers.get("cseq", "0")
        if method in self._does.ignores:
            return
        if self._does.first:
            self._writer.write(self._does.first)
        elif self._does.drip_s:
            for byte in f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\nX-Slow: {'x' * 4000}\r\n\r\n".encode():
                self._writer.write(bytes((byte,)))
                await asyncio.sleep(self._does.drip_s)
        elif method in self._does.answers:
            self.say(number, *self._does.answers[method])
        else:
            if self._does.path:
                is_named = uri.endswith(self._does.path)
                uri = uri.removesuffix(self._does.path) + PATH if is_named else f"{uri}/other"
            await self._signed(method, uri, headers)
            if method == "PLAY" and self._does.flood:
                await self._pour()

    async def _signed(self, method: str, uri: str, headers: dict[str, str]) -> None:
        scheme, number = self._does.scheme, headers.get("cseq", "0")
        given = headers.get("authorization", "")
        self._does.authorizations += [given] if given else []
        if method == "OPTIONS" or scheme == "digest":
            await super().answer(method, uri, headers)
        elif scheme == "stale" and given and not self._staled:
            self._staled, self._nonce = True, "renewed"
            challenge = f'Digest realm="{self._does.realm}", nonce="renewed", stale="TRUE"'
            self.say(number, "401 Unauthorized", f"WWW-Authenticate: {challenge}")
        elif scheme == "stale":
            await super().answer(method, uri, headers)
        else:
            await _OTHERS[scheme](self, method, uri, headers)


def _frames(data: bytes) -> Iterator[Frame]:
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at + 2 : at + 4])
        yield data[at + 1], data[at + 4 : end]
        at = end


async def _basic(viewer: _Viewer, method: str, uri: str, headers: dict[str, str]) -> None:
    if headers.get("authorization") == "Basic " + base64.b64encode(f"admin:{CODE}".encode()).decode():
        with _accepted_as_signed(viewer):
            await Viewer.answer(viewer, method, uri, headers)
    else:
        viewer.say(headers["cseq"], "401 Unauthorized", 'WWW-Authenticate: Basic realm="c"')


async def _sha256(viewer: _Viewer, method: str, uri: str, headers: dict[str, str]) -> None:
    """Offers SHA-256 beside MD5 (RFC 7616 section 3.7)."""

    def of(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    given = dict(re.findall(r'(\w+)="?([^",]*)"?', headers.get("authorization", "")))
    wanted = of(f"{of(f'admin:c:{CODE}')}:n:{given.get('nc')}:{given.get('cnonce')}:auth:{of(f'{method}:{uri}')}")
    if given.get("response") == wanted and given.get("algorithm") == "SHA-256":
        with _accepted_as_signed(viewer):
            await Viewer.answer(viewer, method, uri, headers)
    else:
        offered = 'WWW-Authenticate: Digest realm="c", nonce="n", qop="auth"'
        viewer.say(headers["cseq"], "401 Unauthorized", offered, f"{offered}, algorithm=SHA-256")


_OTHERS = {"basic": _basic, "sha256": _sha256}


@contextlib.contextmanager
def _accepted_as_signed(viewer: _Viewer) -> Iterator[None]:
    server = viewer._server
    server.is_right = lambda *_: True  # type: ignore[method-assign]
    yield
    del server.is_right
