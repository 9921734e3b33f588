"""What assistants were asked to show, in SQLite."""

from msgspec import structs

from store.records import Ask
from store.sqlite.database import Database

# a record's fields in its order
_INSERT = (
    "INSERT INTO ask (account, id, camera, link, surface, at, took_s, reason, live_s)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SELECT = "SELECT id, camera, link, surface, at, took_s, reason, live_s FROM ask"


class AskRows:
    _database: Database

    def put_asks(self, account_id: str, asks: list[Ask]) -> None:
        with self._database.writing(durable=False) as write:
            write.executemany(_INSERT, [(account_id, *structs.astuple(ask)) for ask in asks])

    def put_live(self, account_id: str, ask_id: str, live_s: float) -> None:
        sql = "UPDATE ask SET live_s = max(live_s, ?) WHERE account = ? AND id = ?"
        self._database.change(sql, live_s, account_id, ask_id)

    def asks(self, account_id: str, since: float) -> list[Ask]:
        sql = f"{_SELECT} WHERE account = ? AND at > ? ORDER BY at DESC, id"
        return [Ask(*row) for row in self._database.all(sql, account_id, since)]

    def drop_asks(self, account_id: str) -> None:
        with self._database.writing() as write:
            write.execute("DELETE FROM ask WHERE account = ?", (account_id,))
