"""A day, minute by minute: what comes in, what the quotas let through, and what comes again a minute later."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.scale.assumptions import Assumptions
from bench.scale.footprint import Footprint
from bench.scale.quotas import Quota

MINUTES = 1440
# shape of the day, midnight first: hours beside each other are blended
HOURS = (2, 1, 1, 1, 1, 2, 5, 8, 7, 5, 5, 5, 6, 5, 5, 6, 8, 11, 14, 16, 15, 11, 7, 4)
EVEN = frozenset({"token refresh"})  # a token runs out when it does, by night too
AGAIN = frozenset({"gate check", "report to Google"})  # asked anew by themselves: what is refused does not come again


@dataclass
class Minute:
    """By walk; `asked` is `fresh` and what comes again, and is `served` and `refused`."""

    fresh: dict[str, int] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)
    served: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def asked(self, walk: str) -> int:
        return self.fresh[walk] + self.again[walk]


@dataclass
class Day:
    minutes: list[Minute]
    peaks: dict[str, float]  # by quota: units a second asked in the busiest minute
    live: float  # streams at once, in the busiest minute
    live_hours: float  # of streams, the whole day

    def total(self, walk: str) -> int:
        return sum(minute.served[walk] for minute in self.minutes)

    def refused(self, walk: str) -> int:
        return sum(minute.refused[walk] for minute in self.minutes)


def daily(given: Assumptions) -> dict[str, float]:
    """Requests a day by walk, before anything is refused."""
    alexa, google = given.links * (1 - given.google), given.links * given.google
    opens = given.opens * given.links
    return {
        "Discover": alexa * given.lists,
        "ReportState": alexa * given.polls,
        "InitializeCameraStreams": alexa * given.opens,
        "SYNC": google * given.lists,
        "QUERY": google * given.polls,
        "GetCameraStream": google * given.opens,
        "token refresh": given.links * 86400 / given.token_s,
        "linking": given.links * given.joins,
        "webhook message": given.links * given.cameras * given.events,
        "gate check": opens * (1 - given.passed) * given.watch_s / given.gate_s,
        "report to Google": google * given.cameras * given.told,
    }


def shape(peak: float) -> list[float]:
    """Each minute's share of the day, its busiest `peak` times the mean."""
    curve = [_blended(minute) for minute in range(MINUTES)]
    mean = sum(curve) / MINUTES
    top = max(curve) / mean
    # to a power that lifts the top to where it is wanted
    low, high = 0.0, 8.0
    for _ in range(40):
        power = (low + high) / 2
        bent = [(each / mean) ** power for each in curve]
        reached = max(bent) * MINUTES / sum(bent)
        low, high = (power, high) if reached < min(peak, top**8) else (low, power)
    return [each / sum(bent) for each in bent]


def _blended(minute: int) -> float:
    hour, part = divmod(minute / 60 - 0.5, 1)
    return HOURS[int(hour) % 24] * (1 - part) + HOURS[int(hour + 1) % 24] * part


def simulate(given: Assumptions, footprints: Mapping[str, Footprint], quotas: list[Quota], *, seed: int = 1) -> Day:
    """The same seed gives the same day."""
    chance = random.Random(seed)
    wanted, curve = daily(given), shape(given.peak)
    walks = [walk for walk in wanted if walk in footprints]
    day = Day([], {quota.name: 0.0 for quota in quotas}, 0.0, 0.0)
    again = dict.fromkeys(walks, 0)
    for share in curve:
        minute = Minute(again=again)
        for walk in walks:
            minute.fresh[walk] = _drawn(chance, wanted[walk] * (1 / MINUTES if walk in EVEN else share))
        _through(minute, walks, footprints, quotas, day.peaks)
        again = {walk: 0 if walk in AGAIN else math.floor(minute.refused[walk] * given.retry) for walk in walks}
        live = minute.served.get("gate check", 0) * given.gate_s / 60
        day.live, day.live_hours = max(day.live, live), day.live_hours + live / 60
        day.minutes.append(minute)
    return day


def _through(
    minute: Minute,
    walks: list[str],
    footprints: Mapping[str, Footprint],
    quotas: list[Quota],
    peaks: dict[str, float],
) -> None:
    """What a quota has no room for is refused alike to all who use it."""
    let = dict.fromkeys(walks, 1.0)
    for quota in quotas:
        uses = {walk: quota.use(footprints[walk]) for walk in walks}
        asked = sum(uses[walk] * minute.asked(walk) for walk in walks) / 60
        peaks[quota.name] = max(peaks[quota.name], asked)
        if asked > quota.per_s:
            for walk in walks:
                if uses[walk]:
                    let[walk] = min(let[walk], quota.per_s / asked)
    for walk in walks:
        asked_for = minute.asked(walk)
        minute.served[walk] = math.floor(asked_for * let[walk])
        minute.refused[walk] = asked_for - minute.served[walk]


def _drawn(chance: random.Random, mean: float) -> int:
    """How many come where `mean` do on the average (Poisson; of many, its normal)."""
    if mean > 50:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    count, left = 0, math.exp(-mean)
    product = chance.random()
    while product > left:
        count += 1
        product *= chance.random()
    return count
