"""Kills media processes one by one, and measures how long placing a picture takes meanwhile, and whether it fails.

Fleet, roster, holds and store are real; a media process is a list of pictures with a number of places, and time is
simulated. tests/registry/test_media_fleet.py asserts that no picture is refused or shown twice.
"""

import logging
import random
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, Row
from showcam.engine.client import MediaClient
from showcam.engine.fleet import Fleet
from showcam.engine.grants import Claims
from showcam.engine.messages import MediaBusy, MediaFull, MediaGone, MediaUnavailable
from showcam.registry.streams.handover import Registered
from showcam.store.ports import Store
from showcam.store.processes import BEAT_S, Process, Processes
from showcam.store.records import new_id
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.clock import Clock

FUNCTIONS = 8  # environments of AWS Lambda, each with its own memory
CHECK_S = 20  # between two renewals of what a process shows; a real one asks more often
PLACES = 24
SOON_S = 40  # until a process that was killed is replaced
JOIN = 5  # further viewers of pictures that are shown, each second
DRAINED = 0.25  # the part of the processes that end after draining, not at once
DRAIN_S = 60
LOWEST_S, LONGEST_S = 30, 150  # how long a picture is watched
PLACED = Bound(most=20.0)

type Picture = tuple[str, str]  # household, camera


@dataclass
class Simulated:
    """A media process; `offset`: the seconds at which it reports."""

    id: str
    world: "World"
    offset: int
    lies: bool = False
    ends: float | None = None  # it drains until then
    alive: bool = True
    shows: dict[Picture, float] = field(default_factory=dict)

    def warm(self, picture: Picture, until: float) -> None:
        if not self.alive:
            raise MediaGone("killed")
        if picture not in self.shows and (self.ends is not None or len(self.shows) >= PLACES):
            raise MediaFull("no place")
        if any(picture in other.shows for other in self.world.processes.values() if other is not self):
            self.world.twice += 1
        self.shows[picture] = until

    @property
    def places(self) -> int:
        return 0 if self.ends is not None else PLACES - len(self.shows)


class Door:
    """Stands for the client of the load balancer and of each process behind it."""

    def __init__(self, world: "World", process: str = "") -> None:
        self.world, self.public = world, f"https://media.example/p/{process}"

    def behind(self, process: str) -> "Door":
        return Door(self.world, process)

    def warm(self, claims: Claims, source: Any, *, timeout_s: float | None = None) -> str:
        process = self.world.processes.get(self.public.rpartition("/")[2])
        if process is None:
            raise MediaGone("killed")
        process.warm((claims.account, claims.camera), float(claims.nonce))
        return self.public


class World:
    """`asks` a second come beside those of viewers whose process ended. `liars` report all their places as free."""

    def __init__(self, store: Store, seed: int, *, processes: int, households: int, asks: int, liars: int = 0) -> None:
        self.clock, self._random = Clock(), random.Random(seed)
        self._households, self._asks = [new_id() for _ in range(households)], asks
        self.processes: dict[str, Simulated] = {}
        self.web = Processes(store, "media", self.clock)
        self._fleets = [self._fleet(store) for _ in range(FUNCTIONS)]
        self._coming: list[float] = []
        self.asked = self.moved = self.twice = 0
        self.refused: list[str] = []  # why
        self.took_ms: list[float] = []
        for number in range(processes):
            self._start(lies=number < liars)

    def _fleet(self, store: Store) -> Fleet:
        front = cast("MediaClient", Door(self))
        return Fleet(Registered(Processes(store, "media", self.clock), front), self.clock)

    def run(self, seconds: int, *, ends: bool = True) -> None:
        """`ends`: each second a process ends, and is replaced after SOON_S."""
        for second in range(seconds):
            self.clock.now += 1
            self._report(second)
            for _ in range(self._asks):
                self._ask((self._random.choice(self._households), self._random.choice(("garden", "door"))))
            for picture in self._random.sample(shown := sorted(self._shown()), min(JOIN, len(shown))):
                self._ask(picture)
            if ends:
                self._end_one()
            while self._coming and self._coming[0] <= self.clock.now:
                self._coming.pop(0)
                self._start()

    def live(self) -> int:
        return len(self._shown())

    def _shown(self) -> set[Picture]:
        return {picture for process in self.processes.values() for picture in process.shows}

    def _start(self, *, lies: bool = False) -> None:
        process = Simulated(new_id(), self, len(self.processes) % int(BEAT_S), lies)
        self.processes[process.id] = process
        self._beat(process)

    def _beat(self, process: Simulated) -> None:
        places = PLACES if process.lies else process.places
        self.web.beat(Process(process.id, "10.0.0.1:8081", places, process.ends is not None), process.id)

    def _report(self, second: int) -> None:
        now = self.clock.now
        for process in list(self.processes.values()):
            process.shows = {picture: until for picture, until in process.shows.items() if until > now}
            if second % int(BEAT_S) == process.offset:
                self._beat(process)
            if second % CHECK_S == process.offset:
                self._check(process)
            if process.ends is not None and process.ends <= now:
                self.web.leave(Process(process.id, "", 0, draining=True), process.id)
                self._gone(process)

    def _check(self, process: Simulated) -> None:
        by_household: dict[str, list[str]] = {}
        for household, camera in process.shows:
            by_household.setdefault(household, []).append(camera)
        for household, cameras in by_household.items():
            for camera, may in self.web.keeps(household, cameras, process.id).items():
                if not may:
                    self.moved += 1
                    del process.shows[household, camera]

    def _end_one(self) -> None:
        staying = [process for process in self.processes.values() if process.ends is None]
        process = self._random.choice(staying)
        self._coming.append(self.clock.now + SOON_S)
        if self._random.random() < DRAINED:
            process.ends = self.clock.now + DRAIN_S
            self._beat(process)
        else:
            self._gone(process)

    def _gone(self, process: Simulated) -> None:
        """Its viewers ask again."""
        process.alive = False
        del self.processes[process.id]
        for picture in process.shows:
            self._ask(picture)

    def _ask(self, picture: Picture) -> None:
        household, camera = picture
        until = self.clock.now + self._random.uniform(LOWEST_S, LONGEST_S)
        claims = Claims(household, "link", camera, "hls", "alexa", 0, str(until))
        self.asked += 1
        began = time.perf_counter()
        try:
            self._random.choice(self._fleets).warm(claims, None)
        except (MediaBusy, MediaUnavailable) as error:
            if any(process.places > 0 for process in self.processes.values()):
                self.refused.append(repr(error))
        self.took_ms.append((time.perf_counter() - began) * 1e3)


def p95(values: Collection[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def measure(run: Run) -> Results:
    seconds = 30 if run.quick else 200
    say(f"Fleet: 100 media processes, one of them ended each second for {seconds} simulated seconds")
    logging.getLogger("showcam.engine.fleet").setLevel(logging.ERROR)  # each kill is a warning
    with TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "showcam.db", Sealer([("bench", b"k" * 32)]))
        world = World(store, 1, processes=100, households=5_000, asks=10)
        world.run(seconds)
        store.close()
    yield Row("p95 of placing a picture, 100 media processes", "ms", p95(world.took_ms), bound=PLACED)
