"""What a write-ahead log still holds, read before SQLite does: SQLite takes frames up to the first whose checksum is
wrong and drops the rest without a word (sqlite.org/fileformat2.html, "The Write-Ahead Log").
"""

import contextlib
import itertools
import sqlite3
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_HEADER, _FRAME = 32, 24  # bytes; of the file, and before each page
_PAGES = {2**power for power in range(9, 17)}  # bytes
_LONGEST = 64 * 1024 * 1024  # bytes; more are not read within seconds, and a small machine has not the memory
_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}  # and in which order the checksums read their words
_INDEX = struct.Struct("=IIIBBHII8s8s8s")  # sqlite.org/walformat.html, "WAL-Index Header"; it stands there twice
_INDEX_VERSION = 3007000


@dataclass(frozen=True, slots=True)
class Wal:
    """In frames, each one changed page: how many were committed and can be read, and how many after those can't be."""

    committed: int
    lost: int


class TooLong(Exception):
    """The log was not read to its end within the time."""


def look(database: Path, within_s: float) -> Wal:
    """While no process has the database open. Raises TooLong, OSError."""
    deadline = time.monotonic() + within_s
    index = _index(database)
    try:
        with database.with_name(f"{database.name}-wal").open("rb") as file:
            data = file.read(_LONGEST + 1)
    except FileNotFoundError:
        data = b""
    if len(data) > _LONGEST:
        raise TooLong
    if len(data) <= _HEADER:
        return Wal(0, max(0, index.frames - index.in_database) if index else 0)
    magic, _version, page, _sequence = struct.unpack(">IIII", data[:16])
    order, salt, size = _MAGIC.get(magic, ""), data[16:24], _FRAME + page
    if not order or page not in _PAGES or _sum(order, data[:24], (0, 0)) != struct.unpack(">II", data[24:_HEADER]):
        return Wal(0, max(1, (len(data) - _HEADER) // size) if order else 1)
    frames = [data[start : start + size] for start in range(_HEADER, len(data) - size + 1, size)]
    committed, whole = _whole(frames, order, salt, struct.unpack(">II", data[24:_HEADER]), deadline)
    if index and index.salt == salt and index.frames >= committed:
        return Wal(committed, index.frames - committed)
    # without an index that knows: a frame of this log behind one that can't be read was written after it
    behind = [number for number, frame in enumerate(frames, 1) if number > whole + 1 and frame[8:16] == salt]
    return Wal(committed, behind[-1] - committed if behind else 0)


def fold(database: Path) -> None:
    """Everything in the log into the database, and the log away; nothing where another process is at it."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(database, timeout=0.5)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _whole(frames: list[bytes], order: str, salt: bytes, before: tuple[int, int], deadline: float) -> tuple[int, int]:
    """How many frames from the first are committed, and how many can be read."""
    committed = 0
    for number, frame in enumerate(frames, 1):
        if time.monotonic() > deadline:
            raise TooLong
        _page, pages_after_commit = struct.unpack(">II", frame[:8])
        before = _sum(order, frame[_FRAME:], _sum(order, frame[:8], before))
        if frame[8:16] != salt or struct.pack(">II", *before) != frame[16:_FRAME]:
            return committed, number - 1
        if pages_after_commit:
            committed = number
    return committed, len(frames)


def _sum(order: str, data: bytes, before: tuple[int, int]) -> tuple[int, int]:
    first, second = before
    for even, odd in itertools.batched(struct.unpack(f"{order}{len(data) // 4}I", data), 2, strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second


@dataclass(frozen=True, slots=True)
class _Index:
    salt: bytes
    frames: int  # in the log, committed
    in_database: int  # of those


def _index(database: Path) -> _Index | None:
    """What the processes that wrote last agreed on; None where there is none, or it is not whole."""
    try:
        with database.with_name(f"{database.name}-shm").open("rb") as file:
            data = file.read(2 * _INDEX.size + 4)
    except OSError:
        return None
    half = data[: _INDEX.size]
    if len(data) < 2 * _INDEX.size + 4 or data[_INDEX.size : 2 * _INDEX.size] != half:
        return None
    version, _, _, begun, _, _, frames, _, _, salt, told = _INDEX.unpack(half)
    order = "<" if sys.byteorder == "little" else ">"
    if version != _INDEX_VERSION or not begun or struct.pack("=II", *_sum(order, half[:40], (0, 0))) != told:
        return None
    return _Index(salt, frames, int.from_bytes(data[2 * _INDEX.size :][:4], sys.byteorder))
