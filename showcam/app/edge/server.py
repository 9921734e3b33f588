"""Runs a WSGI application in threads behind granian's RSGI, with an environ that no visitor can forge.

WSGI has one key for `X-Forwarded-For` and `X_Forwarded_For`, and granian's own WSGI keeps the one that came last: Go's
proxies (Caddy, cloudflared, Tailscale) write headers in the order of their names, so that was the visitor's. RSGI has
the names as they came. A header whose name holds an underscore is dropped here, as nginx drops it by default.

`Connections` ends connections whose peers are silent.
"""

import asyncio
import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from io import BytesIO
from queue import SimpleQueue
from typing import Any, Protocol
from wsgiref.types import WSGIApplication, WSGIEnvironment

import structlog

from showcam.app.http_types import RECEIVED, SENDER_S, Headers
from showcam.app.process.limits import POLL_S
from showcam.net.addresses import silence, unmapped

log = structlog.get_logger()

MOST = 2048  # connections at once; who is silent gives up its place after SENDER_S
_SMALL = 64 * 1024  # bytes; an assistant's request is far shorter
_EARLY_S = 0.02  # a body that follows its head at once is there within this time; a thread waits for a slower one
_STACK = 16 * 1024 * 1024  # bytes of a thread; a decoder on nested input could use up the default
_OWN_KEYS = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
_JOINED_BY = {"cookie": "; "}
_DESCRIPTORS = "/proc/self/fd"


class Fields(Protocol):
    """Headers, by names in lower case."""

    def keys(self) -> list[str]: ...

    def get_all(self, name: str) -> list[str]: ...


class Scope(Protocol):
    """The facts that granian gives about a request."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    headers: Fields


class Watcher(Protocol):
    """A request as granian hands it over; `done` answers 500 if nothing has answered."""

    scope: Scope
    proto: Any

    def done(self) -> None: ...


class Server:
    """`threads`: how many requests are answered, or their bodies awaited, at once."""

    def __init__(self, app: WSGIApplication, threads: int) -> None:
        self._app, self._most = app, threads
        self._waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._coming: SimpleQueue[tuple[float, _SmallBody]] = SimpleQueue()  # bodies, each with its time to be there
        self._idle: list[None] = []  # an entry for each idle thread
        self._threads = 0
        self._growing = threading.Lock()
        self._loop: asyncio.AbstractEventLoop

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        threading.stack_size(_STACK)
        threading.Thread(target=self._begin_late, name="late bodies", daemon=True).start()

    def take(self, watcher: Watcher) -> None:
        """Called in granian's own thread, which goes on when a thread has the request."""
        try:
            self._take(watcher)
        except Exception:
            log.exception("unexpected")
            watcher.done()

    def _take(self, watcher: Watcher) -> None:
        now, proto = time.monotonic(), watcher.proto
        environ = environ_of(watcher.scope)
        environ[RECEIVED] = now

        def work() -> None:
            try:
                self._answer(environ, proto)
            except Exception:
                log.exception("unexpected")
                watcher.done()

        if _is_small(environ.get("CONTENT_LENGTH", "")):
            environ["wsgi.input"] = body = _SmallBody(lambda: self._begin(work))
            proto().add_done_callback(body)
            self._coming.put((now + _EARLY_S, body))
        else:
            environ["wsgi.input"] = _Body(proto, self._loop)
            self._begin(work)

    def _begin(self, work: Callable[[], None]) -> None:
        try:
            self._idle.pop()
        except IndexError:
            self._grow()
        self._waiting.put(work)

    def _grow(self) -> None:
        with self._growing:
            if self._threads >= self._most:
                return
            try:
                threading.Thread(target=self._work, name="request", daemon=True).start()
            except RuntimeError:  # the system has no thread left: an older one takes the request once it is free
                if not self._threads:
                    raise
                log.warning("no thread can be started", threads=self._threads)
                return
            self._threads += 1

    def _begin_late(self) -> None:
        while True:
            at, body = self._coming.get()
            time.sleep(max(0.0, at - time.monotonic()))
            try:
                body.begin()
            except Exception:
                log.exception("a request with a late body could not begin")

    def _work(self) -> None:
        while True:
            self._waiting.get()()
            self._idle.append(None)

    def _answer(self, environ: WSGIEnvironment, proto: Any) -> None:
        status = 500
        headers: Headers = []

        def start(line: str, named: Headers, exc_info: Any = None, /) -> Callable[[bytes], object]:
            nonlocal status, headers
            status, headers = int(line.split(" ", 1)[0]), named
            return bytes  # nothing here writes

        answer = self._app(environ, start)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        proto.response_bytes(status, headers, body)


def environ_of(scope: Scope) -> WSGIEnvironment:
    host, _, port = scope.server.rpartition(":")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode(errors="replace").decode("latin-1"),  # as PEP 3333 wants it
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": unmapped(scope.client.rpartition(":")[0].strip("[]")),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    headers = scope.headers
    for name in {*headers.keys()}:
        if "_" not in name:
            key = _OWN_KEYS.get(name) or "HTTP_" + name.upper().replace("-", "_")
            environ[key] = _JOINED_BY.get(name, ",").join(headers.get_all(name))
    return environ


def _is_small(length: str) -> bool:
    return length.isdecimal() and len(length) < len(str(_SMALL)) + 1 and 0 < int(length) <= _SMALL


class _SmallBody:
    """A body of up to 64 KiB; granian calls this object when the body is there. A thread waits only for a late body.

    `begin` is called once: when the body is there, or when 20 ms have passed.
    """

    def __init__(self, begin: Callable[[], None]) -> None:
        self._begin = begin
        self._to_begin, self._coming = threading.Lock(), threading.Lock()
        self._coming.acquire()
        self._body = BytesIO()

    def __call__(self, received: asyncio.Future[bytes]) -> None:
        try:
            with contextlib.suppress(RuntimeError):  # the sender was cut off
                self._body = BytesIO(received.result())
        finally:
            self._coming.release()
        self.begin()

    def begin(self) -> None:
        if self._to_begin.acquire(blocking=False):
            self._begin()

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, or all of them; b"" at the end, also if the sender was cut off."""
        with self._coming:
            return self._body.read(size)


class Loop(asyncio.SelectorEventLoop):
    """An asyncio loop that takes a small body in granian's thread, since waking the loop's own thread takes longer."""

    def call_soon_threadsafe[*Ts](  # type: ignore[override]  # granian uses no handle
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> object:
        if isinstance(callback, _SmallBody):
            return callback(*args)
        return super().call_soon_threadsafe(callback, *args, context=context)


class _Body:
    """A long body, or one of unknown length, read by a thread while granian receives it."""

    def __init__(self, proto: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._proto, self._loop = proto, loop
        self._chunks: Any = None
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, or all of them; b"" at the end, also if the sender was cut off."""
        if size >= 0:
            taken = self._rest or self._more()
            self._rest = taken[size:]
            return taken[:size]
        whole = [self._rest]
        self._rest = b""
        while chunk := self._more():
            whole.append(chunk)
        return b"".join(whole)

    def _more(self) -> bytes:
        return asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()

    async def _next(self) -> bytes:
        if self._chunks is None:
            self._chunks = aiter(self._proto)
        try:
            while True:
                chunk = bytes(await anext(self._chunks))
                if chunk:
                    return chunk
        except (StopAsyncIteration, RuntimeError):
            return b""


class Connections:
    """Ends connections whose peers are silent.

    granian waits SENDER_S for a request's head, also on a connection that is kept alive, but without end for a body.
    Nor does granian end the wait for a peer that does not read an answer. The kernel's count of bytes (TCP_INFO) shows
    which peers are silent.

    `overdue`: the peers whose body has been waited for long enough. `answer_s`: the longest an answer takes.

    `head_s`, `body_s`: what a head and a body may take; `and_more_s`: beyond what all three may take together.
    """

    def __init__(
        self,
        port: int,
        overdue: Callable[[], set[str]],
        answer_s: float,
        *,
        head_s: float = SENDER_S,
        body_s: float = SENDER_S,
        and_more_s: float = SENDER_S,
    ) -> None:
        self._port, self._overdue = port, overdue
        self._quiet_s = head_s + body_s + answer_s + and_more_s
        self._body_s, self._head_s = max(body_s, answer_s), head_s

    def watch(self) -> None:
        """Start a thread that watches as long as the process lives. Does nothing on systems without TCP_INFO."""
        if os.path.isdir(_DESCRIPTORS) and hasattr(socket, "TCP_INFO"):  # noqa: PTH112 - a plain string will do
            threading.Thread(target=self._repeat, name="connections", daemon=True).start()

    def turn(self) -> None:
        overdue = self._overdue()
        for connection in accepted(self._port):
            with connection, contextlib.suppress(OSError):
                self._judge(connection, overdue)

    def _judge(self, connection: socket.socket, overdue: set[str]) -> None:
        quiet = silence(connection)
        if quiet is None:
            return
        if quiet.sent_s > self._quiet_s:
            connection.shutdown(socket.SHUT_RDWR)
        # a connection that is kept alive was idle for at most SENDER_S before the request whose body is late
        elif (
            overdue
            and quiet.sent_s > self._body_s + (self._head_s if quiet.ever_sent else 0)
            and unmapped(connection.getpeername()[0].partition("%")[0]) in overdue
        ):
            connection.shutdown(socket.SHUT_RD)  # the waiting thread wakes up and can still answer

    def _repeat(self) -> None:
        wait = threading.Event().wait
        while not wait(POLL_S):
            try:
                self.turn()
            except Exception:
                log.exception("connections could not be checked")


def accepted(port: int) -> Iterator[socket.socket]:
    """Every connection to this process's own port, as a duplicate that is to be closed before the next is taken.

    A duplicate, since granian may close its descriptor at any time, and another connection may get the number.
    """
    for name in os.listdir(_DESCRIPTORS):  # noqa: PTH208 - a thousand names are read twice a second
        with contextlib.suppress(OSError):
            if not os.readlink(f"{_DESCRIPTORS}/{name}").startswith("socket:"):  # noqa: PTH115
                continue
            found = socket.socket(fileno=os.dup(int(name)))
            if _is_ours(found, port):
                yield found
            else:
                found.close()


def _is_ours(found: socket.socket, port: int) -> bool:
    try:
        return found.family in (socket.AF_INET, socket.AF_INET6) and (
            found.getsockname()[1] == port and bool(found.getpeername())
        )
    except OSError:  # a listening socket, or a connection that has just ended
        return False
