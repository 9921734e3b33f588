"""How many streams a link may open in a minute: counted in this process, or in the store where there are many."""

from typing import Protocol

from net.rate import Rate
from store.ports import Throttle

WINDOW_S = 60


class Opens(Protocol):
    def spent(self, link_id: str, now: float) -> bool:
        """Known to be used up, before anybody is asked."""
        ...

    def take(self, link_id: str, now: float) -> bool:
        """One of them; False when there is none left. May raise StoreUnavailable: then there is none either."""
        ...

    def give_back(self, link_id: str, now: float) -> None:
        """Nothing was shown after all."""
        ...


class OpensHere:
    """Of one process; what showed nothing uses up none."""

    def __init__(self, most: int) -> None:
        self._most, self._rate = most, Rate(WINDOW_S)

    def spent(self, link_id: str, now: float) -> bool:
        return self._rate.count(link_id, now) >= self._most

    def take(self, link_id: str, now: float) -> bool:
        return self._rate.hit(link_id, now) <= self._most

    def give_back(self, link_id: str, now: float) -> None:
        self._rate.hit(link_id, now, -1)


class OpensOfAll:
    """Of all processes on one store, at one write each; whom the gate let pass uses up one, shown or not."""

    def __init__(self, most: int, store: Throttle) -> None:
        self._most, self._store = most, store

    def spent(self, link_id: str, now: float) -> bool:
        return False

    def take(self, link_id: str, now: float) -> bool:
        return self._store.hit(f"opens/{link_id}", WINDOW_S, now) <= self._most

    def give_back(self, link_id: str, now: float) -> None:
        """It stays counted: a second write for what is seldom would cost more than it is worth."""
