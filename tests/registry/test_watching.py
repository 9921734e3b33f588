"""Which households are listened to, which are polled, and how often."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from accounts import households as households_of_any
from registry.adapter import Adapter, adapt
from registry.driver import Hint
from registry.drivers.ezviz import households
from registry.errors import DriverError, SignedOut, VendorBusy, VendorDown
from registry.readings.changes import Change
from registry.watch.watch import BACK_OFF, CENSUS_S, Watch
from showcam.settings import Settings
from store.records import Source
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.ready_driver import ReadyDriver, camera
from tests.doubles.waiting import until

POLL_S = 100.0
KINDS = ("ezviz",)


class Ear:
    listening = True
    stopped = False

    def __init__(self, callback: Callable[[Hint], None]) -> None:
        self.callback = callback

    def stop(self) -> None:
        self.stopped = True


class Teller:
    """A vendor that lists what happened, and can be listened to."""

    def __init__(self) -> None:
        self.hints: list[Hint] = []
        self.error: Exception | None = None
        self.polls: list[float] = []
        self.ears: list[Ear] = []

    def happened(self, source: Source, since: float, deadline_s: float) -> tuple[Hint, ...]:
        self.polls.append(since)
        if self.error:
            raise self.error
        return tuple(hint for hint in self.hints if hint.at > since)

    def listen(self, source: Source, callback: Callable[[Hint], None]) -> Ear:
        self.ears.append(Ear(callback))
        return self.ears[-1]


class World:
    def __init__(self, home: Household, clock: Clock) -> None:
        self.home, self.clock, self.vendor = home, clock, Teller()
        self.made: list[Watch] = []
        self.changes: list[Change] = []
        home.noticing.refresh(home.account.id)
        home.adapter.changes.subscribe(self.changes.append)

    def watch(self, *, push: bool = False, webhook: bool = False, poll_s: float = POLL_S) -> Watch:
        watch = Watch(
            self.home.store,
            self.home.noticing,
            {"ezviz": self.vendor},
            poll_s=poll_s,
            push=KINDS if push else (),
            webhook=KINDS if webhook else (),
            clock=self.clock,
        )
        self.made.append(watch)
        return watch

    def pass_s(self, watch: Watch, seconds: float, step_s: float = 5.0) -> int:
        """How often the vendor was read in that time, all work done."""
        before, end = self.home.driver.calls["read"], self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += step_s
            self.settle(watch)
        return self.home.driver.calls["read"] - before

    def settle(self, watch: Watch) -> None:
        watch.turn()
        until(lambda: not any(watched.busy for watched in watch._watched.values()))


@pytest.fixture
def world(home: Household, clock: Clock) -> Iterator[World]:
    made = World(home, clock)
    yield made
    for watch in made.made:
        watch.close()


def test_a_camera_at_home_is_polled_at_its_pace_while_the_vendor_is_signed_out(world: World) -> None:
    households_of_any.with_lan(world.home.store, world.home.account.id)
    at_home = ReadyDriver([camera("Barn", ways=("lan",))])
    watch = Watch(
        world.home.store,
        adapt_with_lan(world, at_home).noticing,
        {"ezviz": world.vendor},
        poll_s=POLL_S,
        push=(),
        webhook=(),
        clock=world.clock,
    )
    world.made.append(watch)
    world.home.driver.error = SignedOut()
    world.pass_s(watch, 10 * POLL_S)
    assert 11 <= at_home.calls["read"] <= 21


def test_a_source_at_home_is_polled_and_its_household_with_it(world: World) -> None:
    households_of_any.with_lan(world.home.store, world.home.account.id)
    adapter = adapt_with_lan(world, ReadyDriver([camera("Barn", ways=("lan",))]))
    watch = Watch(
        world.home.store,
        adapter.noticing,
        {"ezviz": world.vendor, "lan": Teller()},
        poll_s=POLL_S,
        push=KINDS,
        webhook=KINDS,
        clock=world.clock,
    )
    world.made.append(watch)
    assert 11 <= world.pass_s(watch, 10 * POLL_S) <= 21
    assert len(world.vendor.ears) == 1


def test_a_camera_at_home_is_heard_where_the_vendors_messages_are_not_listened_to(world: World) -> None:
    households_of_any.with_lan(world.home.store, world.home.account.id)
    at_home = Teller()
    watch = Watch(
        world.home.store,
        adapt_with_lan(world, ReadyDriver([camera("Barn", ways=("lan",))])).noticing,
        {"ezviz": world.vendor, "lan": at_home},
        poll_s=POLL_S,
        push=("lan",),
        webhook=(),
        clock=world.clock,
    )
    world.made.append(watch)
    world.pass_s(watch, POLL_S)
    assert (len(at_home.ears), len(world.vendor.ears)) == (1, 0)


def adapt_with_lan(world: World, at_home: ReadyDriver) -> Adapter:
    home = world.home
    drivers = {"ezviz": home.driver, "lan": at_home}
    return adapt(home.store, drivers, home.pictures, home.grants, home.rules, world.clock)


@pytest.mark.parametrize(
    ("push", "webhook"),
    [(False, False), (True, False), (False, True)],
    ids=["polled", "listened to", "reported by webhook"],
)
def test_a_household_is_read_within_its_time_whatever_messages_come(world: World, push: bool, webhook: bool) -> None:
    watch = world.watch(push=push, webhook=webhook)
    assert 11 <= world.pass_s(watch, 10 * POLL_S) <= 21
    assert bool(world.vendor.polls) is (not push and not webhook)
    assert len(world.vendor.ears) == push


@pytest.mark.parametrize("push", [True, False])
def test_between_two_readings_there_are_60_to_120_seconds_at_defaults(world: World, push: bool) -> None:
    watch = world.watch(push=push, poll_s=Settings().poll_s)
    world.pass_s(watch, 120.0, 1.0)
    read: list[float] = []
    for _ in range(1800):
        if world.pass_s(watch, 1.0, 1.0):
            read.append(world.clock.now)
    pauses = [later - before for before, later in itertools.pairwise(read)]
    assert min(pauses) >= 58
    assert max(pauses) <= 112


def test_messages_are_polled_once(world: World, clock: Clock) -> None:
    watch = world.watch()
    world.settle(watch)
    before, since = clock.now - 1, clock.now + 3
    world.vendor.hints = [Hint("F00000002", 1, "doorbell", before), Hint("F00000001", 1, "motion", since)]
    world.pass_s(watch, 3 * POLL_S)
    assert [change.kind for change in world.changes] == ["motion"]  # what happened before the start is history


def test_encryption_that_came_back_is_found(world: World) -> None:
    watch = world.watch()
    world.pass_s(watch, POLL_S)
    world.home.driver.change("Garden", encryption="on")
    world.pass_s(watch, 2 * POLL_S)
    assert [change.kind for change in world.changes] == ["encryption_on"]


def test_what_is_heard_counts_for_the_household_that_heard_it(world: World, clock: Clock) -> None:
    watch = world.watch(push=True)
    world.pass_s(watch, 10)
    world.vendor.ears[0].callback(Hint("F00000002", 1, "doorbell", clock.now))
    until(lambda: world.changes)
    assert [change.account for change in world.changes] == [world.home.account.id]


def test_a_removed_household_is_not_listened_to(world: World) -> None:
    watch = world.watch(push=True)
    world.pass_s(watch, 10)
    assert [ear.stopped for ear in world.vendor.ears] == [False]
    world.home.store.drop_household(world.home.account.id)
    assert world.pass_s(watch, CENSUS_S + 10) == 0
    assert [ear.stopped for ear in world.vendor.ears] == [True]


def test_a_household_without_a_connection_is_polled(world: World) -> None:
    watch = world.watch(push=True)
    world.pass_s(watch, 10)
    world.vendor.ears[0].listening = False
    world.pass_s(watch, 2 * POLL_S)
    assert world.vendor.polls


@pytest.mark.parametrize("error", [VendorDown(), VendorBusy()])
def test_a_failing_vendor_is_called_ever_less_often(world: World, error: DriverError) -> None:
    watch = world.watch()
    world.pass_s(watch, POLL_S)
    world.home.driver.error = error
    longest = 2**BACK_OFF
    assert world.pass_s(watch, 3 * longest * POLL_S, step_s=50.0) <= 2 * BACK_OFF + 4


def test_after_trouble_the_pace_is_as_before(world: World) -> None:
    watch = world.watch()
    world.home.driver.error = VendorDown()
    world.pass_s(watch, POLL_S)
    world.home.driver.error = None
    world.pass_s(watch, 3 * POLL_S)
    assert world.pass_s(watch, 5 * POLL_S) >= 4


def test_a_household_that_nobody_signed_in_for_is_no_work_for_the_vendor(world: World, clock: Clock) -> None:
    households.add_owner(world.home.store, "absent@example.com")
    watch = world.watch(push=True)
    world.pass_s(watch, 60)
    assert len(world.vendor.ears) == 1


def test_signing_in_begins_it_and_signing_out_ends_it(world: World) -> None:
    account = households.add_owner(world.home.store, "new@example.com")
    source = world.home.store.sources(account.id)[0]
    watch = world.watch(push=True)
    world.pass_s(watch, 30)
    store = world.home.store
    held = store.read_session(account.id, source.id)
    assert held is not None
    assert store.swap_session(account.id, source.id, version=held.version, secrets=held.secrets, state="ok")
    world.pass_s(watch, 30)
    assert len(world.vendor.ears) == 2
    version = held.version + 1
    assert store.swap_session(account.id, source.id, version=version, secrets=held.secrets, state="needs_login")
    world.pass_s(watch, 2 * POLL_S)
    assert [ear.stopped for ear in world.vendor.ears] == [False, True]


def test_many_households_are_not_read_at_once(world: World, clock: Clock) -> None:
    for number in range(40):
        households.add_owner(world.home.store, f"user{number}@example.com")
    watch = world.watch()
    world.settle(watch)
    dues = [watched.due for watched in watch._watched.values()]
    assert len(dues) == 41
    assert max(dues) - min(dues) > 5
    clock.now += CENSUS_S
    households.add_owner(world.home.store, "late@example.com")
    world.settle(watch)
    assert len(watch._watched) == 42
