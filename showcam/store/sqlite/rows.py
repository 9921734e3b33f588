"""Records as rows of the SQLite schema, and back; a column has its field's name."""

import json
import sqlite3
from typing import Any

from msgspec import Struct, structs

from showcam.store.records import Client, Link

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


def insert(write: sqlite3.Connection, table: str, record: Struct, **more: Any) -> None:
    _write(write, "INSERT", table, _row(record) | more)


def replace(write: sqlite3.Connection, table: str, record: Struct) -> None:
    _write(write, "INSERT OR REPLACE", table, _row(record))


def client(row: tuple[Any, ...]) -> Client:
    return Client(row[0], row[1], row[2], tuple(json.loads(row[3])), row[4], bool(row[5]), bool(row[6]))


def link(row: tuple[Any, ...]) -> Link:
    cameras = None if row[5] is None else tuple(json.loads(row[5]))
    return Link(row[0], row[1], row[2], row[3], row[4], cameras, row[6], row[7], row[8], row[9], row[10])


def _row(record: Struct) -> dict[str, object]:
    values = structs.asdict(record)
    return {name: json.dumps(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _write(write: sqlite3.Connection, how: str, table: str, row: dict[str, object]) -> None:
    # table and column names are ours, every value is a parameter
    write.execute(f"{how} INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
