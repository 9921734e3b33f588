"""A backup put back into the data folder: all of it is looked at first, and what was there is kept, dated."""

import contextlib
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from showcam import keys
from showcam.data import backup, integrity
from showcam.data.backup import Unusable
from showcam.settings import Settings
from showcam.shipped import document
from store.sqlite import sealed
from store.sqlite.copy import errors, let_go
from store.sqlite.database import WAIT_S, Database
from store.sqlite.schema import migrations


@dataclass(frozen=True)
class Restored:
    contents: backup.Contents
    schema: int  # that it has now
    with_keys: bool
    kept: list[Path]


def fitting(settings: Settings, file: Path) -> backup.Contents:
    """Raises Unusable, StoreUnavailable where it can't be restored here, whatever the passphrase."""
    if settings.store != "sqlite":
        raise Unusable(f"The store is a table on AWS, which restores it itself: see {document('aws.md')}")
    found = backup.contents(file)
    if found.demo != settings.demo:
        if found.demo:
            raise Unusable(f"{file} holds the demo's data, with accounts everybody knows. Restore it with --demo.")
        raise Unusable(f"{file} holds a real installation's data. Restore it without --demo.")
    return found


def restore(settings: Settings, file: Path, found: backup.Contents, passphrase: str | None) -> Restored:
    """While the data folder is held; `passphrase`: None to go on with the keys that are here.

    Raises Unusable, StoreUnavailable, KeysUnreadable, SecretUnreadable, and has changed nothing then.
    """
    held = backup.key_files(file, found, passphrase) if passphrase is not None else None
    if settings.keys_secret:
        held = None  # no file would be read
    with _copied(settings, file) as part:
        # what was looked at may be another file by now
        if backup.contents(part) != found:
            raise Unusable(f"{file} changed while it was read. Nothing was changed here: try again.")
        _require_keys(settings, file, part, held, offered=bool(found.opens_with))
        _make_ready(part)
        if settings.database.exists() and not let_go(settings.database):
            raise Unusable(
                f"Another process has {settings.database} open. End it, then try again. Nothing was changed."
            )
        stamp = _stamp(settings)
        kept = _keep(settings.database, stamp)
        for name, text in (held or {}).items():
            _replace_key(settings.keys / name, text, settings.data / f"keys.{stamp}" / name)
        kept = [each for each in (settings.data / f"keys.{stamp}",) if each.exists()] + kept
        _replace(part, settings.database)
    integrity.forget(settings)
    return Restored(found, len(migrations()), held is not None, kept)


def _require_keys(settings: Settings, file: Path, part: Path, held: dict[str, str] | None, *, offered: bool) -> None:
    """That what is sealed in it can be opened afterwards."""
    needed = sealed.key_ids(part)
    there = {key_id for key_id, _ in keys.parsed(held["seal"], file)} if held else keys.seal_ids(settings)
    if missing := needed - there:
        named = " and ".join(f"“{each}”" for each in sorted(missing))
        mend = "leave out --without-keys" if offered else "put your copy of keys/ back first; the backup holds none"
        raise Unusable(
            f"Rows of {file} are sealed under {named}, which is not among the keys here ({settings.keys / 'seal'}): "
            f"{mend}. Nothing was changed."
        )


@contextlib.contextmanager
def _copied(settings: Settings, file: Path) -> Iterator[Path]:
    """Beside the database that is to go; gone at the end."""
    part = settings.database.with_name(f".{settings.database.name}.{secrets.token_hex(4)}")
    try:
        with errors(part):
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with errors(file):
            shutil.copyfile(file, part)
        yield part
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            part.with_name(f"{part.name}{end}").unlink(missing_ok=True)


def _make_ready(part: Path) -> None:
    """Leaves the store in it, of this showcam's schema."""
    with errors(part), contextlib.closing(sqlite3.connect(part)) as database:
        database.execute("PRAGMA secure_delete = ON")  # of the keys, though sealed, nothing stays here
        database.execute("DROP TABLE backup")
        database.execute("PRAGMA application_id = 0")
    Database(part, WAIT_S).close()
    with part.open("rb") as whole:
        os.fsync(whole.fileno())


def _stamp(settings: Settings) -> str:
    """Of a name that nothing here has yet."""
    stamp = now = f"kept-{time.strftime('%Y%m%dT%H%M%S')}"
    while list(settings.data.glob(f"*.{stamp}*")):
        stamp = f"{now}-{secrets.token_hex(2)}"
    return stamp


def _keep(database: Path, stamp: str) -> list[Path]:
    """What there is, under other names too. Raises StoreUnavailable, and nothing is changed then."""
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


def _replace(part: Path, database: Path) -> None:
    """At no moment is there no database, and never one beside the log of another."""
    for end in ("-wal", "-shm"):
        database.with_name(f"{database.name}{end}").unlink(missing_ok=True)
    part.replace(database)
    backup.settle(database.parent)


def _replace_key(key: Path, text: str, kept: Path) -> None:
    key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if key.exists():
        if key.read_text() == text:
            return
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copy2(key, kept)
    part = key.with_name(f".{key.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(key)
    backup.settle(key.parent)
