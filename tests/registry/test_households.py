"""Who may sign in here with an EZVIZ account, and what is kept for it beside its session."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from showcam.drivers.errors import VendorDown
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.open_platform import Key
from showcam.drivers.ezviz.sessions import Held, Secrets, Sessions
from showcam.registry.preferences import Preferences, keep
from showcam.registry.readings.households import Households
from showcam.store.ports import Store
from showcam.store.records import Source
from showcam.store.sqlite import SqliteStore

USER = "ola@example.com"
SESSION = {"session_id": "s"}


def source_of(store: SqliteStore) -> Source:
    source = sessions.find(store, USER)
    assert source is not None
    return source


def kept(store: SqliteStore) -> Held:
    return Sessions(store).read(source_of(store))


def test_an_owner_waits_for_the_first_sign_in(store: SqliteStore) -> None:
    account = sessions.add_owner(store, " Ola@example.com ", open_key="key", open_secret="secret", locale="nb")
    assert (source_of(store).account, account.locale) == (account.id, "nb")
    assert kept(store) == Held(Secrets("Ola@example.com", open=Key("key", "secret")), "needs_login", 1)


def test_a_household_without_a_key(store: SqliteStore) -> None:
    sessions.add_owner(store, USER)
    assert kept(store).secrets == Secrets(USER)
    assert sessions.find(store, "kari@example.com") is None


def test_a_household_may_have_a_sub_account_of_the_installations_key(store: SqliteStore) -> None:
    sessions.add_owner(store, USER, open_key="key", open_secret="secret")
    sessions.keep_of(store, USER, sub_account="0123abcd")
    sessions.keep_of(store, "kari@example.com", sub_account="0123abcd")
    assert kept(store).secrets == Secrets(USER, open=Key("key", "secret"), sub_account="0123abcd")


@pytest.mark.parametrize(("key", "secret"), [("key", None), (None, "secret"), ("key", ""), ("", "secret")])
def test_half_a_key_is_refused(store: SqliteStore, key: str | None, secret: str | None) -> None:
    with pytest.raises(ValueError, match="appKey and its appSecret"):
        sessions.add_owner(store, USER, open_key=key, open_secret=secret)
    assert list(store.accounts()) == []


def test_a_key_is_set_beside_everything_stored(store: SqliteStore) -> None:
    sessions.add_owner(store, USER)
    source, kept_there = source_of(store), Sessions(store)
    kept_there.signed_in(source, USER, SESSION)
    kept_there.keep_code(source, "F00497201", "ABCDEF")
    sessions.keep_of(store, USER, open=Key("key", "secret"))
    sessions.keep_of(store, "kari@example.com", open=Key("key", "secret"))
    expected = Secrets(USER, SESSION, Key("key", "secret"), {"F00497201": "ABCDEF"})
    assert (kept(store).secrets, kept(store).state) == (expected, "ok")


def test_what_older_versions_sealed_is_read_and_kept(store: SqliteStore) -> None:
    sessions.add_owner(store, USER)
    source = source_of(store)
    older = json.dumps({"user": USER, "session": SESSION, "open": None}).encode()
    assert store.swap_session(source.account, source.id, version=1, secrets=older, state="ok")
    sessions.keep_of(store, USER, open=Key("key", "secret"))
    assert kept(store).secrets == Secrets(USER, SESSION, Key("key", "secret"))


def test_what_another_process_writes_meanwhile_is_kept(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer between our read and our write: four are retried, a fifth raises."""
    sessions.add_owner(store, USER)
    source, other = source_of(store), Sessions(store)
    swap, meanwhile = store.swap_session, ["1", "2", "3", "4"]

    def swapped_late(*args: str, **given: object) -> bool:
        if meanwhile:
            serial = meanwhile.pop()
            monkeypatch.setattr(store, "swap_session", swap)
            other.keep_code(source, serial, "ABCDEF")
            monkeypatch.setattr(store, "swap_session", swapped_late)
        return swap(*args, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "swap_session", swapped_late)
    sessions.keep_of(store, USER, open=Key("key", "secret"))
    assert kept(store).secrets == Secrets(USER, open=Key("key", "secret"), codes=dict.fromkeys("1234", "ABCDEF"))
    meanwhile += ["1", "2", "3", "4", "5"]
    with pytest.raises(VendorDown, match="could not be kept"):
        sessions.keep_of(store, USER, open=Key("other", "secret"))
    assert kept(store).secrets.open == Key("key", "secret")


class Overtaken:
    """A store whose first reader of preferences is overtaken: `change` comes between the reading and its use."""

    def __init__(self, store: SqliteStore, change: Callable[[], None]) -> None:
        self._store, self._changes = store, [change]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def preferences(self, account_id: str) -> dict[str, bytes]:
        read = dict(self._store.preferences(account_id))
        if self._changes:
            self._changes.pop()()
        return read


def test_what_was_read_before_a_change_is_not_kept_after_it(store: SqliteStore) -> None:
    account = sessions.add_owner(store, USER)

    def change() -> None:
        keep(store, account.id, "ezviz-a", Preferences(room="Yard"))
        known.forget(account.id)

    known = Households(cast("Store", Overtaken(store, change)), ["ezviz"])
    assert dict(known.preferences(account.id)) == {}
    assert known.preferences(account.id)["ezviz-a"].room == "Yard"
