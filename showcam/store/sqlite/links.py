"""Links, codes and tokens in SQLite: each decision is one transaction."""

import contextlib
import json

from showcam.store.ports import Replayed, StoreUnavailable
from showcam.store.records import Code, Link, Token, addressable
from showcam.store.sqlite import rows
from showcam.store.sqlite.database import Database
from showcam.store.sqlite.outbox import put_ended, put_looks


class LinkRows:
    _database: Database

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
            if ended.rowcount == 1:
                put_ended(write, rows.link(write.execute(rows.LINK + " WHERE id = ?", (link_id,)).fetchone()), now)
            write.execute("DELETE FROM token WHERE link = ?", (link_id,))
            write.execute("DELETE FROM link_secret WHERE link = ?", (link_id,))
            return ended.rowcount == 1

    def choose_cameras(self, link_id: str, cameras: tuple[str, ...] | None, at: float) -> bool:
        if not addressable(link_id):
            return False
        chosen = None if cameras is None else json.dumps(cameras)
        with self._database.writing() as write:
            sql = "UPDATE link SET cameras = ? WHERE id = ? AND ended IS NULL RETURNING account"
            found = write.execute(sql, (chosen, link_id)).fetchone()
            if found is not None:
                put_looks(write, found[0], at, link_id)
            return found is not None

    def touch_link(self, link_id: str, now: float) -> None:
        with contextlib.suppress(StoreUnavailable), self._database.writing(durable=False, patient=False) as write:
            write.execute("UPDATE link SET last_used = max(last_used, ?) WHERE id = ?", (now, link_id))

    def add_code(self, code: Code) -> None:
        with self._database.writing(durable=False) as write:
            rows.insert(write, "code", code)

    def code(self, code_hash: str, client_id: str, now: float) -> tuple[Code, Link] | None:
        if not addressable(code_hash, client_id):
            return None
        sql = rows.CODE + " WHERE code.hash = ? AND code.client = ? AND ended IS NULL"
        row = self._database.one(sql, code_hash, client_id)
        if row is None:
            return None
        code, used = Code(*row[:7]), row[7]
        if used is not None:
            raise Replayed(code.link)
        return (code, rows.link(row[8:])) if code.expires > now else None

    def redeem_code(self, code: Code, now: float, tokens: list[Token]) -> bool:
        with self._database.writing(durable=_lasting(tokens)) as write:
            row = write.execute(rows.CODE + " WHERE code.hash = ? AND ended IS NULL", (code.hash,)).fetchone()
            if row is None:
                return False
            if row[7] is not None:
                raise Replayed(code.link)
            if code.expires <= now:
                return False
            write.execute("UPDATE code SET used = ? WHERE hash = ?", (now, code.hash))
            for token in tokens:
                rows.insert(write, "token", token)
            return True

    def add_tokens(self, tokens: list[Token]) -> bool:
        (link_id,) = {token.link for token in tokens}  # at least one token, and all of the same link
        with self._database.writing(durable=_lasting(tokens)) as write:
            if write.execute("SELECT 1 FROM link WHERE id = ? AND ended IS NULL", (link_id,)).fetchone() is None:
                return False
            for token in tokens:
                rows.insert(write, "token", token)
            return True

    def find_token(self, link_id: str, token_hash: str) -> tuple[Link, Token] | None:
        if not addressable(link_id, token_hash):
            return None
        of = " WHERE token.link = ? AND token.hash = ? AND ended IS NULL"
        row = self._database.one(rows.BEARER + of, link_id, token_hash)
        return (rows.link(row[:11]), Token(*row[11:])) if row else None


def _lasting(tokens: list[Token]) -> bool:
    """Whether a refresh token is among them: losing it in a power cut costs the link; an access token is refreshed."""
    return any(token.expires is None for token in tokens)
