"""Notes that an assistant fetched a link's list, from when on it may be told more."""

import time
from collections.abc import Callable

from net.cache import Recent
from registry.readings.households import IN_MEMORY
from registry.readings.listing import Listing
from store.ports import Store, StoreUnavailable
from store.records import Link

NOTED_S = 300.0  # it is not noted again before this
SETTLES_S = 5.0  # an assistant knows its cameras so long after it fetched the list


class Listed:
    """`note` is for Registry.when_listed: mostly it costs one look-up in memory."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._noted: Recent[str, float] = Recent(IN_MEMORY)

    def note(self, link: Link, _listing: Listing) -> None:
        now = self._clock()
        noted = self._noted.get(link.id)
        if noted is not None and 0 <= now - noted < NOTED_S:
            return
        self._noted.put(link.id, now)
        try:
            self._store.note_listed(link.account, link.id, now, now + SETTLES_S)
        except StoreUnavailable:
            self._noted.drop(link.id)  # the list is answered all the same
