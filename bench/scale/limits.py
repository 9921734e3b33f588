"""Which quota is reached first as links grow, and what comes after it."""

from dataclasses import dataclass

from bench.scale.assumptions import Assumptions
from bench.scale.day import Day
from bench.scale.quotas import Quota


@dataclass(frozen=True)
class Limit:
    """`links`: how many there are when the busiest minute fills the quota."""

    quota: Quota
    asked: float
    links: float


def limits(given: Assumptions, day: Day, quotas: list[Quota]) -> list[Limit]:
    """First things first; a quota that nothing uses is none."""
    reached = [
        Limit(quota, day.peaks[quota.name], given.links * quota.per_s / day.peaks[quota.name])
        for quota in quotas
        if day.peaks[quota.name] > 0
    ]
    return sorted(reached, key=lambda each: each.links)
