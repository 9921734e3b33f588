"""Whether anything was committed since a row was read, without asking SQLite: from the header of the WAL index.

Every process on a database maps that file, and each commit changes the header before COMMIT returns; SQLite finds
by it whether its own pages are stale (sqlite.org/walformat.html, "The WAL-Index File Format"). The check copies 96
bytes; the smallest SELECT takes a dozen times as long and releases the interpreter three times.
"""

import contextlib
import mmap
import os
import sys
import threading
from pathlib import Path
from typing import ClassVar

_HEADER = 48  # bytes; the file holds it twice, and it is whole when both are equal
_VERSION = (3007000).to_bytes(4, sys.byteorder)
_INITIALIZED = 12  # offset of the byte that is 1 once the index is initialized


class Commits:
    """One per file and process: POSIX releases a file's locks, SQLite's too, when any descriptor of it is closed.

    So the last Database that holds it closes it, after its connections.
    """

    _known: ClassVar[dict[tuple[int, int], "Commits"]] = {}
    _opening = threading.Lock()

    def __init__(self, file: int) -> None:
        self._file, self._holders = file, 0
        self._map: mmap.mmap | None = None
        self._sound = b""  # the last header that was whole
        with contextlib.suppress(OSError, ValueError):
            self._map = mmap.mmap(file, 2 * _HEADER, access=mmap.ACCESS_READ, trackfd=False)

    @classmethod
    def of(cls, database: Path) -> "Commits":
        """For a database that this process has a connection to. Raises OSError."""
        with cls._opening:
            index = database.with_name(f"{database.name}-shm")
            at = index.stat()
            key = at.st_dev, at.st_ino
            known = cls._known.get(key)
            if known is None:
                known = cls._known[key] = cls(os.open(index, os.O_RDONLY | os.O_CLOEXEC))
            known._holders += 1
            return known

    def mark(self) -> bytes | None:
        """Equal while no process commits; None where that is not known, and rows must be read."""
        if self._map is None:
            return None
        header = self._map[: 2 * _HEADER]
        if header == self._sound:
            return header
        half = header[:_HEADER]
        if header[_HEADER:] != half or half[:4] != _VERSION or half[_INITIALIZED] != 1:
            return None
        self._sound = header
        return header

    def let_go(self) -> None:
        """After the holder's connections are closed."""
        with self._opening:
            self._holders -= 1
            if self._holders:
                return
            for key, commits in list(self._known.items()):
                if commits is self:
                    del self._known[key]
            if self._map is not None:
                self._map.close()
                self._map = None
            os.close(self._file)
