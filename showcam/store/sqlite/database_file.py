"""A database file as a whole: copied while others write to it, checked, its write-ahead log inspected, its keys found.

SQLite reads the log's frames up to the first wrong checksum and drops the rest silently (sqlite.org/fileformat2.html,
"The Write-Ahead Log"). So the log is inspected before SQLite opens it.
"""

import contextlib
import itertools
import sqlite3
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from showcam.store.ports import StoreUnavailable
from showcam.store.records import WAIT_S
from showcam.store.sealing import key_id
from showcam.store.sqlite.database import TO_RESTORE, migrations, unavailable

_COPIED_AT_ONCE = 256  # pages; then others have their turn
_OURS = ("CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX ")


def copy(source: Path, target: Path) -> None:
    """Copies the database in its present state into a new file. Raises StoreUnavailable."""
    with (
        errors(source),
        contextlib.closing(opened(source)) as reading,
        contextlib.closing(sqlite3.connect(target)) as into,
    ):
        reading.execute("BEGIN")  # one view for the whole copy: without it each commit of others would restart the copy
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reading.backup(into, pages=_COPIED_AT_ONCE)
        into.execute("PRAGMA journal_mode = DELETE")  # no second file


def require_whole(database: Path, *, beside: frozenset[str] = frozenset()) -> int:
    """The schema version of a sound database. Reads only the database file and ignores its log.

    Raises StoreUnavailable if the database is damaged, from a newer showcam or not showcam's. A database with objects
    that showcam never makes is refused too: a trigger would go on working unnoticed. `beside`: further tables that may
    exist.
    """
    with errors(database), contextlib.closing(opened(database, "ro&immutable=1")) as connection:
        made = connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_master").fetchall()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(migrations()):
            raise StoreUnavailable(
                f"{database.name} was written by a newer showcam (schema {version}, this one knows "
                f"{len(migrations())}): install that version"
            )
        names = {name for name, _ in made}
        if version < 1 or not {"account", "source", "link", "token"} <= names:
            raise StoreUnavailable(f"{database.name} is no database of showcam's")
        foreign = {name for name, sql in made if not sql.startswith(_OURS) and sql} | (names - _ours() - beside)
        # before the checks below, which run what the definitions of tables contain
        if foreign := {name for name in foreign if not name.startswith("sqlite_")}:
            raise StoreUnavailable(f"{database.name} holds what showcam never made: {', '.join(sorted(foreign))[:200]}")
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise StoreUnavailable(f"{database.name} is damaged: {' '.join(str(found).split())}")
        if connection.execute("PRAGMA foreign_key_check").fetchone():
            raise StoreUnavailable(f"{database.name} is damaged: a row belongs to one that is missing")
    return int(version)


def _ours() -> set[str]:
    """Every table and index that some version of the schema has."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        names: set[str] = set()
        for script in migrations():
            connection.executescript(script)
            names |= {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    return names


def let_go(database: Path) -> bool:
    """Moves the log into the database and removes it. False if another process has the database open.

    A damaged database stays as it is; the answer is then True.
    """
    with contextlib.closing(opened(database)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            return getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return True


def opened(database: Path, mode: str = "rw") -> sqlite3.Connection:
    uri = f"{database.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=WAIT_S)


@contextlib.contextmanager
def errors(database: Path) -> Iterator[None]:
    """Turns SQLite's errors into StoreUnavailable."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise unavailable(database.name, error) from error


_HEADER, _FRAME = 32, 24  # bytes; of the file, and before each page
_PAGE_SIZES = {2**power for power in range(9, 17)}  # bytes
_LONGEST = 64 * 1024 * 1024  # bytes; more takes too long to read, and more memory than a small machine has
_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}  # with the byte order of the checksums' words
_INDEX = struct.Struct("=IIIBBHII8s8s8s")  # sqlite.org/walformat.html, "WAL-Index Header"; the file holds it twice
_INDEX_VERSION = 3007000


@dataclass(frozen=True, slots=True)
class Wal:
    """Counts frames, each one changed page: committed and readable ones, and those after them that can't be read."""

    committed: int
    lost: int


class TooLong(Exception):
    """The log was not read to its end within the time."""


def inspect(database: Path, within_s: float) -> Wal:
    """Counts the frames in the log, while no process has the database open. Raises TooLong, OSError."""
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
    if not order or page not in _PAGE_SIZES or _sum(order, data[:24], (0, 0)) != struct.unpack(">II", data[24:_HEADER]):
        return Wal(0, max(1, (len(data) - _HEADER) // size) if order else 1)
    frames = [data[start : start + size] for start in range(_HEADER, len(data) - size + 1, size)]
    committed, whole = _whole(frames, order, salt, struct.unpack(">II", data[24:_HEADER]), deadline)
    if index and index.salt == salt and index.frames >= committed:
        return Wal(committed, index.frames - committed)
    # there is no index for this log: a frame behind an unreadable frame was written later, so both are lost
    behind = [number for number, frame in enumerate(frames, 1) if number > whole + 1 and frame[8:16] == salt]
    return Wal(committed, behind[-1] - committed if behind else 0)


def keep_log(connection: sqlite3.Connection) -> None:
    """Leaves the write-ahead log as it is when the connection closes.

    A damaged log can then be found before SQLite takes it into the database.
    """
    connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)


def fold(database: Path) -> None:
    """Moves the log into the database and empties the log; does nothing if another process uses it for WAIT_S."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(opened(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _whole(frames: list[bytes], order: str, salt: bytes, before: tuple[int, int], deadline: float) -> tuple[int, int]:
    """How many frames are committed, and how many are readable, counted from the first."""
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
    in_database: int  # the frames that are in the database already


def _index(database: Path) -> _Index | None:
    """The WAL index that the last writers left; None if the index is missing or incomplete."""
    try:
        with database.with_name(f"{database.name}-shm").open("rb") as file:
            data = file.read(2 * _INDEX.size + 4)
    except OSError:
        return None
    half = data[: _INDEX.size]
    if len(data) < 2 * _INDEX.size + 4 or data[_INDEX.size : 2 * _INDEX.size] != half:
        return None
    version, _, _, begun, _, _, frames, _, _, salt, checksum = _INDEX.unpack(half)
    order = "<" if sys.byteorder == "little" else ">"
    if version != _INDEX_VERSION or not begun or struct.pack("=II", *_sum(order, half[:40], (0, 0))) != checksum:
        return None
    return _Index(salt, frames, int.from_bytes(data[2 * _INDEX.size :][:4], sys.byteorder))


# Visits and known cameras are left out: an unreadable row there counts as missing and is made again
_TABLES = ("source", "owner_user", "account_secret", "link_secret", "notice_address", "setting")
_SEAL_HEADER = 257  # bytes


def key_ids(database: Path) -> set[str]:
    """The ids of the keys that the file needs; empty if there is no file. Raises StoreUnavailable."""
    if not database.exists():
        return set()
    try:
        with contextlib.closing(opened(database)) as connection:
            keep_log(connection)
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            heads = [
                head
                for table in _TABLES
                if table in tables
                # one of the names above
                for (head,) in connection.execute(f"SELECT substr(sealed, 1, {_SEAL_HEADER}) FROM {table}")  # noqa: S608
            ]
    except sqlite3.Error as error:
        raise unavailable(database.name, error, TO_RESTORE) from error
    return {named for head in heads if (named := key_id(head))}
