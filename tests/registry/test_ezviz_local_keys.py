"""How often a camera's key is asked for and its port is tried, on a clock of the test's own."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from showcam.drivers.camera import Ref
from showcam.drivers.errors import Refused, VendorDown
from showcam.drivers.ezviz.home import ABSENT_S, IN_VAIN_S, KEPT_S, NOT_REGISTERED, Lan, Local, Place
from showcam.drivers.ezviz.keys import CasSession, OtherCertificate
from showcam.engine.ezviz.local_messages import Device, NoKey
from showcam.store.records import Source
from tests.doubles.clock import Clock
from tests.doubles.ready_driver import camera as ready
from tests.doubles.waiting import LONG_S, until

SOURCE = Source("s", "a", "ezviz", "", 0.0)


class Vendor:
    """In place of the vendor: what it answers, one after another; the last one goes on."""

    def __init__(self, *answers: Device | Exception) -> None:
        self.answers, self.asked, self.registered = list(answers), 0, 0
        self.trusted = 0  # how often an owner took its certificate
        self.go = threading.Event()
        self.go.set()

    def device(self, _asking: CasSession, serial: str, _deadline_s: float) -> Device:
        assert serial == "F1"
        self.asked += 1
        self.go.wait(LONG_S)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def trust(self, _asking: CasSession, _deadline_s: float) -> None:
        self.trusted += 1

    def session(self, _source: Source, _deadline_s: float) -> CasSession:
        self.registered += 1
        return CasSession("127.0.0.1", 6500, "session", "terminal")


DEVICE = Device("abcdefghijklmnop", "ABCDEFG")


@pytest.fixture
def port() -> Iterator[tuple[Place, list[int]]]:
    """A port of commands, and how often it was tried."""
    tried: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return
                tried.append(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield Place("127.0.0.1", 554, server.getsockname()[1], 9020), tried
        server.shutdown(socket.SHUT_RDWR)
    thread.join(LONG_S)


def got(local: Local, place: Place, wait_s: float = LONG_S) -> str:
    """Kind of the source that it opens, or why none."""
    try:
        camera = ready("Garden", ref=Ref("s", "F1", 1))
        local.open(SOURCE, camera, place, wait_s)
        return "opened"
    except Refused as refused:
        return refused.reason


@pytest.mark.proves(
    "EZVIZ is asked for a camera's key for use at home only so often", leans_on="double: EZVIZ's server of keys"
)
@pytest.mark.parametrize(
    ("answers", "expected", "asked", "rest_s"),
    [
        ([DEVICE], "opened", 1, 0.0),
        ([NoKey(NOT_REGISTERED), DEVICE], "opened", 2, 0.0),
        ([NoKey(NOT_REGISTERED)], "lan_closed", 2, IN_VAIN_S),
        ([NoKey(1052175)], "lan_closed", 1, IN_VAIN_S),
        ([NoKey(-9999)], "lan_closed", 1, IN_VAIN_S),
        ([VendorDown("no answer")], "lan_closed", 1, IN_VAIN_S),
        ([OtherCertificate("another")], "key_server_changed", 1, IN_VAIN_S),
    ],
)
def test_how_often_a_key_is_asked_for(
    clock: Clock, port: tuple[Place, list[int]], answers: list[Any], expected: str, asked: int, rest_s: float
) -> None:
    vendor, (place, _) = Vendor(*answers), port
    local = Local(vendor.session, vendor, clock)
    assert [got(local, place) for _ in range(3)] == [expected] * 3
    assert (vendor.asked, vendor.registered) == (asked, asked)
    vendor.answers = [DEVICE]
    clock.now += (rest_s or KEPT_S + 1) - 1
    assert (got(local, place), vendor.asked) == (expected, asked), "not a second sooner"
    clock.now += 1
    assert got(local, place) == "opened"
    assert vendor.asked == asked + 1


def test_a_camera_is_asked_at_once_when_the_new_certificate_is_trusted(
    clock: Clock, port: tuple[Place, list[int]]
) -> None:
    vendor, (place, _) = Vendor(OtherCertificate("another"), DEVICE), port
    local = Local(vendor.session, vendor, clock)
    assert got(local, place) == "key_server_changed"
    local.trust(SOURCE, ready("Garden", ref=Ref("s", "F1", 1)), LONG_S)
    assert (got(local, place), vendor.trusted) == ("opened", 1)


def test_a_key_that_comes_late_is_there_for_the_next_opening(clock: Clock, port: tuple[Place, list[int]]) -> None:
    vendor, (place, _) = Vendor(DEVICE), port
    local = Local(vendor.session, vendor, clock)
    vendor.go.clear()
    assert got(local, place, 0.1) == "lan_closed"
    vendor.go.set()
    assert got(local, place) == "opened"
    assert vendor.asked == 1


def test_its_port_is_tried_once_in_half_a_minute(clock: Clock, port: tuple[Place, list[int]]) -> None:
    vendor, (place, tried) = Vendor(DEVICE), port
    local = Local(vendor.session, vendor, clock)
    for _ in range(4):
        assert got(local, place) == "opened"
        clock.now += ABSENT_S / 2
    until(lambda: len(tried) == 2)
    closed = Place("127.0.0.1", 554, unused(), 9020)
    assert [got(local, closed) for _ in range(2)] == ["lan_closed"] * 2
    assert vendor.asked == 1


def test_a_key_is_asked_for_anew_after_a_picture_in_vain(clock: Clock, port: tuple[Place, list[int]]) -> None:
    """The camera may have been paired again."""
    vendor, (place, _) = Vendor(DEVICE), port
    local = Local(vendor.session, vendor, clock)
    assert got(local, place) == "opened"
    local.ended(SOURCE, "F1", "media_down")
    assert got(local, place) == "lan_closed"
    clock.now += IN_VAIN_S
    assert got(local, place) == "opened"
    assert vendor.asked == 2


def unused() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("connection", "expected"),
    [
        ({"localIp": "10.0.0.7", "localCmdPort": 9010, "localStreamPort": 9020}, (9010, 9020)),
        ({"localIp": "10.0.0.7"}, (9010, 9020)),
        ({"localIp": "10.0.0.7", "localCmdPort": 0, "localStreamPort": "0"}, (9010, 9020)),
        ({"localIp": "10.0.0.7", "localCmdPort": 22, "localStreamPort": "x"}, (9010, 9020)),
        ({"localIp": "10.0.0.7", "localCmdPort": "9011", "localStreamPort": 9021}, (9011, 9021)),
    ],
)
def test_its_ports_are_those_of_the_list_or_those_of_all(connection: Any, expected: tuple[int, int]) -> None:
    lan = Lan(loopback=False)
    place = lan.places([{"CONNECTION": {"F1": connection}}])["F1"]
    assert place == Place("10.0.0.7", 554, *expected)
