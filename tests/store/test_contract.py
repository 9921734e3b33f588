"""What any engine keeps of households, sources, clients and owners, as showcam/store/ports.py promises it."""

from collections.abc import Callable

import msgspec
import pytest

from showcam.store.ports import Inconsistent, Store
from showcam.store.records import (
    Account,
    Client,
    Code,
    Happening,
    Known,
    Link,
    OwnerUser,
    Session,
    Source,
    Token,
    new_id,
)
from tests.doubles import records as a

pytestmark = pytest.mark.proves(
    "SQLite and DynamoDB fulfil one contract",
    leans_on="second stack: ministack and moto",
    also=(
        "tests/store/test_link_contract.py",
        "tests/store/test_kept_contract.py",
        "tests/store/test_races.py",
    ),
)

NOW = a.NOW


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
            store.record_happening(household.id, Happening("c", "motion", NOW), 0.0, None)
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

    @pytest.mark.parametrize(
        ("write", "answered"),
        [
            (lambda store, gone: store.put_known(gone, "s", Known(b"k", NOW)), False),
            (lambda store, gone: store.record_change(gone, "s", Known(b"k", NOW)), False),
            (lambda store, gone: store.record_happening(gone, Happening("c", "motion", NOW), 0.0, None), False),
            (lambda store, gone: store.record_happening(gone, Happening("c", "motion", NOW), 30.0, ("motion",)), False),
            (lambda store, gone: store.put_devices(gone, frozenset({gone})), None),
        ],
        ids=["list", "changed list", "happening", "happening for assistants", "devices"],
    )
    def test_what_ends_after_the_removal_stores_nothing(
        self, store: Store, write: Callable[[Store, str], object], answered: object
    ) -> None:
        household = a.account()
        store.add_household(household, a.source(household), b"s", "ok")
        store.drop_household(household.id)
        assert write(store, household.id) is answered
        assert store.known(household.id, "s") is None
        assert store.happenings(household.id, 0.0) == []
        assert store.accounts_with(household.id) == []

    def test_a_household_of_many_rows_is_removed_whole_and_no_other(self, store: Store) -> None:
        gone, stays = a.account(), a.account()
        devices = sorted(new_id() for _ in range(101))
        for household in (gone, stays):
            store.add_household(household, a.source(household), b"s", "ok")
            store.put_devices(household.id, frozenset(devices))
            store.put_preference(household.id, "c", b"p", NOW)
        assert store.drop_household(gone.id)
        assert [store.accounts_with(key) for key in devices[::50]] == 3 * [[stays.id]]
        assert (store.preferences(gone.id), store.preferences(stays.id)) == ({}, {"c": b"p"})

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
