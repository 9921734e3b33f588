"""What any engine keeps, as store/ports.py promises it."""

import typing
from typing import Any

import msgspec
import pytest

from store.ports import Inconsistent, Replayed, Store
from store.records import (
    CODE_KEPT_S,
    LINK_KEPT_S,
    TOKEN_KEPT_S,
    Account,
    Client,
    Code,
    Happening,
    Known,
    Link,
    Notice,
    OwnerUser,
    Session,
    Source,
    Token,
)
from tests.doubles import records as a

NOW = a.NOW


@pytest.fixture
def linked(store: Store) -> Link:
    """A live link of a household."""
    household = a.account()
    store.add_account(household)
    link = a.link(household)
    store.add_link(link)
    return link


class TestAccounts:
    def test_an_account_is_read_as_it_was_written(self, store: Store) -> None:
        household = a.account()
        store.add_account(household)
        assert store.account(household.id) == household
        assert store.account("nobody") is None

    def test_all_accounts_are_listed_over_pages(self, store: Store) -> None:
        households = [a.account() for _ in range(430)]
        for household in households:
            store.add_account(household)
        assert sorted(store.accounts(), key=lambda account: account.id) == sorted(
            households, key=lambda account: account.id
        )

    @pytest.mark.parametrize(
        ("after", "until", "found"),
        [("", "", "abcd"), ("b", "", "cd"), ("", "b", "ab"), ("a", "c", "bc"), ("b", "b", ""), ("bb", "cc", "c")],
        ids=str,
    )
    def test_some_accounts_are_listed_by_their_ids(self, store: Store, after: str, until: str, found: str) -> None:
        for name in "dbca":
            store.add_account(msgspec.structs.replace(a.account(), id=name))
        assert "".join(account.id for account in store.accounts(after, until)) == found

    def test_an_id_is_given_once(self, store: Store) -> None:
        household = a.account()
        store.add_account(household)
        with pytest.raises(Inconsistent):
            store.add_account(msgspec.structs.replace(household, salt=b"other"))
        assert store.account(household.id) == household


class TestHouseholds:
    def test_nothing_of_a_removed_household_is_found(self, store: Store) -> None:
        gone, stays = a.account(), a.account()
        rows: dict[str, tuple[Source, Link, Code, Token]] = {}
        for household in (gone, stays):
            source, link = a.source(household), a.link(household)
            code, token = a.code(link), a.token(link)
            store.add_household(household, source, b"s", "ok")
            store.add_link(link)
            store.add_code(code)
            store.add_tokens([token])
            store.put_link_secret(link.id, "s", b"s")
            store.put_known(household.id, source.id, Known(b"k", NOW))
            store.put_owner_user(household.id, f"user of {household.id}", b"u")
            store.put_preference(household.id, "c", b"p", NOW)
            store.put_account_secret(household.id, "pin", b"1")
            store.put_notice_address(household.id, "n", b"n")
            store.swap_notice(household.id, "f", version=0, data=b"f")
            store.put_happening(household.id, Happening("c", "motion", NOW))
            store.put_devices(household.id, frozenset({household.id}))
            rows[household.id] = source, link, code, token
        assert store.drop_household(gone.id)
        assert not store.drop_household(gone.id)
        for household, kept in ((gone, False), (stays, True)):
            source, link, code, token = rows[household.id]
            found = {
                "account": store.account(household.id),
                "accounts": household in list(store.accounts()),
                "vendor key": store.source_by_vendor_key(source.vendor_key),
                "sources": store.sources(household.id),
                "session": store.read_session(household.id, source.id),
                "link": store.link(link.id),
                "links": store.links(household.id),
                "token": store.find_token(link.id, token.hash),
                "code": store.code(code.hash, code.client, NOW),
                "link secret": store.link_secret(link.id, "s"),
                "known": store.known(household.id, source.id),
                "owner's user": store.owner_user(household.id),
                "owner's user by name": store.owner_user_by_key(f"user of {household.id}"),
                "preferences": store.preferences(household.id),
                "account secret": store.account_secret(household.id, "pin"),
                "notice addresses": store.notice_addresses(household.id),
                "notices": store.notices(household.id),
                "happenings": store.happenings(household.id, NOW - 1),
                "devices": store.accounts_with(household.id),
            }
            assert {name: bool(rows) for name, rows in found.items()} == dict.fromkeys(found, kept)

    def test_a_removed_user_may_be_added_again(self, store: Store) -> None:
        first, second = a.account(), a.account()
        source = a.source(first)
        store.add_household(first, source, b"s", "ok")
        store.drop_household(first.id)
        assert store.add_household(second, a.source(second, vendor_key=source.vendor_key), b"t", "ok")


class TestSources:
    def test_a_household_comes_with_its_first_source(self, store: Store) -> None:
        household = a.account()
        source = a.source(household)
        assert store.add_household(household, source, b"secret", "needs_login")
        assert store.account(household.id) == household
        assert store.sources(household.id) == [source]
        assert store.source_by_vendor_key(source.vendor_key) == source
        assert store.read_session(household.id, source.id) == Session(b"secret", "needs_login", 1)

    def test_a_vendor_key_belongs_to_one_source_of_all_accounts(self, store: Store) -> None:
        first, second = a.account(), a.account()
        source = a.source(first)
        store.add_household(first, source, b"1", "ok")
        assert not store.add_household(second, a.source(second, vendor_key=source.vendor_key), b"2", "ok")
        assert not store.add_source(a.source(first, vendor_key=source.vendor_key), b"3", "ok")
        assert store.account(second.id) is None
        assert store.sources(first.id) == [source]
        assert store.source_by_vendor_key(source.vendor_key) == source

    def test_an_account_has_several_sources_oldest_first(self, store: Store) -> None:
        household = a.account()
        store.add_account(household)
        young, old = a.source(household, created=NOW + 1), a.source(household, created=NOW)
        assert store.add_source(young, b"", "ok")
        assert store.add_source(old, b"", "ok")
        assert store.sources(household.id) == [old, young]

    def test_a_source_needs_its_account(self, store: Store) -> None:
        source = a.source(a.account())
        with pytest.raises(Inconsistent):
            store.add_source(source, b"", "ok")
        assert store.source_by_vendor_key(source.vendor_key) is None

    @pytest.mark.parametrize(("version", "swapped"), [(1, True), (0, False), (2, False)])
    def test_a_session_is_swapped_by_whoever_names_its_version(self, store: Store, version: int, swapped: bool) -> None:
        household = a.account()
        source = a.source(household)
        store.add_household(household, source, b"old", "needs_login")
        assert store.swap_session(household.id, source.id, version=version, secrets=b"new", state="ok") is swapped
        expected = Session(b"new", "ok", 2) if swapped else Session(b"old", "needs_login", 1)
        assert store.read_session(household.id, source.id) == expected

    def test_sessions_of_nobody(self, store: Store) -> None:
        household = a.account()
        source = a.source(household)
        store.add_household(household, source, b"old", "ok")
        stranger = a.account()
        store.add_account(stranger)
        assert store.read_session(stranger.id, source.id) is None
        assert not store.swap_session(stranger.id, source.id, version=1, secrets=b"x", state="ok")
        assert store.source_by_vendor_key("none") is None
        assert store.sources(stranger.id) == []


class TestClients:
    @pytest.mark.parametrize("client", [a.client(), a.client(require_pkce=False, loopback_redirect=False)])
    def test_a_client_is_read_as_it_was_written(self, store: Store, client: Client) -> None:
        store.put_client(client)
        assert store.client("alexa") == client
        assert store.clients() == [client]

    def test_the_later_registration_holds(self, store: Store) -> None:
        store.put_client(a.client())
        later = a.client(secret_hash="other", redirect_uris=("https://c.example/",))
        store.put_client(later)
        assert store.clients() == [later]

    def test_a_dropped_client_is_gone(self, store: Store) -> None:
        store.put_client(a.client())
        store.put_client(a.client(id="google"))
        assert store.drop_client("alexa")
        assert not store.drop_client("alexa")
        assert [client.id for client in store.clients()] == ["google"]

    @pytest.mark.parametrize(
        "name", ["", "nobody", "x" * 20_000, "a#b", "' OR 1=1--", "\x00", "\ud800", "client#alexa"]
    )
    def test_names_from_outside_find_nothing(self, store: Store, name: str) -> None:
        store.put_client(a.client())
        assert store.client(name) is None
        assert store.link(name) is None
        assert store.find_token(name, "0" * 64) is None
        assert store.code(name, "alexa", NOW) is None
        assert store.code("0" * 64, name, NOW) is None
        assert store.link_secret(name, name) is None
        assert not store.end_link(name, NOW)


class TestLinks:
    @pytest.mark.parametrize("cameras", [None, (), ("ezviz-a",)])
    def test_a_link_is_read_as_it_was_written(self, store: Store, cameras: tuple[str, ...] | None) -> None:
        household = a.account()
        store.add_account(household)
        link = a.link(household, cameras=cameras)
        store.add_link(link)
        assert store.link(link.id) == link
        assert store.links(household.id) == [link]

    def test_links_stand_beside_each_other_oldest_first(self, store: Store) -> None:
        household = a.account()
        store.add_account(household)
        links = [a.link(household, created=NOW + number) for number in range(3)]
        for link in reversed(links):
            store.add_link(link)
        assert store.links(household.id) == links
        assert store.end_link(links[1].id, NOW)
        assert store.links(household.id) == [links[0], links[2]]

    def test_a_link_needs_its_account_and_an_id_of_its_own(self, store: Store, linked: Link) -> None:
        for wrong in (a.link(a.account()), msgspec.structs.replace(linked, label="other", agent_user="other")):
            with pytest.raises(Inconsistent):
                store.add_link(wrong)
        assert store.links(linked.account) == [linked]

    def test_a_link_ends_once(self, store: Store, linked: Link) -> None:
        assert store.end_link(linked.id, NOW + 1)
        assert not store.end_link(linked.id, NOW + 2)
        assert store.link(linked.id) == msgspec.structs.replace(linked, ended=NOW + 1)
        assert store.links(linked.account) == []

    def test_use_is_noted_and_never_earlier(self, store: Store, linked: Link) -> None:
        store.touch_link(linked.id, NOW + 10)
        store.touch_link(linked.id, NOW + 5)
        store.touch_link("nobody", NOW)
        assert store.link(linked.id) == msgspec.structs.replace(linked, last_used=NOW + 10)
        assert store.link("nobody") is None


class TestCodes:
    def test_a_code_is_redeemed_once_with_what_is_issued_for_it(self, store: Store, linked: Link) -> None:
        code, tokens = a.code(linked), [a.token(linked), a.token(linked, kind="refresh", expires=None)]
        store.add_code(code)
        assert store.code(code.hash, "alexa", NOW) == (code, linked)
        assert store.redeem_code(code, NOW, tokens)
        assert [store.find_token(linked.id, token.hash) for token in tokens] == [(linked, token) for token in tokens]
        late = a.token(linked)
        for again in (lambda: store.redeem_code(code, NOW + 1, [late]), lambda: store.code(code.hash, "alexa", NOW)):
            with pytest.raises(Replayed) as replayed:
                again()
            assert replayed.value.link_id == linked.id
        assert store.find_token(linked.id, late.hash) is None

    def test_a_code_is_burned(self, store: Store, linked: Link) -> None:
        code = a.code(linked)
        store.add_code(code)
        assert store.redeem_code(code, NOW, [])
        with pytest.raises(Replayed):
            store.redeem_code(code, NOW, [a.token(linked)])

    def test_a_replay_is_known_for_ten_minutes_after_its_end(self, store: Store, linked: Link) -> None:
        code = a.code(linked)
        store.add_code(code)
        store.redeem_code(code, NOW, [])
        late = code.expires + CODE_KEPT_S - 1
        store.sweep(late)
        for again in (lambda: store.redeem_code(code, late, []), lambda: store.code(code.hash, "alexa", late)):
            with pytest.raises(Replayed):
                again()

    @pytest.mark.parametrize("used", [False, True])
    def test_another_clients_code_is_not_found(self, store: Store, linked: Link, used: bool) -> None:
        code = a.code(linked)
        store.add_code(code)
        assert not used or store.redeem_code(code, NOW, [])
        assert store.code(code.hash, "google", NOW) is None

    @pytest.mark.parametrize("late_s", [0, 0.5, 3600])
    def test_a_code_ends(self, store: Store, linked: Link, late_s: float) -> None:
        code, token = a.code(linked), a.token(linked)
        store.add_code(code)
        assert store.code(code.hash, "alexa", code.expires + late_s) is None
        assert not store.redeem_code(code, code.expires + late_s, [token])
        assert store.find_token(linked.id, token.hash) is None

    def test_unknown_codes(self, store: Store, linked: Link) -> None:
        assert store.code("0" * 64, "alexa", NOW) is None
        assert not store.redeem_code(a.code(linked), NOW, [])

    @pytest.mark.parametrize("used", [False, True])
    def test_an_ended_link_has_no_codes(self, store: Store, linked: Link, used: bool) -> None:
        code, token = a.code(linked), a.token(linked)
        store.add_code(code)
        if used:
            store.redeem_code(code, NOW, [])
        store.end_link(linked.id, NOW)
        assert store.code(code.hash, "alexa", NOW) is None
        assert not store.redeem_code(code, NOW, [token])
        assert store.find_token(linked.id, token.hash) is None

    def test_a_code_is_added_once(self, store: Store, linked: Link) -> None:
        code = a.code(linked)
        store.add_code(code)
        store.redeem_code(code, NOW, [])
        with pytest.raises(Inconsistent):
            store.add_code(code)
        with pytest.raises(Replayed):
            store.redeem_code(code, NOW, [])


class TestTokens:
    def test_link_and_token_are_found_together(self, store: Store, linked: Link) -> None:
        access, refresh = a.token(linked), a.token(linked, kind="refresh", expires=None)
        assert store.add_tokens([access, refresh])
        assert store.find_token(linked.id, access.hash) == (linked, access)
        assert store.find_token(linked.id, refresh.hash) == (linked, refresh)

    def test_a_token_is_found_under_its_own_link_only(self, store: Store, linked: Link) -> None:
        other = a.link(a.account(id=linked.account))
        store.add_link(other)
        token = a.token(linked)
        store.add_tokens([token])
        assert store.find_token(other.id, token.hash) is None
        assert store.find_token(linked.id, "0" * 64) is None

    def test_expiry_is_the_callers(self, store: Store, linked: Link) -> None:
        token = a.token(linked, expires=NOW - 1)
        store.add_tokens([token])
        assert store.find_token(linked.id, token.hash) == (linked, token)

    def test_an_ended_link_has_no_tokens_and_gets_none(self, store: Store, linked: Link) -> None:
        old, late = a.token(linked), a.token(linked)
        store.add_tokens([old])
        store.end_link(linked.id, NOW)
        assert not store.add_tokens([late])
        assert store.find_token(linked.id, old.hash) is None
        assert store.find_token(linked.id, late.hash) is None

    def test_a_token_that_was_found_is_not_after_its_links_end(self, store: Store, linked: Link) -> None:
        token = a.token(linked)
        store.add_tokens([token])
        assert store.find_token(linked.id, token.hash) == (linked, token)
        store.touch_link(linked.id, NOW + 10)
        assert store.find_token(linked.id, token.hash) == (msgspec.structs.replace(linked, last_used=NOW + 10), token)
        store.end_link(linked.id, NOW)
        assert store.find_token(linked.id, token.hash) is None

    def test_a_link_that_never_was_gets_none(self, store: Store) -> None:
        assert not store.add_tokens([a.token(a.link(a.account()))])

    def test_all_or_none(self, store: Store, linked: Link) -> None:
        there, fresh = a.token(linked), a.token(linked)
        store.add_tokens([there])
        with pytest.raises(Inconsistent):
            store.add_tokens([fresh, there])
        assert store.find_token(linked.id, fresh.hash) is None

    def test_tokens_of_two_links_are_a_mistake(self, store: Store, linked: Link) -> None:
        other = a.link(a.account(id=linked.account))
        store.add_link(other)
        mixed = [a.token(linked), a.token(other)]
        with pytest.raises(ValueError, match="too many"):
            store.add_tokens(mixed)
        assert [store.find_token(token.link, token.hash) for token in mixed] == [None, None]


class TestVisits:
    def test_a_visit_lasts_until_its_end(self, store: Store) -> None:
        store.put_visit("v", b"\x00data", NOW + 10)
        assert store.visit("v", NOW + 9.9) == b"\x00data"
        assert store.visit("v", NOW + 10) is None
        assert store.visit("other", NOW) is None

    def test_a_visit_changes_and_goes(self, store: Store) -> None:
        store.put_visit("v", b"one", NOW + 10)
        store.put_visit("v", b"two", NOW + 20)
        assert store.visit("v", NOW + 15) == b"two"
        store.drop_visit("v")
        store.drop_visit("v")
        assert store.visit("v", NOW) is None


class TestThrottle:
    @pytest.mark.parametrize(
        ("key", "window_s", "at", "counts"),
        [
            ("user|ola", 60, 1_800_000_000, 4),
            ("user|ola", 60, 1_800_000_059.9, 4),
            ("user|ola", 60, 1_800_000_060, 1),  # the next window
            ("user|ola", 3600, 1_800_000_000, 1),  # another window of the same key
            ("user|kari", 60, 1_800_000_000, 1),
            ("user#\ud800" + "x" * 5000, 60, 1_800_000_000, 1),
        ],
    )
    def test_hits_are_counted_by_key_and_window(
        self, store: Store, key: str, window_s: int, at: float, counts: int
    ) -> None:
        for _ in range(3):
            store.hit("user|ola", 60, 1_800_000_000)
        assert store.hits(key, window_s, at) == counts - 1
        assert store.hit(key, window_s, at) == counts
        assert store.hits(key, window_s, at) == counts


class TestPlaces:
    T = 1_800_000_000
    # three places of 60 s: at which second one is asked for, whether it is had, what is said; None gives back the one
    # that ends in that second
    WALKS: typing.ClassVar = {
        "three, and no fourth": [(0, True, 60), (1, True, 61), (2, True, 62), (3, False, 60), (59.9, False, 60)],
        "each falls free by itself, whatever the clock's windows": [
            (50, True, 110),
            (50, True, 110),
            (50, True, 110),
            (109.5, False, 110),
            (110, True, 170),
            (110, True, 170),
            (110, True, 170),
            (111, False, 170),
        ],
        "a second is counted to its end": [(0.5, True, 61), (0.5, True, 61), (0.5, True, 61), (60.9, False, 61)],
        "one given back is free, and the others are not": [
            (0, True, 60),
            (1, True, 61),
            (1, True, 61),
            (61, None, 0),
            (2, True, 62),
            (3, False, 60),
        ],
        "what is free already stays free": [
            (0, True, 60),
            (60, None, 0),
            (60, None, 0),
            (99, None, 0),
            (1, True, 61),
            (1, True, 61),
            (1, True, 61),
            (1, False, 61),
        ],
    }

    @pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
    def test_places_are_taken_and_fall_free(self, store: Store, walk: list[tuple[float, bool | None, int]]) -> None:
        for at, taken, ends in walk:
            if taken is None:
                store.leave_place("door", self.T + round(at))
            else:
                assert store.take_place("door", 3, 60, self.T + at) == (taken, self.T + ends), at

    @pytest.mark.parametrize("key", ["door|2", "", "user#\ud800" + "x" * 5000])
    def test_keys_have_places_of_their_own(self, store: Store, key: str) -> None:
        assert store.take_place("door", 1, 60, self.T) == (True, self.T + 60)
        assert store.take_place(key, 1, 60, self.T) == (True, self.T + 60)
        assert store.take_place(key, 1, 60, self.T) == (False, self.T + 60)
        assert store.hits("door", 60, self.T) == 0


class TestTaken:
    @pytest.mark.parametrize(
        ("key", "until", "free"),
        [
            ("nonce:1", NOW + 300, False),
            ("nonce:1", NOW + 301, True),  # another message
            ("nonce:2", NOW + 300, True),
            ("nønce:" + "x" * 100, NOW + 300.5, True),
        ],
    )
    def test_a_key_is_taken_once(self, store: Store, key: str, until: float, free: bool) -> None:
        assert store.take_once("nonce:1", NOW + 300)
        assert [store.take_once(key, until) for _ in range(3)] == [free, False, False]


class TestCameras:
    def test_the_last_list_is_known(self, store: Store) -> None:
        household = a.account()
        store.add_account(household)
        assert store.known(household.id, "one") is None
        for known in (Known(b"[1]", NOW), Known(b"[2]" * 10_000, NOW + 1)):
            store.put_known(household.id, "one", known)
            assert store.known(household.id, "one") == known

    @pytest.mark.parametrize(
        ("as_of", "is_written"),
        [(NOW - 0.1, False), (NOW - 60, False), (NOW, True), (NOW + 0.1, True), (NOW - 61, True)],
        ids=["older", "a minute older", "as old", "newer", "a clock that ran ahead"],
    )
    def test_an_older_list_replaces_no_newer_one(self, store: Store, as_of: float, is_written: bool) -> None:
        household = a.account()
        store.add_account(household)
        newer, other = Known(b"[1]", NOW), Known(b"[2]", as_of)
        for number, write in enumerate((store.put_known, store.record_change)):
            assert write(household.id, str(number), newer)
            assert write(household.id, str(number), other) is is_written
            assert store.known(household.id, str(number)) == (other if is_written else newer)

    def test_each_source_has_a_list_of_its_own(self, store: Store) -> None:
        household = a.account()
        store.add_account(household)
        lists = {"one": Known(b"[1]", NOW), "two": Known(b"[2]", NOW - 3600)}
        for source, known in lists.items():
            store.put_known(household.id, source, known)
        assert {source: store.known(household.id, source) for source in lists} == lists


class TestOwnerUsers:
    @pytest.fixture
    def homes(self, store: Store) -> tuple[Account, Account]:
        """Two households; the first one's owner has a user."""
        mine, theirs = a.account(), a.account()
        store.add_account(mine)
        store.add_account(theirs)
        assert not store.has_owner_users()
        assert store.put_owner_user(mine.id, "kari", b"one")
        assert store.has_owner_users()
        return mine, theirs

    def test_a_user_is_found_by_household_and_by_key(self, store: Store, homes: tuple[Account, Account]) -> None:
        mine, theirs = homes
        kari = OwnerUser(mine.id, "kari", b"one", 1)
        assert (store.owner_user(mine.id), store.owner_user_by_key("kari")) == (kari, kari)
        assert (store.owner_user(theirs.id), store.owner_user_by_key("ola")) == (None, None)

    def test_a_household_has_one_user(self, store: Store, homes: tuple[Account, Account]) -> None:
        mine, theirs = homes
        assert store.put_owner_user(mine.id, "kari", b"two")
        assert store.owner_user_by_key("kari") == OwnerUser(mine.id, "kari", b"two", 2)
        assert store.put_owner_user(mine.id, "nora", b"three")
        assert store.owner_user_by_key("kari") is None
        assert store.owner_user_by_key("nora") == OwnerUser(mine.id, "nora", b"three", 3)
        assert store.put_owner_user(theirs.id, "kari", b"four")  # the name is free again

    def test_a_name_is_of_one_household(self, store: Store, homes: tuple[Account, Account]) -> None:
        mine, theirs = homes
        assert not store.put_owner_user(theirs.id, "kari", b"two")
        assert store.owner_user(theirs.id) is None
        assert store.owner_user_by_key("kari") == OwnerUser(mine.id, "kari", b"one", 1)

    def test_a_user_needs_its_household(self, store: Store) -> None:
        with pytest.raises(Inconsistent):
            store.put_owner_user("nobody", "kari", b"one")
        assert store.owner_user_by_key("kari") is None

    def test_a_swap_names_the_version_that_it_read(self, store: Store, homes: tuple[Account, Account]) -> None:
        mine, theirs = homes
        assert store.swap_owner_user(mine.id, version=1, data=b"two")
        assert not store.swap_owner_user(mine.id, version=1, data=b"three")
        assert not store.swap_owner_user(theirs.id, version=1, data=b"four")
        assert store.owner_user_by_key("kari") == OwnerUser(mine.id, "kari", b"two", 2)

    def test_the_name_of_a_removed_household_is_free(self, store: Store, homes: tuple[Account, Account]) -> None:
        mine, theirs = homes
        store.drop_household(mine.id)
        assert store.put_owner_user(theirs.id, "kari", b"two")


class TestPreferences:
    def test_the_later_preference_of_a_camera_holds(self, store: Store) -> None:
        household, other = a.account(), a.account()
        store.add_account(household)
        store.add_account(other)
        assert store.preferences(household.id) == {}
        for camera, data in (("ezviz-a", b"one"), ("ezviz-b", b"\x00two"), ("ezviz-a", b"three")):
            store.put_preference(household.id, camera, data, NOW)
        assert store.preferences(household.id) == {"ezviz-a": b"three", "ezviz-b": b"\x00two"}
        assert store.preferences(other.id) == {}

    def test_a_preference_needs_its_account(self, store: Store) -> None:
        with pytest.raises(Inconsistent):
            store.put_preference("nobody", "ezviz-a", b"", NOW)
        assert store.preferences("nobody") == {}


class TestNotices:
    def test_addresses_are_kept_and_removed(self, store: Store) -> None:
        household, other = a.account(), a.account()
        store.add_account(household)
        store.add_account(other)
        for address, data in (("b", b"\x00one"), ("a", b"two"), ("b", b"three")):
            store.put_notice_address(household.id, address, data)
        assert store.notice_addresses(household.id) == {"a": b"two", "b": b"three"}
        assert store.notice_addresses(other.id) == {}
        assert store.drop_notice_address(household.id, "b")
        assert not store.drop_notice_address(household.id, "b")
        assert not store.drop_notice_address(other.id, "a")
        assert store.notice_addresses(household.id) == {"a": b"two"}

    def test_an_address_needs_its_account(self, store: Store) -> None:
        with pytest.raises(Inconsistent):
            store.put_notice_address("nobody", "a", b"1")
        with pytest.raises(Inconsistent):
            store.swap_notice("nobody", "f", version=0, data=b"1")
        assert (store.notice_addresses("nobody"), store.notices("nobody")) == ({}, [])

    def test_a_notice_is_written_where_its_version_is_current(self, store: Store) -> None:
        household = a.account()
        store.add_account(household)
        # the version and the data of a write, whether it is done, and what is there after it
        writes: list[tuple[int, bytes | None, bool, tuple[bytes, int] | None]] = [
            (1, b"early", False, None),
            (1, None, False, None),
            (0, b"one", True, (b"one", 1)),
            (0, b"again", False, (b"one", 1)),
            (1, b"two", True, (b"two", 2)),
            (1, b"late", False, (b"two", 2)),
            (1, None, False, (b"two", 2)),
            (2, None, True, None),
            (0, b"three", True, (b"three", 1)),
        ]
        for version, data, done, left in writes:
            assert store.swap_notice(household.id, "f", version=version, data=data) is done, (version, data)
            assert store.notices(household.id) == ([Notice(household.id, "f", *left)] if left else [])
        store.swap_notice(household.id, "e", version=0, data=b"e")
        assert [notice.fault for notice in store.notices(household.id)] == ["e", "f"]


class TestSecrets:
    def test_a_household_keeps_secrets_by_name(self, store: Store) -> None:
        household, other = a.account(), a.account()
        store.add_account(household)
        store.add_account(other)
        for data in (b"\x00one", b"two"):
            store.put_account_secret(household.id, "pin", data)
            assert store.account_secret(household.id, "pin") == data
        assert store.account_secret(household.id, "other") is None
        assert store.account_secret(other.id, "pin") is None
        store.drop_account_secret(household.id, "pin")
        store.drop_account_secret(household.id, "pin")
        assert store.account_secret(household.id, "pin") is None

    def test_a_secret_needs_its_account(self, store: Store) -> None:
        with pytest.raises(Inconsistent):
            store.put_account_secret("nobody", "pin", b"1")
        assert store.account_secret("nobody", "pin") is None

    def test_a_link_keeps_secrets_by_name(self, store: Store, linked: Link) -> None:
        for data in (b"\x00one", b"two"):
            assert store.put_link_secret(linked.id, "gateway", data)
            assert store.link_secret(linked.id, "gateway") == data
        assert store.link_secret(linked.id, "other") is None
        assert store.link_secret("nobody", "gateway") is None
        store.drop_link_secret(linked.id, "gateway")
        store.drop_link_secret(linked.id, "gateway")
        assert store.link_secret(linked.id, "gateway") is None

    def test_a_links_secrets_go_with_it(self, store: Store, linked: Link) -> None:
        other = a.link(a.account(id=linked.account))
        store.add_link(other)
        assert store.put_link_secret(linked.id, "gateway", b"1")
        assert store.put_link_secret(other.id, "gateway", b"2")
        store.end_link(linked.id, NOW)
        assert store.link_secret(linked.id, "gateway") is None
        assert not store.put_link_secret(linked.id, "gateway", b"3")
        assert not store.put_link_secret("nobody", "gateway", b"4")
        assert store.link_secret(linked.id, "gateway") is None
        assert store.link_secret(other.id, "gateway") == b"2"


class TestMeta:
    def test_the_first_value_holds(self, store: Store) -> None:
        assert store.meta("salt") is None
        assert [store.meta_once("salt", value) for value in ("one", "two")] == ["one", "one"]
        assert store.meta("salt") == "one"
        assert store.meta("pepper") is None


class TestUpkeep:
    def test_what_is_over_goes_and_the_rest_stays(self, store: Store, linked: Link) -> None:
        code, access, refresh = a.code(linked), a.token(linked), a.token(linked, kind="refresh", expires=None)
        store.add_code(code)
        store.add_tokens([access, refresh])
        store.put_visit("v", b"", NOW + 10)
        store.hit("k", 60, NOW)
        store.take_place("k", 1, 60, NOW)
        store.take_once("k", NOW + 10)
        store.sweep(NOW)
        assert store.take_place("k", 1, 60, NOW) == (False, int(NOW) + 61)
        assert not store.take_once("k", NOW + 10)
        assert store.visit("v", NOW) == b""
        assert store.hits("k", 60, NOW) == 1
        assert access.expires is not None
        store.sweep(access.expires + TOKEN_KEPT_S - 1)
        assert store.find_token(linked.id, access.hash) == (linked, access)  # expired, still distinguished from unknown
        store.sweep(NOW + 10 * LINK_KEPT_S)
        assert store.find_token(linked.id, refresh.hash) == (linked, refresh)

    def test_a_store_that_works_answers_a_ping(self, store: Store) -> None:
        store.ping()
        store.ping()

    def test_times_keep_their_fractions(self, store: Store, linked: Link) -> None:
        when = 1_795_569_639.8558874
        token: Any = a.token(linked, issued=when, expires=when + 1e-6)
        store.add_tokens([token])
        assert store.find_token(linked.id, token.hash) == (linked, token)
