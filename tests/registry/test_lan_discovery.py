"""Finding cameras in the house: who is listed, whatever else answers, and a camera that has another address now."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from showcam.drivers.camera import Camera
from showcam.drivers.errors import Refused
from showcam.drivers.lan.devices import Device, Devices, Pictured
from showcam.drivers.lan.driver import LanDriver, Moves
from showcam.drivers.lan.search import Candidate
from showcam.store.records import Account, Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.lan_house import needed
from tests.doubles.own_network import NETWORK
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE
from tests.doubles.waiting import LONG_S, until

pytestmark = [
    pytest.mark.realtime,  # answers are waited for
    pytest.mark.proves(
        "Cameras in the house are found, whatever else answers, and found again at another address",
        leans_on="second stack: zeroconf and ipycam",
    ),
]

MOVED = Candidate("127.0.0.1", "", onvif=True, endpoint="urn:uuid:barn")


def found(case: str) -> dict[str, Any]:
    """What is found in this case, in a network of the test's own; skipped where no network can be made."""
    needed()
    command = [*NETWORK, sys.executable, "-P", "-m", "tests.doubles.lan_house", case]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG_S, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(("case", "count"), [("nobody", 0), ("thirty", 30), ("hundred", 100)])
def test_every_device_that_answers_is_listed_once(case: str, count: int) -> None:
    listed = found(case)["found"]
    assert [candidate["host"] for candidate in listed] == [f"192.168.7.{10 + number}" for number in range(count)]
    assert all(candidate["onvif"] and candidate["name"] == "Cam B-20" for candidate in listed)
    assert [candidate["added"] for candidate in listed if candidate["added"]] == ["Barn"][:count]


def test_what_is_no_answer_of_a_camera_in_the_house_is_not_listed() -> None:
    listed = found("hostile")["found"]
    names = {candidate["host"]: candidate["name"] for candidate in listed}
    assert sorted(names) == [f"192.168.7.{number}" for number in (10, 11, 17, 18, 19, 20)]
    assert [(candidate["at"], candidate["tls"]) for candidate in listed[-1:]] == [("8443/onvif/device_service", True)]
    assert not any(candidate["tls"] for candidate in listed[:4])
    assert names["192.168.7.10"] == "Good one B-20"
    assert "\x1b" not in names["192.168.7.17"]
    assert len(names["192.168.7.17"]) < 80


def test_a_flood_of_answers_hides_no_camera_and_costs_little() -> None:
    outcome = found("flood")  # with two seconds of CPU, which four thousand such answers would take ten times
    assert (outcome["broke"], [candidate["host"] for candidate in outcome["found"]]) == (False, ["192.168.7.10"])


def test_a_search_beyond_its_limits_ends_and_whoever_asked_goes_on() -> None:
    assert found("no memory")["broke"] is True


def test_who_looks_for_a_camera_that_moved_asks_by_a_process_too() -> None:
    [device] = found("discover")["found"]
    assert (device["host"], device["endpoint"]) == ("192.168.7.10", "urn:uuid:192.168.7.10")


def test_a_camera_of_others_is_found_by_its_own_discovery() -> None:
    [device] = found("foreign")["found"]
    assert (device["name"], device["onvif"], device["at"]) == ("Yard", True, "8000/onvif/device_service")
    assert device["endpoint"].startswith("urn:uuid:")


def test_what_is_announced_by_mdns_is_listed_too() -> None:
    listed = [
        (candidate["host"], candidate["onvif"], candidate["announced"]) for candidate in found("announced")["found"]
    ]
    assert listed == [("192.168.7.10", True, False), ("192.168.7.77", False, True)]


def test_open_video_ports_are_listed_where_they_are_asked_for() -> None:
    outcome = found("look")
    assert [(candidate["host"], candidate["onvif"], candidate["ports"]) for candidate in outcome["found"]] == [
        ("192.168.7.10", True, [80]),
        ("192.168.7.200", False, [554]),
    ]
    assert outcome["heard"] == [[253, 253]]


class Home:
    def __init__(self, store: SqliteStore, camera: RtspCamera, **changes: Any) -> None:
        self.source = Source("s1", "a1", "lan", "key", 0.0)
        store.add_household(Account("a1", 0.0, b"x" * 16), self.source, b"{}", "ok")
        self.devices = Devices(store)
        given: dict[str, Any] = {"host": "127.0.0.3", "endpoint": "urn:uuid:barn", "user": "admin", "password": CODE}
        device = Device("S", 1, "Barn", port=camera.port, main=Pictured(PATH), **(given | changes))
        self.devices.put(self.source, device)

    @property
    def device(self) -> Device:
        return self.devices.read(self.source)[0]


@pytest.mark.parametrize(
    ("endpoint", "expected"), [("urn:uuid:barn", "127.0.0.1"), ("urn:uuid:another", "127.0.0.3"), ("", "127.0.0.3")]
)
def test_a_camera_at_another_address_is_found_again_by_its_endpoint(
    store: SqliteStore, endpoint: str, expected: str
) -> None:
    camera = RtspCamera()
    home = Home(store, camera, silent=True)
    asked = []

    def asks() -> Sequence[Candidate]:
        asked.append(1)
        return [Candidate("127.0.0.1", "", onvif=True, endpoint=endpoint)]

    thread = Moves(home.devices, asks).search(home.source, [home.device])
    assert thread is not None
    thread.join(LONG_S)
    assert (home.device.host, home.device.silent, home.device.password) == (expected, True, CODE)
    camera.close()


@pytest.mark.parametrize(("basic", "host", "moved"), [(False, "127.0.0.1", ""), (True, "127.0.0.3", "127.0.0.1")])
def test_one_that_takes_its_password_as_it_is_is_moved_by_its_owner_alone(
    store: SqliteStore, basic: bool, host: str, moved: str
) -> None:
    camera = RtspCamera()
    home = Home(store, camera, basic=basic)
    thread = Moves(home.devices, lambda: [MOVED]).search(home.source, [home.device])
    assert thread is not None
    thread.join(LONG_S)
    assert (home.device.host, home.device.moved) == (host, moved)
    camera.close()


@pytest.mark.parametrize(("wants", "sent"), [("digest", True), ("basic", False)])
def test_who_claims_to_be_a_camera_that_moved_gets_no_password_as_it_is(
    store: SqliteStore, wants: str, sent: bool
) -> None:
    thief = RtspCamera(scheme=wants)
    home = Home(store, thief)
    driver = LanDriver(
        store,
        loopback=True,
        known_s=0.0,
        asks=lambda: [MOVED],
    )
    driver.read(home.source, LONG_S)
    until(lambda: home.device.host == "127.0.0.1")
    [found] = driver.read(home.source, LONG_S)
    try:
        spec = driver.mint(home.source, Camera.of(found), "lan", LONG_S)
    except Refused:
        spec = None
    assert (spec is not None) is sent
    assert [given.partition(" ")[0] for given in thief.does.authorizations] == (["Digest"] if sent else [])
    assert home.device.wrong == 0, "nothing that the camera's own owner gave was refused"
    thief.close()


def test_the_driver_looks_for_one_that_is_away_and_shows_it_then(store: SqliteStore) -> None:
    camera = RtspCamera()
    home = Home(store, camera)
    driver = LanDriver(
        store,
        loopback=True,
        known_s=0.0,
        asks=lambda: [MOVED],
    )
    before = driver.read(home.source, LONG_S)[0]
    until(lambda: home.device.host == "127.0.0.1")
    until(lambda: driver.read(home.source, LONG_S)[0].online == "on")
    after = driver.read(home.source, LONG_S)[0]
    assert before.online == "off"
    assert before.ref == after.ref
    camera.close()


def test_the_house_is_not_asked_again_at_once_nor_for_what_it_could_not_know(store: SqliteStore) -> None:
    camera = RtspCamera()
    home = Home(store, camera)
    moves = Moves(home.devices, list)
    first, again = moves.search(home.source, [home.device]), moves.search(home.source, [home.device])
    assert (first is not None, again) == (True, None)
    assert Moves(home.devices, list).search(home.source, []) is None
    camera.close()
