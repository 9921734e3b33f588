"""A TV that got another address is found again, and another TV at its old address is shown nothing."""

import queue
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from showcam.cast.device import Device, Picture, Showing
from showcam.cast.errors import CastFailed
from showcam.cast.finder import Finder
from showcam.cast.screen import Screen
from tests.cast.conftest import WAIT_S, Receiver
from tests.doubles.ready_screens import BEDROOM, LIVING, House

pytestmark = pytest.mark.proves(
    "A TV with a new address is found again, and the TV that has its old address is shown nothing",
    leans_on="second stack: npm castv2 as the receiver; double: the addresses of the house",
)

ID = "6f1c2a7e-0b5d-4c1e-9a57-3d1f0c9b8e21"  # tests/cast/receiver.mjs says it without hyphens, with the name Bedroom TV
OTHER = "0d9c1b2a-7e6f-4a3b-8c5d-9e1f2a3b4c5d"
PICTURE = Picture("hls", ("http://192.168.1.5:40123",), "/s/grant/master.m3u8", "Garden")


def test_a_tv_that_got_another_address_is_searched_for_once_and_shown_the_camera(house: House) -> None:
    house.show(seconds=60)
    house.screens.close()
    house.devices = [replace(LIVING, host="192.168.1.77"), BEDROOM]
    searched = house.searches
    shown = house.show()
    assert isinstance(shown, Showing)
    assert shown.device.host == "192.168.1.77"
    assert house.lent[-1][1] == "192.168.1.77", "the door is for the new address"
    house.screens.close()
    house.show()
    assert house.searches == searched + 1, "its address is known again"


def test_tvs_that_swapped_their_addresses_are_each_shown_their_own_camera(house: House) -> None:
    house.devices = [replace(LIVING, host=BEDROOM.host), replace(BEDROOM, host=LIVING.host)]
    searched = house.searches
    for device in house.devices:
        shown = house.show(on=device.name)
        assert isinstance(shown, Showing)
        assert shown.device == device
    assert house.searches == searched + 1, "one search finds both"


@pytest.mark.parametrize("left", [[BEDROOM], [replace(LIVING, port=1), BEDROOM]], ids=["away", "elsewhere and silent"])
def test_a_tv_that_is_not_found_again_does_not_answer(house: House, left: list[Device]) -> None:
    house.devices, house.fails = left, CastFailed("unreachable", LIVING.name)
    searched = house.searches
    with pytest.raises(CastFailed, match="unreachable"):
        house.show()
    assert house.searches == searched + 1
    assert house.now() == []


def test_a_tv_that_fails_otherwise_is_not_searched_for(house: House) -> None:
    house.fails = CastFailed("not_played", LIVING.name)
    searched = house.searches
    with pytest.raises(CastFailed, match="not_played"):
        house.show()
    assert house.searches == searched


def test_a_tv_that_the_owner_named_by_its_address_is_not_searched_for() -> None:
    def search(seconds: float) -> list[Device]:
        raise AssertionError("nothing is searched for")

    assert Finder((LIVING,), browse=search).moved(LIVING) is None


@pytest.mark.process
@pytest.mark.parametrize(
    ("device_id", "name", "behaves"),
    [
        (ID, "Bedroom TV", "plays"),
        (ID, "The TV's new name", "plays"),
        (OTHER, "Bedroom TV", "plays"),
        (OTHER, "Living room TV", "does not say who it is"),
        (OTHER, "Living room TV", "says another thing"),
        ("192.168.1.20:8009", "Living room TV", "plays"),
    ],
    ids=["itself", "renamed", "another id", "no answer", "not understood", "named by its address"],
)
def test_a_device_that_may_be_the_tv_is_shown_the_camera(
    receiver: Callable[[str], Receiver], device_id: str, name: str, behaves: str
) -> None:
    there = receiver(behaves)
    screen = screen_of(there, device_id, name)
    screen.show(PICTURE)
    assert there.next()["contentId"] == PICTURE.url
    screen.stop()


@pytest.mark.process
def test_another_tv_at_the_address_is_shown_nothing_and_keeps_what_it_shows(
    receiver: Callable[[str], Receiver],
) -> None:
    there = receiver("has something on")
    screen = screen_of(there, OTHER, "Living room TV")
    with pytest.raises(CastFailed, match="unreachable"):
        screen.show(PICTURE)
    screen.stop()
    with pytest.raises(queue.Empty):
        there.heard.get(timeout=0.3)


def screen_of(there: Receiver, device_id: str, name: str) -> Screen:
    device = replace(there.device, id=device_id, name=name)
    return Screen(device, lambda why: None, connect_s=WAIT_S, play_s=WAIT_S)
