"""Sessions of the console: by which cookie or id one is found, and until when."""

from pathlib import Path

import msgspec
import pytest

from showcam.accounts import households
from showcam.accounts.console_sessions import KEPT_S, LISTED, SLOW_S, ConsoleSessions, OwnersPage
from showcam.accounts.phone_codes import PhoneCodes
from showcam.registry.streams.grants import find_viewer
from showcam.store.records import token_hash
from showcam.store.sqlite import SqliteStore
from tests.doubles.clock import Clock

pytestmark = pytest.mark.proves("The browsers that are signed in are listed, and each is ended with its live video")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(store: SqliteStore, clock: Clock) -> ConsoleSessions:
    return ConsoleSessions(store, clock)


def test_a_session_is_found_by_its_cookie_and_by_its_id_for_thirty_days(
    sessions: ConsoleSessions, clock: Clock
) -> None:
    text = sessions.begin(account="home", user="kari@example.com")
    found = sessions.read(text)
    assert found is not None
    assert (found.account, found.user, found.expires) == ("home", "kari@example.com", clock.now + KEPT_S)
    assert sessions.find(found.id) == found
    clock.wait(KEPT_S - 1)
    assert sessions.read(text) == found
    clock.wait(1)
    assert (sessions.read(text), sessions.find(found.id)) == (None, None)


def test_an_id_is_no_cookie(sessions: ConsoleSessions) -> None:
    text = sessions.begin(account="home")
    found = sessions.read(text)
    assert found is not None
    assert [sessions.read(other) for other in ("", text[:-1], found.id, found.id.removeprefix("home-"))] == [None] * 4
    assert sessions.find(text) is None


def test_an_ended_session_is_found_no_more_and_what_it_remembered_is_gone(sessions: ConsoleSessions) -> None:
    text, other = sessions.begin(), sessions.begin()
    found = sessions.read(text)
    assert found is not None
    sessions.remember(found, b"a password", 300)
    sessions.end(found)
    assert (sessions.read(text), sessions.remembered(found)) == (None, None)
    assert sessions.read(other) is not None


def test_a_household_lists_its_browsers_until_they_end(store: SqliteStore, clock: Clock) -> None:
    sessions = ConsoleSessions(store, clock)
    mine, theirs = (households.add(store, "ezviz", user, b"").id for user in ("kari@example.com", "ola@example.com"))
    first = sessions.begin(account=mine, user="kari@example.com", browser="Firefox")
    clock.wait(60)
    began = clock.now
    second = sessions.begin(account=mine, user="kari@example.com", browser="")
    sessions.begin(account=mine, user="tv")  # no browser
    sessions.begin(account=theirs, browser="Chrome")
    listed = sessions.browsers(mine)
    assert [(browser.session, browser.since, browser.browser) for browser in listed] == [
        (sessions.read(second), began, ""),
        (sessions.read(first), began - 60, "Firefox"),
    ]
    sessions.end(listed[1].session)
    assert (sessions.read(first), [browser.browser for browser in sessions.browsers(mine)]) == (None, [""])
    clock.wait(KEPT_S)
    assert (sessions.browsers(mine), store.account_secrets(mine, "")) == ([], {})


def test_a_browser_that_signed_out_is_not_listed_and_keeps_nothing_once_it_signs_in_again(
    store: SqliteStore, clock: Clock
) -> None:
    sessions, account = ConsoleSessions(store, clock), households.add(store, "ezviz", "kari@example.com", b"").id
    found = sessions.read(sessions.begin(user="kari@example.com", left=account))
    assert found is not None
    clock.wait(SLOW_S + 1)
    assert sessions.browsers(account) == []
    assert [*store.account_secrets(account, "")] == [LISTED + found.id]
    sessions.end(found)
    assert (sessions.find(found.id), store.account_secrets(account, "")) == (None, {})


def test_the_code_of_a_phone_ends_with_the_session_that_made_it(store: SqliteStore, clock: Clock) -> None:
    sessions, account = ConsoleSessions(store, clock), households.add(store, "ezviz", "kari@example.com", b"").id
    made = sessions.read(sessions.begin(account=account, user="kari@example.com", browser="Firefox"))
    assert made is not None
    PhoneCodes(store, sessions, clock).new(made, "member")
    row = sessions.remembered(made, "phone")
    assert row is not None
    assert b"kari@example.com" in (store.visit(row.decode(), clock.now) or b"")
    sessions.end(made)
    assert store.visit(row.decode(), clock.now) is None


def test_a_browser_whose_session_is_being_kept_stays_in_the_list(store: SqliteStore, clock: Clock) -> None:
    sessions, account = ConsoleSessions(store, clock), households.add(store, "ezviz", "kari@example.com", b"").id
    found = sessions.read(sessions.begin(account=account, browser="Firefox"))
    assert found is not None
    store.drop_visit(token_hash(found.id))  # as it is before that
    assert sessions.browsers(account) == []
    store.put_visit(token_hash(found.id), msgspec.msgpack.encode(found), found.expires)
    assert [browser.session for browser in sessions.browsers(account)] == [found]


def test_what_the_next_step_needs_is_kept_for_its_time(sessions: ConsoleSessions, clock: Clock) -> None:
    found = sessions.read(sessions.begin())
    assert found is not None
    sessions.remember(found, b"a password", 300)
    clock.wait(299)
    assert sessions.remembered(found) == b"a password"
    clock.wait(1)
    assert sessions.remembered(found) is None


def test_a_session_that_another_version_wrote_is_none(sessions: ConsoleSessions, store: SqliteStore) -> None:
    text = sessions.begin(account="home")
    found = sessions.read(text)
    assert found is not None
    store.put_visit(token_hash(found.id), msgspec.msgpack.encode({"account": "home"}), found.expires)
    assert (sessions.read(text), sessions.find(found.id)) == (None, None)


def test_neither_cookie_nor_what_is_remembered_can_be_read_in_the_database(
    sessions: ConsoleSessions, store: SqliteStore, tmp_path: Path
) -> None:
    text = sessions.begin(account="home", user="kari@example.com")
    found = sessions.read(text)
    assert found is not None
    sessions.remember(found, b"a password", 300)
    held = b"".join(path.read_bytes() for path in tmp_path.glob("showcam.db*"))
    assert held
    assert [secret for secret in (text.encode(), b"a password", b"kari@example.com") if secret in held] == []


def test_a_viewer_is_a_link_or_an_owners_page(store: SqliteStore) -> None:
    sessions, account = ConsoleSessions(store), households.add(store, "ezviz", "kari@example.com", b"").id
    found = sessions.read(sessions.begin(account=account))
    assert found is not None
    assert find_viewer(store, found.id) == OwnersPage(found.id, account)
    store.drop_household(account)
    assert find_viewer(store, found.id) is None
    assert (find_viewer(store, "home-nobody"), find_viewer(store, "nobody")) == (None, None)
