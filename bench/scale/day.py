"""A day, minute by minute: the requests, those that the quotas let through, and those repeated a minute later."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.scale.assumptions import Assumptions
from bench.scale.fleet import RENEWED_S
from bench.scale.footprint import BELL, Footprint
from bench.scale.quotas import Quota
from bench.scale.reporting import RECORDS
from showcam.registry.watch.messages import BELL_S
from showcam.store.processes import BEAT_S

MINUTES = 1440
SWEEPS = 24 * 60 / 5  # runs a day
# shape of the day from midnight; adjacent hours are blended
HOURS = (2, 1, 1, 1, 1, 2, 5, 8, 7, 5, 5, 5, 6, 5, 5, 6, 8, 11, 14, 16, 15, 11, 7, 4)
EVEN = frozenset({"token refresh", "overdue links", "household looked at", "look at a link", BELL})  # by night too
# they recur by themselves: a refused one is not repeated
AGAIN = frozenset({"gate check", "report to Alexa", "report to Google", "look at a link", BELL})


@dataclass
class Minute:
    """Requests by walk; `received` is `fresh` and `again` together, and so is `served` and `refused`."""

    fresh: dict[str, int] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)
    served: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def received(self, walk: str) -> int:
        return self.fresh[walk] + self.again[walk]


@dataclass
class Day:
    minutes: list[Minute]
    peaks: dict[str, float]  # by quota: units a second requested in the busiest minute
    live: float  # streams at once, in the busiest minute
    live_hours: float  # of streams, the whole day
    pictures: list[float] = field(default_factory=list)  # live in each minute

    def total(self, walk: str) -> int:
        return sum(minute.served[walk] for minute in self.minutes)

    def refused(self, walk: str) -> int:
        return sum(minute.refused[walk] for minute in self.minutes)


def daily(given: Assumptions) -> dict[str, float]:
    """Requests a day by walk, before anything is refused."""
    alexa, google = given.links * (1 - given.google), given.links * given.google
    opens = given.opens * given.links
    passing = opens * (1 - given.passed)  # opened by our media processes
    live_s = passing * given.watch_s
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
        "gate check": live_s / given.gate_s,
        "part: a picture placed": passing,
        "part: a hold looked at": live_s / given.gate_s - live_s / RENEWED_S,
        "part: a hold renewed": live_s / RENEWED_S,
        "part: an ask kept": opens * given.history,
        "media process's report": live_s / given.wanted / BEAT_S,
        "report to Alexa": alexa * given.cameras * given.told,
        "report to Google": google * given.cameras * given.told,
        "look at a link": given.links,
        # a link's row comes by when it is due, and when it is claimed
        "records of the stream": 2 * given.links * (given.cameras * given.told + 1) / RECORDS,
        "overdue links": SWEEPS,
        "household looked at": given.links,
        **({BELL: given.links * given.bells * 86400 / BELL_S} if given.bells else {}),
    }


def shape(peak: float) -> list[float]:
    """Each minute's share of the day, its busiest `peak` times the mean."""
    curve = [_blended(minute) for minute in range(MINUTES)]
    mean = sum(curve) / MINUTES
    top = max(curve) / mean
    # a power lifts the top to `peak`
    low, high = 0.0, 8.0
    for _ in range(40):
        power = (low + high) / 2
        bent = [(share / mean) ** power for share in curve]
        reached = max(bent) * MINUTES / sum(bent)
        low, high = (power, high) if reached < min(peak, top**8) else (low, power)
    return [share / sum(bent) for share in bent]


def _blended(minute: int) -> float:
    hour, share = divmod(minute / 60 - 0.5, 1)
    return HOURS[int(hour) % 24] * (1 - share) + HOURS[int(hour + 1) % 24] * share


def simulate(given: Assumptions, footprints: Mapping[str, Footprint], quotas: list[Quota], *, seed: int = 1) -> Day:
    """Simulates a day; the same seed gives the same day."""
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
        day.pictures.append(live)
        day.minutes.append(minute)
    return day


def _through(
    minute: Minute,
    walks: list[str],
    footprints: Mapping[str, Footprint],
    quotas: list[Quota],
    peaks: dict[str, float],
) -> None:
    """A full quota refuses the same share of all walks that use it."""
    let = dict.fromkeys(walks, 1.0)
    for quota in quotas:
        uses = {walk: quota.use(footprints[walk]) for walk in walks}
        wanted = sum(uses[walk] * minute.received(walk) for walk in walks) / 60
        peaks[quota.name] = max(peaks[quota.name], wanted)
        if wanted > quota.per_s:
            for walk in walks:
                if uses[walk]:
                    let[walk] = min(let[walk], quota.per_s / wanted)
    for walk in walks:
        received = minute.received(walk)
        minute.served[walk] = math.floor(received * let[walk])
        minute.refused[walk] = received - minute.served[walk]


def _drawn(chance: random.Random, mean: float) -> int:
    """A Poisson number with this mean; above 50 by the normal distribution."""
    if mean > 50:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    count, left = 0, math.exp(-mean)
    product = chance.random()
    while product > left:
        count += 1
        product *= chance.random()
    return count
