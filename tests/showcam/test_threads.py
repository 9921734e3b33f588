"""What becomes of requests when the system starts no further thread for them."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from showcam.app.edge.server import Server
from tests.doubles.waiting import LONG_S, until


class Watcher:
    """A GET as granian hands it over, and the status of its answer."""

    def __init__(self, path: str) -> None:
        headers = SimpleNamespace(keys=list, get_all=None)
        self.scope: Any = SimpleNamespace(
            server="127.0.0.1:1", client="127.0.0.1:2", http_version="1.1", scheme="http", method="GET"
        )
        self.scope.path, self.scope.query_string, self.scope.headers = path, "", headers
        self.proto = SimpleNamespace(response_bytes=self._answered)
        self.status = 0

    def _answered(self, status: int, headers: object, body: bytes) -> None:
        self.status = status

    def done(self) -> None:
        self.status = self.status or 500


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with closing(asyncio.new_event_loop()) as loop:
        yield loop
    threading.stack_size(0)  # as it was before Server took its own


def serving(app: WSGIApplication, loop: asyncio.AbstractEventLoop) -> Server:
    server = Server(app, threads=2)
    server.__rsgi_init__(loop)
    return server


class Machine:
    """Starts `most` threads and then, as Linux does at its limit, no more."""

    def __init__(self, patch: pytest.MonkeyPatch, most: int) -> None:
        self._left, self._start = most, threading.Thread.start
        patch.setattr(threading.Thread, "start", lambda thread: self._started(thread))

    def _started(self, thread: threading.Thread) -> None:
        self._left -= 1
        if self._left < 0:
            raise RuntimeError("can't start new thread")
        self._start(thread)


def test_a_request_waits_for_an_older_thread_if_no_new_one_can_be_started(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def app(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        if environ["PATH_INFO"] == "/slow":
            release.wait(LONG_S)
        start("204 No Content", [])
        return []

    server, slow, next_ = serving(app, loop), Watcher("/slow"), Watcher("/next")
    Machine(monkeypatch, 1)
    server.take(slow)
    server.take(next_)
    assert (slow.status, next_.status) == (0, 0)
    release.set()
    until(lambda: (slow.status, next_.status) == (204, 204))


def test_a_request_for_which_there_is_no_thread_at_all_is_answered_500_and_not_carried_out_later(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried_out = list[str]()

    def app(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        carried_out.append(environ["PATH_INFO"])
        start("204 No Content", [])
        return []

    server, first, second = serving(app, loop), Watcher("/first"), Watcher("/second")
    with monkeypatch.context() as patch:
        Machine(patch, 0)
        server.take(first)
    server.take(second)
    until(lambda: second.status == 204)
    assert (first.status, carried_out) == (500, ["/second"])
