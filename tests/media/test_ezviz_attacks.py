"""Stream nodes and dispatchers that lie, stall and flood: the right reason, nothing hung, nothing secret in a log."""

import asyncio
import itertools
import random
import re
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from typing import NamedTuple

import pytest

from showcam.engine.ezviz import messages
from showcam.engine.ezviz.address import Address, Stream
from showcam.engine.ezviz.messages import STREAM, frame
from showcam.engine.ezviz.node import MOST_HOPS, NOTICE, NodeSession, SaidNo
from showcam.net.addresses import OnLoopback
from tests.doubles.fast_time import FastLoop, run
from tests.doubles.hour_cloud import SERIAL, HourCloud, Watcher, by_webrtc, closed, pulled
from tests.doubles.mangler import Mangler, Spoil, byte_by_byte, ended, flipped, missing

pytestmark = pytest.mark.proves(
    "Damaged streams, rude servers and redirects end with the right reason", leans_on="double: hostile servers"
)

SECRETS = re.compile(rf"ut\.|{SERIAL}|ysproto|ABCDEF|busiProxy|127\.0\.0\.1")
HANDSHAKE = 128  # bytes of a node's answer and what follows it at once


class Shown(NamedTuple):
    came: list[tuple[float, float]]
    is_monotonic: bool
    sessions: int
    reason: str


def shown(spoil: Spoil, seconds: float = 40.0, padding: int = 8000) -> Shown:
    """What a viewer sees of a camera whose first session is spoilt."""

    random.seed(1)  # by which the node cuts what it sends

    async def scene(loop: FastLoop) -> Shown:
        cloud, seen = HourCloud(loop), Watcher()
        cloud.studio.padding = padding  # 0.3 Mbit/s, as in life: a length that lies is outlasted soon
        pull = await pulled(cloud)
        mangler = Mangler(cloud.world.ports.at("vtdu"), spoil)
        cloud.cloud._dispatcher.node_port = await mangler.open()
        watching = asyncio.create_task(by_webrtc(loop, pull, seen))
        await asyncio.wait([watching], timeout=seconds)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        reason = pull.failure.reason if pull.failure else ""
        await closed(pull, cloud)
        await mangler.close()
        return Shown(seen.came, seen.is_monotonic, mangler.sessions, reason)

    return run(scene)


@pytest.mark.parametrize("damage", [flipped, missing, ended])
def test_any_byte_may_be_spoilt(damage: Callable[[int], Spoil], capfd: pytest.CaptureFixture[str]) -> None:
    """A third of the bytes of the handshake, and a sample of the stream: the picture comes all the same."""
    for at in (*range(0, HANDSHAKE, 3), *range(HANDSHAKE, 250_000, 50_021)):
        found = shown(damage(at), 40.0 if at >= HANDSHAKE else 16.0)
        assert (found.reason, found.is_monotonic, bool(found.came)) == ("", True, True), at
    assert not SECRETS.search("".join(capfd.readouterr()))


def test_an_answer_with_a_number_that_is_no_result_is_asked_for_again() -> None:
    def is_83(data: bytes, offset: int) -> Iterator[bytes]:
        yield data if offset else answered(messages.number_field(1, 83))

    found = shown(is_83)
    assert (found.reason, bool(found.came), found.sessions) == ("", True, 2)


def test_a_whole_session_may_come_byte_by_byte() -> None:
    found = shown(byte_by_byte, 20.0, padding=100)
    assert found.sessions <= 2
    assert len(found.came) > 20
    assert found.is_monotonic


# servers that are no dispatchers

type Served = AsyncIterator[bytes]


async def redirects_to_itself(port: int) -> Served:
    url = f"ysproto://127.0.0.1:{port}/live?dev={SERIAL}&stream=2"
    yield answered(messages.number_field(1, 5302) + messages.text_field(5, "K") + messages.text_field(7, url))


async def says_nothing_that_counts(_port: int) -> Served:
    for number in itertools.count():
        yield frame(0x7777, b"x" * 1000, number & 0xFFFF)


async def streams_before_it_answers(_port: int) -> Served:
    while True:
        yield bytes((0x24, STREAM)) + (60_000).to_bytes(2) + bytes(4) + bytes(60_000)


async def has_fields_of_four_gigabytes(_port: int) -> Served:
    yield answered(b"\x22\xff\xff\xff\xff\x0f" + b"s" * 60_000)


async def sends_noise(_port: int) -> Served:
    while True:
        yield b"\x24\x09" * 30_000


async def opens_and_floods_with_questions(_port: int) -> Served:
    yield answered(messages.text_field(4, "S1"))
    while True:
        yield messages.keep_alive("S1", 1) * 1000


async def opens_and_sends_one_endless_picture(_port: int) -> Served:
    yield answered(messages.text_field(4, "S1"))
    head = b"\x00\x00\x01\xe0\x00\x00\x8c\x80\x05!\x00\x01\x00\x01"  # of a packet without a length
    body = b"\x00\x00\x01\xba" + bytes(10) + head + b"\x00\x00\x01\x67"
    for number in itertools.count():
        piece = body if not number else b"\x11" * 60_000
        yield bytes((0x24, STREAM)) + len(piece).to_bytes(2) + bytes(4) + piece


async def ends_at_once(_port: int) -> Served:
    return
    yield b""


def answered(body: bytes) -> bytes:
    return frame(messages.INFO_ANSWER, body, 1)


@pytest.mark.parametrize(
    "serve",
    [
        redirects_to_itself,
        says_nothing_that_counts,
        streams_before_it_answers,
        has_fields_of_four_gigabytes,
        sends_noise,
        opens_and_floods_with_questions,
        opens_and_sends_one_endless_picture,
        ends_at_once,
    ],
)
def test_a_server_that_is_none_ends_with_a_reason(
    serve: Callable[[int], Served], capfd: pytest.CaptureFixture[str]
) -> None:
    connections = 0

    async def scene(loop: FastLoop) -> tuple[str, float]:
        async def rude(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            try:
                async for data in serve(port):
                    writer.write(data)
                    await asyncio.wait_for(writer.drain(), 5.0)
                    await asyncio.sleep(0.05)
                if serve is not ends_at_once:
                    await asyncio.sleep(30.0)
            except (OSError, TimeoutError):
                pass
            finally:
                writer.close()

        cloud = HourCloud(loop)
        server = await asyncio.start_server(rude, "127.0.0.1", 0)
        port = int(server.sockets[0].getsockname()[1])
        pull = await pulled(cloud, port)
        await pull.signal.until(lambda: pull.failure, 120.0)
        reason, took = pull.failure.reason if pull.failure else "", loop.time() - 1000.0
        await closed(pull, cloud)
        server.close()
        await asyncio.sleep(6.0)
        return reason, took

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reason, took = run(scene)
    # one that opens sessions and sends no video at all is what a silent model does
    assert reason == ("silent" if serve is opens_and_floods_with_questions else "media_down")
    assert took < 60.0
    assert connections <= 30 * MOST_HOPS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024, "KiB"
    assert not SECRETS.search("".join(capfd.readouterr()))


def test_a_notice_ends_a_session_by_a_servers_result_alone() -> None:
    picture = bytes((0x24, STREAM)) + (7).to_bytes(2) + bytes(4) + b"picture"

    async def scene(_loop: FastLoop) -> tuple[list[bytes], int]:
        async def notices(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            said = (frame(NOTICE, messages.number_field(1, number), 2) for number in (0, 1, 200, 99_999))
            writer.write(answered(messages.text_field(4, "S1")) + b"".join(said) + picture)
            await asyncio.sleep(1.0)
            writer.write(frame(NOTICE, messages.number_field(1, 7005), 3))
            await asyncio.sleep(1.0)
            writer.close()

        server = await asyncio.start_server(notices, "127.0.0.1", 0)
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        session, came = NodeSession(OnLoopback(every=True)), list[bytes]()
        await session.open(Address.read(f"ysproto://{place}/live?dev={SERIAL}&stream=2"), (place,))
        try:
            while True:
                came += await session.read()
        except SaidNo as no:
            return came, no.result
        finally:
            session.close()
            server.close()

    assert run(scene) == ([b"picture"], 7005)


@pytest.mark.parametrize("first", [1, 2])
def test_where_there_is_no_such_stream_the_other_of_the_two_is_asked_for(first: Stream) -> None:
    async def scene(loop: FastLoop) -> tuple[str, list[Stream]]:
        asked: list[Stream] = []

        async def none_such(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readexactly(8)
            url = messages.read_fields(await reader.readexactly(int.from_bytes(head[2:4])))[1]
            assert isinstance(url, bytes)
            asked.append(Address.read(url.decode()).stream)
            writer.write(answered(messages.number_field(1, 5451)))
            writer.close()

        cloud = HourCloud(loop)
        cloud.asks = first
        server = await asyncio.start_server(none_such, "127.0.0.1", 0)
        pull = await pulled(cloud, int(server.sockets[0].getsockname()[1]))
        await pull.signal.until(lambda: pull.failure, 60.0)
        reason = pull.failure.reason if pull.failure else ""
        await closed(pull, cloud)
        server.close()
        return reason, asked

    assert run(scene) == ("media_down", [first, 3 - first])
