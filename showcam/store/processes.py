"""The living processes of one kind, and the items that each of them holds, by holds that expire.

A process reports every BEAT_S, and counts as alive for ALIVE_S. An item of a household, such as a camera's video, has
one process at a time. Rendezvous hashing (Thaler and Ravishankar, 1998) by the household chooses a living process. A
hold keeps the item there while other processes come and go. This module does not know what the processes do.
"""

import contextlib
import time
from collections.abc import Callable, Collection, Iterable

import msgspec
from msgspec import Struct

from showcam.net.addresses import weight
from showcam.store.ports import Holds, StoreUnavailable
from showcam.store.records import Hold

BEAT_S = 5.0  # between two reports of a process
ALIVE_S = 3 * BEAT_S + 1.0  # two reports may be lost
HELD_S = 90.0  # a hold expires this time after its last renewal
LEAST_S = 60.0  # a hold with less time left is renewed: a display may come so late after the request
LOOK_S = 2.0  # the list of processes may be this old
LAST_KNOWN_S = 120.0  # while the store answers nothing, the list of processes may be this old
SKEW_S = 3600.0  # the clocks of processes that report themselves to the store may differ by this
RACES = 8  # lost races for one item before a caller gives up


class Process(Struct, frozen=True):
    """A process as it reported itself."""

    id: str
    at: str  # host and port for requests of other processes
    places: int  # how many further items it has room for
    draining: bool = False  # the process ends soon, and takes no further item


_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(Process).decode


class Processes:
    """`kind` names the kind of the processes. `clock` is the caller's: the clocks of the processes do not matter."""

    def __init__(
        self,
        store: Holds,
        kind: str,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._kind, self._clock, self._monotonic = store, kind, clock, monotonic
        self._reports: dict[str, tuple[Hold, float]] = {}  # the last of each, and when it was first seen here
        self._known: dict[str, Process] = {}
        self._born: dict[str, str] = {}  # the start of each
        self._looked = float("-inf")

    # reports of processes

    def beat(self, process: Process, born: str) -> bool:
        """Keeps a report. False: a process of another start (`born`) has this id, and is alive."""
        now = self._clock()
        return self._store.take_hold(
            f"process/{self._kind}", Hold(process.id, born, now + ALIVE_S, _encode(process)), now
        )

    def leave(self, process: Process, born: str) -> None:
        """Takes the last report of a process that ends now: from now on nobody is sent to it."""
        now = self._clock()
        self._store.take_hold(f"process/{self._kind}", Hold(process.id, born, now, _encode(process)), now)

    def suspect(self, process: str) -> None:
        """Has all callers pass the process over until its next report, because the process did not answer."""
        now, born = self._clock(), self._born.get(process, "")
        self._known.pop(process, None)
        with contextlib.suppress(StoreUnavailable):
            self._store.take_hold(f"process/{self._kind}", Hold(process, "", now), now, instead_of=born)

    def alive(self, *, at_once: bool = False) -> list[Process]:
        """The processes that reported themselves lately. Raises StoreUnavailable if none is known.

        `at_once`: the list is read now, and is not one that was read in the last LOOK_S.
        """
        now = self._clock()
        if at_once or not 0 <= now - self._looked < LOOK_S:
            try:
                holds = self._store.holds(f"process/{self._kind}", now)
            except StoreUnavailable:
                if not self._known or now - self._looked > LAST_KNOWN_S:
                    raise
            else:
                self._known = {hold.name: _decode(hold.data) for hold in holds}
                self._born = {hold.name: hold.owner for hold in holds}
                self._looked = now
        return list(self._known.values())

    def reporting(self) -> list[Process]:
        """The processes whose reports keep changing, for processes that report themselves by their own clocks.

        A report counts for ALIVE_S after it was first seen here, whatever times are in it. So a process that ended
        before the caller's start counts for ALIVE_S, too. Raises StoreUnavailable.
        """
        now = self._monotonic()
        for hold in self._store.holds(f"process/{self._kind}", self._clock() - SKEW_S):
            if hold.name not in self._reports or self._reports[hold.name][0] != hold:
                self._reports[hold.name] = hold, now
        return [_decode(hold.data) for hold, seen in self._reports.values() if now - seen < ALIVE_S]

    # items that they hold

    def held(self, household: str) -> dict[str, Hold]:
        """The household's items that a process holds now, by item."""
        return {hold.name: hold for hold in self._store.holds(f"{self._kind}/{household}", self._clock())}

    def holder(self, household: str, item: str, without: Collection[str] = ()) -> Process | None:
        """The process of the item; if there is none yet, a process is chosen and takes the item. None: none is alive.

        `without` has the ids of processes that did not answer, or were full: another process takes the item from them.
        While the store does not answer, every caller makes the same choice among the processes last known.
        Raises StoreUnavailable if nothing is known.
        """
        alive = self._others(without)
        if without and all(process.draining for process in alive.values()):  # a new process may have room
            alive = self._others(without, at_once=True)
        for _ in range(RACES):
            try:
                held = self.held(household)
            except StoreUnavailable:
                return _chosen(household, alive.values(), ())
            hold = held.get(item)
            if hold is not None and hold.owner not in alive and hold.owner not in without:  # it may be a new process
                alive = self._others(without, at_once=True)
            if hold is not None and hold.owner in alive:
                if hold.ends > self._clock() + LEAST_S or self._take(household, item, hold.owner):
                    return alive[hold.owner]
                continue
            chosen = _chosen(household, alive.values(), {other.owner for other in held.values()})
            if chosen is None or self._take(household, item, chosen.id, hold.owner if hold else ""):
                return chosen
        raise StoreUnavailable("other callers moved the same item in every try")

    def shown(self, household: str, item: str, without: Collection[str] = ()) -> Process | None:
        """The process of the item, or the process that would be chosen; no hold is taken. Raises StoreUnavailable."""
        alive = self._others(without)
        held = self.held(household)
        hold = held.get(item)
        if hold is not None and hold.owner in alive:
            return alive[hold.owner]
        return _chosen(household, alive.values(), {other.owner for other in held.values()})

    def keeps(self, household: str, items: Iterable[str], process: str) -> dict[str, bool]:
        """Whether the process may go on with each item. Renews each hold with less than LEAST_S left.

        The process takes an item without a process. Raises StoreUnavailable.
        """
        held, soon = self.held(household), self._clock() + LEAST_S
        may: dict[str, bool] = {}
        for item in items:
            hold = held.get(item)
            if hold is not None and hold.owner != process:
                may[item] = False
            elif hold is not None and hold.ends > soon:
                may[item] = True
            else:
                may[item] = self._take(household, item, process)
        return may

    def _others(self, without: Collection[str], *, at_once: bool = False) -> dict[str, Process]:
        """The living processes by their ids, without those of `without`. Raises StoreUnavailable if none is known."""
        return {process.id: process for process in self.alive(at_once=at_once) if process.id not in without}

    def _take(self, household: str, item: str, process: str, instead_of: str = "") -> bool:
        now = self._clock()
        try:
            return self._store.take_hold(
                f"{self._kind}/{household}", Hold(item, process, now + HELD_S), now, instead_of
            )
        except StoreUnavailable:
            return True  # every caller makes the same choice; the process takes the hold at its next check


def _chosen(household: str, processes: Iterable[Process], own: Collection[str]) -> Process | None:
    """The household's process: with room, `own` first, which hold other items of the household already."""

    def rank(process: Process) -> tuple[bool, bool, bytes]:
        return process.places <= 0, process.id not in own, weight(process.id, household)

    return min((process for process in processes if not process.draining), key=rank, default=None)
