"""What is measured has a core of its own; cameras, viewers and the browser run on the others, where there are others.

A process takes the cores of the thread that starts it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def _on(cores: frozenset[int]) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
