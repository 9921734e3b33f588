"""Limits the tries of sign-ins at a vendor, and of the printed code that signs a browser in at the console.

Failed sign-ins are limited before a request goes to the vendor, so that guessing can't lock the account there. A try
takes its places before the vendor is called, so that tries at the same time are counted, and gives them back when it
was right: only failures count. Strangers share the places of an account name. A browser that signed in to the account
before has its own places, so no stranger can lock the owner out.
"""

import contextlib
import hashlib
import hmac
import json
import math
import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from showcam.net.addresses import counted_as
from showcam.store.ports import Throttle
from showcam.store.records import new_secret, token_hash

LIFE_S = 30 * 60  # the code works for this long; whoever installs showcam may have to find another device first
TRIES = 20  # wrong codes of one IPv4 address or IPv6 /64 in WINDOW_S
WINDOW_S = 900  # failures are counted within this time, and the slowest answer sets the pace for it
REFUSAL_S = 1.5  # least duration of a refusal whose cause must not show
AT_ONCE = 32  # sign-ins of unknown browsers; as many more of known ones
AT_ONCE_PER_NETWORK = 8  # sign-ins of one IPv4 address or IPv6 /64
type Verdict = Literal["right", "wrong", "too_many"]


class Limits(Struct, frozen=True):
    """How many failures are allowed in any `window_s` seconds."""

    per_user: int = 3  # failed tries per account name; a browser that knows the account has this number for itself
    per_address: int = 20
    per_code: int = 5  # wrong codes per account name; a browser that knows the account has this number for itself
    window_s: int = WINDOW_S


class Browser(Struct, frozen=True):
    """A browser that proved its earlier sign-ins, and the ids of the accounts it signed in to.

    `every`: the browser has its own tries for every account, since its person runs the installation.
    """

    id: str
    accounts: tuple[str, ...] = ()
    every: bool = False

    def knows(self, account_id: str) -> bool:
        return self.every or account_id in self.accounts


class Place(Struct, frozen=True):
    """A place for one try. It becomes free again at `ends`, in epoch seconds."""

    key: str
    ends: int


class NoPlace(Exception):
    """All places are in use; one becomes free after `wait_s` seconds."""

    def __init__(self, wait_s: int) -> None:
        super().__init__("too many failures")
        self.wait_s = wait_s


class Attempts:
    """Takes and gives back places for tries; the store hashes their keys.

    Every method may raise StoreUnavailable: then there is no place either.
    """

    def __init__(self, store: Throttle, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self._store, self._limits, self._clock = store, limits, clock

    def from_address(self, salt: str, address: str) -> Place:
        """Takes a place for a try of an unknown browser, under any account name. Raises NoPlace."""
        hashed = hashlib.sha256(f"{salt}\x00{counted_as(address)}".encode()).hexdigest()[:32]
        return self._take(f"sign_in/address/{hashed}", self._limits.per_address)

    def of(self, who: str) -> Place:
        """Takes a place for a password. `who` is from `strangers` or `own`. Raises NoPlace."""
        return self._take(f"sign_in/{who}", self._limits.per_user)

    def code_of(self, who: str) -> Place:
        """Takes a place for any code that the vendor sent. `who` is from `strangers` or `own`. Raises NoPlace."""
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


def strangers(vendor_key: str, *, at_door: bool) -> str:
    """Returns the counter of tries that all browsers new to this account name share.

    `at_door`: the browsers in the house, which have another counter: strangers on the internet can't use it up.
    """
    return f"door/{vendor_key}" if at_door else f"user/{vendor_key}"


def own(account_id: str, browser: Browser) -> str:
    """Returns the counter of one browser's tries at an account, if the browser has signed in there before."""
    return f"browser/{account_id}/{browser.id}"


class Pace:
    """Gives answers whose cause must not show equal durations: a minimum, or that of the slowest recent answer."""

    def __init__(self, least_s: float) -> None:
        self._least_s = self._slowest_s = least_s
        self._until = 0.0

    def wait(self, began: float) -> None:
        """`began`: the request's start, by time.monotonic. A vendor slower than the minimum slows all answers down."""
        now = time.monotonic()
        if now - began > self._slowest_s or now > self._until:
            self._slowest_s, self._until = max(self._least_s, now - began), now + WINDOW_S
        time.sleep(max(0.0, began + self._slowest_s - now))


class Crowded(Exception):
    """No further sign-in may wait, since the limit is reached."""


class Crowd:
    """Limits waiting sign-ins in all and per network."""

    def __init__(self, most: int = AT_ONCE, most_per_network: int = AT_ONCE_PER_NETWORK) -> None:
        self._most, self._most_per_network = most, most_per_network
        self._by_network: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def joined(self, network: str) -> Iterator[None]:
        """Counts a sign-in while the block runs. Raises Crowded at once when there is no place."""
        with self._lock:
            if self._by_network.total() >= self._most or self._by_network[network] >= self._most_per_network:
                raise Crowded
            self._by_network[network] += 1
        try:
            yield
        finally:
            with self._lock:
                self._by_network[network] -= 1
                if not self._by_network[network]:
                    del self._by_network[network]


def code_place(throttle: Throttle, address: str, now: float) -> Place | None:
    """Takes a place for a code of the console: printed codes and codes of phones count together. None: too many."""
    key = f"showcam/console/{token_hash(f'console|{counted_as(address)}')[:32]}"
    taken, ends = throttle.take_place(key, TRIES, WINDOW_S, now)
    return Place(key, ends) if taken else None


class OneTimeCode:
    """The sign-in code that showcam prints at its start; it works once, within LIFE_S. A new code replaces the old one.

    `file` is in the data folder. Only the folder's owner can read it, so the code proves that somebody may read it.
    """

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        self._file, self._clock = file, clock

    def renew(self) -> str:
        """Replaces the code with a new one and returns the new code."""
        text = new_secret()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"code": text, "until": math.floor(self._clock()) + LIFE_S}, file)
        fresh.replace(self._file)
        return text

    def since(self, began: float) -> str:
        """An unused code that was made since `began` (epoch seconds). Makes a new code if there is none."""
        try:
            kept = json.loads(self._file.read_text())
            if kept["until"] - LIFE_S > began - 1:  # its time is kept in whole seconds
                return str(kept["code"])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # there is no code, or somebody else wrote the file
        return self.renew()

    def redeem(self, text: str, address: str, throttle: Throttle) -> Verdict:
        """Compares a typed code and uses it up if it is right: only one caller gets "right". Wrong tries are counted.

        Raises StoreUnavailable.
        """
        place = code_place(throttle, address, self._clock())
        if place is None:
            return "too_many"
        if not self._is(text, self._file) or not self._use(text):
            return "wrong"
        throttle.leave_place(place.key, place.ends)
        return "right"

    def _is(self, text: str, file: Path) -> bool:
        try:
            kept = json.loads(file.read_text())
            code, until = str(kept["code"]), float(kept["until"])
        except (OSError, ValueError, KeyError, TypeError):
            return False  # there is no code, the code was used, or somebody else wrote the file
        right = hmac.compare_digest(code.encode(), text.encode())
        return right and self._clock() < until

    def _use(self, text: str) -> bool:
        """Moves the code's file away: only one caller succeeds. The moved file may already hold a newer code."""
        taken = self._file.with_name(f"{self._file.name}.{secrets.token_hex(8)}")
        try:
            self._file.rename(taken)
        except OSError:
            return False
        right = self._is(text, taken)
        if not right:
            with contextlib.suppress(OSError):  # a still newer code may be in the file
                self._file.hardlink_to(taken)
        taken.unlink(missing_ok=True)
        return right
