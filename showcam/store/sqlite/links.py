"""Links, codes, tokens and the outbox in SQLite: each decision is one transaction. A column has its field's name.

The outbox has the changes that wait to be reported to assistants, and the last report to each link.
"""

import contextlib
import json
import secrets
from sqlite3 import Connection
from typing import Any

from msgspec import Struct, structs
from msgspec.structs import replace

from showcam.store.outbox import (
    RING,
    Claim,
    Laid,
    Row,
    Settled,
    Telling,
    ended_row,
    happening_row,
    look_row,
    sees,
    why_of,
)
from showcam.store.ports import Replayed, StoreUnavailable
from showcam.store.records import OVERTAKEN_S, Assistant, Client, Code, Happening, Known, Link, Token, addressable
from showcam.store.sealing import Sealer
from showcam.store.sqlite.database import Database
from showcam.store.sqlite.ephemeral import PUT_KNOWN

# each selects a record's fields in the record's order
ACCOUNT = "SELECT id, created, salt, locale, origin FROM account"
SOURCE = "SELECT id, account, kind, vendor_key, created FROM source"
CLIENT = "SELECT id, assistant, secret_hash, redirect_uris, created, require_pkce, loopback_redirect FROM client"
LINK = "SELECT id, account, client, assistant, label, cameras, locale, created, agent_user, last_used, ended FROM link"
BEARER = (
    "SELECT link.id, account, client, assistant, label, cameras, locale, created, agent_user, last_used, ended,"
    " token.hash, token.link, kind, scope, issued, expires FROM token JOIN link ON link.id = token.link"
)
CODE = (
    "SELECT code.hash, code.client, code.link, redirect_uri, scope, challenge, expires, used,"
    " link.id, account, link.client, assistant, label, cameras, locale, created, agent_user, last_used, ended"
    " FROM code JOIN link ON link.id = code.link"
)
_LIVE = LINK + " WHERE account = ? AND ended IS NULL ORDER BY created, id"
_ROW = "SELECT id, account, link, assistant, kind, subject, at, due, number FROM outbox"
_PUT = "INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
# a waiting LOOK keeps the time of its first change and its earliest due time
_LOOK = _PUT + (
    " ON CONFLICT (id) DO UPDATE SET number = number + 1, at = min(at, excluded.at), due = min(due, excluded.due)"
)
_WANTED = (
    "INSERT INTO telling (link, account, assistant, wanted) VALUES (?, ?, ?, ?) ON CONFLICT (link)"
    " DO UPDATE SET wanted = max(free, min(coalesce(wanted, excluded.wanted), excluded.wanted))"
)
# a ring waits for a claim and for a pause that the service asked for, but not for the pause after a failed try
_RUNG = "CASE WHEN claimed = '' THEN asked ELSE free END"
_WANTED_BY_RING = _WANTED.replace("SET wanted = max(free,", f"SET free = {_RUNG}, wanted = max({_RUNG},")
_NEXT = "(SELECT min(due) FROM outbox WHERE outbox.link = telling.link AND laid IS NULL)"


class LinkRows:
    _database: Database
    _sealer: Sealer

    def add_link(self, link: Link) -> None:
        with self._database.writing() as write:
            insert(write, "link", link)

    def link(self, link_id: str) -> Link | None:
        if not addressable(link_id):
            return None
        row = self._database.one(LINK + " WHERE id = ?", link_id)
        return link_of(row) if row else None

    def links(self, account_id: str) -> list[Link]:
        return [link_of(row) for row in self._database.all(_LIVE, account_id)]

    def end_link(self, link_id: str, now: float) -> bool:
        if not addressable(link_id):
            return False
        with self._database.writing() as write:
            ended = write.execute("UPDATE link SET ended = ? WHERE id = ? AND ended IS NULL", (now, link_id))
            if ended.rowcount == 1:
                put_ended(write, link_of(write.execute(LINK + " WHERE id = ?", (link_id,)).fetchone()), now)
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
            insert(write, "code", code)

    def code(self, code_hash: str, client_id: str, now: float) -> tuple[Code, Link] | None:
        if not addressable(code_hash, client_id):
            return None
        sql = CODE + " WHERE code.hash = ? AND code.client = ? AND ended IS NULL"
        row = self._database.one(sql, code_hash, client_id)
        if row is None:
            return None
        code, used = Code(*row[:7]), row[7]
        if used is not None:
            raise Replayed(code.link)
        return (code, link_of(row[8:])) if code.expires > now else None

    def redeem_code(self, code: Code, now: float, tokens: list[Token]) -> bool:
        with self._database.writing(durable=_lasting(tokens)) as write:
            row = write.execute(CODE + " WHERE code.hash = ? AND ended IS NULL", (code.hash,)).fetchone()
            if row is None:
                return False
            if row[7] is not None:
                raise Replayed(code.link)
            if code.expires <= now:
                return False
            write.execute("UPDATE code SET used = ? WHERE hash = ?", (now, code.hash))
            for token in tokens:
                insert(write, "token", token)
            return True

    def add_tokens(self, tokens: list[Token]) -> bool:
        (link_id,) = {token.link for token in tokens}  # at least one token, and all of the same link
        with self._database.writing(durable=_lasting(tokens)) as write:
            if write.execute("SELECT 1 FROM link WHERE id = ? AND ended IS NULL", (link_id,)).fetchone() is None:
                return False
            for token in tokens:
                insert(write, "token", token)
            return True

    def find_token(self, link_id: str, token_hash: str) -> tuple[Link, Token] | None:
        if not addressable(link_id, token_hash):
            return None
        of = " WHERE token.link = ? AND token.hash = ? AND ended IS NULL"
        row = self._database.one(BEARER + of, link_id, token_hash)
        return (link_of(row[:11]), Token(*row[11:])) if row else None

    # the outbox

    def record_change(self, account_id: str, source_id: str, known: Known) -> bool:
        sealed = self._sealer.seal(f"known|{account_id}|{source_id}", known.data)
        with self._database.writing(durable=False) as write:
            values = (source_id, sealed, known.as_of, account_id, OVERTAKEN_S)
            written = write.execute(PUT_KNOWN, values).rowcount == 1
            if written:
                put_looks(write, account_id, known.as_of)
        return written

    def record_happening(
        self, account_id: str, happening: Happening, same_s: float, told: tuple[str, ...] | None
    ) -> bool:
        of_kind = (account_id, happening.camera, happening.kind)
        with self._database.writing(durable=False) as write:
            held = "SELECT 1 FROM happening WHERE account = ? AND camera = ? AND kind = ? AND at > ?"
            new = write.execute(held, (*of_kind, happening.at - same_s)).fetchone() is None
            put = (
                "INSERT INTO happening (camera, kind, at, account) SELECT ?, ?, ?, id FROM account WHERE id = ?"
                " ON CONFLICT DO UPDATE SET at = max(at, excluded.at)"
            )
            values = (happening.camera, happening.kind, happening.at, account_id)
            new &= write.execute(put, values).rowcount == 1
            if new and told is not None:
                for link in _live(write, account_id):
                    if not sees(link, happening.camera):
                        continue
                    for kind in told:
                        _put(write, happening_row(link, happening, kind))
                    if not told:
                        _put_look(write, look_row(account_id, link.id, link.assistant, happening.at, happening.at))
        return new

    def look(self, account_id: str, at: float, link_id: str = "") -> None:
        with self._database.writing(durable=False) as write:
            put_looks(write, account_id, at, link_id)

    def note_listed(self, account_id: str, link_id: str, at: float, due: float) -> None:
        if self._database.one("SELECT 1 FROM telling WHERE link = ? AND listed IS NOT NULL", link_id):
            return
        with self._database.writing(durable=False) as write:
            write.execute("UPDATE telling SET free = 0, tries = 0 WHERE link = ? AND claimed = ''", (link_id,))
            put_looks(write, account_id, at, link_id, due)
            write.execute("UPDATE telling SET listed = ? WHERE link = ? AND listed IS NULL", (at, link_id))

    def due(self, assistant: Assistant, now: float, most: int) -> list[tuple[str, str]]:
        sql = "SELECT account, link FROM telling WHERE assistant = ? AND wanted <= ? ORDER BY wanted LIMIT ?"
        return [(row[0], row[1]) for row in self._database.all(sql, assistant, now, most)]

    def claim(self, account_id: str, link_id: str, now: float, until: float, most: int) -> Claim | None:
        by = secrets.token_hex(8)
        with self._database.writing(durable=False) as write:
            take = (
                "UPDATE telling SET claimed = ?, free = ?, wanted = ? WHERE link = ? AND account = ? AND wanted <= ?"
                " RETURNING told, turn, listed, tries, reason, why"
            )
            taken = write.execute(take, (by, until, until, link_id, account_id, now)).fetchone()
            if taken is None:
                return None
            sql = _ROW + " WHERE link = ? AND laid IS NULL AND due <= ? ORDER BY at, kind, subject LIMIT ?"
            due = tuple(Row(*row) for row in write.execute(sql, (link_id, now, most)))
            row = write.execute(LINK + " WHERE id = ? AND ended IS NULL", (link_id,)).fetchone()
        told, turn, listed, tries, reason, why = taken
        link = link_of(row) if row else None
        return Claim(account_id, link_id, link, due, told, turn, listed, tries, why_of(why, reason), by)

    def settle(self, claim: Claim, settled: Settled) -> bool:
        with self._database.writing(durable=False) as write:
            held = "SELECT assistant FROM telling WHERE link = ? AND claimed = ?"
            found = write.execute(held, (claim.link_id, claim.by)).fetchone()
            if found is None:
                return False
            for row in settled.over:
                write.execute("DELETE FROM outbox WHERE id = ? AND number = ?", (row.id, row.number))
            for laid in settled.laid:
                write.execute("DELETE FROM outbox WHERE id = ?", (laid.row.id,))
                write.execute(_PUT, (*_values(laid.row), laid.at, laid.reason, laid.why))
            if settled.again is not None:
                again = look_row(claim.account, claim.link_id, found[0], settled.again, settled.again)
                write.execute(_LOOK, (*_values(again), None, None, None))
            known = {row.id for row in claim.rows}
            rung = "SELECT id FROM outbox WHERE link = ? AND kind = ? AND laid IS NULL"
            if any(row[0] not in known for row in write.execute(rung, (claim.link_id, RING))):
                settled = replace(settled, wait=settled.asked)  # the ring came while the other rows were tried
            write.execute(*_state(claim, settled))
            if claim.link is None:
                # the link has ended: nothing of it is kept once the assistant was notified
                write.execute("DELETE FROM telling WHERE link = ? AND wanted IS NULL", (claim.link_id,))
        return True

    def free_claims(self, at: float) -> None:
        sql = f"UPDATE telling SET claimed = '', free = ?, wanted = max(?, {_NEXT}) WHERE claimed <> ''"  # noqa: S608
        self._database.change(sql, at, at)

    def waiting(self, now: float, account_id: str = "") -> list[Row]:
        sql = _ROW + " WHERE laid IS NULL AND due <= ? AND ? IN ('', account) ORDER BY at, kind, subject"
        return [Row(*row) for row in self._database.all(sql, now, account_id)]

    def backlog(self, now: float) -> dict[Assistant, tuple[int, float]]:
        sql = "SELECT assistant, count(*), min(due) FROM outbox WHERE laid IS NULL AND due <= ? GROUP BY assistant"
        return {row[0]: (row[1], row[2]) for row in self._database.all(sql, now)}

    def laid_down(self, account_id: str = "") -> list[Laid]:
        sql = _ROW.replace(" FROM", ", laid, reason, why FROM")
        sql += " WHERE laid IS NOT NULL AND ? IN ('', account) ORDER BY laid, id"
        found = self._database.all(sql, account_id)
        return [Laid(Row(*row[:9]), row[9], row[10], why_of(row[11], row[10])) for row in found]

    def retry(self, account_id: str, row_id: str, now: float) -> bool:
        with self._database.writing(durable=False) as write:
            sql = _ROW + " WHERE account = ? AND id = ? AND laid IS NOT NULL"
            found = write.execute(sql, (account_id, row_id)).fetchone()
            if found is None:
                return False
            row = Row(*found)
            write.execute("DELETE FROM outbox WHERE id = ?", (row_id,))
            _put(write, replace(row, due=now))
            return True

    def drop(self, account_id: str, row_id: str) -> bool:
        sql = "DELETE FROM outbox WHERE account = ? AND id = ? AND laid IS NOT NULL"
        return self._database.change(sql, account_id, row_id) == 1

    def tellings(self, account_id: str) -> dict[str, Telling]:
        sql = "SELECT link, listed, told_at, what, tries, reason, wanted, why FROM telling WHERE account = ?"
        found = self._database.all(sql, account_id)
        return {row[0]: replace(Telling(*row), why=why_of(row[7], row[5])) for row in found}


def put_looks(write: Connection, account_id: str, at: float, link_id: str = "", due: float | None = None) -> None:
    """Adds a LOOK for each live link of the household, or only for `link_id`, in the caller's transaction."""
    for link in _live(write, account_id):
        if link_id in ("", link.id):
            _put_look(write, look_row(account_id, link.id, link.assistant, at, at if due is None else due))


def put_ended(write: Connection, link: Link, at: float) -> None:
    """Replaces all rows that wait for the link by the row of its end, in the caller's transaction."""
    write.execute("DELETE FROM outbox WHERE link = ?", (link.id,))
    write.execute("DELETE FROM telling WHERE link = ?", (link.id,))
    _put(write, ended_row(link, at))


def _put_look(write: Connection, row: Row) -> None:
    write.execute(_LOOK, (*_values(row), None, None, None))
    write.execute(_WANTED, (row.link, row.account, row.assistant, row.due))


def _put(write: Connection, row: Row) -> None:
    write.execute(_PUT + " ON CONFLICT DO NOTHING", (*_values(row), None, None, None))
    write.execute(_WANTED_BY_RING if row.kind == RING else _WANTED, (row.link, row.account, row.assistant, row.due))


def _live(write: Connection, account_id: str) -> list[Link]:
    return [link_of(row) for row in write.execute(_LIVE, (account_id,))]


def _values(row: Row) -> tuple[Any, ...]:
    return row.id, row.account, row.link, row.assistant, row.kind, row.subject, row.at, row.due, row.number


def _state(claim: Claim, settled: Settled) -> tuple[str, tuple[Any, ...]]:
    """The statement that writes the link's state after the claim."""
    changes: dict[str, Any] = {
        "claimed": "",
        "free": settled.wait,
        "asked": settled.asked,
        "tries": settled.tries,
        "reason": settled.reason,
        "why": settled.why,
    }
    if settled.told is not None:
        changes |= {"told": settled.told, "turn": claim.turn + 1}
    if settled.what:
        changes |= {"told_at": settled.at, "what": settled.what}
    if settled.forget:
        changes |= {"told": None, "listed": None, "turn": claim.turn + 1}
    columns = ", ".join(f"{column} = ?" for column in changes)
    # max() of a NULL is NULL: nothing waits
    sql = f"UPDATE telling SET {columns}, wanted = max(?, {_NEXT}) WHERE link = ?"  # noqa: S608
    return sql, (*changes.values(), settled.wait, claim.link_id)


def _lasting(tokens: list[Token]) -> bool:
    """Whether a refresh token is among them: losing it in a power cut costs the link; an access token is refreshed."""
    return any(token.expires is None for token in tokens)


def insert(write: Connection, table: str, record: Struct, **more: Any) -> None:
    _write(write, "INSERT", table, _row(record) | more)


def put(write: Connection, table: str, record: Struct) -> None:
    _write(write, "INSERT OR REPLACE", table, _row(record))


def client_of(row: tuple[Any, ...]) -> Client:
    return Client(row[0], row[1], row[2], tuple(json.loads(row[3])), row[4], bool(row[5]), bool(row[6]))


def link_of(row: tuple[Any, ...]) -> Link:
    cameras = None if row[5] is None else tuple(json.loads(row[5]))
    return Link(row[0], row[1], row[2], row[3], row[4], cameras, row[6], row[7], row[8], row[9], row[10])


def _row(record: Struct) -> dict[str, object]:
    values = structs.asdict(record)
    return {name: json.dumps(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _write(write: Connection, how: str, table: str, row: dict[str, object]) -> None:
    # table and column names are ours, every value is a parameter
    write.execute(f"{how} INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
