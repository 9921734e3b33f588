"""One SQLite file: its connections, transactions, schema, and what its errors mean to a person."""

import contextlib
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

from showcam.store.ports import Inconsistent, NoRoom, StoreUnavailable
from showcam.store.records import LOOK_S, MONTH_S

_MEANING = {
    sqlite3.SQLITE_BUSY: "is locked by another process",
    sqlite3.SQLITE_LOCKED: "is locked by another process",
    sqlite3.SQLITE_FULL: "can't grow: the disk is full. Free some space on it, then try again",
    sqlite3.SQLITE_READONLY: "can't be written: look at the owner and mode of the file and its folder",
    sqlite3.SQLITE_PERM: "can't be opened: look at the owner and mode of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "can't be opened: look at the owner and mode of the file and its folder",
    sqlite3.SQLITE_IOERR: "can't be read or written: the disk reports an error",
    sqlite3.SQLITE_NOTADB: "is no SQLite database",
}

DAMAGED = "is damaged"
# the words for the database in use: a backup can take its place
TO_RESTORE = "is damaged. Restore a backup, which keeps what is there now beside it: showcam restore FILE"


def unavailable(name: str, error: sqlite3.Error | OSError, damaged: str = DAMAGED) -> StoreUnavailable:
    """The error in words, with the file's name and never its content.

    `damaged`: the words for a file whose content SQLite can't read. If they name a remedy, they are also used for a
    file that is no database.
    """
    if isinstance(error, OSError):
        return StoreUnavailable(f"database {name} can't be opened: {error.strerror or type(error).__name__}")
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte: the primary code
    if code == sqlite3.SQLITE_CORRUPT or (code == sqlite3.SQLITE_NOTADB and damaged != DAMAGED):
        return StoreUnavailable(f"database {name} {damaged}")
    kind = NoRoom if code == sqlite3.SQLITE_FULL or _is_unwritten(error) else StoreUnavailable
    return kind(f"database {name} {_MEANING.get(code, f'failed: {error}')}")


def _is_unwritten(error: sqlite3.Error) -> bool:
    """True if the system refused a write: a limit or quota of files says so in place of a full disk."""
    return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_WRITE


def migrate(connection: sqlite3.Connection, steps: Sequence[str], name: str) -> None:
    """Applies missing `steps` in one transaction. `name`: the file's. Raises StoreUnavailable for a newer schema."""
    connection.execute("BEGIN IMMEDIATE")  # a second process that starts now waits, then finds nothing to do
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise StoreUnavailable(
            f"database {name} was written by a newer showcam (schema {version}, this one knows "
            f"{len(steps)}): install that version, or restore a backup made before it"
        )
    for number, script in enumerate(steps[version:], version + 1):
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("COMMIT")


def keep_older(connection: sqlite3.Connection, path: Path, newest: int) -> None:
    """Copies a database to `NAME.schema-N` in the same folder, if it is about to be migrated.

    Removes copies that are older than a month: they hold data that a household may have deleted since.
    """
    left = path.parent.glob(f".{path.name}.*.schema-*")  # by a restore of showcam 0.3
    for copy in (*path.parent.glob(f"{path.name}.schema-*"), *left):
        with contextlib.suppress(FileNotFoundError):  # another process that starts now removes them too
            if time.time() - copy.stat().st_mtime > MONTH_S:
                copy.unlink()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if not 0 < version < newest:
        return
    fresh = path.with_name(f"{path.name}.schema-{version}.{os.getpid()}")
    try:
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with contextlib.closing(sqlite3.connect(fresh)) as into:
            connection.backup(into)
            into.execute("PRAGMA journal_mode = DELETE")
        # of two processes that start now the slower one may find the schema changed: its copy is not kept
        if connection.execute("PRAGMA user_version").fetchone() == (version,):
            fresh.replace(path.with_name(f"{path.name}.schema-{version}"))
    finally:
        fresh.unlink(missing_ok=True)


def migrations() -> list[str]:
    """The scripts of showcam/store/migrations in order; a script's place is the schema version it leads to."""
    folder = resources.files("showcam.store") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [file.read_text(encoding="utf-8") for file in files]


def _statements(script: str) -> Iterator[str]:
    # executescript would commit the transaction it is called in
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def use_wal(connection: sqlite3.Connection, wait_s: float) -> None:
    # of two processes that switch at the same time one gets "locked" without the wait that busy_timeout promises
    until = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(LOOK_S)
        else:
            return


ROOM = 1 << 20
CHECKPOINT_S = 0.2  # a checkpoint waits this long for readers, and writers wait with it


class _Connection(sqlite3.Connection):
    """Remembers its settings: setting them again would cost as much as a small statement."""

    _durable: bool | None = None
    _wait_ms: int | None = None

    def tune(self, durable: bool, wait_s: float) -> None:
        if durable is not self._durable:
            self.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        wait_ms = int(1000 * wait_s)
        if wait_ms != self._wait_ms:
            self.execute(f"PRAGMA busy_timeout = {wait_ms}")
            self._wait_ms = wait_ms


class Database:
    """A pool of connections, one for each of the threads that ever worked at the same time.

    A write waits `wait_s` for other writers, of this process and of others. `schema`: the scripts that make the schema,
    in order; None: those of showcam/store/migrations. `damaged`: the end of the error text for a damaged file. `room`:
    bytes that must be free on the disk.
    """

    def __init__(
        self,
        path: Path,
        wait_s: float,
        schema: Sequence[str] | None = None,
        damaged: str = DAMAGED,
        *,
        room: int = ROOM,
    ) -> None:
        self._path = path
        self._damaged, self._room = damaged, room
        self._wait_s = wait_s
        self._idle: deque[_Connection] = deque()
        self._writer = threading.Lock()  # within the process writers queue fairly; SQLite itself only polls
        self._closed = False
        with self._errors():
            # created with this mode: no other user can ever read the file; WAL and SHM take the same mode
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            path.chmod(0o600)
        try:
            with self._connection() as connection:
                use_wal(connection, self._wait_s)
                steps = migrations() if schema is None else schema
                keep_older(connection, path, len(steps))
                migrate(connection, steps, path.name)
        except StoreUnavailable:
            self.close()
            raise

    def one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        # without the context managers below: they cost more than the statement, and one read can't be left half done
        connection = self._take()
        try:
            row: tuple[Any, ...] | None = connection.execute(sql, values).fetchone()
        except sqlite3.Error as error:
            self._fail(error)
        finally:
            self._return(connection)
        return row

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            return connection.execute(sql, values).fetchall()

    def change(self, sql: str, *values: Any, durable: bool = False) -> int:
        """Runs a statement in its own transaction. Returns the number of changed rows.

        Not `durable`: a power cut may undo it.
        """
        left_s = self._queue(self._wait_s)
        try:
            connection = self._take()
            try:
                connection.tune(durable, wait_s=left_s)
                return connection.execute(sql, values).rowcount
            except sqlite3.Error as error:
                self._fail(error)
            finally:
                if left_s != self._wait_s:
                    connection.tune(durable, wait_s=self._wait_s)
                self._return(connection)
        finally:
            self._writer.release()

    @contextlib.contextmanager
    def writing(self, *, durable: bool = True, patient: bool = True) -> Iterator[sqlite3.Connection]:
        """Opens a transaction; if the block raises, the transaction is undone.

        Not `durable`: a power cut may undo it. Not `patient`: it does not wait for other writers.
        """
        left_s = self._queue(self._wait_s if patient else 0)
        try:
            with self._connection() as connection:
                connection.tune(durable, left_s)
                try:
                    connection.execute("BEGIN IMMEDIATE")
                finally:
                    connection.tune(durable, self._wait_s)
                yield connection
                connection.execute("COMMIT")
        finally:
            self._writer.release()

    def _queue(self, wait_s: float) -> float:
        """Waits until this thread may write. Returns the seconds that are left to wait for other processes."""
        if self._writer.acquire(blocking=False):
            return wait_s
        until = time.monotonic() + wait_s
        if not self._writer.acquire(timeout=wait_s):
            raise StoreUnavailable(f"database {self._path.name} is busy: too many writers wait for it")
        return max(0.0, until - time.monotonic())

    def check(self) -> None:
        """Raises StoreUnavailable if a write would fail; writes nothing."""
        with self._errors():
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize < self._room:
                raise StoreUnavailable(f"database {self._path.name} {_MEANING[sqlite3.SQLITE_FULL]}")
        with self.writing(durable=False) as write:
            write.execute("DELETE FROM meta WHERE key = ''")  # changes nothing, but a file that is read-only refuses

    def checkpoint(self) -> None:
        """Moves the write-ahead log into the file, and empties it, if no other connection uses it."""
        self._queue(self._wait_s)
        try:
            with self._connection() as connection:
                connection.tune(durable=True, wait_s=CHECKPOINT_S)
                try:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                finally:
                    connection.tune(durable=True, wait_s=self._wait_s)
        finally:
            self._writer.release()

    def rewrite(self) -> None:
        """Writes the whole file again, so that no byte of a removed row stays in it or in its write-ahead log."""
        self.change("VACUUM")
        self.checkpoint()

    def close(self) -> None:
        """Closes idle connections now, the others when they are returned."""
        self._closed = True
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[_Connection]:
        connection = self._take()
        with self._errors():
            try:
                yield connection
            finally:
                self._return(connection)

    def _take(self) -> _Connection:
        if self._closed:
            raise self._is_closed()
        try:
            return self._idle.pop()
        except IndexError:
            with self._errors():
                return self._connect()

    def _return(self, connection: _Connection) -> None:
        try:
            if connection.in_transaction:
                connection.rollback()
        except sqlite3.Error:
            connection.close()
            raise
        self._idle.append(connection)
        if self._closed:
            self.close()

    def _connect(self) -> _Connection:
        connection = sqlite3.connect(
            self._path, timeout=self._wait_s, isolation_level=None, check_same_thread=False, factory=_Connection
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # the bytes of a removed row are overwritten
        return connection

    def _is_closed(self) -> StoreUnavailable:
        return StoreUnavailable(f"database {self._path.name} is closed")

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            self._fail(error)

    def _fail(self, error: sqlite3.Error | OSError) -> NoReturn:
        if isinstance(error, sqlite3.IntegrityError):
            raise Inconsistent(f"database {self._path.name} refused the row: {error}") from error
        if isinstance(error, sqlite3.ProgrammingError):
            raise error  # a mistake in our code, no failure of the file
        raise unavailable(self._path.name, error, self._damaged) from error
