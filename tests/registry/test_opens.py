"""How many streams a link may open: in one process, and over all processes on one store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from showcam.drivers.camera import Failed, Refusal, Stream, StreamRequest
from showcam.registry.adapter import adapt
from showcam.registry.streams.streams import Quota
from showcam.store.ports import StoreUnavailable
from tests.doubles.clock import Clock
from tests.doubles.household import Household, household

HLS = StreamRequest("alexa", ("hls",))
MOST = 3


@pytest.fixture
def processes(tmp_path: Path, clock: Clock) -> Iterator[list[Household]]:
    """Two processes that count in a shared store."""
    home = household(tmp_path, clock=clock)

    def another() -> Household:
        made = {"ezviz": home.driver}
        quota = Quota(MOST, home.store)
        adapter = adapt(home.store, made, home.pictures, home.grants, home.rules, clock, quota)
        common = (home.store, home.account, home.source, home.link, home.driver, home.pictures, home.grants)
        return Household(*common, adapter, home.rules, clock)

    yield [another(), another()]
    home.store.close()


def opened(home: Household, name: str = "Garden") -> Stream | Refusal:
    return home.registry.open_stream(home.link, home.id(name), HLS)


def test_processes_count_together_and_restart_after_a_minute(processes: list[Household], clock: Clock) -> None:
    shown = [isinstance(opened(processes[number % 2]), Stream) for number in range(MOST + 2)]
    assert shown == [True] * MOST + [False] * 2
    assert opened(processes[0]) == Refusal((Failed("too_often"),), "Garden", "EZVIZ")
    clock.now += 60
    assert isinstance(opened(processes[1]), Stream)


def test_what_the_gate_refuses_uses_up_none(processes: list[Household]) -> None:
    for _ in range(MOST + 1):
        refused = opened(processes[0], "Attic")
        assert isinstance(refused, Refusal)
        assert refused.reason == "offline"
    assert isinstance(opened(processes[1]), Stream)


def test_over_the_limit_the_vendor_gives_no_address(processes: list[Household]) -> None:
    for _ in range(MOST):
        opened(processes[0])
    processes[0].driver.calls.clear()
    opened(processes[1])
    assert processes[0].driver.calls["mint"] == 0


def test_where_it_cant_be_counted_nothing_is_opened(tmp_path: Path, clock: Clock) -> None:
    class Away:
        def hit(self, key: str, window_s: int, now: float) -> int:
            raise StoreUnavailable("away")

        def hits(self, key: str, window_s: int, now: float) -> int:
            raise StoreUnavailable("away")

        def take_place(self, key: str, most: int, window_s: int, now: float) -> tuple[bool, int]:
            raise StoreUnavailable("away")

        def leave_place(self, key: str, ends: int) -> None:
            raise StoreUnavailable("away")

    home = household(tmp_path, clock=clock)
    made = {"ezviz": home.driver}
    quota = Quota(MOST, Away())
    registry = adapt(home.store, made, home.pictures, home.grants, home.rules, clock, quota).registry
    with pytest.raises(StoreUnavailable):
        registry.open_stream(home.link, home.id("Garden"), HLS)
    assert home.driver.calls["mint"] == 0
    home.store.close()
