"""The settings that a camera of one's own really has: read back from it, or not shown."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from showcam.drivers.camera import Camera
from showcam.drivers.driver import Direction, Preset
from showcam.drivers.errors import DriverError, SetRefused
from showcam.drivers.lan.devices import Device, Pictured
from showcam.drivers.lan.driver import LanDriver
from showcam.drivers.settings import Setting
from showcam.simulator.lan.onvif import Reply
from showcam.store.records import Account, Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.onvif_device import PASSWORD, Served, served

pytestmark = pytest.mark.proves(
    "ONVIF settings such as night vision are set and read back", leans_on="double: the ONVIF device"
)


@pytest.fixture
def device() -> Iterator[Served]:
    with served() as made:
        yield made


class Home:
    def __init__(self, store: SqliteStore, device: Served) -> None:
        self.source = Source("s1", "a1", "lan", "key", 0.0)
        store.add_household(Account("a1", 0.0, b"x" * 16), self.source, b"{}", "ok")
        self.driver = LanDriver(store, loopback=True)
        at = f"{device.port}/onvif/device_service"
        self.device = Device("S", 1, "Barn", "127.0.0.1", 554, Pictured("/live"), lens="lens", onvif=at)
        self.device = replace(self.device, user="admin", password=PASSWORD)
        self.driver.devices.put(self.source, self.device)

    @property
    def camera(self) -> Camera:
        return Camera.of(self.driver.read(self.source, 1.0)[0])

    def settable(self) -> dict[Setting, str | None]:
        views = self.driver.settings(self.source, self.camera, 3.0)
        return {name: view.value for name, view in views.items() if view.can_set}


@pytest.fixture
def home(store: SqliteStore, device: Served) -> Home:
    return Home(store, device)


@pytest.mark.parametrize(("value", "filter_"), [("colour", "ON"), ("black_and_white", "OFF"), ("smart", "AUTO")])
def test_night_vision_is_set_and_read_back(home: Home, device: Served, value: str, filter_: str) -> None:
    home.driver.apply(home.source, home.camera, "night_vision", value, 3.0)
    assert device.device.night == filter_
    assert home.settable() == {"night_vision": value}


@pytest.mark.parametrize("night", ["", "OTHER"])
def test_a_setting_that_is_not_read_back_is_not_there(home: Home, device: Served, night: str) -> None:
    device.device.night = night
    assert home.settable() == {}


def test_a_camera_without_onvif_has_none(home: Home, device: Served) -> None:
    home.driver.devices.put(home.source, replace(home.device, onvif=""))
    assert (home.settable(), home.camera.can_restart) == ({}, False)
    with pytest.raises(SetRefused):
        home.driver.apply(home.source, home.camera, "night_vision", "smart", 3.0)
    with pytest.raises(SetRefused):
        home.driver.restart(home.source, home.camera, 3.0)
    assert device.device.asked == []


def test_it_is_restarted_by_onvif(home: Home, device: Served) -> None:
    home.driver.restart(home.source, home.camera, 3.0)
    assert device.device.asked[-1] == "SystemReboot"


def test_what_the_camera_does_not_take_is_said(home: Home, device: Served) -> None:
    camera = home.camera
    home.driver.devices.put(home.source, replace(home.device, lens="other"))
    with pytest.raises(SetRefused):
        home.driver.apply(home.source, camera, "night_vision", "smart", 3.0)
    device.says = Reply(200, b"<html/>")
    with pytest.raises(DriverError) as failed:
        home.driver.apply(home.source, camera, "night_vision", "smart", 3.0)
    assert failed.value.reason == "lan_unreachable"


@pytest.mark.parametrize("direction", ["left", "right", "up", "down"])
def test_it_turns_and_stops_by_onvif(home: Home, device: Served, direction: Direction) -> None:
    device.device.pictures[0].turns = True
    home.driver.devices.put(home.source, replace(home.device, main=Pictured("/live", profile="main"), turns=True))
    assert home.camera.can_turn
    home.driver.turn(home.source, home.camera, direction, 3.0)
    assert device.device.turning == direction
    home.driver.halt(home.source, home.camera, direction, 3.0)
    assert (device.device.turning, list(device.device.turned)) == ("", [direction, "stop"])


def test_a_camera_whose_profile_does_not_turn_is_not_asked(home: Home, device: Served) -> None:
    assert not home.camera.can_turn
    with pytest.raises(SetRefused):
        home.driver.turn(home.source, home.camera, "left", 3.0)
    assert device.device.asked == []


def test_it_turns_to_a_position_that_it_keeps(home: Home, device: Served) -> None:
    device.device.pictures[0].turns = True
    home.driver.devices.put(home.source, replace(home.device, main=Pictured("/live", profile="main"), turns=True))
    kept = home.driver.presets(home.source, home.camera, 3.0)
    assert kept == (Preset("1", "Gate"), Preset("2", "Paddock & pond"))
    home.driver.go(home.source, home.camera, kept[1], 3.0)
    assert list(device.device.turned) == ["preset 2"]
    with pytest.raises(SetRefused):
        home.driver.go(home.source, home.camera, Preset("<9>", "None"), 3.0)


def test_of_many_positions_the_first_ones_are_listed(home: Home, device: Served) -> None:
    device.device.pictures[0].turns = True
    device.device.presets = {"x" * 65: "Too long"} | {str(number): f"Preset {number}" for number in range(1, 301)}
    home.driver.devices.put(home.source, replace(home.device, main=Pictured("/live", profile="main"), turns=True))
    kept = home.driver.presets(home.source, home.camera, 3.0)
    assert [preset.token for preset in kept] == [str(number) for number in range(1, 13)]
