"""The picture process's door: what happens where descriptors run out all the same."""

import asyncio
import http.client
import ipaddress
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web

from showcam.engine.doors import Door
from tests.doubles.attackers import crowd
from tests.doubles.waiting import LONG_S
from tests.media.conftest import World

# a plane that believes in more descriptors than there are
SERVE = """
import asyncio, resource, sys
from showcam.engine.grants import Grants
from showcam.engine.server import MediaServer
from showcam.engine.settings import PlaneSettings
from showcam.app.process import logs

async def main():
    plane = MediaServer(PlaneSettings(port=0, connections=10_000, connections_of_one=10_000), Grants([b"k" * 32]), None)
    await plane.start()
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    print(plane.port, flush=True)
    await asyncio.Event().wait()

logs.configure("media", "info")
asyncio.run(main())
"""


def test_failed_accepts_are_logged_once_a_minute() -> None:
    process = subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        with crowd(int(process.stdout.readline()), ["127.0.0.1"] * 200):
            log = process.stderr.readline() + process.stderr.readline()
            time.sleep(2)  # the loop tries again every second
    finally:
        process.terminate()
        _, rest = process.communicate(timeout=60)
    events = [json.loads(line)["event"] for line in (log + rest).splitlines()]
    assert events == ["pictures are served", "connections can't be taken"]


def is_served(world: World, address: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", world.plane.port, LONG_S, source_address=(address, 0))
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except ConnectionError:
        return False
    finally:
        connection.close()


@pytest.mark.parametrize(("address", "stay"), [("127.0.0.3", 3), ("127.0.0.2", 8), ("127.0.0.1", 8)])
def test_one_address_has_a_share_unless_it_is_a_proxys(
    address: str,
    stay: int,
    start: Callable[..., World],
    eventually: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = Door.__init__.__kwdefaults__
    assert limits is not None
    monkeypatch.setitem(limits, "silent_s", 12.0)  # they stay for as long as a busy machine takes
    shared = (ipaddress.ip_network("127.0.0.2/32"),)
    world = start(connections=8, connections_of_one=3, trusted_proxies=shared)
    with crowd(world.plane.port, [address] * 20) as silent:
        eventually(lambda: len(silent.open) <= stay)
        assert len(silent.open) == stay
        assert is_served(world, "127.0.0.4") is (stay < 8)
        eventually(lambda: not silent.open)
    assert is_served(world, address)


FOUR, OTHER_FOUR = ["127.0.0.3"] * 4, ["127.0.0.4"] * 4


@pytest.mark.parametrize(
    ("there", "served"),
    [
        (FOUR + OTHER_FOUR, True),
        ([f"127.0.0.{number}" for number in range(10, 18)], False),  # nobody has more than a share
        (["127.0.0.2"] * 8, False),  # the proxy's are many people's
        (["127.0.0.2"] * 6 + ["127.0.0.3"] * 2, True),
    ],
)
def test_who_has_most_makes_room_where_all_is_full(
    there: list[str], served: bool, start: Callable[..., World], eventually: Callable[..., None]
) -> None:
    world = start(connections=8, connections_of_one=4, trusted_proxies=(ipaddress.ip_network("127.0.0.2/32"),))
    with crowd(world.plane.port, there, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n") as idle:
        eventually(lambda: len(idle.answers) >= 8)  # each was answered, and may stay
        assert len(idle.open) == 8
        assert is_served(world, "127.0.0.9") is served
        eventually(lambda: len(idle.open) == (7 if served else 8))


async def answered(_request: web.BaseRequest) -> web.Response:
    return web.Response()


@contextmanager
def door(**limits: Any) -> Iterator[int]:
    """A door with nothing but answers behind it, and those limits on silence; its port."""

    async def begun() -> tuple[asyncio.Server, "asyncio.Task[None]"]:
        made = Door(web.Server(answered), most=20, most_of_one=20, **limits)
        listening = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
        return listening, asyncio.create_task(made.watch())

    with asyncio.Runner() as runner:
        listening, watching = runner.run(begun())
        loop = runner.get_loop()
        thread = threading.Thread(target=loop.run_forever, name="door")
        thread.start()
        try:
            yield listening.sockets[0].getsockname()[1]
        finally:  # else the process of a test that fails never ends
            loop.call_soon_threadsafe(watching.cancel)
            loop.call_soon_threadsafe(listening.close)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


@pytest.mark.parametrize(
    ("first", "drips", "limit"),
    [
        (b"", b"", "silent_s"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-", b"a", "unanswered_s"),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", b"", "quiet_s"),
    ],
    ids=["silent", "a head that drips", "idle after an answer"],
)
def test_whoever_says_nothing_more_is_ended_by_the_limit_on_it(
    first: bytes, drips: bytes, limit: str, eventually: Callable[..., None]
) -> None:
    here, limits = ["127.0.0.1"] * 5, {"silent_s": 1.5, "unanswered_s": 1.5, "quiet_s": 1.5}
    with door(**limits | {limit: 600.0}) as port, crowd(port, here, first, drips=drips) as quiet:
        time.sleep(3.5)
        assert len(quiet.open) == 5
    with door(**{limit: 1.5}) as port, crowd(port, here, first, drips=drips) as quiet:
        eventually(lambda: not quiet.open)
