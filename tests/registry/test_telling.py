"""What an assistant is told after each change, when it fails, and after the sender was killed at any step."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from registry.adapter import Adapter, adapt
from registry.driver import EventKind, Hint
from registry.drivers.ezviz.sessions import Sessions
from registry.errors import SignedOut, VendorDown
from registry.preferences import Preferences, keep
from registry.readings.sightings import HELD_S
from registry.telling.present import LATER_S
from registry.telling.reconciling import EVERY_S, TARDY_S, Reconciling
from registry.telling.reporter import (
    GrantDead,
    NotNow,
    NotTold,
    TryAgain,
    Undeliverable,
    Unlinked,
)
from registry.telling.telling import CLAIM_S, Telling, pause_s
from registry.telling.why import LATE_S
from store.records import Link
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.ready_driver import camera
from tests.doubles.ready_reporter import ReadyReporter, Service

GARDEN = camera("Garden", "F00000001", motion="off", person="off")
DOOR = camera("Front Door", "F00000002", kind="doorbell", motion="off")


class World:
    """A household whose list was told, and the worker's sender; time passes only when a test says so."""

    def __init__(self, home: Household, clock: Clock) -> None:
        self.home, self.clock, self.service = home, clock, Service()
        home.driver.set([GARDEN, DOOR])
        self.reporter = ReadyReporter(self.service)
        self.outcomes: list[str] = []
        self.lags: list[float] = []
        self.telling = self.another_sender(home.adapter)
        home.noticing.refresh(home.account.id)
        self.turn()
        self.service.drain()
        self.outcomes.clear()

    def another_sender(self, adapter: Adapter) -> Telling:
        def end(link: Link) -> None:
            self.home.store.end_link(link.id, self.clock())

        def follow(_claim: object, outcome: str, lag_s: float) -> None:
            self.outcomes.append(outcome)
            self.lags.append(lag_s)

        return Telling(self.home.store, self.reporter, adapter.present, end, follow, self.clock)

    def turn(self, telling: Telling | None = None) -> list[str]:
        """Tells what is due; the messages that were taken."""
        for _ in range(50):
            due = self.home.store.due("alexa", self.clock(), 10)
            if not [pair for pair in due if (telling or self.telling).tell(*pair)]:
                return self.service.drain()
        raise AssertionError("it never ends")

    def change(self, name: str = "Garden", /, **changes: object) -> None:
        self.home.driver.change(name, **changes)
        self.home.noticing.refresh(self.home.account.id)

    def hint(self, kind: EventKind, serial: str = "F00000001", ago_s: float = 0.0) -> None:
        self.home.noticing.noticed(self.home.account.id, [Hint(serial, 1, kind, self.clock() - ago_s)])

    @property
    def link_id(self) -> str:
        return self.home.link.id

    @property
    def wanted(self) -> float | None:
        return self.home.store.tellings(self.home.account.id)[self.link_id].wanted

    def wait(self) -> None:
        """Until the link is due again."""
        assert self.wanted is not None
        self.clock.now = max(self.clock.now, self.wanted)


@pytest.fixture
def world(home: Household, clock: Clock) -> World:
    return World(home, clock)


class TestWhatIsTold:
    def test_of_a_new_link_everything(self, home: Household, clock: Clock) -> None:
        world = World(home, clock)
        assert [message.kind for message in world.service.taken] == ["listed", "states"] * 2
        assert set(world.service.known) == {"Garden", "Front Door"}
        (tell, *_) = world.reporter.tells
        assert (tell.told, tell.happened, tell.turn, tell.link) == (None, (), f"{home.link.id}/0", home.link)

    @pytest.mark.parametrize(
        ("changes", "taken"),
        [
            ({}, []),
            ({"battery": 12}, []),
            ({"name": "Shed"}, ["listed Shed"]),
            ({"online": "off"}, ["states Garden"]),
            ({"encryption": "on"}, ["states Garden"]),
            ({"name": "Shed", "asleep": "on"}, ["listed Shed", "states Shed"]),
        ],
        ids=str,
    )
    def test_what_differs(self, world: World, changes: dict[str, Any], taken: list[str]) -> None:
        world.change(**changes)
        assert world.turn() == taken

    def test_a_camera_is_added_and_removed_and_the_last_one_too(self, world: World) -> None:
        world.home.driver.set([GARDEN, DOOR, camera("Pond", "F00000003")])
        world.home.noticing.refresh(world.home.account.id)
        assert world.turn() == ["listed Pond", "states Pond"]
        world.home.driver.set([GARDEN])
        world.home.noticing.refresh(world.home.account.id)
        assert sorted(world.turn()) == ["gone Front Door", "gone Pond"]
        world.home.driver.set([])
        world.home.noticing.refresh(world.home.account.id)
        assert world.turn() == ["gone Garden"]
        assert world.service.known == {}
        world.home.driver.set([GARDEN])
        world.home.noticing.refresh(world.home.account.id)
        assert world.turn() == ["listed Garden", "states Garden"]

    def test_a_change_is_told_that_another_process_read_before_our_newer_list(self, world: World) -> None:
        """Its reading began first and ended last: it holds what happened meanwhile, and ours does not."""
        world.clock.now += 5.0
        world.home.noticing.refresh(world.home.account.id)
        world.clock.now -= 0.1
        world.home.driver.change("Garden", online="off")
        another_process(world.home).noticing.refresh(world.home.account.id)
        world.clock.now += 0.2
        assert world.turn() == ["states Garden"]

    def test_an_empty_list_is_known_to_another_process(self, world: World) -> None:
        world.home.driver.set([])
        world.home.noticing.refresh(world.home.account.id)
        assert sorted(world.turn(world.another_sender(another_process(world.home)))) == [
            "gone Front Door",
            "gone Garden",
        ]

    def test_a_failed_reading_removes_nothing(self, world: World) -> None:
        world.home.driver.error = VendorDown()
        world.home.noticing.refresh(world.home.account.id)
        world.home.store.look(world.home.account.id, world.clock())
        assert world.turn() == []

    def test_a_list_that_is_a_day_old_removes_nothing(self, world: World) -> None:
        world.clock.now += 25 * 3600
        world.home.store.look(world.home.account.id, world.clock())
        assert world.turn(world.another_sender(another_process(world.home))) == []
        assert world.home.store.waiting(world.clock()) == []

    @pytest.mark.parametrize("began_s", [-0.2, 0.2], ids=["before", "after"])
    def test_a_change_is_told_when_another_process_saw_it_first(self, world: World, began_s: float) -> None:
        """It read a camera that is back while this process read that it is gone; which began first is all one."""
        other = another_process(world.home)
        world.change(online="off")
        assert world.turn() == ["states Garden"]
        world.clock.now += began_s
        world.home.driver.change("Garden", online="on")
        other.registry.cameras(world.home.link)
        world.clock.now += 1.0
        world.turn()
        world.home.noticing.noticed(world.home.account.id, [Hint("F00000001", 1, "read", world.clock())])
        world.turn()
        assert world.service.known["Garden"]["online"] == "on"

    def test_what_another_process_saw_meanwhile_is_told_as_it_is_now(self, world: World) -> None:
        other = another_process(world.home)
        for online in ("off", "on"):
            world.home.driver.change("Garden", online=online)
            world.clock.now += 1.0
            # the other one reads only that it is gone, this one only that it is back
            if online == "off":
                other.registry.cameras(world.home.link)
            else:
                world.home.noticing.refresh(world.home.account.id)
            world.turn()
        assert world.service.known["Garden"]["online"] == "on"

    def test_a_link_is_told_of_the_cameras_chosen_at_consent(self, world: World) -> None:
        door = world.home.id("Front Door")
        world.home.another_link("alexa", cameras=(door,))
        world.home.store.look(world.home.account.id, world.clock())
        assert world.turn() == ["listed Front Door", "states Front Door"]
        world.change("Garden", online="off")
        assert world.turn() == ["states Garden"]

    def test_what_the_owner_decides_is_looked_at(self, world: World) -> None:
        keep(world.home.store, world.home.account.id, world.home.id("Garden"), Preferences(room="Yard"))
        world.turn()
        assert world.reporter.tells[-1].now.states[world.home.id("Garden")].camera.room == "Yard"

    def test_a_source_that_is_signed_out_is_a_state(self, world: World) -> None:
        session = world.home.store.read_session(world.home.account.id, world.home.source.id)
        assert session is not None
        world.home.store.swap_session(
            world.home.account.id,
            world.home.source.id,
            version=session.version,
            secrets=session.secrets,
            state="needs_login",
        )
        world.home.store.look(world.home.account.id, world.clock())
        assert sorted(world.turn()) == ["states Front Door", "states Garden"]
        refusal = world.reporter.tells[-1].now.states[world.home.id("Garden")].refusal
        assert refusal is not None
        assert refusal.reason == "signed_out"

    def test_a_session_that_died_and_one_that_began_are_looked_at(self, world: World) -> None:
        sessions, source, store = Sessions(world.home.store), world.home.source, world.home.store
        sessions.signed_in(source, "demo@example.com", {"session_id": "first"})
        assert store.waiting(world.clock()) == []
        with pytest.raises(SignedOut):
            sessions.dead(source, "first", 0.0)
        assert sorted(world.turn()) == ["states Front Door", "states Garden"]
        sessions.signed_in(source, "demo@example.com", {"session_id": "second"})
        assert sorted(world.turn()) == ["states Front Door", "states Garden"]

    def test_after_an_upgrade_what_is_newly_offered(self, world: World) -> None:
        world.reporter.version = "2"
        Reconciling(world.home.store, world.clock).turn()
        assert sorted(world.turn()) == ["listed Front Door", "listed Garden"]

    def test_each_household_is_looked_at_in_a_day_of_turns(self, world: World) -> None:
        reconciling = Reconciling(world.home.store, world.clock)
        late = [0.0, TARDY_S] * 144
        counts = []
        for late_s in late:
            world.clock.now += late_s
            counts.append(reconciling.turn_of_day())
            world.clock.now += EVERY_S - late_s
        assert sum(counts), "none is left out where a turn comes late"
        assert counts.count(0) >= len(counts) - 2, "two turns overlap by a minute at most"
        assert [row.kind for row in world.home.store.waiting(world.clock())] == ["look"]

    def test_what_changed_between_two_looks_and_back_is_not_told(self, world: World) -> None:
        world.change(online="off")
        world.change(online="on")
        assert world.turn() == []

    def test_where_nothing_may_be_sent_changes_are_forgotten(self, world: World) -> None:
        world.reporter.may = False
        world.change(online="off")
        world.hint("doorbell", "F00000002")
        assert world.turn() == []
        assert world.home.store.waiting(world.clock() + 99) == []
        world.reporter.may = True
        world.home.store.look(world.home.account.id, world.clock(), world.link_id)
        assert world.turn() == ["states Garden"]

    def test_a_clock_that_is_set_ten_minutes_back_holds_up_no_later_change(self, world: World) -> None:
        world.change(online="off")
        world.clock.now -= 600
        assert world.turn() == []
        world.change(name="Orchard")
        assert world.turn() == ["listed Orchard", "states Orchard"]


class TestWhatHappens:
    def test_a_ring_is_told_once_and_at_once(self, world: World) -> None:
        world.home.driver.error = VendorDown()  # nobody waits for the vendor
        world.hint("doorbell", "F00000002")
        assert world.turn() == ["doorbell Front Door"]
        world.hint("doorbell", "F00000002")
        assert world.turn() == []

    def test_motion_is_a_state_that_ends(self, world: World, clock: Clock) -> None:
        world.hint("motion")
        assert world.turn() == ["states Garden", "motion Garden"]
        assert world.service.known["Garden"]["motion"] == "on"
        assert world.wanted == clock.now + HELD_S + LATER_S
        clock.now += 10
        world.hint("motion")
        assert world.turn() == []
        clock.now += HELD_S - 10 + LATER_S
        assert world.turn() == []
        clock.now += 10
        assert world.turn() == ["states Garden"]
        assert world.service.known["Garden"]["motion"] == "off"
        assert world.wanted is None

    def test_what_comes_late_is_no_event(self, world: World) -> None:
        world.hint("doorbell", "F00000002", ago_s=HELD_S)
        assert world.turn() == []

    def test_no_process_that_starts_repeats_an_event(self, world: World) -> None:
        world.hint("doorbell", "F00000002")
        world.turn()
        after = another_process(world.home)
        after.noticing.noticed(world.home.account.id, [Hint("F00000002", 1, "doorbell", world.clock())])
        Reconciling(world.home.store, world.clock).turn()
        assert world.turn(world.another_sender(after)) == []

    def test_an_event_that_waited_too_long_is_laid_down(self, world: World, clock: Clock) -> None:
        world.hint("doorbell", "F00000002")
        clock.now += LATE_S + 1
        assert world.turn() == []
        (laid,) = world.home.store.laid_down()
        assert (laid.row.kind, laid.reason) == ("doorbell", "it happened too long ago")
        assert world.home.store.retry(world.home.account.id, laid.row.id, clock.now)
        assert world.turn() == ["doorbell Front Door"]

    def test_the_lag_is_from_what_happened_to_the_answer(self, world: World, clock: Clock) -> None:
        world.hint("doorbell", "F00000002")
        clock.now += 0.4
        world.turn()
        assert world.lags[-1] == pytest.approx(0.4)


class TestFailures:
    def test_it_is_tried_again_in_order_until_it_is_taken(self, world: World) -> None:
        world.service.faults = [TryAgain("busy") for _ in range(5)]
        world.change(online="off")
        world.hint("doorbell", "F00000002")
        waits = []
        for _ in range(5):
            before = world.clock.now
            assert world.turn() == []
            world.wait()
            waits.append(world.clock.now - before)
        assert world.turn() == ["states Garden", "doorbell Front Door"]
        assert [1 <= waits[0] <= 1.3, 2 <= waits[1] <= 2.6, 4 <= waits[2] <= 5.2, 15 <= waits[3] <= 19.5] == [True] * 4
        assert world.outcomes == ["retried"] * 5 + ["told"]

    def test_the_service_says_how_long_to_wait(self, world: World) -> None:
        world.service.faults = [TryAgain("busy", 40.0)]
        world.change(online="off")
        world.turn()
        assert world.wanted == world.clock.now + 40.0

    def test_what_it_took_before_it_failed_is_not_sent_again(self, world: World) -> None:
        world.service.faults = [None, TryAgain("busy")]
        world.change("Garden", online="off")
        world.change("Front Door", online="off")
        world.hint("doorbell", "F00000002")
        assert world.turn() == ["states Garden"]
        world.wait()
        assert world.turn() == ["states Front Door", "doorbell Front Door"]

    def test_an_answer_that_was_lost_repeats_the_message_with_its_id(self, world: World) -> None:
        world.service.faults, world.service.lost = [TryAgain("no answer")] * 2, True
        world.change(online="off")
        world.turn()
        world.wait()
        world.turn()
        world.wait()
        world.turn()
        assert [len({message.id for message in world.service.taken[-3:]}), len(world.service.taken[4:])] == [1, 3]

    def test_the_same_state_a_second_time_has_another_id(self, world: World) -> None:
        for online in ("off", "on", "off"):
            world.change(online=online)
            world.turn()
        messages = world.service.taken[-3:]
        assert (messages[0].text, len({message.id for message in messages})) == (messages[2].text, 3)

    def test_a_newer_state_overtakes_one_that_waits(self, world: World) -> None:
        world.service.faults = [TryAgain("busy")]
        world.change(online="off")
        world.turn()
        world.change(online="on", encryption="on")
        world.wait()
        assert world.turn() == ["states Garden"]
        assert world.service.known["Garden"]["encryption"] == "on"

    def test_a_refused_camera_is_laid_down_and_the_others_are_told(self, world: World) -> None:
        world.service.refuses = "Garden"
        world.change("Garden", online="off")
        world.change("Front Door", online="off")
        assert world.turn() == ["states Front Door"]
        (laid,) = world.home.store.laid_down()
        assert (laid.row.subject, laid.reason) == (world.home.id("Garden"), "refused")
        assert world.turn() == []
        world.service.refuses = ""
        world.home.store.retry(world.home.account.id, laid.row.id, world.clock())
        assert world.turn() == ["listed Garden", "states Garden"]
        assert world.outcomes == ["laid_down", "told"]

    def test_an_assistant_that_does_not_know_the_user_is_told_all_once_it_does(self, world: World) -> None:
        world.reporter.error = NotNow("unknown user")
        world.change(online="off")
        world.hint("doorbell", "F00000002")
        assert world.turn() == []
        assert [row.kind for row in world.home.store.waiting(world.clock() + 99)] == ["look"]
        world.home.store.note_listed(world.home.account.id, world.link_id, world.clock(), world.clock() + 5)
        world.reporter.error = None
        world.clock.now += 5
        assert sorted(world.turn()) == ["listed Front Door", "listed Garden", "states Front Door", "states Garden"]
        assert world.reporter.tells[-1].listed

    def test_without_a_new_list_it_is_tried_now_and_then(self, world: World) -> None:
        world.reporter.error = NotNow("unknown user")
        world.change(online="off")
        waits = []
        for _ in range(6):
            before = world.clock.now
            world.turn()
            world.wait()
            waits.append(round(world.clock.now - before))
        assert waits == [30, 120, 480, 1920, 7680, 21600]

    def test_a_link_that_its_assistant_has_ended_ends_here(self, world: World) -> None:
        world.service.faults = [Unlinked("disabled")]
        world.change(online="off")
        world.turn()
        link = world.home.store.link(world.link_id)
        assert link is not None
        assert link.ended == world.clock.now
        world.reporter.error = None
        world.turn()
        assert world.service.ended == [link.agent_user]
        assert world.home.store.waiting(world.clock() + 9999) == []

    def test_a_dead_grant_ends_nothing_and_is_followed(self, world: World) -> None:
        world.service.faults = [GrantDead("no grant")]
        world.change(online="off")
        world.turn()
        link = world.home.store.link(world.link_id)
        assert link is not None
        assert (link.ended, world.outcomes) == (None, ["dead"])
        world.change(online="on")
        assert sorted(world.turn()) == ["listed Front Door", "listed Garden", "states Front Door", "states Garden"]
        assert world.outcomes == ["dead", "first"]

    @pytest.mark.parametrize(
        ("error", "laid"), [(None, []), (TryAgain("busy"), []), (Undeliverable("refused"), ["refused"])], ids=str
    )
    def test_the_end_of_a_link_is_told(self, world: World, error: NotTold | None, laid: list[str]) -> None:
        world.change(online="off")
        world.home.store.end_link(world.link_id, world.clock())
        world.reporter.error = error
        world.turn()
        assert [row.reason for row in world.home.store.laid_down()] == laid
        world.reporter.error = None
        if isinstance(error, TryAgain):
            world.clock.now += 2
            world.turn()
        assert world.service.ended == ([] if laid else [world.home.link.agent_user])

    def test_a_mistake_of_ours_holds_nothing_up_for_ever(self, world: World) -> None:
        world.reporter.error = RuntimeError("a mistake")
        world.change(online="off")
        world.turn()
        world.reporter.error = None
        world.wait()
        assert world.turn() == ["states Garden"]


class Killed(BaseException):
    """As by kill -9."""


class Counting:
    """Kills at a step: before or after the store or the assistant did something."""

    def __init__(self, kill_at: int) -> None:
        self.left = kill_at

    def step(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


class Stepping:
    """A store that counts a step before and after each call."""

    def __init__(self, store: Any, counting: Counting) -> None:
        self._store, self._counting = store, counting

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._store, name)

        def stepped(*given: Any, **named: Any) -> Any:
            self._counting.step()
            result = call(*given, **named)
            self._counting.step()
            return result

        return stepped


def test_killed_at_any_step_nothing_is_lost_and_nothing_doubled_but_by_its_id(
    make_home: Callable[..., Household], clock: Clock
) -> None:
    """The step at which the process is killed goes from the first to the last; another process goes on each time."""
    home = make_home()
    world = World(home, clock)
    names = iter(f"Garden {number}" for number in range(10_000))
    killed, kill_at = 0, 0
    while True:
        kill_at += 1
        clock.now += 60
        counting = Counting(kill_at)
        stepping = Stepping(home.store, counting)
        dying = adapt(stepping, {"ezviz": home.driver}, home.pictures, home.grants, home.rules, clock)
        sender = Telling(stepping, world.reporter, dying.present, lambda link: None, clock=clock)
        name, online = next(names), "off" if kill_at % 2 else "on"
        home.driver.set([msgspec.structs.replace(GARDEN, name=name, online=online), DOOR])
        world.service.taken.clear()
        world.service.before_send = world.service.after_send = counting.step
        rung = clock.now
        ended = False
        try:
            dying.noticing.refresh(home.account.id)
            dying.noticing.noticed(home.account.id, [Hint("F00000002", 1, "doorbell", rung)])
            while sender.tell(home.account.id, home.link.id):
                pass
            ended = True
        except Killed:
            killed += 1
        world.service.before_send = world.service.after_send = lambda message: None
        after = another_process(home)
        home.store.free_claims()
        after.noticing.refresh(home.account.id)
        after.noticing.noticed(home.account.id, [Hint("F00000002", 1, "doorbell", rung)])  # the vendor's own repetition
        world.turn(world.another_sender(after))
        once = world.service.once
        assert [message.kind for message in once] == ["listed", "states", "doorbell"], f"killed at step {kill_at}"
        assert once[0].text == name
        assert f"online={online}" in once[1].text
        if ended:
            break
    assert killed > 30


def another_process(home: Household) -> Adapter:
    return adapt(home.store, {"ezviz": home.driver}, home.pictures, home.grants, home.rules, home.clock)


@pytest.mark.parametrize(("tries", "least", "most"), [(0, 1, 1.3), (2, 4, 5.2), (3, 15, 19.5), (12, 900, 1170)])
def test_the_pauses_between_tries(tries: int, least: float, most: float) -> None:
    assert all(least <= pause_s(tries) <= most for _ in range(50))


def test_a_claim_outlasts_a_call() -> None:
    assert CLAIM_S > 10.0
