"""Households, their sources, and assistants' registrations in SQLite."""

from collections.abc import Iterator
from sqlite3 import Connection

from store.keys import addressable
from store.records import Account, Client, Session, Source, SourceState
from store.sealing import Sealer
from store.sqlite import rows
from store.sqlite.database import Database
from store.sqlite.telling import put_looks

_PAGE = 200
# tokens and secrets of a link go with it
_OF_HOUSEHOLD = (
    "DELETE FROM code WHERE link IN (SELECT id FROM link WHERE account = ?)",
    "DELETE FROM link WHERE account = ?",
    "DELETE FROM source WHERE account = ?",
    "DELETE FROM owner_user WHERE account = ?",
    "DELETE FROM preference WHERE account = ?",
    "DELETE FROM account_secret WHERE account = ?",
    "DELETE FROM notice_address WHERE account = ?",
    "DELETE FROM notice WHERE account = ?",
    "DELETE FROM known WHERE account = ?",
    "DELETE FROM happening WHERE account = ?",
    "DELETE FROM device WHERE account = ?",
    # that its links ended is told after it is gone
    "DELETE FROM outbox WHERE account = ? AND kind <> 'ended'",
    "DELETE FROM telling WHERE account = ? AND link NOT IN (SELECT link FROM outbox)",
    "DELETE FROM ask WHERE account = ?",
)


class AccountRows:
    _database: Database
    _sealer: Sealer

    def add_account(self, account: Account) -> None:
        with self._database.writing() as write:
            rows.insert(write, "account", account)

    def add_household(self, account: Account, source: Source, secrets: bytes, state: SourceState) -> bool:
        with self._database.writing() as write:
            if _taken(write, source.vendor_key):
                return False
            rows.insert(write, "account", account)
            self._insert_source(write, source, secrets, state)
            return True

    def account(self, account_id: str) -> Account | None:
        row = self._database.one(rows.ACCOUNT + " WHERE id = ?", account_id)
        return Account(*row) if row else None

    def accounts(self, after: str = "", until: str = "") -> Iterator[Account]:
        page, within = [Account(after, 0, b"")], " WHERE id > ? AND (id <= ? OR ? = '') ORDER BY id LIMIT ?"
        while page:
            found = self._database.all(rows.ACCOUNT + within, page[-1].id, until, until, _PAGE)
            page = [Account(*row) for row in found]
            yield from page

    def drop_household(self, account_id: str) -> bool:
        with self._database.writing() as write:
            for sql in _OF_HOUSEHOLD:
                write.execute(sql, (account_id,))
            gone = write.execute("DELETE FROM account WHERE id = ?", (account_id,)).rowcount == 1
        self._database.rewrite()
        return gone

    def add_source(self, source: Source, secrets: bytes, state: SourceState) -> bool:
        with self._database.writing() as write:
            if _taken(write, source.vendor_key):
                return False
            self._insert_source(write, source, secrets, state)
            return True

    def source_by_vendor_key(self, vendor_key: str) -> Source | None:
        row = self._database.one(rows.SOURCE + " WHERE vendor_key = ?", vendor_key)
        return Source(*row) if row else None

    def sources(self, account_id: str) -> list[Source]:
        found = self._database.all(rows.SOURCE + " WHERE account = ? ORDER BY created, id", account_id)
        return [Source(*row) for row in found]

    def read_session(self, account_id: str, source_id: str) -> Session | None:
        sql = "SELECT sealed, state, version FROM source WHERE account = ? AND id = ?"
        row = self._database.one(sql, account_id, source_id)
        return Session(self._sealer.open(f"source|{account_id}|{source_id}", row[0]), row[1], row[2]) if row else None

    def swap_session(
        self,
        account_id: str,
        source_id: str,
        *,
        version: int,
        secrets: bytes,
        state: SourceState,
        look_at: float | None = None,
    ) -> bool:
        sealed = self._sealer.seal(f"source|{account_id}|{source_id}", secrets)
        sql = "UPDATE source SET sealed = ?, state = ?, version = ? WHERE account = ? AND id = ? AND version = ?"
        with self._database.writing() as write:
            swapped = write.execute(sql, (sealed, state, version + 1, account_id, source_id, version)).rowcount == 1
            if swapped and look_at is not None:
                put_looks(write, account_id, look_at)
            return swapped

    def _insert_source(self, write: Connection, source: Source, secrets: bytes, state: SourceState) -> None:
        sealed = self._sealer.seal(f"source|{source.account}|{source.id}", secrets)
        rows.insert(write, "source", source, sealed=sealed, state=state, version=1)

    def put_client(self, client: Client) -> None:
        with self._database.writing() as write:
            rows.replace(write, "client", client)

    def client(self, client_id: str) -> Client | None:
        if not addressable(client_id):
            return None
        row = self._database.one(rows.CLIENT + " WHERE id = ?", client_id)
        return rows.client(row) if row else None

    def clients(self) -> list[Client]:
        return [rows.client(row) for row in self._database.all(rows.CLIENT + " ORDER BY id")]

    def drop_client(self, client_id: str) -> bool:
        with self._database.writing() as write:
            return write.execute("DELETE FROM client WHERE id = ?", (client_id,)).rowcount == 1


def _taken(write: Connection, vendor_key: str) -> bool:
    return write.execute("SELECT 1 FROM source WHERE vendor_key = ?", (vendor_key,)).fetchone() is not None
