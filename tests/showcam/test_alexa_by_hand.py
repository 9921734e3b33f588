"""The road by hand to an Alexa skill: the values that are copied from Amazon to here."""

from collections.abc import Mapping

import pytest

from showcam.accounts import clients
from showcam.app.settings import Settings
from showcam.app.setup import forwarder
from showcam.app.setup.alexa_by_hand import AlexaByHand
from showcam.console.setup.skill import NotMade
from showcam.store.records import token_hash
from showcam.store.sqlite import SqliteStore

pytestmark = pytest.mark.proves(
    "An owner's Alexa skill is made by hand with values from the page", leans_on="double: Amazon"
)

URL = "https://cams.example"
KEYS = [("one", b"k" * 32)]
REDIRECTS = (
    "https://pitangui.amazon.com/api/skill/link/M1ABCDEFGHIJKL",
    "https://layla.amazon.com/api/skill/link/M1ABCDEFGHIJKL",
    "https://alexa.amazon.co.jp/api/skill/link/M1ABCDEFGHIJKL",
)
SKILL = "amzn1.ask.skill.1f2e3d4c-0000-4000-8000-000000000001"
EVENTS = "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef"


@pytest.fixture
def kept() -> list[Mapping[str, str]]:
    return []


@pytest.fixture
def hand(store: SqliteStore, kept: list[Mapping[str, str]]) -> AlexaByHand:
    return AlexaByHand(Settings(public_url=URL), store, kept.append, KEYS)


@pytest.mark.parametrize("address", [*REDIRECTS, f"  {REDIRECTS[1]}\n"])
def test_one_redirect_address_gives_all_three(hand: AlexaByHand, store: SqliteStore, address: str) -> None:
    secret = hand.client(address)
    client = store.client("alexa")
    assert client is not None
    assert (client.redirect_uris, client.secret_hash) == (REDIRECTS, token_hash(secret))


def test_another_address_leaves_the_secret_and_another_secret_the_addresses(
    hand: AlexaByHand, store: SqliteStore
) -> None:
    first = hand.client(REDIRECTS[0])
    assert hand.client(REDIRECTS[0].replace("M1", "M2")) == ""
    client = store.client("alexa")
    assert client is not None
    assert (client.redirect_uris[2], client.secret_hash) == (REDIRECTS[2].replace("M1", "M2"), token_hash(first))
    second = hand.new_secret()
    changed = store.client("alexa")
    assert changed is not None
    assert (changed.redirect_uris, changed.secret_hash) == (client.redirect_uris, token_hash(second))


def test_a_new_secret_keeps_the_demand_for_pkce(hand: AlexaByHand, store: SqliteStore) -> None:
    clients.register(store, "alexa", "alexa", REDIRECTS, require_pkce=True)
    secret = hand.new_secret()
    changed = store.client("alexa")
    assert changed is not None
    assert (changed.require_pkce, changed.secret_hash) == (True, token_hash(secret))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://evil.example/api/skill/link/M1ABCDEFGHIJKL",
        "https://pitangui.amazon.com.evil.example/api/skill/link/M1ABCDEFGHIJKL",
        "https://evil.example/https://layla.amazon.com/api/skill/link/M1ABCDEFGHIJKL",
        "http://layla.amazon.com/api/skill/link/M1ABCDEFGHIJKL",
        "https://layla.amazon.com/api/skill/link/",
        "https://layla.amazon.com/api/skill/link/M1ABC?next=https://evil.example",
        "https://layla.amazon.com/api/skill/link/M1ABC/../x",
        "M1ABCDEFGHIJKL",
        "https://layla.amazon.com/api/skill/link/" + "M" * 250,
    ],
)
def test_nothing_else_is_a_redirect_address(hand: AlexaByHand, store: SqliteStore, address: str) -> None:
    with pytest.raises(NotMade, match="none of the three"):
        hand.client(address)
    assert store.client("alexa") is None


def test_without_a_client_there_is_no_new_secret(hand: AlexaByHand) -> None:
    with pytest.raises(NotMade):
        hand.new_secret()


@pytest.mark.parametrize(
    ("typed", "settings"),
    [
        ((SKILL, "", ""), {"alexa_skill_id": SKILL}),
        (("", EVENTS, "s"), {"lwa_client_id": EVENTS, "lwa_client_secret": "s"}),
        ((SKILL, EVENTS, "s"), {"alexa_skill_id": SKILL, "lwa_client_id": EVENTS, "lwa_client_secret": "s"}),
    ],
)
def test_what_is_typed_is_kept(
    hand: AlexaByHand, kept: list[Mapping[str, str]], typed: tuple[str, str, str], settings: dict[str, str]
) -> None:
    hand.keep(*typed)
    assert kept == [settings]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("", "", ""), "Nothing was typed"),
        (("nonsense", "", ""), "no skill id"),
        ((SKILL + " x", "", ""), "no skill id"),
        ((SKILL, EVENTS, ""), "Both the client id"),
        ((SKILL, "", "s"), "Both the client id"),
        ((SKILL, "amzn1.other", "s"), "no client id"),
    ],
)
def test_nonsense_keeps_nothing(
    hand: AlexaByHand, kept: list[Mapping[str, str]], typed: tuple[str, str, str], why: str
) -> None:
    with pytest.raises(NotMade, match=why):
        hand.keep(*typed)
    assert kept == []


def test_the_function_at_aws_serves_the_skill_that_is_kept(hand: AlexaByHand, store: SqliteStore) -> None:
    with pytest.raises(NotMade, match="Keep the Skill ID first"):
        hand.stack("en-GB")
    stack = AlexaByHand(Settings(public_url=URL, alexa_skill_id=SKILL), store, lambda _: None, KEYS).stack("de-DE")
    assert (stack.template, stack.region) == (forwarder.template(URL, SKILL), "eu-west-1")
    assert stack.key.startswith("one:")
    assert stack.key not in stack.template


@pytest.mark.parametrize(("secret", "kept"), [("s", True), ("", False)])
def test_the_keys_for_reports_are_kept_once_both_are_there(store: SqliteStore, secret: str, kept: bool) -> None:
    settings = Settings(public_url=URL, lwa_client_id=EVENTS, lwa_client_secret=secret)
    assert AlexaByHand(settings, store, lambda _: None, KEYS).reports is kept
