"""A camera's RTSP server (RFC 2326), as cameras have it: Digest, and RTP interleaved in TCP only."""

import asyncio
import contextlib
import hashlib
import re
import secrets
import socket
import time
from collections.abc import Callable
from typing import Literal, Protocol

from simulator.lan.description import Tracks, describe
from simulator.lan.rtp import Packer

USER = "admin"
PATHS = re.compile(r"/(?:Streaming/Channels/[12]0[12]|h264/ch1/(?:main|sub)/av_stream)(?:/trackID=[12])?/?")
_SMALLER = re.compile(r"/Channels/[12]02|/sub/")
BEHIND = 1024 * 1024  # bytes a viewer may lag; then it loses packets instead of the camera its memory
REPORT_S = 5.0
_PARAMETER = re.compile(r'(\w+)="?([^",]*)"?')

type Take = Callable[[Literal["video", "audio"], bytes, float], None]  # an access unit or a frame, and its epoch s


class Lens(Protocol):
    """The source of the server's pictures; called in its loop."""

    async def tracks(self) -> Tracks | None:
        """The tracks; None where it has no such picture."""
        ...

    def watch(self, take: Take, over: Callable[[], None]) -> None:
        """`over` is called if the camera itself ends the session."""
        ...

    def unwatch(self, take: Take) -> None: ...


class CameraServer:
    """`password` is called at each request, since Image Encryption changes it. `smaller` is the sub stream.

    While the camera is not `reachable` nothing is answered.
    """

    def __init__(
        self,
        lens: Lens,
        password: Callable[[], str],
        *,
        smaller: Lens | None = None,
        reachable: Callable[[], bool] = lambda: True,
    ) -> None:
        self._lens, self._smaller, self._password, self._reachable = lens, smaller, password, reachable
        self._server: asyncio.Server | None = None
        self._viewers: set[asyncio.Task[None]] = set()
        self.port = 0
        self.refused = 0  # requests with a wrong password

    @property
    def is_reachable(self) -> bool:
        return self._reachable()

    async def start(self, host: str = "127.0.0.1", at: socket.socket | None = None) -> asyncio.Server:
        """At a socket that listens already, or at its port."""
        if at is not None:
            self._server = await asyncio.start_server(self._connected, sock=at, limit=64 * 1024)
        else:
            self._server = await asyncio.start_server(self._connected, host, self.port, limit=64 * 1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self._server

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            self._server.abort_clients()
        for task in list(self._viewers):
            task.cancel()
        await asyncio.gather(*self._viewers, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._viewers.add(task)
        try:
            if self._reachable():
                await self.viewer(reader, writer).serve()
            while await reader.read(4096):  # a camera that sleeps or is away says nothing
                pass
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._viewers.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def lens(self, uri: str) -> Lens | None:
        return self._smaller if _SMALLER.search(uri) else self._lens

    def viewer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> "Viewer":
        return Viewer(self, reader, writer)

    def is_right(self, method: str, authorization: str, nonce: str) -> bool:
        """RFC 2617's Digest, without and with qop."""
        given = dict(_PARAMETER.findall(authorization))
        if not authorization.startswith("Digest ") or given.get("nonce") != nonce or given.get("username") != USER:
            return False
        secret = _md5(f"{USER}:{given.get('realm')}:{self._password()}")
        between = f"{nonce}:{given['nc']}:{given['cnonce']}:{given['qop']}" if "qop" in given else nonce
        wanted = _md5(f"{secret}:{between}:{_md5(f'{method}:{given.get("uri")}')}")
        if given.get("response") != wanted:
            self.refused += 1
        return given.get("response") == wanted


class Viewer:
    """One connection."""

    def __init__(self, server: CameraServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._lens: Lens | None = None  # chosen by DESCRIBE
        self._nonce, self._session = secrets.token_hex(16), secrets.token_hex(4)
        self._channels: dict[int, int] = {}  # track: RTP channel
        self._packers: tuple[Packer, Packer | None] | None = None
        self._sound = ""
        self._codec: Literal["h264", "h265"] = "h264"
        self._reported = 0.0

    async def serve(self) -> None:
        try:
            while self._server.is_reachable:
                await self._request()
        finally:
            if self._lens:
                self._lens.unwatch(self._take)

    async def _request(self) -> None:
        first = await self._reader.readexactly(1)
        if first == b"$":
            head = await self._reader.readexactly(3)
            await self._reader.readexactly(int.from_bytes(head[1:], "big"))
            return
        head = first + await self._reader.readuntil(b"\r\n\r\n")
        start, *lines = head.decode().strip().split("\r\n")
        method, uri, _ = start.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        await self.answer(method, uri, headers)
        await self._writer.drain()

    async def answer(self, method: str, uri: str, headers: dict[str, str]) -> None:
        number = headers.get("cseq", "0")
        if method == "OPTIONS":
            self.say(number, "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER")
        elif not self._server.is_right(method, headers.get("authorization", ""), self._nonce):
            self.say(number, "401 Unauthorized", f'WWW-Authenticate: Digest realm="IP Camera", nonce="{self._nonce}"')
        elif PATHS.fullmatch(re.sub(r"^rtsp://[^/]*", "", uri)) is None:
            self.say(number, "404 Not Found")
        elif method == "DESCRIBE":
            await self._describe(number, uri)
        elif method == "SETUP":
            self._set_up(number, uri, headers.get("transport", ""))
        elif method == "PLAY" and self._lens:
            self.say(number, "200 OK", f"Session: {self._session}", "Range: npt=0.000-")
            self._lens.watch(self._take, self._writer.close)
        elif method == "TEARDOWN":
            self.say(number, "200 OK", f"Session: {self._session}")
            raise ConnectionResetError
        else:
            self.say(number, "200 OK", f"Session: {self._session}")

    def say(self, number: str, status: str, *headers: str, body: str = "") -> None:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {number}", *headers]
        if body:
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body.encode())}"]
        self._writer.write("\r\n".join([*lines, "", body]).encode())

    async def _describe(self, number: str, uri: str) -> None:
        lens = self._server.lens(uri)
        tracks = await lens.tracks() if lens else None
        if tracks is None:
            self.say(number, "404 Not Found")
            return
        self._lens = lens
        base = uri.rstrip("/") + "/"
        self.say(number, "200 OK", f"Content-Base: {base}", body=describe(tracks, base))
        self._packers, self._sound, self._codec = tracks.packers(), tracks.sound or "", tracks.video

    def _set_up(self, number: str, uri: str, transport: str) -> None:
        if "TCP" not in transport:
            self.say(number, "461 Unsupported Transport")
            return
        track = 2 if uri.rstrip("/").endswith("trackID=2") else 1
        channel = self._channels[track] = 2 * (track - 1)
        accepted = f"Transport: RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        self.say(number, "200 OK", accepted, f"Session: {self._session};timeout=60")

    def _take(self, kind: Literal["video", "audio"], data: bytes, at: float) -> None:
        if not self._server.is_reachable:
            return
        track = 1 if kind == "video" else 2
        channel = self._channels.get(track)
        packer = self._packers[track - 1] if self._packers else None
        if channel is None or packer is None or self._writer.transport.get_write_buffer_size() > BEHIND:
            return
        if kind == "video":
            packets = packer.video(self._codec, data, at)
        else:
            packets = packer.aac(data, at) if self._sound == "aac" else packer.plain(data, at)
        out = bytearray()
        for packet in packets:
            out += b"$" + bytes((channel,)) + len(packet).to_bytes(2, "big") + packet
        if time.monotonic() - self._reported > REPORT_S:
            self._reported = time.monotonic()
            out += self._reports(at)
        self._writer.write(out)

    def _reports(self, now: float) -> bytes:
        out = b""
        for track, channel in self._channels.items():
            packer = self._packers[track - 1] if self._packers else None
            if packer is not None:
                report = packer.report(now)
                out += b"$" + bytes((channel + 1,)) + len(report).to_bytes(2, "big") + report
        return out


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
