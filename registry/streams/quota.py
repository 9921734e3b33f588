"""How many streams a link may open in a minute: counted in this process, or in the store where there are many."""

from typing import Protocol

from net.cache import Rate
from store.ports import Throttle

WINDOW_S = 60


class Quota(Protocol):
    """What is left of a link's streams in the present minute."""

    def spent(self, link_id: str, now: float) -> bool:
        """Whether the quota is known to be used up, before the vendor is called."""
        ...

    def take(self, link_id: str, now: float) -> bool:
        """Takes one; False when none is left. May raise StoreUnavailable, which counts as none left."""
        ...

    def give_back(self, link_id: str, now: float) -> None:
        """Gives one back after nothing was shown."""
        ...


class QuotaHere:
    """Counted in this process; a stream that showed nothing is not counted."""

    def __init__(self, most: int) -> None:
        self._most, self._rate = most, Rate(WINDOW_S)

    def spent(self, link_id: str, now: float) -> bool:
        return self._rate.count(link_id, now) >= self._most

    def take(self, link_id: str, now: float) -> bool:
        return self._rate.hit(link_id, now) <= self._most

    def give_back(self, link_id: str, now: float) -> None:
        self._rate.hit(link_id, now, -1)


class QuotaOfAll:
    """Counted in the store for all processes, with one write per stream that the gate allows, shown or not."""

    def __init__(self, most: int, store: Throttle) -> None:
        self._most, self._store = most, store

    def spent(self, link_id: str, now: float) -> bool:
        return False

    def take(self, link_id: str, now: float) -> bool:
        return self._store.hit(f"opens/{link_id}", WINDOW_S, now) <= self._most

    def give_back(self, link_id: str, now: float) -> None:
        """Does nothing: a second write costs more than the rare case is worth."""
