"""Which households are listened to, which are polled, and how often."""

import itertools
import threading
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from showcam.accounts import households as households_of_any
from showcam.app.settings import Settings
from showcam.drivers.camera import Camera
from showcam.drivers.driver import REREAD_S, Hint
from showcam.drivers.errors import DriverError, SignedOut, VendorBusy, VendorDown
from showcam.drivers.ezviz import sessions
from showcam.registry.adapter import Adapter, adapt
from showcam.registry.readings.changes import Change
from showcam.registry.watch.messages import BELL_S, MISSED_S
from showcam.registry.watch.watch import BACK_OFF, Watch
from showcam.store.records import Source
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.ready_driver import ReadyDriver, camera
from tests.doubles.waiting import until

pytestmark = pytest.mark.proves(
    "Motion, persons and rings are reported when they begin, and after a start only a ring younger than 45 s",
    leans_on="double: EZVIZ's cloud",
)

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


class SignedOutVendor(ReadyDriver):
    """Notes which sources are read."""

    def __init__(self, cameras: list[Camera]) -> None:
        super().__init__(cameras)
        self.asked_for: list[str] = []

    def read(self, source: Source, deadline_s: float) -> tuple[Camera, ...]:
        self.asked_for.append(source.id)
        raise SignedOut


class World:
    def __init__(self, home: Household, clock: Clock) -> None:
        self.home, self.clock, self.vendor = home, clock, Teller()
        self.set_back_s = 0.0  # how far the wall clock was set back
        self.made: list[Watch] = []
        self.changes: list[Change] = []
        home.noticing.refresh(home.account.id)
        home.adapter.changes.subscribe(self.changes.append)

    def wall(self) -> float:
        return self.clock.now - self.set_back_s

    def watch(self, *, push: bool = False, webhook: bool = False, poll_s: float = POLL_S) -> Watch:
        watch = Watch(
            self.home.store,
            self.home.noticing,
            {"ezviz": self.vendor},
            poll_s=poll_s,
            push=KINDS if push else (),
            webhook=KINDS if webhook else (),
            clock=self.wall,
            monotonic=self.clock,
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
        watch.turn()  # for the list of messages, which a household that was just found is followed by
        until(lambda: not watch._messages.busy)

    def lists_in_s(self, watch: Watch, seconds: float, step_s: float = 0.25) -> int:
        """How often the list of messages was read in that time."""
        before = len(self.vendor.polls)
        self.pass_s(watch, seconds, step_s)
        return len(self.vendor.polls) - before

    def rings(self) -> list[float]:
        """When those rang of which somebody was told."""
        until(lambda: not self.made[-1]._inbox._waiting)
        return [change.at for change in self.changes if change.announced == "doorbell"]


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
        monotonic=world.clock,
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
        monotonic=world.clock,
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
        monotonic=world.clock,
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
    assert min(pauses) >= 60
    assert max(pauses) <= 120
    assert max(pauses) - min(pauses) > 20, "so that households don't come together"


def test_a_wall_clock_that_is_set_back_delays_nothing(world: World) -> None:
    watch = world.watch(push=True)
    world.lists_in_s(watch, 12.0)
    world.set_back_s = 7200.0
    assert world.lists_in_s(watch, 50.0) == 10
    assert world.vendor.polls[-1] == pytest.approx(world.wall() - MISSED_S, abs=2 * BELL_S)
    assert 11 <= world.pass_s(watch, 10 * POLL_S) <= 21
    world.home.store.drop_household(world.home.account.id)
    world.pass_s(watch, REREAD_S + 10)
    assert [ear.stopped for ear in world.vendor.ears] == [True]


BELL, GARDEN = "F00000002", "F00000001"


@pytest.mark.proves(
    "A ring is reported within 5 s, within 1 s after a push, and once though it comes both ways",
    leans_on="double: EZVIZ's cloud",
)
class TestMessages:
    """How often the vendor's list of messages is read, and what rings by it."""

    @pytest.mark.parametrize(
        ("bell", "push", "reads"),
        [(True, True, 20), (True, False, 20), (False, True, 0), (False, False, 1)],
        ids=["a doorbell", "a doorbell without push", "no doorbell", "no doorbell and no push"],
    )
    def test_a_household_with_a_doorbell_has_its_list_read_every_five_seconds(
        self, world: World, bell: bool, push: bool, reads: int
    ) -> None:
        if not bell:
            world.home.driver.set([camera("Garden", GARDEN)])
            world.home.noticing.refresh(world.home.account.id)
        watch = world.watch(push=push)
        assert world.lists_in_s(watch, 2.0) == 1  # at the start, for the minute before
        assert world.lists_in_s(watch, POLL_S) == reads

    def test_after_a_push_it_is_read_at_once_and_every_second_for_half_a_minute(
        self, world: World, clock: Clock
    ) -> None:
        watch = world.watch(push=True)
        world.lists_in_s(watch, 12.0)
        world.vendor.ears[0].callback(Hint(GARDEN, 1, "person", clock.now))
        assert world.lists_in_s(watch, 0.25) == 1
        assert world.lists_in_s(watch, 29.5) == 29
        assert world.lists_in_s(watch, 50.0) == 10

    def test_a_push_hurries_no_household_without_a_doorbell(self, world: World, clock: Clock) -> None:
        world.home.driver.set([camera("Garden", GARDEN)])
        world.home.noticing.refresh(world.home.account.id)
        watch = world.watch(push=True)
        world.lists_in_s(watch, 2.0)
        world.vendor.ears[0].callback(Hint(GARDEN, 1, "person", clock.now))
        assert world.lists_in_s(watch, 30.0) == 0

    def test_a_doorbell_that_is_added_is_followed_from_the_next_reading_on(self, world: World) -> None:
        world.home.driver.set([camera("Garden", GARDEN)])
        world.home.noticing.refresh(world.home.account.id)
        watch = world.watch(push=True)
        world.lists_in_s(watch, 2.0)
        world.home.driver.set([camera("Garden", GARDEN), camera("Gate", "F00000003", kind="doorbell")])
        world.pass_s(watch, POLL_S)
        assert world.lists_in_s(watch, 50.0) == 10

    @pytest.mark.parametrize("message", ["m1", ""], ids=["an id", "no id"])
    def test_a_ring_in_the_list_is_rung_once(self, world: World, clock: Clock, message: str) -> None:
        watch = world.watch(push=True)
        world.lists_in_s(watch, 2.0)
        rang = clock.now
        world.vendor.hints = [Hint(BELL, 1, "doorbell", rang, message)]
        reads = world.home.driver.calls["read"]
        world.lists_in_s(watch, 60.0)
        assert world.rings() == [rang]
        assert world.home.driver.calls["read"] <= reads + 2  # for the ring, and the household's turn

    @pytest.mark.parametrize(("ago_s", "rings"), [(1.0, 1), (44.0, 1), (46.0, 0), (70.0, 0)])
    def test_after_a_start_the_last_minute_is_fetched_and_rung_for_45_seconds(
        self, world: World, clock: Clock, ago_s: float, rings: int
    ) -> None:
        rang = clock.now - ago_s
        world.vendor.hints = [Hint(BELL, 1, "doorbell", rang, "m1")]
        world.lists_in_s(world.watch(push=True), 1.0)
        assert world.rings() == [rang] * rings

    def test_it_is_fetched_while_the_cameras_can_not_be_read(self, world: World, clock: Clock) -> None:
        world.vendor.hints = [Hint(BELL, 1, "doorbell", clock.now - 5.0, "m1")]
        world.home.driver.error = VendorDown()
        world.lists_in_s(world.watch(push=True), 1.0)
        assert world.rings() == [clock.now - 6.0]

    def test_after_a_reconnection_the_last_minute_is_fetched(self, world: World, clock: Clock) -> None:
        world.home.driver.set([camera("Garden", GARDEN)])
        world.home.noticing.refresh(world.home.account.id)
        watch = world.watch(push=True)
        world.lists_in_s(watch, 200.0)
        world.vendor.hints = [Hint(GARDEN, 1, "motion", clock.now - 50.0, "m1")]
        world.vendor.ears[0].callback(Hint())
        assert world.lists_in_s(watch, 2.0) == 1
        until(lambda: [change.at for change in world.changes if change.kind == "motion"] == [clock.now - 52.0])

    def test_of_several_rings_of_a_doorbell_the_last_one_is_rung(self, world: World, clock: Clock) -> None:
        rang = [clock.now - ago_s for ago_s in (30.0, 5.0, 20.0)]
        world.vendor.hints = [Hint(BELL, 1, "doorbell", at, f"m{at}") for at in rang]
        world.lists_in_s(world.watch(push=True), 1.0)
        assert world.rings() == [rang[1]]

    @pytest.mark.parametrize(
        ("pushed", "listed", "later_s", "rings"),
        [("m1", "m1", 1.0, 1), ("p1", "m1", 4.0, 1), ("", "m1", 14.0, 1), ("p1", "m1", 20.0, 2)],
        ids=["the same id", "an id of each channel", "no id", "another press"],
    )
    def test_a_ring_that_is_pushed_and_listed_is_rung_once(
        self, world: World, clock: Clock, pushed: str, listed: str, later_s: float, rings: int
    ) -> None:
        watch = world.watch(push=True)
        world.lists_in_s(watch, 2.0)
        world.vendor.ears[0].callback(Hint(BELL, 1, "doorbell", clock.now, pushed, only_bells=True))
        world.rings()
        world.lists_in_s(watch, later_s)
        world.vendor.hints = [Hint(BELL, 1, "doorbell", clock.now, listed)]
        world.lists_in_s(watch, 6.0)
        assert len(world.rings()) == rings

    def test_a_press_that_is_pushed_soon_after_one_that_was_only_listed_is_rung_by_the_list(
        self, world: World, clock: Clock
    ) -> None:
        watch = world.watch(push=True)
        world.lists_in_s(watch, 2.0)
        first = Hint(BELL, 1, "doorbell", clock.now, "m1")
        world.vendor.hints = [first]
        world.lists_in_s(watch, 6.0)
        second = Hint(BELL, 1, "doorbell", clock.now, "m2")
        world.vendor.ears[0].callback(replace(second, only_bells=True))
        world.vendor.hints = [second, first]
        world.lists_in_s(watch, 6.0)
        assert world.rings() == [first.at, second.at]

    def test_a_camera_without_a_bell_does_not_ring_by_a_pushed_call(self, world: World, clock: Clock) -> None:
        world.lists_in_s(world.watch(push=True), 2.0)
        world.vendor.ears[0].callback(Hint(GARDEN, 1, "doorbell", clock.now, only_bells=True))
        assert world.rings() == []

    @pytest.mark.parametrize(
        ("error", "least_s", "most_s"),
        [(VendorBusy("", 40.0), 40.0, 41.0), (VendorBusy("", 3.0), 3.0, 4.0), (VendorDown(), 2.0, 16.0)],
        ids=["asked to wait", "asked to wait less", "down"],
    )
    def test_a_list_that_can_not_be_read_is_tried_again(
        self, world: World, clock: Clock, error: DriverError, least_s: float, most_s: float
    ) -> None:
        watch = world.watch(push=True)
        world.lists_in_s(watch, 2.0)
        world.vendor.error = error
        while not world.lists_in_s(watch, 0.25):
            pass
        for _ in range(5):
            failed = clock.now
            world.vendor.ears[0].callback(Hint(GARDEN, 1, "motion", clock.now))  # hurries nothing
            if isinstance(error, VendorBusy):
                world.vendor.ears[0].callback(Hint())  # nor does a new connection, where the vendor asked to wait
            while not world.lists_in_s(watch, 0.25):
                pass
            assert least_s <= clock.now - failed <= most_s
        world.vendor.error = None
        world.lists_in_s(watch, 60.0)
        assert world.lists_in_s(watch, 50.0) == 10


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
    assert world.pass_s(watch, REREAD_S + 10) == 0
    assert [ear.stopped for ear in world.vendor.ears] == [True]


def test_a_household_that_is_removed_while_it_is_read_is_not_followed_again(world: World) -> None:
    watch = world.watch(push=True)
    driver, account = world.home.driver, world.home.account.id
    watch.turn()
    reads, driver.hold = driver.calls["read"], threading.Event()
    world.clock.now += 5
    watch.turn()
    until(lambda: driver.calls["read"] > reads)
    watched = watch._watched[account]
    world.home.store.drop_household(account)
    world.clock.now += REREAD_S
    watch.turn()
    driver.hold.set()
    until(lambda: not watched.busy)
    assert [ear.stopped for ear in world.vendor.ears] == [True]
    assert watch._messages._followed == {}


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


def test_one_reading_that_failed_is_made_up_for_at_once(world: World) -> None:
    watch = world.watch()
    world.pass_s(watch, POLL_S)
    world.home.driver.error = VendorDown()
    while not world.pass_s(watch, 1.0, 1.0):
        pass
    world.home.driver.error = None
    assert world.pass_s(watch, POLL_S / 8, 1.0) == 1


def test_after_trouble_the_pace_is_as_before(world: World) -> None:
    watch = world.watch()
    world.home.driver.error = VendorDown()
    failed = 0
    while failed < 2:  # a third would open the breaker, whose clock is life's
        failed += world.pass_s(watch, 1.0, 1.0)
    world.home.driver.error = None
    world.pass_s(watch, 3 * POLL_S)
    assert world.pass_s(watch, 5 * POLL_S) >= 4


def test_a_household_that_nobody_signed_in_for_is_no_work_for_the_vendor(world: World, clock: Clock) -> None:
    sessions.add_owner(world.home.store, "absent@example.com")
    watch = world.watch(push=True)
    world.pass_s(watch, 60)
    assert len(world.vendor.ears) == 1


def test_a_source_that_nobody_signed_in_to_is_not_read_beside_a_camera_at_home(world: World) -> None:
    """The demo before its first sign-in: Barn is at home, and the EZVIZ account waits."""
    account = sessions.add_owner(world.home.store, "new@example.com")
    households_of_any.with_lan(world.home.store, account.id)
    at_home, waiting = ReadyDriver([camera("Barn", ways=("lan",))]), SignedOutVendor([])
    home = world.home
    adapter = adapt(home.store, {"ezviz": waiting, "lan": at_home}, home.pictures, home.grants, home.rules, world.clock)
    (source,) = [source for source in home.store.sources(account.id) if source.kind == "ezviz"]
    watch = Watch(home.store, adapter.noticing, {}, poll_s=POLL_S, push=(), webhook=(), monotonic=world.clock)
    world.made.append(watch)
    world.pass_s(watch, 5 * POLL_S)
    assert at_home.calls["read"] >= 4
    assert source.id not in waiting.asked_for


def test_signing_in_begins_it_and_signing_out_ends_it(world: World) -> None:
    account = sessions.add_owner(world.home.store, "new@example.com")
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


def test_signing_in_beside_a_camera_at_home_begins_it_within_seconds(world: World) -> None:
    """The demo's first sign-in, at an owner's defaults: a ring a minute later was lost."""
    account = sessions.add_owner(world.home.store, "new@example.com")
    households_of_any.with_lan(world.home.store, account.id)
    store, (source,) = world.home.store, [one for one in world.home.store.sources(account.id) if one.kind == "ezviz"]
    watch = world.watch(push=True)
    world.pass_s(watch, 30)
    assert len(world.vendor.ears) == 1
    held = store.read_session(account.id, source.id)
    assert held is not None
    assert store.swap_session(account.id, source.id, version=held.version, secrets=held.secrets, state="ok")
    world.pass_s(watch, 4.0, 0.25)
    assert len(world.vendor.ears) == 2


def test_many_households_are_not_read_at_once(world: World, clock: Clock) -> None:
    for number in range(40):
        sessions.add_owner(world.home.store, f"user{number}@example.com")
    watch = world.watch()
    world.settle(watch)
    dues = [watched.due for watched in watch._watched.values()]
    assert len(dues) == 41
    assert max(dues) - min(dues) > 5
    clock.now += REREAD_S
    sessions.add_owner(world.home.store, "late@example.com")
    world.settle(watch)
    assert len(watch._watched) == 42
