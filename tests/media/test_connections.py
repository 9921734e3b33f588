"""How many connections to a media process there are, whoever speaks to it and whatever becomes of it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from showcam.engine.client import MOST_IDLE, MediaClient
from showcam.engine.grants import Grants
from showcam.engine.messages import MediaUnavailable
from showcam.engine.source import EzvizCloud, EzvizLocal, SourceSpec
from tests.doubles.media_door import MediaDoor
from tests.doubles.waiting import LONG_S


@pytest.fixture
def door() -> Iterator[MediaDoor]:
    with MediaDoor() as door:
        yield door


@pytest.fixture
def client(door: MediaDoor, grants: Grants) -> Iterator[MediaClient]:
    with closing(MediaClient(door.url, grants.proof(), LONG_S)) as client:
        yield client


def at_once(client: MediaClient, threads: int) -> list[threading.Thread]:
    begun = [threading.Thread(target=client.live, args=("home",)) for _ in range(threads)]
    for connection in begun:
        connection.start()
    return begun


def test_threads_that_come_and_go_use_one_after_another(door: MediaDoor, client: MediaClient) -> None:
    for _ in range(20):
        for connection in at_once(client, 1):
            connection.join()
    assert (door.opened, door.open) == (1, 1)


def test_after_a_rush_no_more_are_kept_than_may_be(
    door: MediaDoor, client: MediaClient, eventually: Callable[..., None]
) -> None:
    door.go.clear()
    begun = at_once(client, MOST_IDLE + 8)
    eventually(lambda: door.open == MOST_IDLE + 8)
    door.go.set()
    for connection in begun:
        connection.join()
    eventually(lambda: door.open == MOST_IDLE)


def test_after_a_restart_one_is_made_again_and_the_old_ones_are_let_go(
    door: MediaDoor, client: MediaClient, eventually: Callable[..., None]
) -> None:
    door.go.clear()
    begun = at_once(client, 3)
    eventually(lambda: door.open == 3)
    door.go.set()
    for connection in begun:
        connection.join()
    door.hang_up()
    eventually(lambda: door.open == 0)
    assert client.live("home") == 0
    assert client.live("home") == 0
    assert (door.opened, door.open) == (4, 1)


def test_closing_waits_for_nobody_and_leaves_nothing_open(
    door: MediaDoor, client: MediaClient, eventually: Callable[..., None]
) -> None:
    client.live("home")
    door.go.clear()
    (begun,) = at_once(client, 1)
    client.close()
    door.go.set()
    begun.join()
    eventually(lambda: door.open == 0)


@pytest.mark.proves("A key goes to a media process only by loopback or https")
@pytest.mark.parametrize("url", ["http://192.0.2.1:9", "http://media.example:9"])
@pytest.mark.parametrize("what", ["warm", "answer"])
@pytest.mark.parametrize(
    "source",
    [
        EzvizCloud(url="ysproto://x", hosts=("x:8554",), sound="on", key=bytes(16)),
        EzvizLocal(
            url="ezviz-local:/1/", hosts=("10.0.0.7:9010", "10.0.0.7:9020"), sound="on", user="", password="0" * 16
        ),
    ],
    ids=["of pictures", "of commands"],
)
def test_no_key_goes_where_others_could_read_it(
    grants: Grants, url: str, what: str, source: SourceSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connects(*_: object) -> None:
        raise AssertionError("it was connected to")

    monkeypatch.setattr("socket.create_connection", connects)
    _, claims = grants.issue(
        account="home", link="l", camera="c", protocol="hls", surface="alexa", now=0.0, life_s=60, picture="main"
    )
    client = MediaClient(url, grants.proof())
    with pytest.raises(MediaUnavailable, match="by loopback or https alone"):
        client.warm(claims, source) if what == "warm" else client.answer(claims, source, "v=0")
