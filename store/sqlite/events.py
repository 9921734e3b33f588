"""What happened at cameras, and the households that list a device, in SQLite."""

from store.records import Happening
from store.sqlite.database import Database


class EventRows:
    _database: Database

    def put_happening(self, account_id: str, happening: Happening) -> None:
        sql = (
            "INSERT INTO happening VALUES (?, ?, ?, ?)"
            " ON CONFLICT (account, camera, kind) DO UPDATE SET at = max(at, excluded.at)"
        )
        self._database.change(sql, account_id, happening.camera, happening.kind, happening.at)

    def happenings(self, account_id: str, since: float) -> list[Happening]:
        sql = "SELECT camera, kind, at FROM happening WHERE account = ? AND at > ? ORDER BY at, camera, kind"
        return [Happening(*row) for row in self._database.all(sql, account_id, since)]

    def put_devices(self, account_id: str, keys: frozenset[str]) -> None:
        with self._database.writing(durable=False) as write:
            write.execute("DELETE FROM device WHERE account = ?", (account_id,))
            write.executemany("INSERT INTO device VALUES (?, ?)", [(key, account_id) for key in sorted(keys)])

    def accounts_with(self, key: str) -> list[str]:
        return [row[0] for row in self._database.all("SELECT account FROM device WHERE key = ? ORDER BY account", key)]
