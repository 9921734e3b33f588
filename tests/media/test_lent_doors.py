"""A device in the house fetches the picture of one link by a door of its own, and nothing else by it."""

import asyncio
import http.client
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from showcam.engine.doors import EVERY_S, UNUSED_S, LentDoors
from showcam.engine.grants import Grants
from showcam.engine.messages import MediaUnavailable
from showcam.engine.routes import NotLent
from tests.doubles.echo_offer import offer
from tests.doubles.waiting import LONG_S
from tests.media.conftest import World

pytestmark = pytest.mark.proves("A TV reaches the one stream that was granted to it and nothing else")

LOOPBACK = "127.0.0.1"


def lent(world: World, link: str = "link-1") -> str:
    return world.plane.client().lend(link, LOOPBACK)


def status(at: str, path: str, method: str = "GET", body: bytes | None = None) -> int:
    door = urlsplit(at)
    assert door.hostname is not None
    connection = http.client.HTTPConnection(door.hostname, door.port, timeout=LONG_S)
    try:
        connection.request(method, path, body, {"Content-Type": "application/sdp"} if body else {})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_door_opens_what_was_granted_to_its_link_and_nothing_else(world: World) -> None:
    at = lent(world)
    mine, others = world.grant(), world.grant(link="link-2")
    table = [
        # method, path, status
        ("GET", f"/s/{mine}/master.m3u8", 200),
        ("OPTIONS", f"/s/{mine}/master.m3u8", 204),
        ("GET", f"/s/{others}/master.m3u8", 404),
        ("GET", f"/s/{world.grant(protocol='session', link='link-2')}/start/index.m3u8", 404),
        ("POST", f"/s/{world.grant(protocol='webrtc')}/whep", 201),
        ("POST", f"/s/{world.grant(protocol='webrtc', link='link-2')}/whep", 404),
        ("GET", f"/s/{world.grant(protocol='still')}/snapshot.jpg", 403),  # that needs a bearer, which no device has
        ("GET", "/s/nonsense/master.m3u8", 403),
        ("GET", "/healthz", 403),
        ("POST", "/internal/stats", 403),
    ]
    body = offer().encode()
    got = [(method, path, status(at, path, method, body if method == "POST" else None)) for method, path, _ in table]
    assert got == table


def test_a_door_takes_connections_of_its_device_alone(world: World) -> None:
    at, grant = lent(world), world.grant()
    with socket.create_connection(
        (LOOPBACK, urlsplit(at).port or 0), LONG_S, source_address=("127.0.0.2", 0)
    ) as stranger:
        stranger.settimeout(LONG_S)
        assert _read(stranger) == b"", "it is ended before anything is said"
    assert status(at, f"/s/{grant}/master.m3u8") == 200


def test_the_same_device_has_the_same_door_and_each_link_its_own(world: World) -> None:
    first, again, other = lent(world), lent(world), lent(world, "link-2")
    assert first == again
    assert other != first


def test_who_asks_at_once_for_the_same_door_gets_its_address(grants: Grants) -> None:
    async def run() -> set[str]:
        doors = LentDoors(grants, Watching().watched_by, list, practice=True)
        try:
            return set(await asyncio.gather(*(doors.lend("link-1", LOOPBACK) for _ in range(4))))
        finally:
            await doors.close()

    [address] = asyncio.run(run())
    assert address.startswith(f"http://{LOOPBACK}:")


def test_a_door_closes_with_its_link(world: World) -> None:
    at = lent(world)
    world.plane.client().end_link("link-1")
    with pytest.raises(ConnectionRefusedError):
        status(at, f"/s/{world.grant()}/master.m3u8")


@pytest.mark.parametrize("device", ["8.8.8.8", "living-room.local", "", "169.254.1.1", "224.0.0.251"])
def test_no_door_is_opened_for_what_is_not_in_the_house(world: World, device: str) -> None:
    with pytest.raises(MediaUnavailable):
        world.plane.client().lend("link-1", device)


def test_this_machine_counts_as_a_device_in_the_demo_alone(start: Callable[..., World]) -> None:
    with pytest.raises(MediaUnavailable):
        lent(start(allow_loopback_sources=False))


def _read(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1)
    except ConnectionResetError:
        return b""


class Watching:
    def __init__(self) -> None:
        self.links: set[str] = set()

    def watched_by(self, link: str) -> bool:
        return link in self.links


def test_doors_are_few_and_an_unused_one_is_closed(grants: Grants) -> None:
    now, watching = [0.0], Watching()

    async def opened(doors: LentDoors, links: list[str]) -> list[bool]:
        found = []
        for link in links:
            try:
                found.append(bool(await doors.lend(link, LOOPBACK)))
            except NotLent:
                found.append(False)
        return found

    async def run() -> list[list[bool]]:
        doors = LentDoors(grants, watching.watched_by, list, practice=True, clock=lambda: now[0])
        try:
            first = await opened(doors, [f"link-{number}" for number in range(9)])
            watching.links, now[0] = {"link-3"}, UNUSED_S + 1
            await doors.tidy()
            return [first, await opened(doors, [f"new-{number}" for number in range(8)])]
        finally:
            await doors.close()

    assert asyncio.run(run()) == [[True] * 8 + [False], [True] * 7 + [False]], "the watched one stayed"


def test_doors_that_close_in_two_ways_at_once_are_each_closed_once(grants: Grants) -> None:
    """Their device holds a connection, so that a door takes a moment to close."""
    now = [0.0]

    async def run() -> list[bool]:
        doors = LentDoors(grants, Watching().watched_by, list, practice=True, clock=lambda: now[0])
        links = [f"link-{number}" for number in range(8)]
        held = []
        for link in links:
            door = urlsplit(await doors.lend(link, LOOPBACK))
            held.append(await asyncio.open_connection(door.hostname, door.port))
        now[0] = UNUSED_S + 1
        await asyncio.gather(doors.tidy(), *(doors.close_of(link) for link in reversed(links)), doors.close())
        try:
            return [bool(await doors.lend(f"new-{link}", LOOPBACK)) for link in links]
        finally:
            for _, writer in held:
                writer.close()
            await doors.close()

    assert asyncio.run(run()) == [True] * 8


def test_a_door_that_is_asked_for_again_waits_anew_for_its_device(grants: Grants) -> None:
    now = [0.0]

    async def run() -> list[bool]:
        doors = LentDoors(grants, Watching().watched_by, list, practice=True, clock=lambda: now[0])
        try:
            first = await doors.lend("link", LOOPBACK)
            now[0] = UNUSED_S - 1
            again = await doors.lend("link", LOOPBACK)
            now[0] += UNUSED_S - 1
            await doors.tidy()
            return [first == again, await doors.lend("link", LOOPBACK) == first]
        finally:
            await doors.close()

    assert asyncio.run(run()) == [True, True]


def test_a_door_through_which_somebody_watches_stays_for_an_hour_and_closes_after_it(grants: Grants) -> None:
    now, watching = [0.0], Watching()

    async def run() -> list[bool]:
        doors = LentDoors(grants, watching.watched_by, list, practice=True, clock=lambda: now[0])
        try:
            at = await doors.lend("link", LOOPBACK)
            watching.links = {"link"}
            for _ in range(round(3600 / EVERY_S)):
                now[0] += EVERY_S
                await doors.tidy()
            stays = await doors.lend("link", LOOPBACK) == at
            watching.links = set()
            now[0] += UNUSED_S + 1
            await doors.tidy()
            return [stays, await doors.lend("link", LOOPBACK) == at]
        finally:
            await doors.close()

    assert asyncio.run(run()) == [True, False]
