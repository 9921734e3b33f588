"""What is measured has a core of its own; cameras, viewers and the browser run on the others, where there are others.

A process takes the cores of the thread that starts it.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ALL = sorted(os.sched_getaffinity(0))
MEASURED = frozenset(_ALL[:1])
BESIDE = frozenset(_ALL[1:]) or MEASURED


@contextmanager
def measured() -> Iterator[None]:
    """What is started here is measured."""
    with _on(MEASURED):
        yield


@contextmanager
def beside() -> Iterator[None]:
    """What is started here stands beside what is measured, and so does this thread."""
    with _on(BESIDE):
        yield


def put_beside(process: int) -> None:
    """Takes a running process, with all its threads, from the core of what is measured."""
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(OSError):  # it has ended
            os.sched_setaffinity(int(task.name), BESIDE)


def busy(seconds: float) -> float:
    """Measures for `seconds` how busy programs keep the machine: 0 idle, 1 every core."""
    before = _idle_and_all()
    time.sleep(seconds)
    idle, everything = (now - then for now, then in zip(_idle_and_all(), before, strict=True))
    return 1 - idle / everything if everything else 0.0


def _idle_and_all() -> tuple[int, int]:
    """Ticks since the machine's start: proc_stat(5)."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


@contextmanager
def _on(cores: frozenset[int]) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
