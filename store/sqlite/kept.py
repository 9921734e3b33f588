"""Preferences and small secrets of a household or a link in SQLite."""

from store.keys import addressable
from store.sealing import Sealer
from store.sqlite.database import Database
from store.sqlite.telling import put_looks


class KeptRows:
    _database: Database
    _sealer: Sealer

    def put_preference(self, account_id: str, camera_id: str, data: bytes, at: float) -> None:
        with self._database.writing() as write:
            write.execute("INSERT OR REPLACE INTO preference VALUES (?, ?, ?)", (account_id, camera_id, data))
            put_looks(write, account_id, at)

    def preferences(self, account_id: str) -> dict[str, bytes]:
        return dict(self._database.all("SELECT camera, data FROM preference WHERE account = ?", account_id))

    def put_account_secret(self, account_id: str, name: str, data: bytes) -> None:
        sealed = self._sealer.seal(f"account_secret|{account_id}|{name}", data)
        with self._database.writing() as write:
            write.execute("INSERT OR REPLACE INTO account_secret VALUES (?, ?, ?)", (account_id, name, sealed))

    def account_secret(self, account_id: str, name: str) -> bytes | None:
        row = self._database.one("SELECT sealed FROM account_secret WHERE account = ? AND name = ?", account_id, name)
        return self._sealer.open(f"account_secret|{account_id}|{name}", row[0]) if row else None

    def account_secrets(self, account_id: str, prefix: str) -> dict[str, bytes]:
        sql = "SELECT name, sealed FROM account_secret WHERE account = ? AND substr(name, 1, ?) = ?"
        rows = self._database.all(sql, account_id, len(prefix), prefix)
        return self._sealer.open_all(f"account_secret|{account_id}", rows)

    def drop_account_secret(self, account_id: str, name: str) -> None:
        with self._database.writing() as write:
            write.execute("DELETE FROM account_secret WHERE account = ? AND name = ?", (account_id, name))

    def put_link_secret(self, link_id: str, name: str, data: bytes) -> bool:
        sealed = self._sealer.seal(f"link_secret|{link_id}|{name}", data)
        live = "SELECT ?, ?, ? FROM link WHERE id = ? AND ended IS NULL"
        with self._database.writing() as write:
            put = write.execute(f"INSERT OR REPLACE INTO link_secret {live}", (link_id, name, sealed, link_id))
            return put.rowcount == 1

    def link_secret(self, link_id: str, name: str) -> bytes | None:
        if not addressable(link_id, name):
            return None
        row = self._database.one("SELECT sealed FROM link_secret WHERE link = ? AND name = ?", link_id, name)
        return self._sealer.open(f"link_secret|{link_id}|{name}", row[0]) if row else None

    def drop_link_secret(self, link_id: str, name: str) -> None:
        with self._database.writing() as write:
            write.execute("DELETE FROM link_secret WHERE link = ? AND name = ?", (link_id, name))
