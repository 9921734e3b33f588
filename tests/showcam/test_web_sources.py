"""Sessions go on or end by what the web process answers: with a real server, a closed port, and a silent one."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from showcam.engine.gate import Background, Gate, WebSources
from showcam.engine.grants import Claims, Grants
from showcam.engine.settings import PlaneSettings
from showcam.engine.source import Denied, SourceFailed
from tests.doubles.waiting import LONG_S

PROOF = Grants([b"grant key of the tests, 32 bytes"]).proof()
SETTINGS = PlaneSettings(gate_check_s=0.05, unasked_s=0.3)
PATIENT = PlaneSettings(gate_check_s=0.05, unasked_s=4.0)
CLAIMS = Claims("home", "link", "garden", "session", "alexa", 2**31, "n")


@dataclass(eq=False)
class Session:
    claims: Claims


class Web(ThreadingHTTPServer):
    """Answers `status` and, to a question about live sessions, `verdict`."""

    status = 200
    verdict: dict[str, Any] | None = None
    text: bytes | None = None  # answered in place of a verdict
    takes_s = 0.0


class _Answer(BaseHTTPRequestHandler):
    server: Web

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.takes_s)
        opens = self.path.endswith("/open")
        denied = json.dumps({"denied": self.server.verdict if opens else [self.server.verdict]}).encode()
        body = denied if self.server.text is None else self.server.text
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        with contextlib.suppress(OSError):  # the client may have given up
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web(("127.0.0.1", 0), _Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def shut_within(port: int, seconds: float, settings: PlaneSettings = SETTINGS) -> tuple[list[Denied], str]:
    """What a live session is shut with, by then at the latest, and what an opening past the gate fails with."""

    async def watched() -> tuple[list[Denied], str]:
        sources = WebSources(f"http://127.0.0.1:{port}", PROOF, timeout_s=LONG_S)
        gate, session, shut = Gate(sources, Background()), Session(CLAIMS), []
        live, over = [session], asyncio.Event()

        def end(_: Session, denied: Denied) -> None:
            shut.append(denied)
            live.clear()
            over.set()

        watch = asyncio.create_task(gate.watch(settings, lambda: list(live), lambda _: None, end))
        try:
            await gate.check(CLAIMS)
            passed = ""
        except SourceFailed as failed:
            passed = failed.reason
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), seconds)
        watch.cancel()
        await sources.close()
        return shut, passed

    return asyncio.run(watched())


NOBODY = ([Denied("media_down")], "media_down")


@pytest.mark.parametrize(
    ("status", "verdict", "expected"),
    [
        (200, None, ([], "")),
        (200, {"reason": "encryption_on", "again": False}, ([Denied("encryption_on")], "encryption_on")),
        (200, {"reason": "vendor_down", "again": True}, ([], "")),
        (200, {"reason": "unasked", "again": True}, NOBODY),
        (503, None, NOBODY),
        (500, None, NOBODY),
    ],
)
def test_what_is_answered_decides(web: Web, status: int, verdict: dict[str, Any] | None, expected: Any) -> None:
    web.status, web.verdict = status, verdict
    settings = SETTINGS if expected == NOBODY else PATIENT
    seconds = 1.5 * PATIENT.unasked_s if expected == ([], "") else LONG_S
    assert shut_within(web.server_port, seconds, settings) == expected


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"denied": []}', b'{"denied": ["encryption_on"]}', b"<html>"])
def test_an_answer_of_another_shape_is_none(web: Web, text: bytes) -> None:
    web.text = text
    assert shut_within(web.server_port, LONG_S) == NOBODY


def test_where_nobody_answers_a_stream_goes_on_for_a_while_and_no_longer(web: Web) -> None:
    web.shutdown()
    web.server_close()
    assert shut_within(web.server_port, 0.1, PATIENT) == ([], "media_down")
    assert shut_within(web.server_port, LONG_S) == NOBODY


def test_a_session_that_can_not_be_ended_leaves_no_gate_open(web: Web) -> None:
    """Its end is tried again, and the other session's is not put off."""
    web.text = b'{"denied": [{"reason": "encryption_on"}, {"reason": "encryption_on"}]}'

    async def watched() -> None:
        sources = WebSources(f"http://127.0.0.1:{web.server_port}", PROOF)
        stubborn, other = Session(CLAIMS), Session(CLAIMS)
        ended, over = list[Session](), asyncio.Event()

        def end(session: Session, _: Denied) -> None:
            ended.append(session)
            if ended.count(stubborn) > 1:
                over.set()
            if session is stubborn:
                raise KeyError

        gate = Gate(sources, Background())
        watch = asyncio.create_task(gate.watch(SETTINGS, lambda: [stubborn, other], lambda _: None, end))
        await asyncio.wait_for(over.wait(), LONG_S)
        watch.cancel()
        await sources.close()
        assert ended[:3] == [stubborn, other, stubborn]

    asyncio.run(watched())


def test_opening_a_source_may_take_longer_than_checking_sessions(web: Web) -> None:
    web.takes_s, web.verdict = 0.3, {"reason": "offline", "again": False}

    async def opened_and_checked() -> tuple[Any, Any]:
        sources = WebSources(f"http://127.0.0.1:{web.server_port}", PROOF, timeout_s=0.1)
        try:
            return await sources.open(CLAIMS), await sources.check([CLAIMS])
        finally:
            await sources.close()

    assert asyncio.run(opened_and_checked()) == (Denied("offline"), [Denied("unasked", again=True)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"still": "/9j/"}', b"\xff\xd8\xff"),
        (b'{"still": ""}', None),
        (b'{"denied": {"reason": "encryption_on"}}', Denied("encryption_on")),
        (b"<html>", None),
    ],
)
def test_a_still_comes_with_the_answer(web: Web, text: bytes, expected: bytes | Denied | None) -> None:
    web.text = text

    async def still() -> bytes | Denied | None:
        sources = WebSources(f"http://127.0.0.1:{web.server_port}", PROOF)
        try:
            return await sources.still(CLAIMS)
        finally:
            await sources.close()

    assert asyncio.run(still()) == expected
