"""What was taken and can't be taken again: journals beside the database, since each message from the forwarder is one.

A journal is mapped into the memory of the one process that takes from it. What is written there outlives a process that
is killed, and asks the system for nothing: to note it in the database would cost a directive more than everything else
it does, and two system calls an eighth of it.
"""

import contextlib
import fcntl
import hashlib
import mmap
import os
import threading
from pathlib import Path
from typing import ClassVar
from weakref import WeakValueDictionary, finalize

from store.ports import StoreUnavailable

PERIOD_S = 600  # what ends within one is in one file, which goes when the period is over
_RECORD = 16  # bytes: a key's hash
_GROWS = 64 * 1024  # bytes
_FREE = bytes(_RECORD)
_OPEN = 3  # a message's time is near the present: it ends in this period or in the one before or after


class Taken:
    def __init__(self, database: Path) -> None:
        self._folder, self._name = database.parent, f"{database.name}-taken-"
        self._journals: dict[int, _Journal] = {}
        self._opening = threading.Lock()

    def take(self, key: str, until: float) -> bool:
        """Raises StoreUnavailable, also while another process takes."""
        hashed = hashlib.blake2b(f"{float(until)}|{key}".encode(), digest_size=_RECORD).digest()
        period = int(until // PERIOD_S)
        journal = self._journals.get(period)
        try:
            return (journal or self._open(period)).first(hashed)
        except BlockingIOError:
            raise StoreUnavailable(f"another process takes from {self._name}{period}") from None
        except OSError as error:
            raise StoreUnavailable(f"{self._name}{period} can't be written: {error.strerror}") from error

    def sweep(self, now: float) -> int:
        """Removes what ended before `now`; how many files."""
        gone = 0
        for path in self._folder.glob(f"{self._name}*"):
            period = path.name.removeprefix(self._name)
            if period.isdecimal() and (int(period) + 1) * PERIOD_S <= now:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
                    gone += 1
        return gone

    def close(self) -> None:
        self._journals.clear()

    def _open(self, period: int) -> "_Journal":
        with self._opening:
            if period not in self._journals:
                while len(self._journals) >= _OPEN:
                    del self._journals[min(self._journals)]
                self._journals[period] = _Journal.of(self._folder / f"{self._name}{period}")
            return self._journals[period]


class _Journal:
    """One for each file in a process; closed when nobody holds it any more, and no thread is at work on it."""

    _known: ClassVar[WeakValueDictionary[Path, "_Journal"]] = WeakValueDictionary()
    _opening: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def of(cls, path: Path) -> "_Journal":
        """Raises BlockingIOError where another process has it, and other OSErrors."""
        with cls._opening:
            known = cls._known.get(path)
            if known is None:
                known = cls._known[path] = cls(path)
            return known

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._close = finalize(self, os.close, self._file)
        self._taking = threading.Lock()
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._map = self._mapped(max(1, os.fstat(self._file).st_size))
        except OSError:
            self._close()
            raise
        self._taken, self._end = self._read()

    def _read(self) -> tuple[set[bytes], int]:
        """What was taken, and where the last of it ends. After a power cut there may be gaps before that."""
        taken, end = set(), 0
        for start in range(0, len(self._map), _RECORD):
            record = self._map[start : start + _RECORD]
            if record != _FREE:
                taken.add(record)
                end = start + _RECORD
        return taken, end

    def first(self, key: bytes) -> bool:
        with self._taking:
            if key in self._taken:
                return False
            if self._end == len(self._map):
                self._map = self._mapped(self._end + _RECORD)
            self._map[self._end : self._end + _RECORD] = key
            self._end += _RECORD
            self._taken.add(key)
            return True

    def _mapped(self, size: int) -> mmap.mmap:
        """At least so many bytes. A full disk is told here: to write to a page without a place on it kills.

        Where files are copied on write (btrfs) a full disk may still do so; a process begun anew is then told here.
        """
        whole = -(-size // _GROWS) * _GROWS
        os.posix_fallocate(self._file, 0, whole)
        return mmap.mmap(self._file, whole)
