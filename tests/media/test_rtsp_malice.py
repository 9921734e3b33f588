"""Cameras in the house that mean harm: each costs its own picture alone."""

import asyncio
import contextlib
import re
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from showcam.engine.rtsp.connection import MOST_BYTES_A_SECOND, Connection, PortPair, RtspFailed
from showcam.engine.rtsp.login import Login
from tests.doubles.fast_time import FastLoop, run
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.rtsp_faults import resized
from tests.doubles.stopwatch import Stopwatch
from tests.doubles.waiting import LONG_S
from tests.media.conftest import World
from tests.media.test_rtsp import House, refused

pytestmark = pytest.mark.proves(
    "A camera that breaks rules costs only its own video, whichever byte of its answers or packets is bent",
    leans_on="double: the hostile camera",
    also=(
        "tests/media/test_rtsp_faults.py",
        "tests/media/test_rtsp_messages.py",
        "tests/media/test_rtp_malice.py",
    ),
)


@pytest.fixture
def household(camera: RtspCamera) -> House:
    """A household in place of a vendor's."""
    return House(camera)


type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

NOISE = b"$\x00\x05\x78" + b"\x80\x60" + bytes(1398)


SMALL = (b"$\x00\x00\x0c" + b"\x80\x60" + bytes(10)) * 4000


@pytest.mark.parametrize(
    ("changes", "within_s"),
    [
        ({"silent": True, "flood": NOISE * 40}, 13),
        ({"silent": True, "flood": SMALL}, 7),
        ({"udp": True, "wire": lambda _: [(0, NOISE[4:])] * 3000}, 13),
        ({"silent": True, "flood": b"$\x00\xff\xff" + bytes(100)}, 13),
        ({"silent": True, "flood": b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 100 + b"\r\n"}, 13),
        ({"silent": True, "flood": b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" * 100}, 13),
        ({"first": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"}, 4),
        ({"first": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 60000\r\n\r\nshort"}, 7.5),
        ({"first": b"RTSP/1.0 two CSeq\r\n\r\n"}, 4),
        ({"drip_s": 1.0}, 7.5),
        ({"silent": True}, 13),
        ({"ignores": frozenset({"PLAY"})}, 7.5),
        ({"says": lambda lines: lines if "SETUP" in lines else ["RTSP/1.0 200 OK", "CSeq: 1", "", ""]}, 7.5),
        ({"says": lambda lines: resized([*lines[:-1], "a=x:" + "y" * 66_000, ""]) if lines[-1] == "" else lines}, 7.5),
        ({"wire": lambda frames: [(channel, data[:13]) for channel, data in frames]}, 13),
        ({"wire": lambda frames: [(channel, b"\x80\x60" + data[2:12]) for channel, data in frames]}, 13),
    ],
    ids=[
        "100 Mbit/s and more",
        "small packets",
        "100 Mbit/s and more by UDP",
        "frames that lie about their length",
        "endless answers",
        "endless questions",
        "HTTP",
        "a body that does not come",
        "no number of a status",
        "a byte a second",
        "silence after PLAY",
        "PLAY unanswered",
        "one number for all answers",
        "a description of 66 KB",
        "cut packets",
        "empty packets",
    ],
)
def test_malice_costs_its_own_picture_alone(
    world: World,
    camera: RtspCamera,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, object],
    within_s: float,
) -> None:
    for name, value in changes.items():
        setattr(camera.does, name, value)
    before = _resident_mb()
    with Stopwatch() as watch:
        assert refused(world) == "media_down"
    assert watch.took_s < within_s
    assert _resident_mb() - before < 40
    assert world.request("/healthz").status == 200
    out, err = capfd.readouterr()
    assert "pull ended" in out + err
    for secret in (str(camera.port), "Streaming", "ABCDEF", "Traceback"):
        assert secret not in out + err + caplog.text


def _resident_mb() -> float:
    rows = Path("/proc/self/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", rows)
    assert found is not None, rows
    return int(found[1]) / 1024


@pytest.mark.parametrize(
    "answer",
    ["", "RTSP/1.0 401 Unauthorized\r\nCSeq: {}\r\nWWW-Authenticate: Basic realm=c\r\n\r\n"]
    + [f"RTSP/1.0 {status}\r\nCSeq: {{}}\r\n\r\n" for status in ("454 Session Not Found", "501 Not", "503 Busy")],
    ids=["none", "401", "454", "501", "503"],
)
def test_whatever_is_answered_to_keepalives_a_stream_that_flows_goes_on(answer: str) -> None:
    asked: list[str] = []

    async def camera(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            found = re.search(rb"CSeq: (\d+)", head)
            assert found is not None, head
            method, number = head.decode().split()[0], found[1].decode()
            asked.append(method)
            reply = "RTSP/1.0 200 OK\r\nCSeq: {}\r\n\r\n" if method == "PLAY" else answer
            writer.write(reply.format(number).encode())

    async def scene() -> None:
        ended: list[RtspFailed] = []
        server = await asyncio.start_server(_quietly(camera), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            connection = await Connection.open("127.0.0.1", port, Login("a", "b"), lambda *_: None, ended.append)
            for _ in range(50):
                connection.send("GET_PARAMETER", "rtsp://c/1")
                await asyncio.sleep(0.002)
            assert (await connection.ask("PLAY", "rtsp://c/1")).status == 200
            assert ended == []
            connection.close()

    asyncio.run(scene())
    assert 50 <= asked.count("GET_PARAMETER") <= 100, "each is signed once more at most"


def test_what_comes_by_udp_from_another_address_is_not_taken() -> None:
    async def scene() -> list[bytes]:
        taken: list[bytes] = []
        pair = await PortPair.open("127.0.0.1", "127.0.0.1", taken.append, taken.append)
        for address in ("127.0.0.2", "127.0.0.1"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as camera:
                camera.bind((address, 0))
                for port in (pair.port, pair.port + 1):
                    camera.sendto(address.encode(), ("127.0.0.1", port))
        async with asyncio.timeout(LONG_S):
            while len(taken) < 2:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        pair.close()
        return taken

    assert asyncio.run(scene()) == [b"127.0.0.1"] * 2


def test_more_bytes_than_any_camera_sends_end_a_connection() -> None:
    async def camera(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(NOISE * 20_000)
        await writer.drain()

    async def scene(loop: FastLoop) -> None:
        ended: asyncio.Future[RtspFailed] = loop.create_future()
        server = await asyncio.start_server(_quietly(camera), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            taken: list[int] = []
            await Connection.open(
                "127.0.0.1", port, Login("a", "b"), lambda _, frame: taken.append(len(frame)), ended.set_result
            )
            assert (await ended).why == "down"
            assert sum(taken) < 2.1 * MOST_BYTES_A_SECOND

    run(scene)


def _quietly(serve: Serve) -> Serve:
    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            await serve(reader, writer)
        writer.close()

    return served


def test_more_questions_than_any_camera_asks_end_a_connection() -> None:
    """Each has to be answered, and they are small: the bounds on bytes and packets come too late."""
    asked = 5000

    async def scene(loop: FastLoop) -> int:
        ended: asyncio.Future[RtspFailed] = loop.create_future()
        answers: asyncio.Future[int] = loop.create_future()

        async def camera(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" * asked)
            answered = b""
            with contextlib.suppress(OSError):
                while data := await reader.read(64 * 1024):
                    answered += data
            answers.set_result(answered.count(b"200 OK"))

        server = await asyncio.start_server(_quietly(camera), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await Connection.open("127.0.0.1", port, Login("a", "b"), lambda *_: None, ended.set_result)
            assert (await ended).why == "down"
            return await answers

    assert run(scene) <= 200
