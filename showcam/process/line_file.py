"""A log file of bounded size: when it is full it is renamed to `{name}.1`, replacing the last, and a new one begins."""

import contextlib
import os
import threading
from pathlib import Path

MOST = 4 * 1024 * 1024


class LineFile:
    """The log of one process; it is made when the first line comes. Where it can't be written, lines are dropped.

    `most`: bytes of each of the two.
    """

    def __init__(self, path: Path, most: int = MOST) -> None:
        self.path, self._most = path, most
        self._file, self._size = -1, 0
        self._writing = threading.Lock()

    def write(self, lines: bytes) -> None:
        with self._writing, contextlib.suppress(OSError):
            if self._file < 0:
                self._open()
            if self._size and self._size + len(lines) > self._most:
                os.close(self._file)
                self._file = -1
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
                self._open()
            self._size += os.write(self._file, lines)

    def _open(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._file).st_size
