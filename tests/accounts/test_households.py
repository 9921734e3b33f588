"""Which household is a vendor user's, and the end of a link."""

import logging
import secrets
from pathlib import Path

import pytest

from showcam.accounts import households
from showcam.accounts.console_sessions import ConsoleSessions
from showcam.engine.messages import MediaUnavailable
from showcam.store.ports import Store
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles import records as a


def test_a_household_is_found_by_its_user_however_written(store: Store) -> None:
    account = households.add(store, "ezviz", " Ola@example.com ", b"sealed", locale="nb")
    source = households.find(store, "ezviz", "ola@EXAMPLE.com")
    assert source is not None
    assert (source.account, source.kind) == (account.id, "ezviz")
    assert store.account(account.id) == account
    assert (account.locale, len(account.salt)) == ("nb", 16)
    session = store.read_session(account.id, source.id)
    assert session is not None
    assert (session.secrets, session.state, session.version) == (b"sealed", "needs_login", 1)


@pytest.mark.parametrize("user", ["kari@example.com", ""])
def test_strangers_are_not_found(store: Store, user: str) -> None:
    households.add(store, "ezviz", "ola@example.com", b"sealed")
    assert households.find(store, "ezviz", user) is None


def test_a_user_has_one_household(store: Store) -> None:
    account = households.add(store, "ezviz", "ola@example.com", b"sealed")
    with pytest.raises(households.AlreadyAdded):
        households.add(store, "ezviz", "OLA@example.com", b"sealed")
    assert list(store.accounts()) == [account]


def test_a_household_gains_one_source_for_lan_cameras(store: Store) -> None:
    account = households.add(store, "ezviz", "ola@example.com", b"sealed")
    source = households.with_lan(store, account.id)
    assert households.with_lan(store, account.id) == source
    assert {found.kind for found in store.sources(account.id)} == {"ezviz", "lan"}
    session = store.read_session(account.id, source.id)
    assert session is not None
    assert (session.secrets, session.state) == (b"{}", "ok")


def test_a_household_may_have_lan_cameras_alone(store: Store) -> None:
    first, second = households.add_of_lan(store, locale="nb"), households.add_of_lan(store)
    [source] = store.sources(first.id)
    assert (source.kind, source.account, first.locale) == ("lan", first.id, "nb")
    assert households.with_lan(store, first.id) == source
    assert [found.id for found in store.sources(second.id)] != [source.id]


class Pictures:
    """Records the ended links and whether each was revoked by then; unreachable on request."""

    def __init__(self, store: Store, reachable: bool = True) -> None:
        self.store, self.reachable = store, reachable
        self.ended: list[tuple[str, bool]] = []

    def end_link(self, link: str, account: str = "") -> None:
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


def test_a_removed_household_leaves_no_session_of_a_browser(store: Store) -> None:
    gone, stays = (households.add(store, "ezviz", user, b"").id for user in ("kari@example.com", "ola@example.com"))
    sessions, pictures = ConsoleSessions(store), Pictures(store)
    mine = sessions.read(sessions.begin(account=gone, user="kari@example.com", browser="Firefox"))
    signed_out = sessions.read(sessions.begin(user="kari@example.com", left=gone))
    theirs = sessions.read(sessions.begin(account=stays, user="ola@example.com", browser="Firefox"))
    assert mine is not None
    assert signed_out is not None
    assert theirs is not None
    households.remove(store, pictures, gone)
    assert [sessions.find(session.id) for session in (mine, signed_out, theirs)] == [None, None, theirs]
    assert {session for session, _ in pictures.ended} == {mine.id, signed_out.id}


def test_sources_whose_key_is_missing_are_named(tmp_path: Path) -> None:
    before = SqliteStore(tmp_path / "s.db", Sealer([("2026", secrets.token_bytes(32))]))
    account = households.add(before, "ezviz", "ola@example.com", b"sealed")
    source = households.find(before, "ezviz", "ola@example.com")
    assert source is not None
    assert households.unreadable(before) == []
    before.close()
    after = SqliteStore(tmp_path / "s.db", Sealer([("2027", secrets.token_bytes(32))]))
    ((line, missing),) = households.unreadable(after)
    assert all(word in line for word in ("“2026”", source.id, account.id))
    assert missing == "2026"
    after.close()
