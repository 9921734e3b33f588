"""The database of a showcam that did not end by itself is looked at before anybody opens it, and what is found is said.

`run/unclean` stands in the data folder while `showcam run` runs, and is still there after a power cut or a kill.
"""

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from showcam.process.supervisor import CannotStart, only_one
from showcam.settings import Settings
from store.sqlite import wal
from store.sqlite.failures import unavailable

WITHIN_S = 5.0  # for each of the two looks
_OF_THE_FILE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)  # and no matter of a lock, a disk or a mode
_STEPS = 10_000  # of SQLite's machine, between two looks at the clock
log = structlog.get_logger()


@contextlib.contextmanager
def watched(settings: Settings) -> Iterator[None]:
    """While the data folder is held. Raises CannotStart where the database is damaged."""
    if settings.store != "sqlite":
        yield
        return
    mark = _mark(settings)
    if mark.exists():
        _look(settings.database)
    mark.touch()
    try:
        yield
    finally:
        if settings.database.exists():
            wal.fold(settings.database)
        mark.unlink(missing_ok=True)


def look(settings: Settings) -> None:
    """For whoever opens the database without holding the folder; nothing while showcam runs. Raises CannotStart."""
    if settings.store != "sqlite" or not _mark(settings).exists():
        return
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(only_one(settings.data / "run"))
        except CannotStart:
            return
        _look(settings.database)


def forget(settings: Settings) -> None:
    """Another database is there now, which was looked at."""
    _mark(settings).unlink(missing_ok=True)


def _mark(settings: Settings) -> Path:
    return settings.data / "run" / "unclean"


def _look(database: Path) -> None:
    if not database.exists():
        return
    lost = _log_damaged(database)
    finding = _quick_check(database)
    if finding == "ok" and not lost:
        log.warning("showcam did not end by itself the last time; its database was looked at and is whole")
    elif finding != "ok" and finding:
        raise _damaged(database, finding)


def _log_damaged(database: Path) -> bool:
    """Says so, and keeps the log as it is: SQLite is about to drop what it can't read."""
    try:
        found = wal.inspect(database, WITHIN_S)
    except wal.TooLong:
        log.warning("the write-ahead log is too long to be looked at now", file=f"{database.name}-wal")
        return False
    except OSError as error:
        raise CannotStart(f"{database}-wal can't be read: {error.strerror}") from None
    if not found.lost:
        return False
    damaged = database.with_name(f"{database.name}-wal")
    kept = database.with_name(f"{damaged.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}")
    if damaged.exists():
        kept.touch(0o600)
        shutil.copyfile(damaged, kept)
    log.error(
        "the database's write-ahead log is damaged: the last changes are lost. A link or a camera's settings may be as "
        "they were before, and a link that was ended may be alive: look at showcam links list, or restore a backup "
        "with showcam restore FILE",
        lost_pages=found.lost,
        kept_pages=found.committed,
        kept_as=kept.name if damaged.exists() else "nothing: the file is missing",
    )
    return True


def _damaged(database: Path, finding: str) -> CannotStart:
    return CannotStart(
        f"The database {database} is damaged ({finding}). Restore a backup, which keeps what is there now beside it: "
        "showcam restore FILE"
    )


def _quick_check(database: Path) -> str:
    """`ok`, the first fault, or "" where there was no time to look at all of it."""
    until = time.monotonic() + WITHIN_S
    try:
        with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            log.warning("the database is too large to be looked at whole now", file=database.name)
            return ""
        told = str(unavailable(database.name, error))
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise (_damaged(database, told) if code in _OF_THE_FILE else CannotStart(told)) from None
    return " ".join(str(found).split())
