"""Restores a backup into the data folder: all of it is checked first, and what it replaces is kept, dated."""

import contextlib
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from showcam.app import keys
from showcam.app.data import backup, integrity
from showcam.app.data.backup import Unusable
from showcam.app.settings import Settings
from showcam.app.shipped import document
from showcam.store.sqlite.database import migrate, migrations
from showcam.store.sqlite.database_file import errors, key_ids, let_go


@dataclass(frozen=True)
class Restored:
    contents: backup.Contents
    schema: int  # the database's now; contents.schema is the backup's
    with_keys: bool
    kept: list[Path]


def fitting(settings: Settings, file: Path) -> backup.Contents:
    """The contents of a backup that may be restored here. Raises Unusable, StoreUnavailable."""
    if settings.store != "sqlite":
        raise Unusable(f"The store is a table on AWS, which restores it itself: see {document('integrator/aws.md')}")
    contents = backup.contents(file)
    if contents.demo != settings.demo:
        if contents.demo:
            raise Unusable(f"{file} holds the demo's data, with accounts everybody knows. Restore it with --demo.")
        raise Unusable(f"{file} holds a real installation's data. Restore it without --demo.")
    return contents


def restore(settings: Settings, file: Path, contents: backup.Contents, passphrase: str | None) -> Restored:
    """Restore the file, whose `contents` were read before; the data folder's lock is held.

    `passphrase`: None keeps the installation's own keys. Raises Unusable, StoreUnavailable, KeysUnreadable and
    SecretUnreadable, and has changed nothing then.
    """
    held = backup.key_files(file, contents, passphrase) if passphrase is not None else None
    if settings.keys_secret:
        held = None  # keys come from the secret, so key files would not be read
    with _copied(settings, file) as copied:
        # the file may have been replaced since its contents were read
        if backup.contents(copied) != contents:
            raise Unusable(f"{file} changed while it was read. Nothing was changed here: try again.")
        _require_keys(settings, file, copied, held, offered=bool(contents.opens_with))
        _make_ready(copied)
        if settings.database.exists() and not let_go(settings.database):
            raise Unusable(
                f"Another process has {settings.database} open. End it, then try again. Nothing was changed."
            )
        stamp = _stamp(settings)
        kept = _keep(settings.database, stamp)
        for name, text in (held or {}).items():
            _replace_key(settings.keys / name, text, settings.data / f"keys.{stamp}" / name)
        old_keys = settings.data / f"keys.{stamp}"
        kept = [old_keys, *kept] if old_keys.exists() else kept
        _replace(copied, settings.database)
    integrity.forget(settings)
    return Restored(contents, len(migrations()), held is not None, kept)


def _require_keys(settings: Settings, file: Path, copied: Path, held: dict[str, str] | None, *, offered: bool) -> None:
    """Raises Unusable if rows of the backup could not be opened afterwards."""
    needed = key_ids(copied)
    available = {key_id for key_id, _ in keys.parsed(held["seal"], file)} if held else keys.seal_ids(settings)
    if missing := needed - available:
        named = " and ".join(f"“{key_id}”" for key_id in sorted(missing))
        mend = "leave out --without-keys" if offered else "put your copy of keys/ back first; the backup holds none"
        raise Unusable(
            f"Rows of {file} are sealed under {named}, which is not among the keys here ({settings.keys / 'seal'}): "
            f"{mend}. Nothing was changed."
        )


@contextlib.contextmanager
def _copied(settings: Settings, file: Path) -> Iterator[Path]:
    """A copy of the file next to the database that it will replace, deleted at the end unless it was renamed."""
    copied = settings.database.with_name(f".{settings.database.name}.{secrets.token_hex(4)}")
    try:
        with errors(copied):
            os.close(os.open(copied, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with errors(file):
            shutil.copyfile(file, copied)
        yield copied
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            copied.with_name(f"{copied.name}{end}").unlink(missing_ok=True)


def _make_ready(copied: Path) -> None:
    """Turn the backup into a database: remove the table `backup`, and migrate it to this showcam's schema."""
    with errors(copied), contextlib.closing(sqlite3.connect(copied, isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete = ON")  # no trace of the sealed keys stays in the file
        database.execute("DROP TABLE backup")
        database.execute("PRAGMA application_id = 0")
        database.execute("PRAGMA foreign_keys = ON")
        migrate(database, migrations(), copied.name)  # without a copy of the older schema, which the backup is
    with copied.open("rb") as whole:
        os.fsync(whole.fileno())


def _stamp(settings: Settings) -> str:
    """The dated end of a name that no file in the data folder has yet."""
    stamp = now = f"kept-{time.strftime('%Y%m%dT%H%M%S')}"
    while list(settings.data.glob(f"*.{stamp}*")):
        stamp = f"{now}-{secrets.token_hex(2)}"
    return stamp


def _keep(database: Path, stamp: str) -> list[Path]:
    """Give the database's files a second, dated name each. Raises StoreUnavailable, and nothing is changed then."""
    kept = []
    for end in ("", "-wal", "-shm"):
        old = database.with_name(f"{database.name}{end}")
        if old.exists():
            new = database.with_name(f"{database.name}.{stamp}{end}")
            with errors(new):
                try:
                    os.link(old, new)
                except OSError:  # not every file system has links
                    _copy(old, new)
            kept.append(new)
    return kept


def _copy(old: Path, new: Path) -> None:
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as into:
        with old.open("rb") as whole:
            shutil.copyfileobj(whole, into)
        into.flush()
        os.fsync(into.fileno())


def _replace(copied: Path, database: Path) -> None:
    """Puts the copy in place: a database exists at every moment, and never next to the log of another database."""
    for end in ("-wal", "-shm"):
        database.with_name(f"{database.name}{end}").unlink(missing_ok=True)
    copied.replace(database)
    backup.settle(database.parent)


def _replace_key(key: Path, text: str, kept: Path) -> None:
    key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if key.exists():
        if key.read_text() == text:
            return
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copy2(key, kept)
    made = key.with_name(f".{key.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    made.replace(key)
    backup.settle(key.parent)
