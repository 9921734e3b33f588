"""What any engine keeps of links: codes, tokens, visits, secrets, and their upkeep."""

from typing import Any

import msgspec
import pytest

from showcam.store.ports import Inconsistent, Replayed, Store
from showcam.store.records import CODE_KEPT_S, LINK_KEPT_S, TOKEN_KEPT_S, Link
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

    def test_a_visit_is_prolonged_only_while_it_is_there(self, store: Store) -> None:
        assert not store.change_visit("v", b"one", NOW + 10, NOW)
        store.put_visit("v", b"one", NOW + 10)
        assert store.change_visit("v", b"two", NOW + 20, NOW + 9)
        assert store.visit("v", NOW + 15) == b"two"
        assert not store.change_visit("v", b"three", NOW + 90, NOW + 20), "it has expired"
        store.put_visit("v", b"four", NOW + 90)
        store.drop_visit("v")
        assert not store.change_visit("v", b"five", NOW + 90, NOW)
        assert store.visit("v", NOW) is None

    def test_a_visit_is_taken_once_and_in_time(self, store: Store) -> None:
        store.put_visit("v", b"one", NOW + 10)
        store.put_visit("late", b"two", NOW + 10)
        assert store.take_visit("v", NOW + 9.9) == b"one"
        assert [store.take_visit("v", NOW), store.visit("v", NOW)] == [None, None]
        assert store.take_visit("late", NOW + 10) is None
        assert store.take_visit("other", NOW) is None


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

    def test_secrets_are_listed_by_how_their_names_begin(self, store: Store) -> None:
        household, other = a.account(), a.account()
        for account in (household, other):
            store.add_account(account)
            for name in ("browser-1", "browser-%", "Browser-2", "pin"):
                store.put_account_secret(account.id, name, f"{account.id} {name}".encode())
        of_it = {name: f"{household.id} {name}".encode() for name in ("browser-1", "browser-%")}
        assert store.account_secrets(household.id, "browser-") == of_it
        store.drop_account_secret(household.id, "browser-1")
        assert list(store.account_secrets(household.id, "browser-")) == ["browser-%"]
        assert store.account_secrets(household.id, "nothing") == store.account_secrets("nobody", "browser-") == {}

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
