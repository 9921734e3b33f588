"""The quotas in the order in which growing links reach them."""

from dataclasses import dataclass

from bench.scale.assumptions import Assumptions
from bench.scale.day import Day
from bench.scale.quotas import Quota


@dataclass(frozen=True)
class Limit:
    """`links` is their number when the busiest minute fills the quota."""

    quota: Quota
    used: float
    links: float


def limits(given: Assumptions, day: Day, quotas: list[Quota]) -> list[Limit]:
    """The first limit first; a quota that nothing uses is left out."""
    reached = [
        Limit(quota, day.peaks[quota.name], given.links * quota.per_s / day.peaks[quota.name])
        for quota in quotas
        if day.peaks[quota.name] > 0
    ]
    return sorted(reached, key=lambda limit: limit.links)
