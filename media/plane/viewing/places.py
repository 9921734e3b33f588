"""Addresses that displays were handed and have not fetched yet. A camera behind one does not give way to another."""

import time
from collections.abc import Callable

from media.grants import Claims

MOST_KEPT = 4096  # grants; beyond them the oldest keeps its camera no longer, and still opens it where there is room


class Places:
    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._kept: dict[str, Claims] = {}  # by nonce, the oldest first

    def keep(self, claims: Claims) -> None:
        """Until the grant expires, or somebody comes with it."""
        self._kept.setdefault(claims.nonce, claims)
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    def take(self, claims: Claims) -> None:
        """A session begins with this grant."""
        self.give_back(claims.link, claims.nonce)

    def give_back(self, link: str, nonce: str) -> Claims | None:
        """Returns the claims that were kept under that nonce, if the grant is the link's."""
        claims = self._kept.get(nonce)
        return self._kept.pop(nonce) if claims is not None and claims.link == link else None

    def leave_link(self, link: str) -> None:
        self._kept = {nonce: claims for nonce, claims in self._kept.items() if claims.link != link}

    def expects(self, is_meant: Callable[[Claims], bool]) -> bool:
        """True while somebody may still come with such claims."""
        clock = self._clock()
        return any([claims.expires > clock and is_meant(claims) for claims in self._kept.values()])

    def tidy(self) -> None:
        clock = self._clock()
        self._kept = {nonce: claims for nonce, claims in self._kept.items() if claims.expires > clock}
