"""An assistant that refuses a link: when it is tried again, whom it silences, and when links end."""

import pytest

from showcam.registry.reporting.delivery import ENDINGS, HOURLY, REFUSED_S, refused_pause_s
from showcam.registry.reporting.reporter import Later, NotNow, NotTold, Refused, RefusedKey, Told, TryAgain, Unlinked
from showcam.store.records import Link
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.told_world import World

pytestmark = pytest.mark.proves(
    "One odd 403 or 404 of an assistant ends no link, and a lasting one reaches the owner",
    leans_on="double: the assistants' clouds",
    also=("tests/whole/test_endings.py",),
)

DAY_S = 86_400.0


@pytest.fixture
def world(home: Household, clock: Clock) -> World:
    return World(home, clock)


def waits(world: World, count: int) -> list[float]:
    """The seconds before each of the next tries."""
    found = []
    for _ in range(count):
        world.home.noticing.refresh(world.home.account.id)  # as the watch does
        world.turn()
        before = world.clock.now
        world.wait()
        found.append(world.clock.now - before)
    return found


class TestRefused:
    @pytest.mark.parametrize(
        "refusal",
        [Refused("it answered 403"), NotNow("it answered 404", told=Told({}))],  # the second's report is forgotten
        ids=lambda refusal: type(refusal).__name__,
    )
    def test_it_is_tried_again_after_seconds_and_minutes_then_hourly_then_daily(
        self, world: World, refusal: NotTold
    ) -> None:
        world.reporter.error = refusal
        world.change(online="off")
        expected = [1, 2, 4, 60, 300, 900, *[3600] * HOURLY, DAY_S, DAY_S]
        found = waits(world, len(expected))
        assert all(least <= wait <= 1.3 * least for least, wait in zip(expected, found, strict=True))
        world.reporter.error = None
        world.home.noticing.refresh(world.home.account.id)
        assert "states Garden" in world.turn()

    def test_a_refused_key_is_tried_hourly_for_ever(self, world: World) -> None:
        world.reporter.error = RefusedKey("it answered 403")
        world.change(online="off")
        assert max(waits(world, len(REFUSED_S) + HOURLY + 20)) <= 1.3 * 3600

    @pytest.mark.parametrize(
        "odd", [Refused("403"), RefusedKey("403"), NotNow("404")], ids=lambda odd: type(odd).__name__
    )
    def test_one_odd_refusal_silences_for_a_second_and_loses_no_ring(self, world: World, odd: NotTold) -> None:
        world.service.faults = [odd]
        world.hint("doorbell", "F00000002")
        assert world.turn() == []
        world.clock.now += 1.3
        assert "doorbell Front Door" in world.turn()

    def test_an_odd_refusal_after_a_long_outage_waits_a_second(self, world: World) -> None:
        world.reporter.error = TryAgain("503")
        world.change(online="off")
        assert max(waits(world, 20)) >= 900
        world.reporter.error = Refused("403")
        assert waits(world, 1)[0] <= 1.3
        world.reporter.error = TryAgain("503")
        assert waits(world, 1)[0] <= 1.3

    def test_a_change_meanwhile_does_not_shorten_the_wait(self, world: World) -> None:
        world.reporter.error = Refused("403")
        world.change(online="off")
        waits(world, len(REFUSED_S) + 1)
        tries = len(world.reporter.tells)
        world.turn()
        world.change(online="on", encryption="on")
        world.hint("motion")
        world.clock.now += 1800
        world.turn()
        assert len(world.reporter.tells) == tries + 1

    def test_what_happened_meanwhile_is_dropped_and_the_owner_is_told_of_the_refusal(self, world: World) -> None:
        world.reporter.error = Refused("403")
        world.change(online="off")
        world.hint("doorbell", "F00000002")
        waits(world, len(REFUSED_S) + 1)
        world.hint("doorbell", "F00000002")
        waits(world, 1)
        world.reporter.error = None
        assert world.turn() == ["states Garden"]
        assert world.home.store.laid_down() == []
        assert "refused" in world.outcomes

    def test_what_may_only_be_told_later_is_looked_at_then_and_holds_nothing_up(self, world: World) -> None:
        world.change(online="off")
        told = Told({})
        world.reporter.error = Later("the next list waits", 12.0, told=told, happened=frozenset())
        world.turn()
        assert world.wanted == world.clock.now + 12.0
        world.reporter.error = None
        world.hint("doorbell", "F00000002")
        assert "doorbell Front Door" in world.turn()

    def test_a_first_refusal_is_nothing_for_the_owner(self, world: World) -> None:
        world.service.faults = [Refused("403")] * (len(REFUSED_S) - 1)
        world.change(online="off")
        waits(world, len(REFUSED_S) - 1)
        world.turn()
        assert "refused" not in world.outcomes
        assert world.outcomes[-1] == "told"


class TestEndings:
    """More links that end within a minute than ten are more likely a fault than so many people who unlink."""

    def test_from_the_eleventh_on_none_ends_for_a_day(self, home: Household, clock: Clock) -> None:
        links = several(home, ENDINGS + 2)
        world = World(home, clock)
        world.reporter.error = Unlinked("disabled")
        world.change(online="off")
        world.turn()
        assert ended(home, links) == ENDINGS
        assert world.outcomes.count("doubted") == 2
        clock.now += DAY_S - 1
        home.noticing.refresh(home.account.id)
        world.turn()
        assert ended(home, links) == ENDINGS
        clock.now += DAY_S + 1
        home.noticing.refresh(home.account.id)
        world.turn()
        assert ended(home, links) == ENDINGS + 2

    def test_a_link_that_was_kept_is_told_when_the_fault_is_over(self, home: Household, clock: Clock) -> None:
        links = several(home, ENDINGS + 1)
        world = World(home, clock)
        world.reporter.error = Unlinked("disabled")
        world.change(online="off")
        world.turn()
        world.reporter.error = None
        world.service.drain()
        clock.now += 2
        assert world.turn() == ["states Garden"]
        assert ended(home, links) == ENDINGS

    def test_as_many_as_end_over_more_than_a_minute_all_end(self, home: Household, clock: Clock) -> None:
        links = several(home, ENDINGS + 5)
        world = World(home, clock)
        world.change(online="off")
        world.reporter.error = Unlinked("disabled")
        for link in links:
            world.telling.tell(home.account.id, link.id)
            clock.now += 7
        assert ended(home, links) == len(links)


def several(home: Household, count: int) -> list[Link]:
    return [home.link, *(home.another_link("alexa") for _ in range(count - 1))]


def ended(home: Household, links: list[Link]) -> int:
    kept = [home.store.link(link.id) for link in links]
    return sum(link is not None and link.ended is not None for link in kept)


def test_every_pause_after_a_refusal_is_at_least_a_second() -> None:
    assert min(refused_pause_s(tries) for tries in range(60)) >= 1.0
