"""Who may sign in, the source's secrets, and the end of a link."""

import json
import logging
import secrets
from pathlib import Path

import pytest

from accounts import households
from media.client import MediaUnavailable
from store.ports import Store
from store.sealing import Sealer
from store.sqlite import SqliteStore
from tests.doubles import records as a


def blob(store: Store, user: str) -> dict[str, object]:
    source = households.find(store, user)
    assert source is not None
    session = store.read_session(source.account, source.id)
    assert session is not None
    return dict(json.loads(session.secrets))


def test_an_owner_waits_for_the_first_sign_in(store: Store) -> None:
    account = households.add_owner(store, " Ola@example.com ", open_key="key", open_secret="secret", locale="nb")
    source = households.find(store, "ola@EXAMPLE.com")
    assert source is not None
    assert (source.account, source.kind) == (account.id, "ezviz")
    assert store.account(account.id) == account
    assert (account.locale, len(account.salt)) == ("nb", 16)
    session = store.read_session(account.id, source.id)
    assert session is not None
    assert (session.state, session.version) == ("needs_login", 1)
    opened = {"key": "key", "secret": "secret"}
    told = {"user": "Ola@example.com", "session": None, "open": opened, "sub_account": ""}
    assert json.loads(session.secrets) == told


def test_a_household_may_have_a_sub_account_of_the_installations_key(store: Store) -> None:
    households.add_owner(store, "ola@example.com", open_key="key", open_secret="secret")
    assert households.set_sub_account(store, "ola@example.com", "0123abcd")
    assert not households.set_sub_account(store, "kari@example.com", "0123abcd")
    kept = blob(store, "ola@example.com")
    assert (kept["sub_account"], kept["open"]) == ("0123abcd", {"key": "key", "secret": "secret"})


def test_strangers_are_not_found(store: Store) -> None:
    households.add_owner(store, "ola@example.com")
    assert households.find(store, "kari@example.com") is None
    assert households.find(store, "") is None
    assert blob(store, "ola@example.com")["open"] is None


def test_a_user_has_one_household(store: Store) -> None:
    account = households.add_owner(store, "ola@example.com")
    with pytest.raises(households.AlreadyThere):
        households.add_owner(store, "OLA@example.com")
    assert list(store.accounts()) == [account]


@pytest.mark.parametrize(("key", "secret"), [("key", None), (None, "secret"), ("key", ""), ("", "secret")])
def test_half_a_key_is_refused(store: Store, key: str | None, secret: str | None) -> None:
    with pytest.raises(ValueError, match="appKey and its appSecret"):
        households.add_owner(store, "ola@example.com", open_key=key, open_secret=secret)
    assert list(store.accounts()) == []


def test_a_key_is_set_beside_the_session_that_is_there(store: Store) -> None:
    account = households.add_owner(store, "ola@example.com")
    source = households.find(store, "ola@example.com")
    assert source is not None
    signed_in = json.dumps({"user": "ola@example.com", "session": {"id": "s"}, "open": None}).encode()
    assert store.swap_session(account.id, source.id, version=1, secrets=signed_in, state="ok")
    assert households.set_open_key(store, "ola@example.com", "key", "secret")
    assert blob(store, "ola@example.com") == {
        "user": "ola@example.com",
        "session": {"id": "s"},
        "open": {"key": "key", "secret": "secret"},
    }
    session = store.read_session(account.id, source.id)
    assert session is not None
    assert session.state == "ok"
    assert not households.set_open_key(store, "kari@example.com", "key", "secret")


class Pictures:
    """Remembers what was ended and whether the link was dead by then; can't be reached when told so."""

    def __init__(self, store: Store, reachable: bool = True) -> None:
        self.store, self.reachable = store, reachable
        self.ended: list[tuple[str, bool]] = []

    def end_link(self, link: str) -> None:
        row = self.store.link(link)
        self.ended.append((link, row is not None and row.ended is not None))
        if not self.reachable:
            raise MediaUnavailable("the media process can't be reached")


@pytest.mark.parametrize("reachable", [True, False])
def test_a_link_is_revoked_before_its_pictures_end(
    store: Store, reachable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    household = a.account()
    store.add_account(household)
    mine, other = a.link(household, label="Mormors Echo"), a.link(household)
    tokens = [a.token(mine), a.token(other)]
    for link, token in zip((mine, other), tokens, strict=True):
        store.add_link(link)
        store.add_tokens([token])
    pictures = Pictures(store, reachable)
    with caplog.at_level(logging.WARNING):
        assert households.end(store, pictures, mine)
    assert pictures.ended == [(mine.id, True)]
    assert store.find_token(mine.id, tokens[0].hash) is None
    assert store.find_token(other.id, tokens[1].hash) == (other, tokens[1])
    assert ("could not be ended" in caplog.text) is not reachable
    assert "Mormor" not in caplog.text
    assert not households.end(store, pictures, mine)  # again: pictures too, for those that could not be reached
    assert len(pictures.ended) == 2


def test_sources_whose_key_is_missing_are_named(tmp_path: Path) -> None:
    before = SqliteStore(tmp_path / "s.db", Sealer([("2026", secrets.token_bytes(32))]))
    account = households.add_owner(before, "ola@example.com")
    source = households.find(before, "ola@example.com")
    assert source is not None
    assert households.unreadable(before) == []
    before.close()
    after = SqliteStore(tmp_path / "s.db", Sealer([("2027", secrets.token_bytes(32))]))
    (line,) = households.unreadable(after)
    assert all(word in line for word in ("“2026”", source.id, account.id))
    after.close()
