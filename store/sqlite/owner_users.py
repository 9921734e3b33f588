"""Owners' users at showcam itself in SQLite."""

from store.records import OwnerUser
from store.sealing import Sealer
from store.sqlite.database import Database

_SELECT = "SELECT account, key, sealed, version FROM owner_user"


class OwnerUserRows:
    _database: Database
    _sealer: Sealer

    def put_owner_user(self, account_id: str, key: str, data: bytes) -> bool:
        sealed = self._sealer.seal(f"owner_user|{account_id}", data)
        others = "SELECT 1 FROM owner_user WHERE key = ? AND account <> ?"
        put = (
            "INSERT INTO owner_user VALUES (?, ?, ?, 1) ON CONFLICT (account) DO UPDATE"
            " SET key = excluded.key, sealed = excluded.sealed, version = version + 1"
        )
        with self._database.writing() as write:
            if write.execute(others, (key, account_id)).fetchone() is not None:
                return False
            write.execute(put, (account_id, key, sealed))
            return True

    def swap_owner_user(self, account_id: str, *, version: int, data: bytes) -> bool:
        sealed = self._sealer.seal(f"owner_user|{account_id}", data)
        sql = "UPDATE owner_user SET sealed = ?, version = ? WHERE account = ? AND version = ?"
        with self._database.writing() as write:
            return write.execute(sql, (sealed, version + 1, account_id, version)).rowcount == 1

    def owner_user(self, account_id: str) -> OwnerUser | None:
        return self._owner_user("account", account_id)

    def owner_user_by_key(self, key: str) -> OwnerUser | None:
        return self._owner_user("key", key)

    def has_owner_users(self) -> bool:
        return self._database.one("SELECT 1 FROM owner_user LIMIT 1") is not None

    def _owner_user(self, column: str, value: str) -> OwnerUser | None:
        row = self._database.one(f"{_SELECT} WHERE {column} = ?", value)
        return OwnerUser(row[0], row[1], self._sealer.open(f"owner_user|{row[0]}", row[2]), row[3]) if row else None
