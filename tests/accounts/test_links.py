"""Links made at consent, and tokens issued under them."""

import re

import pytest

from showcam.accounts import links
from showcam.accounts.links import TokenExpired, TokenInvalid
from showcam.store.ports import Store
from showcam.store.records import Link, token_hash
from tests.doubles import records as a


@pytest.fixture
def link(store: Store) -> Link:
    household = a.account()
    store.add_account(household)
    return links.complete(store, household, a.client(), "Oma", ("ezviz-a",), "nb", a.NOW)


def test_links_stand_beside_each_other(store: Store) -> None:
    household = a.account()
    store.add_account(household)
    made = [
        links.complete(store, household, a.client(id=client, assistant=client), "Oma", cameras, "nb", a.NOW)
        for client in ("alexa", "google", "google")
        for cameras in (None, ("ezviz-a",))
    ]
    assert {link.id for link in store.links(household.id)} == {link.id for link in made}
    assert len({link.agent_user for link in made}) == len(made)
    assert [link.assistant for link in made] == ["alexa", "alexa", "google", "google", "google", "google"]
    assert store.link(made[1].id) == made[1]
    assert made[1].cameras == ("ezviz-a",)


def test_ids_disclose_nothing_and_fit_in_a_token(link: Link) -> None:
    assert re.fullmatch(r"[a-z2-7]{16}", link.id)
    assert re.fullmatch(r"[a-z2-7]{32}", link.agent_user)
    assert link.account not in link.agent_user


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Oma", "Oma"),
        ("  Oma's\r\n Nest\t", "Oma's Nest"),
        ("Åse – stua", "Åse – stua"),
        ("a\x00b\u202ec", "a b c"),
        ("\ud800", ""),
        ("x" * 500, "x" * 60),
        ("", ""),
    ],
)
def test_labels_are_one_printable_line(typed: str, kept: str) -> None:
    assert links.clean_label(typed) == kept


@pytest.mark.parametrize("refresh", [True, False])
def test_a_token_answer(store: Store, link: Link, refresh: bool) -> None:
    answer = links.issue(store, link, "cameras", a.NOW, refresh)
    rest = {name: value for name, value in answer.items() if not name.endswith("_token")}
    assert rest == {"token_type": "Bearer", "expires_in": 43200, "scope": "cameras"}
    texts = [answer[name] for name in ("access_token", "refresh_token") if name in answer]
    assert len(texts) == (2 if refresh else 1)
    for text, kind, expires in zip(texts, ("access", "refresh"), (a.NOW + 43200, None), strict=False):
        found = store.find_token(link.id, token_hash(text))
        assert found is not None
        assert (found[0], found[1].kind, found[1].expires) == (link, kind, expires)
        assert links.link_of(text) == link.id


def test_an_ended_link_gets_no_token(store: Store, link: Link) -> None:
    store.end_link(link.id, a.NOW)
    with pytest.raises(links.LinkEnded):
        links.issue(store, link, "cameras", a.NOW, True)


def test_a_bearer_is_its_link_until_the_token_ends(store: Store, link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = links.issue(store, link, "cameras", a.NOW, True)
    monkeypatch.setattr("time.time", lambda: a.NOW + 43199)
    assert links.authenticate(store, answer["access_token"], "alexa").id == link.id
    monkeypatch.setattr("time.time", lambda: a.NOW + 43200)
    with pytest.raises(TokenExpired):
        links.authenticate(store, answer["access_token"], "alexa")


def test_use_is_noted_every_few_minutes(store: Store, link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    text = links.issue(store, link, "cameras", a.NOW, False)["access_token"]
    noted = []
    for after_s in (10, 200, 400):
        monkeypatch.setattr("time.time", lambda after_s=after_s: a.NOW + after_s)
        links.authenticate(store, text, "alexa")
        row = store.link(link.id)
        assert row is not None
        noted.append(row.last_used - a.NOW)
    assert noted == [10, 10, 400]


@pytest.mark.parametrize(
    "alter",
    [
        lambda answer: answer["refresh_token"],  # not an access token
        lambda answer: answer["access_token"][:-1],
        lambda answer: answer["access_token"] + "x",
        lambda answer: answer["access_token"].replace("sca.", "scr."),
        lambda answer: answer["access_token"].upper(),
        lambda answer: "",
        lambda answer: "sca..x",
        lambda answer: "sca.' OR 1=1--.x",
        lambda answer: "sca.a#b.x",
        lambda answer: "sca.\ud800.x",
        lambda answer: "sca." + "a" * 20_000 + ".x",
    ],
)
def test_what_is_no_access_token(store: Store, link: Link, alter: object) -> None:
    answer = links.issue(store, link, "cameras", 4_000_000_000, True)
    with pytest.raises(TokenInvalid) as refused:
        links.authenticate(store, alter(answer), "alexa")  # type: ignore[operator]
    assert not isinstance(refused.value, TokenExpired)


def test_a_token_of_another_assistant_is_invalid(store: Store, link: Link) -> None:
    text = links.issue(store, link, "cameras", 4_000_000_000, False)["access_token"]
    assert links.authenticate(store, text, "alexa").id == link.id
    with pytest.raises(TokenInvalid):
        links.authenticate(store, text, "google")
