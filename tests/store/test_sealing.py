"""AES-GCM bound to the row, keys in a list, a missing key named."""

import secrets
import sqlite3
from pathlib import Path

import pytest

from showcam.store.records import Known
from showcam.store.sealing import SealedUnreadable, Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles import records as a

OLD, NEW = ("2026", secrets.token_bytes(32)), ("2027", secrets.token_bytes(32))


def test_what_is_sealed_opens_and_shows_nothing() -> None:
    sealer = Sealer([OLD])
    one, two = sealer.seal("t|1", b"password"), sealer.seal("t|1", b"password")
    assert sealer.open("t|1", one) == sealer.open("t|1", two) == b"password"
    assert one != two
    assert b"password" not in one


@pytest.mark.parametrize(
    ("row", "change"),
    [
        ("t|2", lambda sealed: sealed),  # pasted into another row
        ("t|1", lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1])),
        ("t|1", lambda sealed: sealed[:8] + bytes([sealed[8] ^ 1]) + sealed[9:]),  # the nonce
        ("t|1", lambda sealed: sealed[:20]),
        ("t|1", lambda sealed: b"\x02" + sealed[1:]),
        ("t|1", lambda _: b""),
        ("t|1", lambda _: b"\x01\xff" + b"x" * 40),
        ("t|1", lambda sealed: sealed[:2] + b"2027" + sealed[6:]),  # another key's name
    ],
)
def test_what_was_moved_or_changed_does_not_open(row: str, change: object) -> None:
    sealer = Sealer([OLD, NEW])
    sealed = sealer.seal("t|1", b"x" * 30)
    with pytest.raises(SealedUnreadable):
        sealer.open(row, change(sealed))  # type: ignore[operator]


def test_the_first_key_seals_and_each_opens() -> None:
    before = Sealer([OLD]).seal("t|1", b"x")
    rotated = Sealer([NEW, OLD])
    assert rotated.open("t|1", before) == b"x"
    after = rotated.seal("t|1", b"y")
    with pytest.raises(SealedUnreadable) as missing:
        Sealer([OLD]).open("t|1", after)
    assert missing.value.key_id == "2027"
    assert "2027" in str(missing.value)


@pytest.mark.parametrize("keys", [[], [("a", b"short")], [("", b"x" * 32)], [OLD, OLD], [("x" * 256, b"x" * 32)]])
def test_lists_that_are_none(keys: list[tuple[str, bytes]]) -> None:
    with pytest.raises(ValueError, match="key"):
        Sealer(keys)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "showcam.db"


def test_a_row_pasted_from_another_household_is_refused(path: Path) -> None:
    store = SqliteStore(path, Sealer([OLD]))
    mine, theirs = a.account(), a.account()
    sources = [a.source(mine), a.source(theirs)]
    store.add_household(mine, sources[0], b"my session", "ok")
    store.add_household(theirs, sources[1], b"their session", "ok")
    store.put_known(mine.id, "cameras", Known(b"my cameras", a.NOW))
    store.put_known(theirs.id, "cameras", Known(b"their cameras", a.NOW))
    with sqlite3.connect(path) as raw:
        for table in ("source", "known"):
            sql = f"UPDATE {table} SET sealed = (SELECT sealed FROM {table} WHERE account = ?) WHERE account = ?"  # noqa: S608
            raw.execute(sql, (theirs.id, mine.id))
    raw.close()
    with pytest.raises(SealedUnreadable, match="moved"):
        store.read_session(mine.id, sources[0].id)
    assert store.known(mine.id, "cameras") is None
    store.close()


def test_a_lost_key_is_named_and_rows_that_can_be_made_again_count_as_none(path: Path) -> None:
    household = a.account()
    source = a.source(household)
    with_old = SqliteStore(path, Sealer([OLD]))
    with_old.add_household(household, source, b"session", "ok")
    with_old.put_visit("v", b"visit", a.NOW + 60)
    with_old.put_account_secret(household.id, "browser-1", b"old")
    with_old.close()
    with_new = SqliteStore(path, Sealer([NEW]))
    with_new.put_account_secret(household.id, "browser-2", b"new")
    assert with_new.account_secrets(household.id, "browser-") == {"browser-2": b"new"}
    with pytest.raises(SealedUnreadable, match="“2026”"):
        with_new.read_session(household.id, source.id)
    assert with_new.visit("v", a.NOW) is None
    with_new.close()


def test_nothing_secret_is_in_the_files(path: Path) -> None:
    """What `strings` would show: the database and its log while in use, and after closing."""
    store = SqliteStore(path, Sealer([OLD]))
    household = a.account()
    source = a.source(household)
    planted = {
        name: f"planted-{name}-{secrets.token_hex(8)}" for name in ("session", "swapped", "visit", "known", "user")
    }
    store.add_household(household, source, planted["session"].encode(), "ok")
    store.swap_session(household.id, source.id, version=1, secrets=planted["swapped"].encode(), state="ok")
    store.put_visit("v", planted["visit"].encode(), a.NOW)
    store.put_known(household.id, source.id, Known(planted["known"].encode(), a.NOW))
    store.hit(f"sign-in|{planted['user']}", 60, a.NOW)
    while_open = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    store.close()
    after = path.read_bytes()
    assert set(while_open) == {"showcam.db", "showcam.db-wal", "showcam.db-shm"}
    assert household.id.encode() in while_open["showcam.db-wal"]  # what is not secret is found this way
    assert household.id.encode() in after
    for secret in planted.values():
        for data in (*while_open.values(), after):
            assert secret.encode() not in data
