"""Of many workers the first few begin their tests at once, and the others while the machine has time to spare."""

import itertools
from pathlib import Path

import pytest

from tests.doubles.spare_time import GO_ON_S, LOOK_S, UNASKED, WAIT_S, SpareTime

LAST = f"gw{UNASKED}"


class Machine:
    """Two cores, of which `idle` is the share that nobody uses from second to second."""

    def __init__(self, folder: Path, *idle: float) -> None:
        self.stat = folder / "stat"
        self.now = 1000.0
        self.slept = 0.0
        self._ticks = {"user": 500.0, "idle": 700.0}
        self._idle = itertools.chain(idle, itertools.repeat(idle[-1]))
        self.passes(1.0)

    def passes(self, seconds: float) -> None:
        share = next(self._idle)
        self.now += seconds
        self._ticks["idle"] += 200 * seconds * share
        self._ticks["user"] += 200 * seconds * (1 - share)
        user, idle = (round(self._ticks[kind]) for kind in ("user", "idle"))
        self.stat.write_text(f"cpu  {user} 10 20 {idle} 30 0 1 2 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n")

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.passes(seconds)

    def worker(self, name: str) -> SpareTime:
        return SpareTime(name, stat=self.stat, clock=lambda: self.now, sleep=self.sleep)


@pytest.mark.parametrize("name", ["", "main", "gw0", f"gw{UNASKED - 1}"])
def test_the_first_workers_and_a_run_without_any_begin_at_once(name: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path, 0.0)
    worker = machine.worker(name)
    machine.passes(1.0)
    worker.wait()
    assert machine.slept == 0.0


def test_the_others_begin_at_once_while_the_machine_has_time(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 0.3)
    worker = machine.worker(LAST)
    machine.passes(1.0)
    worker.wait()
    assert machine.slept == 0.0


def test_on_a_busy_machine_they_wait_until_it_has(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 0.0, 0.1, 0.2, 0.0, 0.3)
    worker = machine.worker(LAST)
    machine.passes(1.0)
    worker.wait()
    assert machine.slept == 3 * LOOK_S


def test_one_that_others_keep_busy_holds_nobody_up_for_good(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 0.0)
    worker = machine.worker(LAST)
    machine.passes(1.0)
    worker.wait()
    assert machine.slept == WAIT_S
    machine.passes(GO_ON_S - 1)
    worker.wait()
    assert machine.slept == WAIT_S
    machine.passes(1.0)
    worker.wait()
    assert machine.slept == 2 * WAIT_S


def test_where_the_kernel_counts_no_time_nobody_waits(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 0.0)
    worker = SpareTime(LAST, stat=tmp_path / "none", clock=lambda: machine.now, sleep=machine.sleep)
    worker.wait()
    assert machine.slept == 0.0
