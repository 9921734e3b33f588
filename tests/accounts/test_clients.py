"""Registrations: exact redirect URIs, secrets shown once."""

import re
import time

import pytest
from msgspec.structs import replace

from showcam.accounts import clients
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import Assistant, Client, Link, token_hash
from tests.doubles import records as a

URIS = ("https://pitangui.amazon.com/api/skill/link/DEMO", "https://oauth-redirect.example/r/demo?x=1")


def test_a_secret_is_shown_once_and_stored_as_its_hash(store: Store) -> None:
    secret = clients.register(store, "alexa", "alexa", URIS, require_pkce=True)
    client = store.client("alexa")
    assert client is not None
    assert re.fullmatch(r"[0-9a-f]{64}", secret)  # 256 bits
    assert client.secret_hash == token_hash(secret)
    assert (client.assistant, client.redirect_uris) == ("alexa", URIS)
    assert (client.require_pkce, client.loopback_redirect) == (True, False)
    assert clients.register(store, "alexa", "alexa", URIS) != secret


def test_a_new_secret_is_all_that_changes(store: Store) -> None:
    first = clients.register(store, "alexa", "alexa", URIS, require_pkce=True, loopback_redirect=True)
    before = store.client("alexa")
    assert before is not None
    second = clients.renew_secret(store, before)
    assert re.fullmatch(r"[0-9a-f]{64}", second)
    assert second != first
    assert store.client("alexa") == replace(before, secret_hash=token_hash(second))


def linked(store: Store, assistant: Assistant, client: str = "") -> Link:
    """A link of a household of its own."""
    household = a.account()
    store.add_account(household)
    link = a.link(household, assistant=assistant, client=client or assistant)
    store.add_link(link)
    return link


def test_a_refused_client_is_removed_and_its_links_end_in_all_households(store: Store) -> None:
    clients.register(store, "alexa", "alexa", URIS)
    mine = [linked(store, "alexa"), linked(store, "alexa")]
    others = [linked(store, "google"), linked(store, "alexa", client="spare")]
    ended: list[Link] = []
    client = store.client("alexa")
    assert client is not None
    clients.refuse(store, ended.append, client)
    assert sorted(link.id for link in ended) == sorted(link.id for link in mine)
    assert store.client("alexa") is None
    assert [store.links(link.account) for link in others] == [[link] for link in others]


def test_a_refusal_that_was_cut_off_lets_nobody_link_and_a_repetition_completes_it(store: Store) -> None:
    secret = clients.register(store, "alexa", "alexa", URIS, loopback_redirect=True)
    links = [linked(store, "alexa") for _ in range(3)]
    client = store.client("alexa")
    assert client is not None

    def end(link: Link) -> None:
        if sum(not store.links(other.account) for other in links) == 1:
            raise StoreUnavailable("the disk is full")
        store.end_link(link.id, time.time())

    with pytest.raises(StoreUnavailable):
        clients.refuse(store, end, client)
    refused = store.client("alexa")
    assert refused is not None
    assert not clients.check_secret(refused, secret)
    allowed = [clients.redirect_allowed(refused, uri) for uri in (*URIS, "http://127.0.0.1:8099/callback")]
    assert allowed == [False, False, False]
    clients.refuse(store, lambda link: store.end_link(link.id, time.time()), refused)
    assert (store.client("alexa"), [store.links(link.account) for link in links]) == (None, [[], [], []])


@pytest.mark.parametrize("wrong", ["", "alexa-secre", "alexa-secret ", "ALEXA-SECRET", "\ud800", "\x00", "x" * 20_000])
def test_only_the_secret_passes(store: Store, wrong: str) -> None:
    assert clients.register(store, "alexa", "alexa", URIS, secret="alexa-secret") == "alexa-secret"
    client = store.client("alexa")
    assert clients.check_secret(client, "alexa-secret")
    assert not clients.check_secret(client, wrong)
    assert not clients.check_secret(None, wrong)


@pytest.mark.parametrize(
    ("uri", "loopback", "allowed"),
    [
        (URIS[0], False, True),
        (URIS[1], False, True),
        (URIS[0] + "/", False, False),
        (URIS[0] + "?x", False, False),
        (URIS[0] + "#x", False, False),
        (URIS[0].replace("DEMO", "demo"), False, False),
        (URIS[0].replace("DEMO", "OTHER"), False, False),
        (URIS[0].replace("link", "../skill/link"), False, False),
        (URIS[0].replace("link", "%6Cink"), False, False),
        (URIS[0].replace("https", "http"), False, False),
        (URIS[0].replace(".com", ".com.evil.example"), False, False),
        (URIS[0].replace("https://", "https://x@"), False, False),
        (URIS[0].replace("pitangui", "Pitangui"), False, False),
        (URIS[0].replace("a", "а"), False, False),  # Cyrillic
        ("//pitangui.amazon.com/api/skill/link/DEMO", False, False),
        ("javascript:alert(1)", True, False),
        ("", True, False),
        ("http://127.0.0.1:8080/callback", False, False),
        ("http://127.0.0.1:8080/callback", True, True),
        ("http://127.0.0.1:1/callback", True, True),
        ("http://127.0.0.1:65535/callback", True, True),
        ("http://127.0.0.1:65536/callback", True, False),
        ("http://127.0.0.1:0/callback", True, False),
        ("http://127.0.0.1:08080/callback", True, False),
        ("http://127.0.0.1:٣/callback", True, False),  # a digit, but no port
        ("http://127.0.0.1:8080/callback\n", True, False),
        ("http://127.0.0.1:8080/callback?x=1", True, False),
        ("http://127.0.0.1:8080/callback/", True, False),
        ("http://127.0.0.1/callback", True, False),
        ("http://127.0.0.1:80@evil.example/callback", True, False),
        ("http://localhost:8080/callback", True, False),
        ("https://127.0.0.1:8080/callback", True, False),
    ],
)
def test_redirects(store: Store, uri: str, loopback: bool, allowed: bool) -> None:
    clients.register(store, "alexa", "alexa", URIS, loopback_redirect=loopback)
    client = store.client("alexa")
    assert client is not None
    assert clients.redirect_allowed(client, uri) is allowed


@pytest.mark.parametrize(
    ("client_id", "uris", "secret", "words"),
    [
        ("", URIS, None, "a client id is"),
        ("a/b", URIS, None, "a client id is"),
        ("alexa\n", URIS, None, "a client id is"),
        ("x" * 65, URIS, None, "a client id is"),
        (f"{clients.TRIAL}x", URIS, None, "the doctor's own"),
        ("alexa", (), None, "at least one redirect URI"),
        ("alexa", ("http://a.example/",), None, "it is https"),
        ("alexa", ("https://a.example/#x",), None, "it is https"),
        ("alexa", ("https://u:p@a.example/",), None, "it is https"),
        ("alexa", ("https:///x",), None, "it is https"),
        ("alexa", ("https://a.example/é",), None, "it is https"),
        ("alexa", ("https://[a/",), None, "is no URI"),
        ("alexa", ("https://a.example/ x",), None, "spaces or control"),
        ("alexa", ("https://a.example/\r\nX: y",), None, "spaces or control"),
        ("alexa", URIS, "", "can't be empty"),
    ],
)
def test_registrations_that_are_refused(
    store: Store, client_id: str, uris: tuple[str, ...], secret: str | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        clients.register(store, client_id, "alexa", uris, secret=secret)
    assert store.clients() == []


def test_clients_on_trial_stand_beside_all_others(store: Store) -> None:
    clients.register(store, "doctor", "google", URIS)
    with clients.on_trial(store, "google", URIS[0]) as first, clients.on_trial(store, "google", URIS[0]) as second:
        for client_id, secret in (first, second):
            assert clients.check_secret(store.client(client_id), secret)
        assert {client.id for client in store.clients()} == {"doctor", first[0], second[0]}
    assert [client.id for client in store.clients()] == ["doctor"]


def test_a_client_on_trial_is_never_taken_for_the_assistants_own(store: Store) -> None:
    with clients.on_trial(store, "google", URIS[0]):
        assert clients.registered(store, "google") is None
        clients.register(store, "google", "google", URIS)
        clients.register(store, "alexa", "alexa", URIS)
        found = clients.registered(store, "google")
    assert found is not None
    assert found.id == "google"


def test_a_client_left_on_trial_goes_with_the_next_trial(store: Store) -> None:
    now = time.time()
    for client_id, created in (("old", now - clients.TRIAL_S - 1), ("running", now - clients.TRIAL_S + 60)):
        store.put_client(Client(f"{clients.TRIAL}{client_id}", "google", "", URIS, created))
    store.put_client(Client("doctor", "google", "", URIS, 0.0))
    with clients.on_trial(store, "google", URIS[0]):
        pass
    assert {client.id for client in store.clients()} == {"doctor", f"{clients.TRIAL}running"}
