"""What was taken and can't be taken again: journals beside the database, since each message from the forwarder is one.

A taker appends a record and reads on to the end: whose record of a key comes first in the file has it. The order of
appends decides between threads and processes alike, so nobody waits for a lock, and what was appended outlives the
process. To note it in the database would cost a directive more than everything else it does.
"""

import contextlib
import hashlib
import itertools
import os
import secrets
import threading
from pathlib import Path

from store.ports import StoreUnavailable

PERIOD_S = 600  # what ends within one is in one file, which goes when the period is over
_KEY = 16  # bytes
_TAKER = 16
_NUMBER = 6  # bytes of it
_RECORD = _KEY + _TAKER  # a part of a page, so that a record is there whole or not at all
_AT_ONCE = 128 * _RECORD
_OPEN = 3  # a message's time is near the present: it ends in this period or in the one before or after


class Taken:
    def __init__(self, database: Path) -> None:
        self._folder, self._name = database.parent, f"{database.name}-taken-"
        self._journals: dict[int, _Journal] = {}
        self._opening = threading.Lock()
        # who takes: told apart by what is random of this object, and each time by a number
        self._self, self._times = secrets.token_bytes(_TAKER - _NUMBER), itertools.count()

    def take(self, key: str, until: float) -> bool:
        """Raises StoreUnavailable."""
        hashed = hashlib.blake2b(f"{float(until)}|{key}".encode(), digest_size=_KEY).digest()
        period = int(until // PERIOD_S)
        try:
            journal = self._journals.get(period) or self._open(period)
            return journal.first(hashed, self._self + next(self._times).to_bytes(_NUMBER))
        except OSError as error:
            raise StoreUnavailable(f"{self._name}{period} can't be written: {error.strerror}") from error

    def sweep(self, now: float) -> int:
        """Removes what ended before `now`; how many records."""
        gone = 0
        for path in self._folder.glob(f"{self._name}*"):
            period = path.name.removeprefix(self._name)
            if period.isdecimal() and (int(period) + 1) * PERIOD_S <= now:
                with contextlib.suppress(FileNotFoundError):
                    gone += path.stat().st_size // _RECORD
                    path.unlink()
        return gone

    def close(self) -> None:
        self._journals.clear()

    def _open(self, period: int) -> "_Journal":
        with self._opening:
            if period not in self._journals:
                while len(self._journals) >= _OPEN:
                    del self._journals[min(self._journals)]
                self._journals[period] = _Journal(self._folder / f"{self._name}{period}")
            return self._journals[period]


class _Journal:
    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._takers: dict[bytes, bytes] = {}
        self._read_to = 0

    def __del__(self) -> None:
        # not before the last thread that is at work on it lets go
        with contextlib.suppress(AttributeError):
            os.close(self._file)

    def first(self, key: bytes, taker: bytes) -> bool:
        whole = os.write(self._file, key + taker) == _RECORD
        self._read_on()
        if not whole or key not in self._takers:
            # only after a disk ran full in the middle of a record; nothing is taken here until the next period
            raise StoreUnavailable(f"{self._name} is damaged")
        return self._takers[key] == taker

    def _read_on(self) -> None:
        # Threads may read the same records at once. To see one again changes nothing, and none is passed over: the
        # place moves on only after what lies before it was seen.
        more = True
        while more:
            place = self._read_to
            part = os.pread(self._file, _AT_ONCE, place)
            whole = len(part) - len(part) % _RECORD
            for start in range(0, whole, _RECORD):
                self._takers.setdefault(part[start : start + _KEY], part[start + _KEY : start + _RECORD])
            self._read_to = place + whole
            more = whole == _AT_ONCE
