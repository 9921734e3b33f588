"""Limits failed sign-ins before a request goes to the vendor, so that guessing can't lock the account there.

A try takes its places before the vendor is called, so that tries at the same time are counted, and gives them back when
it was right: only failures count. Strangers share the places of an account name. A browser that signed in to
the account before has places of its own, so no stranger can lock the owner out.
"""

import hashlib
import math
import time
from collections.abc import Callable

from msgspec import Struct

from net.addresses import counted_as
from store.ports import Throttle


class Limits(Struct, frozen=True):
    """Failures in any `window_s` seconds."""

    per_user: int = 3  # per account name; a browser that it knows has as many of its own
    per_address: int = 20
    per_code: int = 5  # wrong codes per account name; a browser that it knows has as many of its own
    window_s: int = 900


class Browser(Struct, frozen=True):
    """A browser that proved its earlier sign-ins, and the ids of their accounts.

    `every`: it has tries of its own for every account, since its person runs the installation.
    """

    id: str
    accounts: tuple[str, ...] = ()
    every: bool = False

    def knows(self, account_id: str) -> bool:
        return self.every or account_id in self.accounts


class Place(Struct, frozen=True):
    """A place that a try has taken; it falls free at `ends`, epoch seconds."""

    key: str
    ends: int


class NoPlace(Exception):
    """None is free before `wait_s` seconds have passed."""

    def __init__(self, wait_s: int) -> None:
        super().__init__("too many failures")
        self.wait_s = wait_s


class Attempts:
    """Keys are hashed by the store. Every method may raise StoreUnavailable: then there is no place either."""

    def __init__(self, store: Throttle, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self._store, self._limits, self._clock = store, limits, clock

    def from_address(self, salt: str, address: str) -> Place:
        """Take a place for a try of an unknown browser, under any account name. Raises NoPlace."""
        hashed = hashlib.sha256(f"{salt}\x00{counted_as(address)}".encode()).hexdigest()[:32]
        return self._take(f"sign_in/address/{hashed}", self._limits.per_address)

    def of(self, who: str) -> Place:
        """Take a place for a password. `who` is from `strangers` or `own`. Raises NoPlace."""
        return self._take(f"sign_in/{who}", self._limits.per_user)

    def code_of(self, who: str) -> Place:
        """Take a place for any code that the vendor sent. `who` is from `strangers` or `own`. Raises NoPlace."""
        return self._take(f"sign_in/code/{who}", self._limits.per_code)

    def were_right(self, *places: Place) -> None:
        for place in places:
            self._store.leave_place(place.key, place.ends)

    def _take(self, key: str, most: int) -> Place:
        now = self._clock()
        taken, ends = self._store.take_place(key, most, self._limits.window_s, now)
        if not taken:
            raise NoPlace(max(1, math.ceil(ends - now)))
        return Place(key, ends)


def strangers(vendor_key: str) -> str:
    """Counts all browsers together that the account of that name does not know."""
    return f"user/{vendor_key}"


def own(account_id: str, browser: Browser) -> str:
    """Counts one known browser of one account."""
    return f"browser/{account_id}/{browser.id}"
