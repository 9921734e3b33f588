"""The processes of one kind that are alive, and which one holds what: by leases, which end by themselves.

A process reports itself every BEAT_S, and counts as alive for ALIVE_S. An item of a household, such as a camera's
video, has one process at a time: rendezvous hashing (Thaler and Ravishankar, 1998) by the household chooses it among
those alive, and a lease keeps it there while others come and go. Nothing here knows what the processes do.
"""

import contextlib
import time
from collections.abc import Callable, Collection, Iterable

import msgspec
from msgspec import Struct

from showcam.net.addresses import weight
from showcam.store.ports import Leases, StoreUnavailable
from showcam.store.records import Lease

BEAT_S = 5.0  # between two reports of a process
ALIVE_S = 3 * BEAT_S + 1.0  # two reports may be lost
HELD_S = 60.0  # a lease ends so long after it was last renewed
LOOK_S = 2.0  # the list of processes may be this old
LAST_KNOWN_S = 120.0  # while the store answers nothing, the list of processes may be this old
RACES = 8  # lost races for one item before a caller gives up


class Process(Struct, frozen=True):
    """A process as it reported itself."""

    id: str
    at: str  # host and port for requests of other processes
    places: int  # how many further items it has room for
    draining: bool = False  # it ends soon: what it holds stays until then, and nothing is added


_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(Process).decode


class Processes:
    """`kind` is the name that processes of one kind share. `clock` is the caller's own: no process's clock counts."""

    def __init__(self, store: Leases, kind: str, clock: Callable[[], float] = time.time) -> None:
        self._store, self._kind, self._clock = store, kind, clock
        self._known: dict[str, Process] = {}
        self._born: dict[str, str] = {}  # the start of each
        self._looked = float("-inf")

    # reports of processes

    def beat(self, process: Process, born: str) -> bool:
        """Keeps a report. False: a process of another start (`born`) has this id, and is alive."""
        now = self._clock()
        return self._store.take_lease(
            f"process/{self._kind}", Lease(process.id, born, now + ALIVE_S, _encode(process)), now
        )

    def leave(self, process: Process, born: str) -> None:
        """Takes the last report of a process that ends now: from now on nobody is sent to it."""
        now = self._clock()
        self._store.take_lease(f"process/{self._kind}", Lease(process.id, born, now, _encode(process)), now)

    def suspect(self, process: str) -> None:
        """Passes the process over for all callers, since it did not answer one. Its next report brings it back."""
        now, born = self._clock(), self._born.get(process, "")
        self._known.pop(process, None)
        with contextlib.suppress(StoreUnavailable):
            self._store.take_lease(f"process/{self._kind}", Lease(process, "", now), now, instead_of=born)

    def alive(self) -> list[Process]:
        """The processes that reported themselves lately. Raises StoreUnavailable if none is known."""
        now = self._clock()
        if not 0 <= now - self._looked < LOOK_S:
            try:
                leases = self._store.leases(f"process/{self._kind}", now)
            except StoreUnavailable:
                if not self._known or now - self._looked > LAST_KNOWN_S:
                    raise
            else:
                self._known = {lease.name: _decode(lease.data) for lease in leases}
                self._born = {lease.name: lease.owner for lease in leases}
                self._looked = now
        return list(self._known.values())

    # items that they hold

    def held(self, household: str) -> dict[str, Lease]:
        """The household's items that a process holds now, by item."""
        return {lease.name: lease for lease in self._store.leases(f"{self._kind}/{household}", self._clock())}

    def holder(self, household: str, item: str, without: Collection[str] = ()) -> Process | None:
        """The process that holds the item; if none does, one takes it. None: there is no process.

        `without` has the ids of processes that did not answer, or were full: what they hold passes to another. While
        the store answers nothing, the choice is made by what was last known, the same one for every caller.
        Raises StoreUnavailable if nothing is known.
        """
        alive = {process.id: process for process in self.alive() if process.id not in without}
        for _ in range(RACES):
            try:
                held = self.held(household)
            except StoreUnavailable:
                return _chosen(household, alive.values(), ())
            lease = held.get(item)
            if lease is not None and lease.owner in alive:
                return alive[lease.owner]
            chosen = _chosen(household, alive.values(), {other.owner for other in held.values()})
            if chosen is None or self._take(household, item, chosen.id, lease.owner if lease else ""):
                return chosen
        raise StoreUnavailable("other callers moved the same item in every try")

    def shown(self, household: str, item: str, without: Collection[str] = ()) -> Process | None:
        """The process that holds the item, or would take it; nothing is taken. Raises StoreUnavailable."""
        alive = {process.id: process for process in self.alive() if process.id not in without}
        held = self.held(household)
        lease = held.get(item)
        if lease is not None and lease.owner in alive:
            return alive[lease.owner]
        return _chosen(household, alive.values(), {other.owner for other in held.values()})

    def keeps(self, household: str, items: Iterable[str], process: str) -> dict[str, bool]:
        """Whether the process may go on with each item. Renews its leases that have lived half their time.

        An item that nobody holds is the process's from now on. Raises StoreUnavailable.
        """
        held, soon = self.held(household), self._clock() + HELD_S / 2
        may: dict[str, bool] = {}
        for item in items:
            lease = held.get(item)
            if lease is not None and lease.owner != process:
                may[item] = False
            elif lease is not None and lease.ends > soon:
                may[item] = True
            else:
                may[item] = self._take(household, item, process)
        return may

    def _take(self, household: str, item: str, process: str, instead_of: str = "") -> bool:
        now = self._clock()
        try:
            return self._store.take_lease(
                f"{self._kind}/{household}", Lease(item, process, now + HELD_S), now, instead_of
            )
        except StoreUnavailable:
            return True  # the choice is every caller's; the process takes the lease when it renews it


def _chosen(household: str, processes: Iterable[Process], own: Collection[str]) -> Process | None:
    """The household's process: with room, `own` first, which hold other items of the household already."""

    def rank(process: Process) -> tuple[bool, bool, bytes]:
        return process.places <= 0, process.id not in own, weight(process.id, household)

    return min((process for process in processes if not process.draining), key=rank, default=None)
