"""Households in SQLite: their sources, users, preferences, secrets and notices; and assistants' registrations."""

import logging
from collections.abc import Iterator

from showcam.store.ports import StoreUnavailable
from showcam.store.records import Account, Client, Notice, OwnerUser, Session, Source, SourceState, addressable
from showcam.store.sealing import Sealer
from showcam.store.sqlite.database import Database
from showcam.store.sqlite.links import ACCOUNT, CLIENT, SOURCE, client_of, insert, put, put_looks

log = logging.getLogger(__name__)

_PAGE = 200
_REMAINS = "remains"  # the key in `meta` while the file may hold bytes of a removed household
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
    # the ends of links are reported after the household is gone
    "DELETE FROM outbox WHERE account = ? AND kind <> 'ended'",
    "DELETE FROM telling WHERE account = ? AND link NOT IN (SELECT link FROM outbox)",
    "DELETE FROM ask WHERE account = ?",
)


class AccountRows:
    _database: Database
    _sealer: Sealer

    def add_account(self, account: Account) -> None:
        with self._database.writing() as write:
            insert(write, "account", account)

    def add_household(self, account: Account, source: Source, secrets: bytes, state: SourceState) -> bool:
        return self._add_source(account, source, secrets, state)

    def account(self, account_id: str) -> Account | None:
        row = self._database.one(ACCOUNT + " WHERE id = ?", account_id)
        return Account(*row) if row else None

    def accounts(self, after: str = "", until: str = "") -> Iterator[Account]:
        page, within = [Account(after, 0, b"")], " WHERE id > ? AND (id <= ? OR ? = '') ORDER BY id LIMIT ?"
        while page:
            found = self._database.all(ACCOUNT + within, page[-1].id, until, until, _PAGE)
            page = [Account(*row) for row in found]
            yield from page

    def drop_household(self, account_id: str) -> bool:
        with self._database.writing() as write:
            for sql in _OF_HOUSEHOLD:
                write.execute(sql, (account_id,))
            gone = write.execute("DELETE FROM account WHERE id = ?", (account_id,)).rowcount == 1
            write.execute("INSERT OR REPLACE INTO meta VALUES (?, '')", (_REMAINS,))
        self._remove_remains()
        return gone

    def _remove_remains(self) -> None:
        """Rewrites the file if a household was removed since the last time. A full disk leaves it to the next sweep."""
        try:
            if self._database.one("SELECT 1 FROM meta WHERE key = ?", _REMAINS):
                self._database.rewrite()
                self._database.change("DELETE FROM meta WHERE key = ?", _REMAINS, durable=True)
        except StoreUnavailable as error:
            log.warning("the database still holds bytes of a removed household: %s", error)

    def add_source(self, source: Source, secrets: bytes, state: SourceState) -> bool:
        return self._add_source(None, source, secrets, state)

    def source_by_vendor_key(self, vendor_key: str) -> Source | None:
        row = self._database.one(SOURCE + " WHERE vendor_key = ?", vendor_key)
        return Source(*row) if row else None

    def sources(self, account_id: str) -> list[Source]:
        found = self._database.all(SOURCE + " WHERE account = ? ORDER BY created, id", account_id)
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

    def _add_source(self, account: Account | None, source: Source, secrets: bytes, state: SourceState) -> bool:
        """Adds the source together with its household's account, or to a stored household without `account`."""
        sealed = self._sealer.seal(f"source|{source.account}|{source.id}", secrets)
        with self._database.writing() as write:
            if write.execute("SELECT 1 FROM source WHERE vendor_key = ?", (source.vendor_key,)).fetchone():
                return False
            if account is not None:
                insert(write, "account", account)
            insert(write, "source", source, sealed=sealed, state=state, version=1)
            return True

    def put_client(self, client: Client) -> None:
        with self._database.writing() as write:
            put(write, "client", client)

    def client(self, client_id: str) -> Client | None:
        if not addressable(client_id):
            return None
        row = self._database.one(CLIENT + " WHERE id = ?", client_id)
        return client_of(row) if row else None

    def clients(self) -> list[Client]:
        return [client_of(row) for row in self._database.all(CLIENT + " ORDER BY id")]

    def drop_client(self, client_id: str) -> bool:
        return self._database.change("DELETE FROM client WHERE id = ?", client_id, durable=True) == 1

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
        return self._database.change(sql, sealed, version + 1, account_id, version, durable=True) == 1

    def owner_user(self, account_id: str) -> OwnerUser | None:
        return self._owner_user("account", account_id)

    def owner_user_by_key(self, key: str) -> OwnerUser | None:
        return self._owner_user("key", key)

    def has_owner_users(self) -> bool:
        return self._database.one("SELECT 1 FROM owner_user LIMIT 1") is not None

    def _owner_user(self, column: str, value: str) -> OwnerUser | None:
        row = self._database.one(f"{_SELECT} WHERE {column} = ?", value)
        return OwnerUser(row[0], row[1], self._sealer.open(f"owner_user|{row[0]}", row[2]), row[3]) if row else None

    def put_preference(self, account_id: str, camera_id: str, data: bytes, at: float) -> None:
        with self._database.writing() as write:
            write.execute("INSERT OR REPLACE INTO preference VALUES (?, ?, ?)", (account_id, camera_id, data))
            put_looks(write, account_id, at)

    def preferences(self, account_id: str) -> dict[str, bytes]:
        return dict(self._database.all("SELECT camera, data FROM preference WHERE account = ?", account_id))

    def put_account_secret(self, account_id: str, name: str, data: bytes) -> None:
        sealed = self._sealer.seal(f"account_secret|{account_id}|{name}", data)
        sql = "INSERT OR REPLACE INTO account_secret VALUES (?, ?, ?)"
        self._database.change(sql, account_id, name, sealed, durable=True)

    def account_secret(self, account_id: str, name: str) -> bytes | None:
        row = self._database.one("SELECT sealed FROM account_secret WHERE account = ? AND name = ?", account_id, name)
        return self._sealer.open(f"account_secret|{account_id}|{name}", row[0]) if row else None

    def account_secrets(self, account_id: str, prefix: str) -> dict[str, bytes]:
        sql = "SELECT name, sealed FROM account_secret WHERE account = ? AND substr(name, 1, ?) = ?"
        rows = self._database.all(sql, account_id, len(prefix), prefix)
        return self._sealer.open_all(f"account_secret|{account_id}", rows)

    def drop_account_secret(self, account_id: str, name: str) -> None:
        sql = "DELETE FROM account_secret WHERE account = ? AND name = ?"
        self._database.change(sql, account_id, name, durable=True)

    def put_link_secret(self, link_id: str, name: str, data: bytes) -> bool:
        sealed = self._sealer.seal(f"link_secret|{link_id}|{name}", data)
        sql = "INSERT OR REPLACE INTO link_secret SELECT ?, ?, ? FROM link WHERE id = ? AND ended IS NULL"
        return self._database.change(sql, link_id, name, sealed, link_id, durable=True) == 1

    def link_secret(self, link_id: str, name: str) -> bytes | None:
        if not addressable(link_id, name):
            return None
        row = self._database.one("SELECT sealed FROM link_secret WHERE link = ? AND name = ?", link_id, name)
        return self._sealer.open(f"link_secret|{link_id}|{name}", row[0]) if row else None

    def put_notice_address(self, account_id: str, address_id: str, data: bytes) -> None:
        sealed = self._sealer.seal(_aad(account_id, address_id), data)
        sql = "INSERT OR REPLACE INTO notice_address VALUES (?, ?, ?)"
        self._database.change(sql, account_id, address_id, sealed, durable=True)

    def notice_addresses(self, account_id: str) -> dict[str, bytes]:
        found = self._database.all("SELECT id, sealed FROM notice_address WHERE account = ? ORDER BY id", account_id)
        return {address: self._sealer.open(_aad(account_id, address), sealed) for address, sealed in found}

    def drop_notice_address(self, account_id: str, address_id: str) -> bool:
        sql = "DELETE FROM notice_address WHERE account = ? AND id = ?"
        return self._database.change(sql, account_id, address_id, durable=True) == 1

    def swap_notice(self, account_id: str, fault: str, *, version: int, data: bytes | None) -> bool:
        if data is None:
            sql = "DELETE FROM notice WHERE account = ? AND fault = ? AND version = ?"
            return self._database.change(sql, account_id, fault, version, durable=True) == 1
        if version:
            sql = "UPDATE notice SET data = ?, version = ? WHERE account = ? AND fault = ? AND version = ?"
            return self._database.change(sql, data, version + 1, account_id, fault, version, durable=True) == 1
        sql = "INSERT INTO notice VALUES (?, ?, ?, 1) ON CONFLICT DO NOTHING"
        return self._database.change(sql, account_id, fault, data, durable=True) == 1

    def notices(self, account_id: str) -> list[Notice]:
        sql = "SELECT account, fault, data, version FROM notice WHERE account = ? ORDER BY fault"
        return [Notice(*row) for row in self._database.all(sql, account_id)]


_SELECT = "SELECT account, key, sealed, version FROM owner_user"


def _aad(account_id: str, address_id: str) -> str:
    return f"notice_address|{account_id}|{address_id}"
