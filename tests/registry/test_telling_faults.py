"""What an assistant is told after failures, and after the sender was killed at any step."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from showcam.drivers.driver import Hint
from showcam.registry.adapter import adapt
from showcam.registry.reporting.delivery import Delivery
from showcam.registry.reporting.reporter import GrantDead, NotNow, NotTold, TryAgain, Undeliverable, Unlinked
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.told_world import DOOR, GARDEN, World, another_process


@pytest.fixture
def world(home: Household, clock: Clock) -> World:
    return World(home, clock)


class TestFailures:
    def test_it_is_tried_again_in_order_until_it_is_taken(self, world: World) -> None:
        world.service.faults = [TryAgain("busy") for _ in range(5)]
        world.change(online="off")
        world.hint("person")
        waits = []
        for _ in range(5):
            before = world.clock.now
            assert world.turn() == []
            world.wait()
            waits.append(world.clock.now - before)
        assert world.turn() == ["states Garden", "person Garden"]
        assert [1 <= waits[0] <= 1.3, 2 <= waits[1] <= 2.6, 4 <= waits[2] <= 5.2, 15 <= waits[3] <= 19.5] == [True] * 4
        assert world.outcomes == ["retried"] * 5 + ["told"]

    @pytest.mark.parametrize(
        ("asked_s", "tries", "waits_s"),
        [(40.0, 1, 40.0), (2.0, 8, 2.0), (0.5, 1, 1.0)],
        ids=["longer than ours", "shorter than ours", "no message comes twice within a second"],
    )
    def test_the_service_says_how_long_to_wait(self, world: World, asked_s: float, tries: int, waits_s: float) -> None:
        world.service.faults = [*[TryAgain("busy")] * (tries - 1), TryAgain("busy", asked_s)]
        world.change(online="off")
        for _ in range(tries):
            world.wait()
            world.turn()
        assert world.wanted == world.clock.now + waits_s

    def test_a_ring_is_tried_at_once_after_hours_in_vain_and_then_every_five_seconds(self, world: World) -> None:
        world.service.faults = [TryAgain("busy")] * 12
        world.change(online="off")
        for _ in range(10):
            world.wait()
            world.turn()
        assert world.wanted is not None
        assert world.wanted > world.clock.now + 600
        world.hint("doorbell", "F00000002")
        assert world.wanted == world.clock.now
        for _ in range(2):
            assert world.turn() == []
            assert world.clock.now + 1.0 <= world.wanted <= world.clock.now + 5.0
            world.wait()
        assert world.turn() == ["states Garden", "doorbell Front Door"]

    def test_a_ring_waits_as_long_as_the_service_asked(self, world: World) -> None:
        world.service.faults = [TryAgain("busy", 30.0)]
        world.change(online="off")
        world.turn()
        asked = world.clock.now + 30.0
        world.clock.now += 1.0
        world.hint("doorbell", "F00000002")
        assert world.turn() == []
        assert world.wanted == asked
        world.wait()
        assert world.turn() == ["states Garden", "doorbell Front Door"]

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
        for _ in range(5):
            assert world.turn() == []
            world.wait()
        world.turn()
        world.home.store.note_listed(world.home.account.id, world.link_id, world.clock(), world.clock() + 5)
        world.reporter.error = None
        world.clock.now += 5
        assert sorted(world.turn()) == ["listed Front Door", "listed Garden", "states Front Door", "states Garden"]
        assert world.reporter.tells[-1].listed

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


@pytest.mark.proves(
    "Killed at any step of a report, the next process loses nothing and repeats only under the same message id",
    leans_on="double: the assistant",
)
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
        sender = Delivery(stepping, world.reporter, dying.present, lambda link: None, clock=clock)
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
        home.store.free_claims(clock())
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
