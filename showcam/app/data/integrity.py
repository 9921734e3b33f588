"""Checks the data folder before any process uses it: whether it is a demo's, and whether its database is whole.

`showcam run` keeps the file `run/unclean` in the data folder while it runs, so the file remains after a power cut or a
kill. The database is then checked, and the result logged.
"""

import contextlib
import filecmp
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from showcam.app import obstacles
from showcam.app.process import logs
from showcam.app.process.supervisor import CannotStart, only_one
from showcam.app.settings import Settings
from showcam.store.sqlite import database_file
from showcam.store.sqlite.database import unavailable

log = structlog.get_logger()

_DEMO = "DEMO"
WITHIN_S = 5.0  # for each of the two checks
_OF_THE_FILE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)  # other errors come from a lock, the disk or the mode
_checked: set[Path] = set()  # by this process
_STEPS = 10_000  # instructions of SQLite's virtual machine between two reads of the clock


def claim(settings: Settings) -> None:
    """Makes or checks the folder. Raises CannotStart if a demo's data would serve a real start, or the reverse."""
    if settings.all_on_aws:
        return
    folder, mark = settings.data, settings.data / _DEMO
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        used = any(folder.iterdir())
        if settings.demo and not mark.exists():
            if used and settings.database.exists():
                raise CannotStart(f"{folder} holds a real installation's data; the demo won't touch them.")
            mark.write_text("Practice data of the showcam demo. A real start refuses this folder.\n")
    except OSError as error:
        raise _unwritable(folder, error) from None
    if not settings.demo and mark.exists():
        raise CannotStart(
            f"{folder} holds the demo's data, with accounts everybody knows. Set SHOWCAM_DATA to another."
        )
    if refused := obstacles.of_folder(folder):
        raise _unwritable(folder, refused)


def _unwritable(folder: Path, error: OSError) -> CannotStart:
    return CannotStart(obstacles.sentence(f"The data folder {folder}", folder, error))


@contextlib.contextmanager
def watched(settings: Settings) -> Iterator[None]:
    """Checks the database, then marks the folder as in use; the caller holds the folder's lock.

    Raises CannotStart if the database is damaged.
    """
    if settings.store != "sqlite":
        yield
        return
    mark = _mark(settings)
    if mark.exists() and settings.database not in _checked:
        _check(settings.database)
    mark.touch()
    try:
        yield
    finally:
        if settings.database.exists():
            database_file.fold(settings.database)
        mark.unlink(missing_ok=True)


def check(settings: Settings) -> None:
    """Checks the database, once in a process, for a command that does not hold the folder's lock.

    A process that opens the database before that would not notice the rows that a damaged log has lost. Raises
    CannotStart if the database is damaged.
    """
    if settings.store != "sqlite" or settings.database in _checked:
        return
    is_marked = _mark(settings).exists()
    # SQLite writes files next to a database that it only reads
    if settings.database.exists() and (refused := obstacles.of_folder(settings.data)):
        raise _unwritable(settings.data, refused)
    if not is_marked:
        return
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(only_one(settings.data / "run"))
        except CannotStart:
            return  # a running showcam has checked it
        if not structlog.is_configured():
            logs.configure("command", "warning")
        _check(settings.database)
        _checked.add(settings.database)


def forget(settings: Settings) -> None:
    """Remove the mark, since another, checked database is in place now."""
    _mark(settings).unlink(missing_ok=True)


def _mark(settings: Settings) -> Path:
    return settings.data / "run" / "unclean"


def _check(database: Path) -> None:
    if not database.exists():
        return
    lost = _log_damaged(database)
    finding = _quick_check(database)
    if finding == "ok" and not lost:
        log.warning("showcam did not end by itself the last time; its database was checked and is whole")
    elif finding != "ok" and finding:
        raise _damaged(database, finding)


def _log_damaged(database: Path) -> bool:
    """Log a damaged write-ahead log, and keep a copy of it, since SQLite is about to drop what it can't read."""
    try:
        pages = database_file.inspect(database, WITHIN_S)
    except database_file.TooLong:
        log.warning("the write-ahead log is too long to be checked now", file=f"{database.name}-wal")
        return False
    except OSError as error:
        raise CannotStart(f"{database}-wal can't be read: {error.strerror}") from None
    if not pages.lost:
        return False
    damaged = database.with_name(f"{database.name}-wal")
    kept = _copy_of(damaged) if damaged.exists() else None
    log.error(
        "the database's write-ahead log is damaged: the last changes are lost. A link or a camera's settings may be as "
        "they were before, and a link that was ended may be alive: look at showcam household USER, or restore a backup "
        "with showcam restore FILE",
        lost_pages=pages.lost,
        kept_pages=pages.committed,
        kept_as=kept.name if kept else "nothing: the file is missing",
    )
    return True


def _copy_of(damaged: Path) -> Path:
    """Copies the damaged log, unless an earlier start did. Raises CannotStart, and then leaves no part of a copy."""
    copy = damaged.with_name(f"{damaged.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}")
    try:
        for earlier in damaged.parent.glob(f"{damaged.name}.damaged-*"):
            if filecmp.cmp(damaged, earlier, shallow=False):
                return earlier
        copy.touch(0o600)
        shutil.copyfile(damaged, copy)
    except OSError as error:
        copy.unlink(missing_ok=True)
        raise CannotStart(obstacles.sentence(f"The copy {copy}", copy, error)) from None
    return copy


def _damaged(database: Path, finding: str) -> CannotStart:
    return CannotStart(
        f"The database {database} is damaged ({finding}). Restore a backup, which keeps what is there now beside it: "
        "showcam restore FILE"
    )


def _quick_check(database: Path) -> str:
    """`ok`, the first fault, or "" if WITHIN_S was too short for the whole database."""
    until = time.monotonic() + WITHIN_S
    try:
        with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
            (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            log.warning("the database is too large to be checked whole now", file=database.name)
            return ""
        fault = str(unavailable(database.name, error))
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise (_damaged(database, fault) if code in _OF_THE_FILE else CannotStart(fault)) from None
    return " ".join(str(finding).split())
