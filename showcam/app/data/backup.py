"""A backup: one SQLite file, which is a copy of the store with a table `backup` added.

Its row `about` is a JSON object: `format`, `made` (epoch seconds), `showcam` (the version), `demo`, and `keys`: null,
or how the row `keys` is opened. The row `keys` holds the files of `keys/`, encrypted with AES-256-GCM under a key that
scrypt (RFC 7914) makes from a passphrase; the bytes of `about` are the associated data.
"""

import base64
import contextlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from showcam.app import keys
from showcam.app.process.supervisor import CannotStart
from showcam.app.settings import Settings
from showcam.app.shipped import document
from showcam.net.text import JsonObject
from showcam.store.ports import StoreUnavailable
from showcam.store.sqlite.database_file import copy, errors, require_whole

MARK = 0x73686362  # PRAGMA application_id
SHORTEST = 12  # characters of a passphrase
_FORMAT = 1
_COST = {"n": 2**17, "r": 8, "p": 1}  # scrypt's: 128 MiB and half a second for each guess
_DEAREST = {"n": 2**18, "r": 8, "p": 4}  # the most that a file may demand


class Unusable(CannotStart):
    """Why a backup can't be made or restored; the text is for a person."""


@dataclass(frozen=True)
class Contents:
    made: float
    demo: bool
    schema: int
    households: int
    links: int
    opens_with: JsonObject | None  # its keys
    about: bytes


def write(settings: Settings, target: Path, passphrase: str | None, *, force: bool) -> Contents:
    """Writes the backup, with the keys if a passphrase is given. Raises Unusable, StoreUnavailable, KeysUnreadable."""
    _require_place(settings, target, force=force)
    held = _key_files(settings) if passphrase is not None else None
    with _unfinished(target) as made:
        copy(settings.database, made)
        _describe(made, settings, held, passphrase)
        written = _copied(made, settings.database)
        with made.open("rb") as file:
            os.fsync(file.fileno())
        _name(made, target, force=force)
    return written


def _copied(made: Path, database: Path) -> Contents:
    """The contents of the finished copy. Raises Unusable, whose text names the database that was copied."""
    try:
        return _read(made)
    except StoreUnavailable as error:
        raise Unusable(f"No backup was made: {str(error).replace(made.name, database.name)}.") from None


def contents(file: Path) -> Contents:
    """Raises Unusable if the file is no backup, damaged, of a newer showcam, or can't be read."""
    if not file.is_file():
        raise Unusable(f"There is no file {file}.")
    try:
        return _read(file)
    except StoreUnavailable as error:
        raise Unusable(f"{file} can't be used as a backup: {error}. Nothing was changed; take another one.") from None


def _read(file: Path) -> Contents:
    with errors(file), contextlib.closing(_opened(file)) as database:
        (mark,) = database.execute("PRAGMA application_id").fetchone()
        if mark != MARK:
            raise Unusable(
                f"{file} is no backup of showcam's. If it is a copy of the database all the same, put it into the "
                "data folder as showcam.sqlite3 yourself, while showcam does not run and with no file -wal beside it."
            )
        schema = require_whole(file, beside=frozenset({"backup"}))
        about = _row(database, "about")
        (households,) = database.execute("SELECT count(*) FROM account").fetchone()
        (links,) = database.execute("SELECT count(*) FROM link WHERE ended IS NULL").fetchone()
    try:
        facts = json.loads(about)
        if facts["format"] != _FORMAT:
            raise Unusable(f"{file} was made by a newer showcam: install that version.")
        datetime.fromtimestamp(facts["made"], UTC)  # raises if the number is no date that can be printed
        return Contents(float(facts["made"]), bool(facts["demo"]), schema, households, links, facts["keys"], about)
    except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        raise Unusable(f"{file} is damaged: its description of itself can't be read.") from None


def key_files(file: Path, backup: Contents, passphrase: str) -> dict[str, str]:
    """The texts of keys/ by name. Raises Unusable if the passphrase is wrong."""
    assert backup.opens_with is not None
    try:
        cost = {name: int(backup.opens_with[name]) for name in _COST}
        salt, nonce = (base64.b64decode(backup.opens_with[name]) for name in ("salt", "nonce"))
        if any(cost[name] > _DEAREST[name] for name in _COST):
            raise Unusable(f"{file} was made by a newer showcam: install that version.")
        key = _key(passphrase, salt, cost)
    except (ValueError, KeyError, TypeError, OverflowError):
        raise Unusable(f"{file} is damaged: its description of its keys can't be read.") from None
    with errors(file), contextlib.closing(_opened(file)) as database:
        sealed = _row(database, "keys")
    try:
        held = json.loads(AESGCM(key).decrypt(nonce, sealed, backup.about))
        texts = {name: str(held[name]) for name in keys.NAMES}
        for name, text in texts.items():
            keys.parsed(text, f"the key {name} in {file}")
    except InvalidTag:
        raise Unusable(f"That is not the passphrase of {file}. Nothing was changed.") from None
    except (ValueError, KeyError, TypeError):
        raise Unusable(f"{file} is damaged: its keys can't be read.") from None
    return texts


def _opened(file: Path) -> sqlite3.Connection:
    """Opens only this file, as it will be copied: no write-ahead log next to it is read or made."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _row(database: sqlite3.Connection, name: str) -> bytes:
    sql = "SELECT value FROM backup WHERE name = ? AND typeof(value) = 'blob'"
    row: tuple[bytes] | None = database.execute(sql, (name,)).fetchone()
    return row[0] if row else b""


def settle(folder: Path) -> None:
    """Syncs the folder: only then do the names of its files outlast a power cut. Raises OSError."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _require_place(settings: Settings, target: Path, *, force: bool) -> None:
    if settings.store != "sqlite":
        guide = document("integrator/aws.md")
        raise Unusable(f"The store is a table on AWS, which keeps backups of it itself: see {guide}")
    if not settings.database.exists():
        raise Unusable(f"There is nothing to back up yet: no database {settings.database}.")
    place, data = target.absolute(), settings.data.absolute()
    if not place.parent.is_dir():
        raise Unusable(f"There is no folder {place.parent} to write the backup to.")
    own = place.parent.resolve() == data.resolve() and place.name.startswith(settings.database.name)
    if own or place.parent.resolve() in ((data / "keys").resolve(), (data / "run").resolve()) or place.is_dir():
        raise Unusable(f"{target} can't be a backup: it is a folder or one of showcam's own files. Name another.")
    if target.exists() and not force:
        raise Unusable(f"{target} is there already: name another, or say --force to replace it.")


@contextlib.contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """A file next to the target that only its owner can read, deleted at the end unless it was renamed."""
    made = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        try:
            os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise Unusable(f"{target} can't be written: {error.strerror}.") from None
        yield made
    finally:
        for path in (made, made.with_name(f"{made.name}-journal")):
            path.unlink(missing_ok=True)


def _name(made: Path, target: Path, *, force: bool) -> None:
    try:
        if not force:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # fails if a file exists by now
        made.replace(target)
        settle(target.parent)
    except OSError as error:
        raise Unusable(f"{target} can't be written: {error.strerror}.") from None


def _describe(made: Path, settings: Settings, held: dict[str, str] | None, passphrase: str | None) -> None:
    opens_with, sealed = None, None
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    if held is not None:
        opens_with = {"cipher": "AES-256-GCM", "kdf": "scrypt"} | _COST
        opens_with |= {name: base64.b64encode(value).decode() for name, value in (("salt", salt), ("nonce", nonce))}
    facts = {"format": _FORMAT, "made": time.time(), "showcam": version("showcam"), "demo": settings.demo}
    about = json.dumps(facts | {"keys": opens_with}).encode()
    rows = [("about", about)]
    if held is not None and passphrase is not None:
        sealed = AESGCM(_key(passphrase, salt, _COST)).encrypt(nonce, json.dumps(held).encode(), about)
        rows.append(("keys", sealed))
    with errors(made), contextlib.closing(sqlite3.connect(made)) as database, database:
        database.execute("CREATE TABLE backup (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT")
        database.executemany("INSERT INTO backup VALUES (?, ?)", rows)
        database.execute(f"PRAGMA application_id = {MARK}")


def _key_files(settings: Settings) -> dict[str, str]:
    if settings.keys_secret:
        raise Unusable(f"The keys are made from the secret {settings.keys_secret}: leave out --with-keys.")
    keys.of(settings)
    try:
        return {name: (settings.keys / name).read_text() for name in keys.NAMES}
    except OSError as error:
        raise keys.KeysUnreadable(f"{error.filename}: {error.strerror}") from None


def _key(passphrase: str, salt: bytes, cost: dict[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, **cost).derive(passphrase.encode())
