"""Measures how much of a core, and how much memory, a running program uses while it serves."""

import time
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from bench.run import Run

SETTLE_S, MEASURE_S = 8.0, 8.0  # at the end a list is full, and what a slow viewer would hold is there
SOON_S = 5.0  # by WebRTC nothing is kept but a group of pictures


class Used(NamedTuple):
    share: float  # of a core
    memory: float  # MB


class Measured(Protocol):
    def cpu_s(self) -> float: ...

    def own_mb(self) -> float: ...


def use(run: Run, making: AbstractContextManager[Measured], settle_s: float = SETTLE_S) -> Used:
    with making as program:
        time.sleep(4 if run.quick else settle_s)
        began, cpu = time.monotonic(), program.cpu_s()
        time.sleep(3 if run.quick else MEASURE_S)
        return Used((program.cpu_s() - cpu) / (time.monotonic() - began), program.own_mb())
