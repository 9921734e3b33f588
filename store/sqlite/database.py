"""One SQLite file: its connections, transactions, schema, and what its errors mean to a person."""

import contextlib
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from store.ports import Inconsistent, StoreUnavailable
from store.sqlite.failures import DAMAGED, unavailable
from store.sqlite.schema import keep_older, migrate, migrations, use_wal

ROOM = 1 << 20
CHECKPOINT_S = 0.2  # a checkpoint waits so long for readers, and writers wait with it
WAIT_S = 2.0  # a request's own deadline is a little longer


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
    """Connections are pooled, one thread at a time on each: as many as threads ever worked at the same time.

    A write waits `wait_s` for other writers, of this process and of others. `schema`: the scripts that make it, in
    order; None: those of store/migrations. `damaged`: the end of the error text for a damaged file. `room`: bytes that
    must be free on the disk.
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
            # created with its mode, so that others can read it at no moment; WAL and SHM take the same mode
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

    def change(self, sql: str, *values: Any) -> int:
        """One statement as a transaction of its own, which a power cut may undo; the number of rows it changed."""
        left_s = self._queue(self._wait_s)
        try:
            connection = self._take()
            try:
                connection.tune(durable=False, wait_s=left_s)
                return connection.execute(sql, values).rowcount
            except sqlite3.Error as error:
                self._fail(error)
            finally:
                if left_s != self._wait_s:
                    connection.tune(durable=False, wait_s=self._wait_s)
                self._return(connection)
        finally:
            self._writer.release()

    @contextlib.contextmanager
    def writing(self, *, durable: bool = True, patient: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction; undone when the block raises.

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
        """Waits until this thread may write; the seconds left to wait for other processes."""
        if self._writer.acquire(blocking=False):
            return wait_s
        until = time.monotonic() + wait_s
        if not self._writer.acquire(timeout=wait_s):
            raise StoreUnavailable(f"database {self._path.name} is busy: too many writers wait for it")
        return max(0.0, until - time.monotonic())

    def check(self) -> None:
        """Raises StoreUnavailable when a write would fail; writes nothing."""
        with self._errors():
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize < self._room:
                raise StoreUnavailable(f"database {self._path.name} can't grow: the disk is full")
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
