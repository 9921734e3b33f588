"""Households as the store keeps them, kept in memory for half a minute."""

import time
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from net.cache import Recent
from registry.errors import Unavailable
from registry.preferences import Preferences, of_account
from store.ports import Store
from store.records import Account, Source

HOUSEHOLD_S = 30.0
IN_MEMORY = 1024  # accounts; what falls out is read again


class Household(Struct, frozen=True):
    account: Account
    sources: tuple[Source, ...]
    preferences: Mapping[str, Preferences]
    read_at: float


class Households:
    """Ages are judged by `clock`, epoch seconds."""

    def __init__(self, store: Store, kinds: Iterable[str], clock: Callable[[], float] = time.time) -> None:
        """`kinds`: of the sources that a driver serves; cameras of others are not listed."""
        self._store, self._kinds, self._clock = store, frozenset(kinds), clock
        self._known: Recent[str, Household] = Recent(IN_MEMORY)

    def of(self, account_id: str, *, fresh_preferences: bool = False) -> Household:
        """`fresh_preferences`: read from the store now, with the sources.

        Raises Unavailable: no such account, or no source in it.
        """
        known = self._known.get(account_id)
        if known and 0 <= self._clock() - known.read_at < HOUSEHOLD_S:
            return self._with_preferences(self._with_sources(known)) if fresh_preferences else known
        account = self._store.account(account_id)
        sources = tuple(self._store.sources(account_id)) if account else ()
        if account is None or not sources:
            raise Unavailable("signed_out")
        preferences = of_account(self._store, account_id)
        if known and known.preferences == preferences:
            preferences = known.preferences  # so that readings compare by identity
        household = Household(account, self._served(sources), preferences, self._clock())
        self._known.put(account_id, household)
        return household

    def _served(self, sources: Iterable[Source]) -> tuple[Source, ...]:
        return tuple(source for source in sources if source.kind in self._kinds)

    def _with_sources(self, known: Household) -> Household:
        """The household with a source that another process added: its cameras are listed at once."""
        sources = self._served(self._store.sources(known.account.id))
        if sources == known.sources:
            return known
        household = replace(known, sources=sources)
        self._known.put(known.account.id, household)
        return household

    def _with_preferences(self, known: Household) -> Household:
        preferences = of_account(self._store, known.account.id)
        if preferences == known.preferences:
            return known
        household = replace(known, preferences=preferences)
        self._known.put(known.account.id, household)
        return household

    def follow(self, account_id: str) -> None:
        """Take up what the owner changed in another process; a household that is not in memory is read when needed."""
        if known := self._known.get(account_id):
            self._with_preferences(known)

    def forget(self, account_id: str) -> None:
        """After a change in this process: the next request reads the household from the store."""
        self._known.drop(account_id)

    def preferences(self, account_id: str) -> Mapping[str, Preferences]:
        """By camera id. Raises Unavailable as `of` does."""
        return self.of(account_id).preferences
