"""What an assistant is told after each change, and of what happens."""

from typing import Any

import pytest
from msgspec.structs import replace

from showcam.drivers.driver import Hint
from showcam.drivers.errors import SignedOut, VendorDown
from showcam.drivers.ezviz.sessions import Sessions
from showcam.registry.preferences import Preferences, keep
from showcam.registry.readings.changes import LAST_S, RUNG_S
from showcam.registry.reporting.camera_states import LATER_S
from showcam.registry.reporting.delivery import CLAIM_S, pause_s
from showcam.registry.reporting.reporter import LATE_S
from showcam.registry.reporting.sender import EVERY_S, TARDY_S, Reconciliation
from showcam.store.records import DAY_S
from tests.doubles.clock import Clock
from tests.doubles.household import Household, new_link
from tests.doubles.ready_driver import camera
from tests.doubles.told_world import DOOR, GARDEN, World, another_process

pytestmark = pytest.mark.proves(
    "Each difference from what an assistant was last told is reported, and nothing else",
    leans_on="double: the assistants",
)


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
        assert world.reporter.tells[-1].now.states[world.home.id("Garden")].camera.decided.room == "Yard"

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
        Reconciliation(world.home.store, world.clock).turn()
        assert sorted(world.turn()) == ["listed Front Door", "listed Garden"]

    def test_each_household_is_looked_at_in_a_day_of_turns(self, world: World) -> None:
        reconciling = Reconciliation(world.home.store, world.clock)
        late = [0.0, TARDY_S] * 144
        counts = []
        for late_s in late:
            world.clock.now += late_s
            counts.append(len(reconciling.turn_of_day()))
            world.clock.now += EVERY_S - late_s
        assert sum(counts), "none is left out where a turn comes late"
        assert counts.count(0) >= len(counts) - 2, "two turns overlap by a minute at most"
        assert [row.kind for row in world.home.store.waiting(world.clock())] == ["look"]

    def test_what_changed_between_two_looks_and_back_is_not_told(self, world: World) -> None:
        world.change(online="off")
        world.change(online="on")
        assert world.turn() == []

    def test_while_nothing_may_be_sent_changes_are_forgotten_and_after_it_all_is_told(self, world: World) -> None:
        world.reporter.may = False
        world.change(online="off")
        world.hint("doorbell", "F00000002")
        assert world.turn() == []
        assert world.home.store.waiting(world.clock() + 99) == []
        world.change(online="on")
        world.turn()
        assert world.outcomes == ["dead", "not_permitted"]
        world.reporter.may = True
        world.home.store.look(world.home.account.id, world.clock(), world.link_id)
        assert sorted(world.turn()) == ["listed Front Door", "listed Garden", "states Front Door", "states Garden"]

    @pytest.mark.parametrize(("age_s", "outcomes"), [(DAY_S - 60, []), (DAY_S + 60, ["not_permitted"])])
    def test_a_link_that_was_has_no_permission_is_followed_after_a_day(
        self, world: World, age_s: float, outcomes: list[str]
    ) -> None:
        home, now = world.home, world.clock.now
        link = replace(new_link(home.account, "alexa", None, "en"), created=now - age_s)
        home.store.add_link(link)
        world.reporter.may = False
        home.store.look(home.account.id, now, link.id)
        assert world.turn() == []
        assert world.outcomes == outcomes

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
        assert world.wanted == clock.now + LAST_S + LATER_S
        clock.now += 10
        world.hint("motion")
        assert world.turn() == []
        clock.now += LAST_S - 10 + LATER_S
        assert world.turn() == []
        clock.now += 10
        assert world.turn() == ["states Garden"]
        assert world.service.known["Garden"]["motion"] == "off"
        assert world.wanted is None

    @pytest.mark.parametrize(("ago_s", "told"), [(44.0, ["doorbell Front Door"]), (45.0, [])])
    def test_a_ring_that_is_found_late_is_rung_for_45_seconds(
        self, world: World, ago_s: float, told: list[str]
    ) -> None:
        world.hint("doorbell", "F00000002", ago_s=ago_s)
        assert world.turn() == told

    def test_motion_that_is_found_when_it_has_ended_is_no_event(self, world: World) -> None:
        world.hint("motion", ago_s=LAST_S)
        assert world.turn() == []

    def test_no_process_that_starts_repeats_an_event(self, world: World) -> None:
        world.hint("doorbell", "F00000002")
        world.turn()
        after = another_process(world.home)
        after.noticing.noticed(world.home.account.id, [Hint("F00000002", 1, "doorbell", world.clock())])
        Reconciliation(world.home.store, world.clock).turn()
        assert world.turn(world.another_sender(after)) == []

    def test_a_person_that_waited_too_long_is_laid_down_and_may_be_put_back(self, world: World, clock: Clock) -> None:
        world.hint("person")
        clock.now += LATE_S + 1
        world.turn()
        (laid,) = world.home.store.laid_down()
        assert (laid.row.kind, laid.reason) == ("person", "it happened too long ago")
        assert world.home.store.retry(world.home.account.id, laid.row.id, clock.now)
        assert world.turn() == ["person Garden"]

    @pytest.mark.parametrize(("waited_s", "told"), [(45.0, ["doorbell Front Door"]), (45.1, [])])
    def test_a_ring_that_waits_is_rung_for_45_seconds(
        self, world: World, clock: Clock, waited_s: float, told: list[str]
    ) -> None:
        world.hint("doorbell", "F00000002")
        clock.now += waited_s
        assert world.turn() == told
        assert [(laid.row.kind, laid.reason) for laid in world.home.store.laid_down()] == (
            [] if told else [("doorbell", "it happened too long ago")]
        )

    def test_a_ring_that_is_put_back_by_a_person_is_not_rung_after_the_fact(self, world: World, clock: Clock) -> None:
        world.hint("doorbell", "F00000002")
        clock.now += RUNG_S + 1
        world.turn()
        (laid,) = world.home.store.laid_down()
        assert world.home.store.retry(world.home.account.id, laid.row.id, clock.now)
        assert world.turn() == []

    def test_of_several_rings_of_a_camera_the_last_one_is_rung(self, world: World, clock: Clock) -> None:
        world.home.driver.set([GARDEN, DOOR, camera("Gate", "F00000003", kind="doorbell")])
        world.home.noticing.refresh(world.home.account.id)
        world.turn()
        for serial in ("F00000002", "F00000003", "F00000002"):
            world.hint("doorbell", serial)
            clock.now += 5.0
        assert world.turn() == ["doorbell Gate", "doorbell Front Door"]
        assert [happened.at for happened in world.reporter.tells[-1].happened] == [clock.now - 10.0, clock.now - 5.0]
        assert world.home.store.waiting(clock.now + 99) == []

    def test_the_lag_is_from_what_happened_to_the_answer(self, world: World, clock: Clock) -> None:
        world.hint("doorbell", "F00000002")
        clock.now += 0.4
        world.turn()
        assert world.lags[-1] == pytest.approx(0.4)


@pytest.mark.parametrize(("tries", "least", "most"), [(0, 1, 1.3), (2, 4, 5.2), (3, 15, 19.5), (12, 900, 1170)])
def test_the_pauses_between_tries(tries: int, least: float, most: float) -> None:
    assert all(least <= pause_s(tries) <= most for _ in range(50))


def test_a_claim_outlasts_a_call() -> None:
    assert CLAIM_S > 10.0
