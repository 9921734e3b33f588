"""Ephemeral rows in SQLite: visits, throttle windows, taken keys, known cameras; and shared values."""

import contextlib
import math

from store.keys import places_name, throttle_window
from store.records import OVERTAKEN_S, Known
from store.sealing import SealedUnreadable, Sealer
from store.sqlite.database import Database
from store.sqlite.taken import Taken

PUT_KNOWN = (
    "INSERT INTO known (account, source, sealed, as_of) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET sealed = excluded.sealed, as_of = excluded.as_of"
    " WHERE known.as_of <= excluded.as_of OR known.as_of > excluded.as_of + ?"
)


class EphemeralRows:
    _database: Database
    _sealer: Sealer
    _taken: Taken

    def put_visit(self, visit_hash: str, data: bytes, expires: float) -> None:
        sealed = self._sealer.seal(f"visit|{visit_hash}", data)
        self._database.change("INSERT OR REPLACE INTO visit VALUES (?, ?, ?)", visit_hash, sealed, expires)

    def visit(self, visit_hash: str, now: float) -> bytes | None:
        row = self._database.one("SELECT sealed FROM visit WHERE hash = ? AND expires > ?", visit_hash, now)
        with contextlib.suppress(SealedUnreadable):
            return self._sealer.open(f"visit|{visit_hash}", row[0]) if row else None
        return None

    def drop_visit(self, visit_hash: str) -> None:
        with self._database.writing() as write:
            write.execute("DELETE FROM visit WHERE hash = ?", (visit_hash,))

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

    def put_known(self, account_id: str, source_id: str, known: Known) -> bool:
        sealed = self._sealer.seal(f"known|{account_id}|{source_id}", known.data)
        return self._database.change(PUT_KNOWN, account_id, source_id, sealed, known.as_of, OVERTAKEN_S) == 1

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
