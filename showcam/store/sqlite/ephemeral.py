"""Short-lived rows in SQLite: visits, throttle windows, known cameras, happenings, asks, taken keys."""

import contextlib
import hashlib
import math
import threading
from pathlib import Path
from typing import Any

from msgspec import structs

from showcam.store.ports import StoreUnavailable
from showcam.store.records import ASKED, OVERTAKEN_S, Ask, Happening, Hold, Known, places_name, throttle_window
from showcam.store.sealing import SealedUnreadable, Sealer
from showcam.store.sqlite.database import Database

# sorted by end, so that new rows are in one page, and expired ones in the first pages
SCHEMA = "CREATE TABLE taken (until REAL, key BLOB, PRIMARY KEY (until, key)) STRICT, WITHOUT ROWID;"
_DAMAGED = "is damaged: stop showcam, wait two minutes, remove the file and start showcam"
_HASH = 16  # bytes, whatever the length of the key
PUT_KNOWN = (
    "INSERT INTO known (source, sealed, as_of, account) SELECT ?, ?, ?, id FROM account WHERE id = ?"
    " ON CONFLICT DO UPDATE SET sealed = excluded.sealed, as_of = excluded.as_of"
    " WHERE known.as_of <= excluded.as_of OR known.as_of > excluded.as_of + ?"
)
# a record's fields in its order
_INSERT = (
    "INSERT INTO ask (account, id, camera, link, surface, at, took_s, reason, live_s)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SELECT = "SELECT id, camera, link, surface, at, took_s, reason, live_s FROM ask"


class Taken:
    """Safe to use from any number of threads and processes; the file is made with the first key."""

    def __init__(self, database: Path, wait_s: float) -> None:
        self._name = database.name
        self._path = database.with_name(f"{database.name}-nonces")
        self._wait_s = wait_s
        self._rows: Database | None = None
        self._opening = threading.Lock()
        self._closed = False

    def take(self, key: str, until: float) -> bool:
        """Whether the key was free. Killing the process afterwards does not undo it. Raises StoreUnavailable."""
        hashed = hashlib.blake2b(key.encode(), digest_size=_HASH).digest()
        rows = self._rows or self._open()
        return rows.change("INSERT OR IGNORE INTO taken VALUES (?, ?)", until, hashed) == 1

    def sweep(self, now: float) -> int:
        """Removes rows that ended before `now`, and the journals of earlier versions. Returns the number of rows."""
        for journal in self._path.parent.glob(f"{self._name}-taken-[0-9]*"):
            journal.unlink(missing_ok=True)
        if not self._path.exists():
            return 0
        rows = self._rows or self._open()
        gone = rows.change("DELETE FROM taken WHERE until <= ?", now)
        rows.checkpoint()
        return gone

    def close(self) -> None:
        with self._opening:
            self._closed = True
            if self._rows is not None:
                self._rows.close()

    def _open(self) -> Database:
        with self._opening:
            if self._closed:
                raise StoreUnavailable(f"database {self._path.name} is closed")
            if self._rows is None:
                self._rows = Database(self._path, self._wait_s, [SCHEMA], damaged=_DAMAGED)
            return self._rows


class EphemeralRows:
    _database: Database
    _sealer: Sealer
    _taken: Taken

    def put_visit(self, visit_hash: str, data: bytes, expires: float) -> None:
        sealed = self._sealer.seal(f"visit|{visit_hash}", data)
        self._database.change("INSERT OR REPLACE INTO visit VALUES (?, ?, ?)", visit_hash, sealed, expires)

    def visit(self, visit_hash: str, now: float) -> bytes | None:
        sql = "SELECT sealed FROM visit WHERE hash = ? AND expires > ?"
        return self._opened(visit_hash, self._database.one(sql, visit_hash, now))

    def _opened(self, visit_hash: str, row: tuple[Any, ...] | None) -> bytes | None:
        with contextlib.suppress(SealedUnreadable):
            return self._sealer.open(f"visit|{visit_hash}", row[0]) if row else None
        return None

    def change_visit(self, visit_hash: str, data: bytes, expires: float, now: float) -> bool:
        sealed = self._sealer.seal(f"visit|{visit_hash}", data)
        sql = "UPDATE visit SET sealed = ?, expires = ? WHERE hash = ? AND expires > ?"
        return self._database.change(sql, sealed, expires, visit_hash, now) == 1

    def take_visit(self, visit_hash: str, now: float) -> bytes | None:
        with self._database.writing() as write:
            sql = "DELETE FROM visit WHERE hash = ? AND expires > ? RETURNING sealed"
            row = write.execute(sql, (visit_hash, now)).fetchone()
        return self._opened(visit_hash, row)

    def drop_visit(self, visit_hash: str) -> None:
        self._database.change("DELETE FROM visit WHERE hash = ?", visit_hash, durable=True)

    def hit(self, key: str, window_s: int, now: float) -> int:
        sql = (
            "INSERT INTO throttle (key, ends, count) VALUES (?, ?, 1)"
            " ON CONFLICT (key, ends) DO UPDATE SET count = count + 1 RETURNING count"
        )
        with self._database.writing(durable=False) as write:
            return int(write.execute(sql, throttle_window(key, window_s, now)).fetchone()[0])

    def hits(self, key: str, window_s: int, now: float) -> int:
        sql = "SELECT count FROM throttle WHERE key = ? AND ends = ?"
        row = self._database.one(sql, *throttle_window(key, window_s, now))
        return row[0] if row else 0

    def take_place(self, key: str, most: int, window_s: int, now: float) -> tuple[bool, int]:
        name, ends = places_name(key), math.ceil(now + window_s)
        held = "SELECT coalesce(sum(count), 0), min(ends) FROM throttle WHERE key = ? AND ends > ?"
        take = (
            "INSERT INTO throttle (key, ends, count) VALUES (?, ?, 1)"
            " ON CONFLICT (key, ends) DO UPDATE SET count = count + 1"
        )
        with self._database.writing(durable=False) as write:
            count, first = write.execute(held, (name, now)).fetchone()
            if count >= most:
                return False, int(first)
            write.execute(take, (name, ends))
        return True, ends

    def leave_place(self, key: str, ends: int) -> None:
        with self._database.writing(durable=False) as write:
            write.execute("UPDATE throttle SET count = count - 1 WHERE key = ? AND ends = ?", (places_name(key), ends))
            write.execute("DELETE FROM throttle WHERE key = ? AND count < 1", (places_name(key),))

    def take_once(self, key: str, until: float) -> bool:
        return self._taken.take(key, until)

    def take_hold(self, group: str, hold: Hold, now: float, instead_of: str = "") -> bool:
        sql = (
            "INSERT INTO hold (grp, name, owner, ends, data) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET owner = excluded.owner, ends = excluded.ends, data = excluded.data"
            " WHERE hold.ends <= ? OR hold.owner IN (excluded.owner, ?)"
        )
        return self._database.change(sql, group, *structs.astuple(hold), now, instead_of or hold.owner) == 1

    def holds(self, group: str, now: float) -> list[Hold]:
        sql = "SELECT name, owner, ends, data FROM hold WHERE grp = ? AND ends > ? ORDER BY name"
        return [Hold(*row) for row in self._database.all(sql, group, now)]

    def put_known(self, account_id: str, source_id: str, known: Known) -> bool:
        sealed = self._sealer.seal(f"known|{account_id}|{source_id}", known.data)
        return self._database.change(PUT_KNOWN, source_id, sealed, known.as_of, account_id, OVERTAKEN_S) == 1

    def known(self, account_id: str, source_id: str) -> Known | None:
        row = self._database.one(
            "SELECT sealed, as_of FROM known WHERE account = ? AND source = ?", account_id, source_id
        )
        with contextlib.suppress(SealedUnreadable):
            return Known(self._sealer.open(f"known|{account_id}|{source_id}", row[0]), row[1]) if row else None
        return None

    def meta_once(self, key: str, value: str) -> str:
        found = self.meta(key)
        if found is not None:
            return found
        with self._database.writing() as write:
            write.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, value))
            return str(write.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])

    def meta(self, key: str) -> str | None:
        row = self._database.one("SELECT value FROM meta WHERE key = ?", key)
        return row[0] if row else None

    def happenings(self, account_id: str, since: float) -> list[Happening]:
        sql = "SELECT camera, kind, at FROM happening WHERE account = ? AND at > ? ORDER BY at, camera, kind"
        return [Happening(*row) for row in self._database.all(sql, account_id, since)]

    def put_devices(self, account_id: str, keys: frozenset[str]) -> None:
        with self._database.writing(durable=False) as write:
            write.execute("DELETE FROM device WHERE account = ?", (account_id,))
            listed = "INSERT INTO device SELECT ?, id FROM account WHERE id = ?"
            write.executemany(listed, [(key, account_id) for key in sorted(keys)])

    def accounts_with(self, key: str) -> list[str]:
        return [row[0] for row in self._database.all("SELECT account FROM device WHERE key = ? ORDER BY account", key)]

    def put_asks(self, account_id: str, asks: list[Ask]) -> None:
        with self._database.writing(durable=False) as write:
            write.executemany(_INSERT, [(account_id, *structs.astuple(ask)) for ask in asks])

    def put_live(self, account_id: str, ask_id: str, live_s: float) -> None:
        sql = "UPDATE ask SET live_s = max(live_s, ?) WHERE account = ? AND id = ?"
        self._database.change(sql, live_s, account_id, ask_id)

    def asks(
        self,
        account_id: str,
        since: float,
        *,
        camera: str = "",
        kind: str = "",
        before: Ask | None = None,
        most: int | None = None,
    ) -> list[Ask]:
        where, values = ["account = ?", "at > ?"], [account_id, since]
        if camera:
            where, values = [*where, "camera = ?"], [*values, camera]
        if kind:
            where, values = [*where, "iif(link = '', reason, ?) = ?"], [*values, ASKED, kind]
        if before:
            where, values = [*where, "at <= ? AND (at < ? OR id > ?)"], [*values, before.at, before.at, before.id]
        sql = f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY at DESC, id LIMIT ?"
        return [Ask(*row) for row in self._database.all(sql, *values, -1 if most is None else most)]

    def ask(self, account_id: str, ask_id: str) -> Ask | None:
        row = self._database.one(f"{_SELECT} WHERE account = ? AND id = ?", account_id, ask_id)
        return Ask(*row) if row else None

    def drop_asks(self, account_id: str, camera: str = "") -> None:
        sql = "DELETE FROM ask WHERE account = ? AND ? IN ('', camera)"
        self._database.change(sql, account_id, camera, durable=True)
