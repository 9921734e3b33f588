"""A vendor that can't be read for days: the cameras of the house are reported and ring as before."""

from collections.abc import Callable

import pytest

from showcam.accounts import households
from showcam.drivers.camera import STALE_S, Refusal, StreamRequest
from showcam.drivers.driver import Hint
from showcam.drivers.errors import DriverError, Refused, SignedOut, Unavailable, VendorDown
from showcam.registry.readings.changes import Change
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.ready_driver import ReadyDriver, camera
from tests.doubles.told_world import World

pytestmark = pytest.mark.proves("Cameras of the house are reported and ring while a vendor's account can't be read")

GATE = camera("Gate", "LAN1", kind="doorbell", motion="off", ways=("lan",))
BARN = camera("Barn", "LAN2", ways=("lan",))
NOT_FOUND = Refused("not_found")  # an answer: the next reading calls EZVIZ again at once
ERRORS = pytest.mark.parametrize("error", [SignedOut(), VendorDown("x")], ids=["signed out", "down"])


class House(World):
    """A household of EZVIZ's cameras and of a doorbell in the house; an assistant was told of all of them."""

    def __init__(self, home: Household, at_home: ReadyDriver, clock: Clock) -> None:
        self.at_home, self.lan = at_home, households.with_lan(home.store, home.account.id)
        super().__init__(home, clock)

    def go(self, error: DriverError) -> None:
        """EZVIZ can't be read from now on."""
        self.home.driver.read_error = error
        if isinstance(error, SignedOut):
            self.sign_out()

    def come_back(self) -> None:
        """EZVIZ can be read again, and lists the same cameras."""
        self.home.driver.read_error = None
        self.home.noticing.refresh(self.home.account.id)
        last = self.home.store.known(self.home.account.id, self.home.source.id)
        assert last is not None
        assert last.as_of == self.clock()

    def sign_out(self) -> None:
        account, source, store = self.home.account.id, self.home.source.id, self.home.store
        session = store.read_session(account, source)
        assert session is not None
        store.swap_session(account, source, version=session.version, secrets=session.secrets, state="needs_login")

    def hours(self, count: int) -> None:
        """Lets the hours pass. The worker reads the household meanwhile, and what is due is told."""
        for _ in range(4 * count):
            self.clock.now += 900
            assert self.home.noticing.refresh(self.home.account.id), "the cameras of the house were read"
        self.turn()

    def press(self) -> bool:
        return self.home.noticing.noticed(self.home.account.id, [Hint("LAN1", 1, "doorbell", self.clock())])

    @property
    def published(self) -> list[Change]:
        found: list[Change] = []
        self.home.adapter.changes.subscribe(found.append)
        return found


@pytest.fixture
def house(make_home: Callable[..., Household], clock: Clock) -> House:
    at_home = ReadyDriver([GATE])
    return House(make_home(lan=at_home, cameras=[]), at_home, clock)


@ERRORS
@pytest.mark.parametrize("hours", [23, 25, 50])
def test_a_ring_and_a_change_in_the_house_are_told(house: House, error: DriverError, hours: int) -> None:
    house.go(error)
    house.hours(hours)
    house.press()
    assert "doorbell Gate" in house.turn()
    house.at_home.change("Gate", online="off")
    house.home.noticing.refresh(house.home.account.id)
    house.turn()
    assert house.service.known["Gate"]["online"] == "off"
    house.at_home.set([GATE, BARN])
    house.home.noticing.refresh(house.home.account.id)
    assert "listed Barn" in house.turn()


@ERRORS
def test_the_vendor_s_cameras_stay_and_are_no_longer_told_as_they_were(house: House, error: DriverError) -> None:
    house.go(error)
    house.hours(25)
    house.press()
    house.turn()
    assert house.service.known.keys() == {"Garden", "Front Door", "Gate"}
    for name in ("Garden", "Front Door"):
        known = house.service.known[name]
        assert (known["online"], known["encryption"], known["audio"], known["shown"]) == (*3 * ["unknown"], "False")
    refusal = next(
        state.refusal for state in house.reporter.tells[-1].now.states.values() if state.camera.name == "Garden"
    )
    assert refusal is not None
    assert (refusal.reason, refusal.camera) == (error.reason, "Garden")


def test_what_the_vendor_lists_again_is_told_though_it_is_the_same(house: House) -> None:
    house.go(NOT_FOUND)
    house.hours(25)
    house.press()
    house.turn()
    house.come_back()
    assert sorted(house.turn()) == ["states Front Door", "states Garden"]
    assert (house.service.known["Garden"]["online"], house.service.known["Garden"]["shown"]) == ("on", "True")


def test_nothing_is_told_of_a_household_all_of_whose_lists_are_old(house: House) -> None:
    house.clock.now += STALE_S
    house.home.store.look(house.home.account.id, house.clock())
    assert house.turn() == []


def test_a_ring_is_noticed_after_a_day_in_which_nothing_was_read(house: House) -> None:
    """No list is young then. The doorbell is read first, since it may belong to somebody else by now."""
    house.go(VendorDown("x"))
    house.clock.now += STALE_S
    published, ezviz, at_home = house.published, house.home.driver.calls["read"], house.at_home.calls["read"]
    assert house.press()
    assert [change.kind for change in published] == ["doorbell"]
    assert (house.home.driver.calls["read"], house.at_home.calls["read"]) == (ezviz, at_home + 1)


def test_a_ring_of_an_old_list_is_no_ring_until_the_doorbell_is_read(house: House) -> None:
    house.clock.now += STALE_S
    published, house.at_home.read_error = house.published, VendorDown("x")
    assert not house.press()
    house.at_home.read_error = None
    house.at_home.set([BARN])
    assert house.press()
    assert [change.kind for change in published if change.kind == "doorbell"] == []


@ERRORS
def test_nothing_is_shown_or_listed_by_an_old_reading(house: House, error: DriverError) -> None:
    garden, gate = house.home.id("Garden"), house.home.id("Gate")
    house.go(error)
    house.hours(25)
    request = StreamRequest("alexa", ("hls",))
    refusal = house.home.registry.open_stream(house.home.link, garden, request)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == error.reason
    assert not isinstance(house.home.registry.open_stream(house.home.link, gate, request), Refusal)
    states = house.home.registry.states(house.home.link, [garden, gate])
    assert [state.refusal and state.refusal.reason for state in states.values()] == [None, error.reason]
    with pytest.raises(Unavailable):
        house.home.registry.cameras(house.home.link)


def test_the_vendor_s_messages_find_their_household_after_a_change_in_the_house(house: House) -> None:
    noticing, account = house.home.noticing, house.home.account.id
    house.go(NOT_FOUND)
    house.hours(25)
    house.at_home.set([GATE, BARN])
    noticing.refresh(account)
    assert noticing.accounts_with("LAN2") == noticing.accounts_with("F00000001") == [account]
    house.come_back()
    assert noticing.accounts_with("F00000001") == [account]
