"""The store on one SQLite file; its schema is store/migrations, its transactions are store.database."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

from store import rows
from store.database import Database
from store.ports import Replayed, StoreUnavailable
from store.records import Account, Client, Code, Known, Link, Session, Source, SourceState, Token
from store.retention import CODE_KEPT_S, LINK_KEPT_S, TOKEN_KEPT_S, addressable
from store.sealing import SealedUnreadable, Sealer

_PAGE = 200


class SqliteStore:
    """Any number of threads and processes may use one file. Raises StoreUnavailable when it can't be opened."""

    def __init__(self, path: Path, sealer: Sealer) -> None:
        self._database = Database(path)
        self._sealer = sealer

    # accounts and their sources

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

    def accounts(self) -> Iterator[Account]:
        page = [Account("", 0, b"")]
        while page:
            found = self._database.all(rows.ACCOUNT + " WHERE id > ? ORDER BY id LIMIT ?", page[-1].id, _PAGE)
            page = [Account(*row) for row in found]
            yield from page

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
        self, account_id: str, source_id: str, *, version: int, secrets: bytes, state: SourceState
    ) -> bool:
        sealed = self._sealer.seal(f"source|{account_id}|{source_id}", secrets)
        sql = "UPDATE source SET sealed = ?, state = ?, version = ? WHERE account = ? AND id = ? AND version = ?"
        with self._database.writing() as write:
            swapped = write.execute(sql, (sealed, state, version + 1, account_id, source_id, version))
            return swapped.rowcount == 1

    def _insert_source(self, write: Connection, source: Source, secrets: bytes, state: SourceState) -> None:
        sealed = self._sealer.seal(f"source|{source.account}|{source.id}", secrets)
        rows.insert(write, "source", source, sealed=sealed, state=state, version=1)

    # clients

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

    # links, codes and tokens

    def add_link(self, link: Link) -> None:
        with self._database.writing() as write:
            rows.insert(write, "link", link)

    def link(self, link_id: str) -> Link | None:
        if not addressable(link_id):
            return None
        row = self._database.one(rows.LINK + " WHERE id = ?", link_id)
        return rows.link(row) if row else None

    def links(self, account_id: str) -> list[Link]:
        sql = rows.LINK + " WHERE account = ? AND ended IS NULL ORDER BY created, id"
        return [rows.link(row) for row in self._database.all(sql, account_id)]

    def end_link(self, link_id: str, now: float) -> bool:
        if not addressable(link_id):
            return False
        with self._database.writing() as write:
            ended = write.execute("UPDATE link SET ended = ? WHERE id = ? AND ended IS NULL", (now, link_id))
            write.execute("DELETE FROM token WHERE link = ?", (link_id,))
            return ended.rowcount == 1

    def touch_link(self, link_id: str, now: float) -> None:
        with contextlib.suppress(StoreUnavailable), self._database.writing(durable=False, wait_s=0) as write:
            write.execute("UPDATE link SET last_used = max(last_used, ?) WHERE id = ?", (now, link_id))

    def add_code(self, code: Code) -> None:
        with self._database.writing(durable=False) as write:
            rows.insert(write, "code", code)

    def redeem_code(self, code_hash: str, client_id: str, now: float) -> Code | None:
        if not addressable(code_hash, client_id):
            return None
        sql = rows.CODE_AND_USE + " WHERE code.hash = ? AND code.client = ? AND ended IS NULL"
        with self._database.writing(durable=False) as write:
            row = write.execute(sql, (code_hash, client_id)).fetchone()
            if row is None:
                return None
            *fields, used = row
            code = Code(*fields)
            if used is not None:
                raise Replayed(code.link)
            if code.expires <= now:
                return None
            write.execute("UPDATE code SET used = ? WHERE hash = ?", (now, code_hash))
            return code

    def add_tokens(self, tokens: list[Token]) -> bool:
        (link_id,) = {token.link for token in tokens}  # of one link, and at least one
        # an access token that a power cut takes back is refreshed; a lost refresh token would cost the link
        durable = any(token.expires is None for token in tokens)
        with self._database.writing(durable=durable) as write:
            if write.execute("SELECT 1 FROM link WHERE id = ? AND ended IS NULL", (link_id,)).fetchone() is None:
                return False
            for token in tokens:
                rows.insert(write, "token", token)
            return True

    def find_token(self, link_id: str, token_hash: str) -> tuple[Link, Token] | None:
        if not addressable(link_id, token_hash):
            return None
        sql = rows.BEARER + " WHERE token.link = ? AND token.hash = ? AND ended IS NULL"
        row = self._database.one(sql, link_id, token_hash)
        return (rows.link(row[:11]), Token(*row[11:])) if row else None

    # visits, throttle, cameras, meta

    def put_visit(self, visit_hash: str, data: bytes, expires: float) -> None:
        sealed = self._sealer.seal(f"visit|{visit_hash}", data)
        with self._database.writing(durable=False) as write:
            write.execute("INSERT OR REPLACE INTO visit VALUES (?, ?, ?)", (visit_hash, sealed, expires))

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
            return int(write.execute(sql, rows.throttle_key(key, window_s, now)).fetchone()[0])

    def hits(self, key: str, window_s: int, now: float) -> int:
        sql = "SELECT count FROM throttle WHERE key = ? AND ends = ?"
        row = self._database.one(sql, *rows.throttle_key(key, window_s, now))
        return row[0] if row else 0

    def put_known(self, account_id: str, known: Known) -> None:
        sealed = self._sealer.seal(f"known|{account_id}", known.data)
        with self._database.writing(durable=False) as write:
            write.execute("INSERT OR REPLACE INTO known VALUES (?, ?, ?)", (account_id, sealed, known.as_of))

    def known(self, account_id: str) -> Known | None:
        row = self._database.one("SELECT sealed, as_of FROM known WHERE account = ?", account_id)
        with contextlib.suppress(SealedUnreadable):
            return Known(self._sealer.open(f"known|{account_id}", row[0]), row[1]) if row else None
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

    # upkeep

    def sweep(self, now: float) -> int:
        over = (
            ("DELETE FROM code WHERE expires <= ?", now - CODE_KEPT_S),
            ("DELETE FROM token WHERE expires <= ?", now - TOKEN_KEPT_S),
            ("DELETE FROM link WHERE ended <= ?", now - LINK_KEPT_S),
            ("DELETE FROM visit WHERE expires <= ?", now),
            ("DELETE FROM throttle WHERE ends <= ?", now),
        )
        with self._database.writing() as write:
            return sum(write.execute(sql, (before,)).rowcount for sql, before in over)

    def ping(self) -> None:
        self._database.check()

    def close(self) -> None:
        self._database.close()


def _taken(write: Connection, vendor_key: str) -> bool:
    return write.execute("SELECT 1 FROM source WHERE vendor_key = ?", (vendor_key,)).fetchone() is not None
