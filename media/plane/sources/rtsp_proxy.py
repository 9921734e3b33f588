"""From libav to one camera in the house: a pipe on loopback to the address it was made for, and to no other.

libav speaks plain RTSP to it, without a name or a password; requests are signed here. Whatever would lead elsewhere,
a 3xx or a REDIRECT, ends it. It takes one connection, from whoever knows the token in its address, and listens no more.
"""

import asyncio
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from media.plane.codec.units import SourceFailed
from media.rtsp.login import Login, challenge
from media.rtsp.messages import Message, NotRtsp, Splitter

CONNECT_S = 3.0
_BATCH_S = 0.01  # once pictures flow, packets are passed on in lots: each wake-up costs more than the bytes do
_PENDING = 16
_BUSY = frozenset({453, 503})


@dataclass(slots=True)
class _Asked:
    """A request of libav's that waits for the camera's answer."""

    message: Message
    method: str
    uri: str
    tries: int = 0


class RtspProxy:
    """`path` begins with a slash. `failure` says why it ended, when it ended for a reason of the camera's."""

    def __init__(self, host: str, port: int, path: str, login: Login) -> None:
        self._host, self._port, self._path, self._login = host, port, path, login
        self._at = f"rtsp://[{host}]:{port}" if ":" in host else f"rtsp://{host}:{port}"
        self._token = secrets.token_urlsafe(12)
        self._server: asyncio.Server | None = None
        self._camera: _Side | None = None
        self._player: _Side | None = None
        self._asked: dict[str, _Asked] = {}
        self._session = ""
        self._prefix = ""
        self._is_known = False  # libav has shown the token
        self._closed = False
        self.failure: SourceFailed | None = None

    @property
    def url(self) -> str:
        """What libav opens."""
        return f"{self._prefix}{self._path}"

    async def open(self) -> None:
        """Connect to the camera, and listen. Raises SourceFailed."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                _, self._camera = await loop.create_connection(
                    lambda: _Side(self._told, self._to_player, self._lost), self._host, self._port
                )
        except (OSError, TimeoutError):
            raise SourceFailed("media_down", again=True) from None
        self._server = await loop.create_server(self._accept, "127.0.0.1", 0, backlog=1)
        port = self._server.sockets[0].getsockname()[1]
        self._prefix = f"rtsp://127.0.0.1:{port}/{self._token}"

    def close(self) -> None:
        """Ends both sides at once; the camera is told, since its places are few."""
        if self._closed:
            return
        self._closed = True
        if self._server:
            self._server.close()
        if self._camera:
            if self._session:
                ending = (("CSeq", "99999"), ("Session", self._session))
                self._camera.send(self._signed("TEARDOWN", f"{self._at}{self._path}", ending))
            self._camera.close()
        if self._player:
            self._player.abort()

    def _accept(self) -> asyncio.Protocol:
        if self._player is not None or self._closed:
            return _Nobody()
        if self._server:
            # not now: the server counts this connection only once its protocol is there
            asyncio.get_running_loop().call_soon(self._server.close)
        self._player = _Side(self._requested, self._to_camera, self._lost)
        self._player.feeds = self._camera
        return self._player

    def _fail(self, reason: str, *, again: bool) -> None:
        self.failure = self.failure or SourceFailed(reason, again=again)
        self.close()

    def _lost(self) -> None:
        self.close()

    # libav's side

    def _requested(self, message: Message) -> None:
        parts = message.start.split(" ")
        if len(parts) != 3 or len(self._asked) >= _PENDING:
            raise NotRtsp
        method, uri = parts[0], self._uri(parts[1])
        number = message.value("cseq")
        self._asked[number] = _Asked(message, method, uri)
        self._ask(number)

    def _uri(self, uri: str) -> str:
        """libav's address for it as the camera's own. Whoever doesn't know the token gets no further."""
        known = len(self._prefix)
        if hmac.compare_digest(uri[:known].encode("utf-8", "replace"), self._prefix.encode()):
            self._is_known = True
            return f"{self._at}{uri[known:]}"
        if not self._is_known:
            raise NotRtsp
        return uri  # as the camera named it in its description

    def _ask(self, number: str) -> None:
        asked = self._asked[number]
        kept = tuple(each for each in asked.message.headers if each[0].lower() != "authorization")
        assert self._camera is not None
        self._camera.send(self._signed(asked.method, asked.uri, kept, asked.message.body))

    def _signed(self, method: str, uri: str, headers: tuple[tuple[str, str], ...], body: bytes = b"") -> bytes:
        signature = self._login.sign(method, uri)
        if signature is not None:
            headers = (*headers, ("Authorization", signature))
        return Message(f"{method} {uri} RTSP/1.0", headers, body).encode()

    def _to_camera(self, frames: bytes) -> None:
        if self._camera is not None:
            self._camera.send(frames)

    # the camera's side

    def _told(self, message: Message) -> None:
        status = message.status
        if not status:
            self._commanded(message)
        elif 300 <= status < 400:
            self._fail("media_down", again=True)
        elif status in _BUSY:
            self._fail("busy", again=True)
        else:
            self._answered(message, status)

    def _commanded(self, message: Message) -> None:
        """A request of the camera's. Only what it means to lead elsewhere matters."""
        if message.start.startswith("REDIRECT"):
            self._fail("media_down", again=True)
            return
        assert self._camera is not None
        self._camera.send(Message("RTSP/1.0 200 OK", (("CSeq", message.value("cseq")),)).encode())

    def _answered(self, message: Message, status: int) -> None:
        number = message.value("cseq")
        asked = self._asked.get(number)
        if asked is None:
            return
        if status == 401:
            self._refused(number, asked, message)
            return
        del self._asked[number]
        self._session = message.value("session").partition(";")[0] or self._session
        self._to_player(message.encode())
        if asked.method == "PLAY" and status == 200 and self._camera is not None:
            self._camera.batch_s = _BATCH_S

    def _refused(self, number: str, asked: _Asked, message: Message) -> None:
        """Sign, or sign again for a nonce that grew old; the same password is never tried twice."""
        wanted = challenge(message.values("www-authenticate"))
        asked.tries += 1
        if wanted is None or asked.tries > (2 if wanted.stale else 1):
            self._fail("code_wrong", again=False)
            return
        self._login.take(wanted)
        self._ask(number)

    def _to_player(self, data: bytes) -> None:
        if self._player is not None:
            self._player.send(data)


class _Side(asyncio.Protocol):
    """One of the two connections. Whoever can't take more makes the other side wait."""

    def __init__(
        self, message: Callable[[Message], None], frames: Callable[[bytes], None], lost: Callable[[], None]
    ) -> None:
        self._splitter = Splitter(frames, message)
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._waits = self._is_full = self._ended = False
        self.feeds: _Side | None = None  # the side whose bytes are sent here
        self.batch_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._ended:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            self._splitter.feed(data)
        except NotRtsp:
            self._lost()
            return
        if self.batch_s and not self._waits:
            self._waits = True
            self._turn()
            asyncio.get_running_loop().call_later(self.batch_s, self._go_on)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._lost()

    def pause_writing(self) -> None:
        if self.feeds:
            self.feeds.hold(True)

    def resume_writing(self) -> None:
        if self.feeds:
            self.feeds.hold(False)

    def hold(self, is_full: bool) -> None:
        """Whether nothing more is to be read here for now."""
        self._is_full = is_full
        self._turn()

    def send(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.close()
            # what it was told last may never be taken
            asyncio.get_running_loop().call_later(1.0, self._transport.abort)

    def abort(self) -> None:
        """At once, also a connection that is only just being made."""
        self._ended = True
        if self._transport:
            self._transport.abort()

    def _go_on(self) -> None:
        self._waits = False
        self._turn()

    def _turn(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._waits or self._is_full:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()


class _Nobody(asyncio.Protocol):
    """A second connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
