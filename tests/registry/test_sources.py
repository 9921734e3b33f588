"""Households whose cameras come from a vendor's account, from the house itself, or from both."""

from dataclasses import dataclass

import pytest

from showcam.accounts import households
from showcam.drivers.camera import STALE_S, Refusal, StreamRequest, is_own
from showcam.drivers.driver import Driver
from showcam.drivers.errors import DriverError, SignedOut, Unavailable, VendorDown
from showcam.registry.adapter import Adapter, adapt
from showcam.store.records import Account, Link, camera_id
from tests.doubles.clock import Clock
from tests.doubles.household import Household, new_link
from tests.doubles.ready_driver import ReadyDriver, camera

pytestmark = pytest.mark.proves(
    "Cameras of a vendor's account and of the house are in one list, and neither fails for the other"
)

BARN = camera("Barn", "LAN1", manufacturer="Reolink", encryption="none", ways=("lan",))


@dataclass
class Houses:
    """The household of `home`, to which LAN cameras are added, and one of LAN cameras alone."""

    home: Household
    clock: Clock
    lan: ReadyDriver
    alone: Account

    def adapter(self, *kinds: str) -> Adapter:
        """Of a process with drivers for these kinds."""
        every: dict[str, Driver] = {"ezviz": self.home.driver, "lan": self.lan}
        made = {kind: every[kind] for kind in kinds or every}
        return adapt(self.home.store, made, self.home.pictures, self.home.grants, self.home.rules, self.clock)

    def link(self, account: Account) -> Link:
        link = new_link(account, "alexa", None, "en")
        self.home.store.add_link(link)
        return link


@pytest.fixture
def houses(home: Household, clock: Clock) -> Houses:
    home.driver.set([camera("Garden", "F00000001")])
    households.with_lan(home.store, home.account.id)
    return Houses(home, clock, ReadyDriver([BARN]), households.add_of_lan(home.store))


def names(adapter: Adapter, account: Account) -> list[str]:
    return [camera.name for camera in adapter.owner.cameras(account.id).cameras]


def test_one_list_has_the_cameras_of_every_source(houses: Houses) -> None:
    adapter = houses.adapter()
    listed = adapter.owner.cameras(houses.home.account.id).cameras
    assert [(camera.name, camera.id.partition("-")[0]) for camera in listed] == [("Garden", "ezviz"), ("Barn", "lan")]
    assert names(adapter, houses.alone) == ["Barn"]


def test_a_source_that_another_process_added_is_listed_at_once(home: Household, clock: Clock) -> None:
    home.driver.set([camera("Garden", "F00000001")])
    drivers: dict[str, Driver] = {"ezviz": home.driver, "lan": ReadyDriver([BARN])}
    adapter = adapt(home.store, drivers, home.pictures, home.grants, home.rules, clock)
    before = names(adapter, home.account)
    households.with_lan(home.store, home.account.id)
    assert (before, names(adapter, home.account)) == (["Garden"], ["Garden", "Barn"])


def test_a_camera_has_another_id_in_each_household(houses: Houses) -> None:
    adapter = houses.adapter()
    ids = {adapter.owner.cameras(account.id).cameras[-1].id for account in (houses.home.account, houses.alone)}
    assert len(ids) == 2
    assert all(is_own(camera_id) and len(camera_id) == 24 for camera_id in ids)


def test_a_source_without_a_driver_reads_as_an_empty_list(houses: Houses) -> None:
    adapter = houses.adapter("ezviz")
    assert names(adapter, houses.home.account) == ["Garden"]
    assert names(adapter, houses.alone) == []
    assert adapter.registry.cameras(houses.link(houses.alone)).cameras == ()
    assert adapter.noticing.refresh(houses.alone.id)
    refusal = adapter.registry.open_stream(
        houses.link(houses.alone), "lan-" + "a" * 20, StreamRequest("alexa", ("hls",))
    )
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "not_found"


def test_the_drivers_do_not_get_one_another_s_sources(houses: Houses) -> None:
    adapter, link = houses.adapter(), houses.link(houses.home.account)
    ids = {camera.name: camera.id for camera in adapter.registry.cameras(link).cameras}
    for name, driver, other in (("Barn", houses.lan, houses.home.driver), ("Garden", houses.home.driver, houses.lan)):
        driver.calls.clear()
        other.calls.clear()
        assert not isinstance(adapter.registry.open_stream(link, ids[name], StreamRequest("alexa", ("hls",))), Refusal)
        assert (driver.calls["mint"], other.calls["read"] + other.calls["mint"]) == (1, 0)


@pytest.mark.parametrize(
    ("error", "listed_before", "expected"),
    [
        (VendorDown("x"), True, ["Garden", "Barn"]),
        (SignedOut(), True, ["Garden", "Barn"]),
        (VendorDown("x"), False, "vendor_down"),  # nobody knows which cameras would be missing
        (SignedOut(), False, ["Barn"]),  # nobody has signed in yet, so none is missing
    ],
    ids=["down", "signed out", "down from the start", "nobody has signed in"],
)
def test_what_a_vendor_that_fails_does_to_the_list(
    houses: Houses, error: DriverError, listed_before: bool, expected: list[str] | str
) -> None:
    if listed_before:
        houses.adapter().owner.cameras(houses.home.account.id)
    houses.home.driver.error = error
    found: list[str] | str
    try:
        found = names(houses.adapter(), houses.home.account)
    except Unavailable as unavailable:
        found = unavailable.reason
    assert found == expected


@pytest.mark.parametrize(("listed_before", "waiting"), [(True, ()), (False, ("EZVIZ",))])
def test_a_vendor_that_nobody_has_signed_in_to_is_named(
    houses: Houses, listed_before: bool, waiting: tuple[str, ...]
) -> None:
    account = houses.home.account.id
    if listed_before:
        assert houses.adapter().owner.waiting(account) == ()
    houses.home.driver.error = SignedOut()
    assert houses.adapter().owner.waiting(account) == waiting


def test_a_camera_at_home_is_shown_while_the_vendor_fails(houses: Houses) -> None:
    link = houses.link(houses.home.account)
    barn = next(camera.id for camera in houses.adapter().registry.cameras(link).cameras if camera.name == "Barn")
    houses.home.driver.error = VendorDown("x")
    fresh, request = houses.adapter(), StreamRequest("alexa", ("hls",))
    assert not isinstance(fresh.registry.open_stream(link, barn, request), Refusal)
    assert fresh.registry.states(link, [barn])[barn].refusal is None


def test_a_camera_that_no_list_has_yet_is_found_behind_a_vendor_that_fails(houses: Houses) -> None:
    link = houses.link(houses.home.account)
    lan = next(source for source in houses.home.store.sources(houses.home.account.id) if source.kind == "lan")
    barn = camera_id(houses.home.account.salt, "lan", "LAN1", 1)
    houses.home.driver.error = VendorDown("x")
    request = StreamRequest("alexa", ("hls",))
    assert houses.home.store.known(houses.home.account.id, lan.id) is None
    assert not isinstance(houses.adapter().registry.open_stream(link, barn, request), Refusal)


def test_reading_one_source_makes_the_list_of_another_no_younger(houses: Houses, clock: Clock) -> None:
    houses.adapter().owner.cameras(houses.home.account.id)
    houses.home.driver.error = VendorDown("x")
    for _ in range(4):
        clock.now += STALE_S / 4 - 1
        assert names(houses.adapter(), houses.home.account) == ["Garden", "Barn"]
    clock.now += 5
    with pytest.raises(Unavailable):
        houses.adapter().owner.cameras(houses.home.account.id)


def test_reading_one_source_does_not_bring_back_an_old_list_of_another(houses: Houses, clock: Clock) -> None:
    """One process has read the vendor long ago, another one since; then the first one reads the camera at home."""
    first, second, link = houses.adapter(), houses.adapter(), houses.link(houses.home.account)
    first.owner.cameras(houses.home.account.id)
    houses.home.driver.set([camera("Garden", "F00000001"), camera("Pond", "F00000002")])
    clock.now += 1000
    pond = next(found.id for found in second.registry.cameras(link).cameras if found.name == "Pond")
    clock.now += 1000
    houses.home.driver.error = VendorDown("x")
    first.owner.cameras(houses.home.account.id)
    assert second.registry.knows(link, pond)
    assert "Pond" in names(houses.adapter(), houses.home.account)


def test_a_device_at_home_is_not_the_vendor_s_of_the_same_serial(houses: Houses) -> None:
    houses.lan.set([camera("Barn", "F00000001", ways=("lan",))])
    adapter = houses.adapter()
    listed = adapter.owner.cameras(houses.home.account.id).cameras
    assert len({camera.id for camera in listed}) == 2
    adapter.owner.cameras(houses.alone.id)
    assert set(adapter.noticing.accounts_with("F00000001")) == {houses.home.account.id, houses.alone.id}
