"""The share of the households that this process listens to; other processes listen to the rest.

The households' ids are cut into SLICES. Each slice belongs to one of the living processes, by rendezvous hashing: when
one of them ends, only its own slices move. No list of all households is kept anywhere, and a process reads only the
accounts of its slices.
"""

import hashlib
import logging
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

from showcam.registry.reporting.sender import first_id
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.processes import ALIVE_S, BEAT_S, Process, Processes
from showcam.store.records import new_id

log = logging.getLogger(__name__)

KIND = "listener"
SLICES = 4096
GAP = 4  # slices of others between two own ones: to read past them costs less than another request
# A household that moves here is connected to no sooner: the process that had it reads of that within a beat.
LET_GO_S = BEAT_S + 1.0
READ_S = 300.0  # between two readings of the accounts, and of each household's links and sign-ins
MOST = 1000  # connections of a process: docs/integrator/scale.md has what they take
_FIRST = ["", *(first_id(number / SLICES) for number in range(1, SLICES))]
_WEIGHT_B = 8


class Share:
    """`report` and `read` are called again and again, by two threads. `households`: the ids of this process's own."""

    def __init__(
        self,
        store: Store,
        *,
        most: int = MOST,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self.most, self._monotonic = store, most, monotonic
        self._processes = Processes(store, KIND, clock, monotonic)
        self._born = new_id()
        self.id = new_id()
        self._living: list[str] = []
        self._own: frozenset[int] = frozenset()
        self.look_s = READ_S
        self._reported = monotonic()
        self._read_due = 0.0
        self.households: frozenset[str] = frozenset()

    @property
    def _process(self) -> Process:
        return Process(self.id, "", 0)  # without an address and places, for nobody calls a listener

    def report(self) -> None:
        """Reports this process, and divides the slices among the living processes.

        A process without a report for ALIVE_S has no share, since other processes have taken its slices by then.
        """
        try:
            if not self._processes.beat(self._process, self._born):
                self.id = new_id()
                log.warning("another listener had the same id, so this one has taken a new id")
                self._processes.beat(self._process, self._born)
            living = sorted(process.id for process in self._processes.reporting() if not process.draining)
            self._reported = self._monotonic()
        except StoreUnavailable as error:
            log.warning("this listener could not be reported: %s", error, extra={"reason": "store"})
            if self._monotonic() - self._reported < ALIVE_S:
                return
            living = []
        if living != self._living:
            self._living = living
            self._divide()

    def _divide(self) -> None:
        self._own = own = slices(self.id, self._living)
        self._read_due = self._monotonic() + LET_GO_S
        self.households = frozenset(household for household in self.households if slice_of(household) in own)
        log.info("%d listeners live; this one has %d of %d slices", len(self._living), len(own), SLICES)

    def read(self) -> None:
        """Reads the accounts of this process's slices when it is time."""
        if self._monotonic() < self._read_due:
            return
        own = self._own
        self._read_due = self._monotonic() + READ_S
        try:
            found = frozenset(account for account in self._accounts(own) if slice_of(account) in own)
        except StoreUnavailable as error:
            log.warning("households to listen to can't be read: %s", error, extra={"reason": "store"})
            self._read_due = self._monotonic() + BEAT_S
            return
        if own is self._own:  # otherwise the shares have changed meanwhile, and the next reading is due soon
            self.households = found

    def _accounts(self, own: frozenset[int]) -> Iterator[str]:
        for first, last in runs(sorted(own)):
            until = _FIRST[last + 1] if last + 1 < SLICES else ""
            for account in self._store.accounts(_FIRST[first], until):
                yield account.id

    def wants(self, household: str) -> bool:
        """Whether an assistant has taken a report under one of the household's links. Raises StoreUnavailable."""
        return any(telling.told_at is not None for telling in self._store.tellings(household).values())

    def leave(self) -> None:
        """Reports that this process ends now. Raises StoreUnavailable."""
        self._processes.leave(Process(self.id, "", 0, draining=True), self._born)


def slices(process: str, living: Sequence[str]) -> frozenset[int]:
    """The slices of one of the living processes: of all of them this process weighs least there."""
    if process not in living:
        return frozenset()
    weights = {each: _weights(each) for each in living}
    least = [min(column) for column in zip(*weights.values(), strict=True)]
    return frozenset(number for number in range(SLICES) if weights[process][number] == least[number])


def _weights(process: str) -> list[bytes]:
    """The weight of a process for each slice, from one hash."""
    data = hashlib.shake_128(process.encode()).digest(_WEIGHT_B * SLICES)
    return [data[at : at + _WEIGHT_B] for at in range(0, len(data), _WEIGHT_B)]


def slice_of(household: str) -> int:
    return bisect_right(_FIRST, household) - 1


def runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of each run of the sorted numbers, past gaps of GAP."""
    if not numbers:
        return
    first = last = numbers[0]
    for number in numbers[1:]:
        if number - last > GAP + 1:
            yield first, last
            first = number
        last = number
    yield first, last
