"""Checks the PIN for turning cameras off by voice. Stores a household's PIN as a slow hash, and limits the tries."""

import hashlib
import hmac
import secrets
from typing import Literal

from showcam.store.ports import Store

type Verdict = Literal["right", "wrong", "too_many"]

NAME = "pin"
SHORTEST, LONGEST = 4, 8  # digits
# Every try counts, also a right one, before it is compared, so that tries at the same time are counted.
LIMITS = ((15 * 60, 6), (24 * 3600, 40))  # seconds, tries
# About 40 ms and 16 MiB a try: few digits don't withstand somebody who holds both database and keys for long.
_COST, _BLOCK, _LANES, _SALT = 2**14, 8, 1, 16


class BadPin(ValueError):
    """The digits can't be set as a PIN; the text says what can."""


class Pins:
    def __init__(self, store: Store) -> None:
        self._store = store

    def set(self, account_id: str, pin: str) -> None:
        """Stores the household's PIN. Raises BadPin if it is not 4 to 8 digits."""
        if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
            raise BadPin(f"a PIN is {SHORTEST} to {LONGEST} digits")
        salt = secrets.token_bytes(_SALT)
        self._store.put_account_secret(account_id, NAME, salt + _hashed(pin, salt))

    def clear(self, account_id: str) -> None:
        self._store.drop_account_secret(account_id, NAME)

    def is_set(self, account_id: str) -> bool:
        return self._store.account_secret(account_id, NAME) is not None

    def check(self, account_id: str, pin: str, now: float) -> Verdict:
        """Compares a spoken PIN and counts the try. The answer is "wrong" also if the household has no PIN."""
        counts = [self._store.hit(f"pin/{account_id}/{window}", window, now) > most for window, most in LIMITS]
        if any(counts):
            return "too_many"
        kept = self._store.account_secret(account_id, NAME)
        if kept is None or len(pin) > LONGEST:
            return "wrong"
        given = _hashed(pin, kept[:_SALT])
        return "right" if hmac.compare_digest(given, kept[_SALT:]) else "wrong"


def _hashed(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES, dklen=32)
