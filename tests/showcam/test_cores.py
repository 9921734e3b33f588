"""The web process is kept to one core."""

import os
import threading
from collections.abc import Callable

from showcam.app.process.limits import keep_to_one
from tests.doubles.needs import LINUX

pytestmark = LINUX.mark


def in_a_thread[T](work: Callable[[], T]) -> T:
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def test_who_calls_it_and_whom_it_starts_share_one_core() -> None:
    def work() -> tuple[int | None, set[int], set[int]]:
        core = keep_to_one()
        return core, os.sched_getaffinity(0), in_a_thread(lambda: os.sched_getaffinity(0))

    before = os.sched_getaffinity(0)
    core, own, started = in_a_thread(work)
    assert core in before
    assert own == started == {core}
    assert os.sched_getaffinity(0) == before, "other threads are left alone"


def test_who_is_woken_waits_for_who_runs() -> None:
    policy = in_a_thread(lambda: (keep_to_one(), in_a_thread(lambda: os.sched_getscheduler(0)))[1])
    assert policy == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == os.SCHED_OTHER, "other threads are left alone"


def test_only_a_core_that_the_process_may_use_is_chosen() -> None:
    def work() -> tuple[set[int], int | None]:
        only = {max(os.sched_getaffinity(0))}
        os.sched_setaffinity(0, only)
        return only, keep_to_one()

    only, core = in_a_thread(work)
    assert {core} == only
