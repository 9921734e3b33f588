"""The pictures of EZVIZ's list of messages: found by camera, kind and time, page after page."""

import io
import time
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from showcam.drivers.camera import Camera
from showcam.drivers.driver import EventKind
from showcam.drivers.errors import Refused, VendorDown
from showcam.drivers.ezviz.stills import MESSAGES
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S
from tests.registry import test_ezviz_fleet
from tests.registry.test_ezviz_fleet import Home

vendor, home = test_ezviz_fleet.vendor, test_ezviz_fleet.home
LIST, PICTURE = "/v3/unifiedmsg/list", "/alarms/{name}.jpg"


@pytest.fixture
def ours(home: Callable[..., Home], vendor: SimulatorProcess) -> Iterator[Home]:
    vendor.configure(encryption_delay_s=0)
    yield home("demo@example.com")
    vendor.configure(gateway_each=0)


def picture(home: Home, camera: Camera, kind: EventKind, at: float, *, deciphers: bool = False) -> bytes | None:
    return home.driver.alarm_picture(home.source, camera, kind, at, LONG_S, deciphers=deciphers)


def test_it_is_the_one_of_this_camera_kind_and_time(vendor: SimulatorProcess, ours: Home) -> None:
    garden, door = ours.cameras()["Garden"], ours.cameras()["Front Door"]
    vendor.control(garden.ref.serial, motion=True)
    vendor.control(door.ref.serial, press=True)
    now, before = time.time(), vendor.calls()
    there: tuple[tuple[Camera, EventKind], ...] = ((garden, "motion"), (door, "doorbell"))
    for camera, kind in there:
        jpeg = picture(ours, camera, kind, now)
        assert jpeg is not None
        assert Image.open(io.BytesIO(jpeg)).size == (640, 360)
    assert vendor.calls() - before == {LIST: 2, PICTURE: 2}
    others: tuple[tuple[Camera, EventKind, float], ...] = (
        (garden, "doorbell", now),
        (garden, "person", now),
        (door, "motion", now),
        (garden, "motion", now - 3600),
        (garden, "motion", now + 3600),
    )
    for camera, kind, at in others:
        assert picture(ours, camera, kind, at) is None


def test_an_older_one_is_found_on_the_next_page(vendor: SimulatorProcess, home: Callable[..., Home]) -> None:
    """Two lenses of one device share its list of messages, and the simulator keeps fifty of each."""
    ours = home(mixed=True)
    wide, close = ours.cameras()["Drive Wide"], ours.cameras()["Drive Close"]
    vendor.control(wide.ref.serial, person=True)
    at = time.time()
    for _ in range(MESSAGES):
        vendor.control(f"{close.ref.serial}-{close.ref.channel}", motion=True)
    before = vendor.calls()
    assert picture(ours, wide, "person", at) is not None
    assert (vendor.calls() - before)[LIST] == 2


@pytest.mark.parametrize("deciphers", [False, True])
def test_an_encrypted_one_takes_the_code_and_the_owners_decision(
    vendor: SimulatorProcess, ours: Home, deciphers: bool
) -> None:
    garage = ours.cameras()["Garage"]
    ours.driver.set_picture_code(ours.source, garage, "ABCDEF", LONG_S)
    vendor.control(garage.ref.serial, motion=True)
    if deciphers:
        jpeg = picture(ours, garage, "motion", time.time(), deciphers=True)
        assert jpeg is not None
        assert jpeg.startswith(b"\xff\xd8\xff")
    else:
        with pytest.raises(Refused, match="encrypted") as refused:
            picture(ours, garage, "motion", time.time())
        assert refused.value.reason == "encryption_on"


def test_of_a_camera_that_sleeps_there_is_none(vendor: SimulatorProcess, ours: Home) -> None:
    bedroom = ours.cameras()["Bedroom"]
    vendor.control(bedroom.ref.serial, motion=True)
    assert picture(ours, bedroom, "motion", time.time()) is None


def test_a_gateway_that_fails_now_and_then_is_asked_once_more(vendor: SimulatorProcess, ours: Home) -> None:
    pond = ours.cameras()["Pond"]
    vendor.control(pond.ref.serial, motion=True)
    at = time.time()
    vendor.configure(gateway_each=2)
    assert picture(ours, pond, "motion", at) is not None
    vendor.configure(gateway_each=1)
    with pytest.raises(VendorDown):
        picture(ours, pond, "motion", at)
