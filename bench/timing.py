"""CPU time of a call: several rounds, with the garbage collector as it is in production."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """The length of a measurement: `rounds` of about `round_s` seconds."""

    rounds: int = 5
    round_s: float = 0.1


QUICK = Effort(rounds=2, round_s=0.01)


def cpu_us(call: Callable[[], object], effort: Effort) -> float:
    """µs of CPU per call, all threads of this process counted. Best of rounds: noise only ever adds."""
    return min(rounds_us(call, effort))


def rounds_us(call: Callable[[], object], effort: Effort) -> list[float]:
    """µs of CPU per call in each round."""
    count = _calls_in(call, effort.round_s)
    return [_round(call, count) * 1e6 for _ in range(effort.rounds)]


def percentile(values: list[float], share: float) -> float:
    """The smallest value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]


def _calls_in(call: Callable[[], object], seconds: float) -> int:
    """The number of calls that fill a round; this warms up too."""
    count = 1
    while True:
        call_s = _round(call, count)
        if call_s * count >= seconds / 4 or count >= 1_000_000:
            return max(1, round(seconds / max(call_s, 1e-9)))
        count *= 2


def _round(call: Callable[[], object], count: int) -> float:
    started = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - started) / count
