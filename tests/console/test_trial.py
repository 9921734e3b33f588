"""A sentence tried on the console: what both assistants would be answered, and that nothing is stored for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.trial import named
from tests.doubles.home_world import HomeWorld, home_world

AT = "/home/try"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[HomeWorld]:
    made = home_world(tmp_path)
    yield made
    made.home.store.close()


def said(world: HomeWorld, text: str) -> tuple[str, str, list[str]]:
    """What Alexa and Google come to, and the addresses of their pictures."""
    browser = world.signed_in().visit(AT).send(AT, text=text)
    assert browser.answer is not None
    parts = browser.answer.text.split('<p class="says"')[1:]
    alexa, google = (part.partition(">")[2].partition("</p>")[0].replace("&#39;", "'") for part in parts)
    return alexa, google, [part.partition('"')[0] for part in browser.answer.text.split('data-hls="')[1:]]


def test_a_camera_that_can_be_shown_is_shown_by_both(world: HomeWorld) -> None:
    alexa, google, pictures = said(world, "show the garden camera")
    assert (alexa, google) == ("It shows the picture.",) * 2
    assert [each.startswith("http://192.168.1.5:8081/s/") for each in pictures] == [True, True]
    assert [claims.surface for claims, _ in world.home.pictures.warmed] == ["alexa", "google"]


@pytest.mark.parametrize(
    ("text", "alexa", "google"),
    [
        ("show the nursery", "It shows the picture.", "Audio is off for Nursery"),
        ("Zeig Garage!", "Image Encryption is on for Garage", "Image Encryption is on for Garage"),
        ("attic", "Attic is offline.", "Attic is offline."),
        ("show the moon", "It knows no camera of that name", "It knows no camera of that name"),
    ],
)
def test_what_stands_in_the_way_is_said_for_each(world: HomeWorld, text: str, alexa: str, google: str) -> None:
    answers = said(world, text)
    assert (answers[0].startswith(alexa), answers[1].startswith(google)) == (True, True)


def test_the_messages_are_there_without_a_grant(world: HomeWorld) -> None:
    browser = world.signed_in().visit(AT).send(AT, text="garden")
    assert "InitializeCameraStreams" in browser.text
    assert "GetCameraStream" in browser.text
    assert "/s/…/master.m3u8" in browser.text


def test_nothing_is_stored_for_it(world: HomeWorld) -> None:
    before = world.home.store.links(world.home.account.id)
    said(world, "show the garden")
    assert world.home.store.links(world.home.account.id) == before
    assert world.home.adapter.history.of(world.home.account.id) == []


def test_its_pictures_end_with_the_session(world: HomeWorld) -> None:
    browser = world.signed_in().visit(AT).send(AT, text="garden")
    claims, _ = world.home.pictures.warmed[0]
    assert world.home.questions.check(claims) is None
    browser.get().post("sign-out")
    verdict = world.home.questions.check(claims)
    assert verdict is not None
    assert verdict.reason == "link_ended"


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_said_is_asked_for(world: HomeWorld, text: str) -> None:
    browser = world.signed_in().visit(AT).send(AT, text=text)
    assert (browser.status, "Write what you would say" in browser.text) == (403, True)


@pytest.mark.parametrize(
    "text", ["x" * 60_000, "<script>", "\x00", "{} {0} %s", "🎥"], ids=["long", "markup", "nul", "gaps", "sign"]
)
def test_nonsense_is_answered(world: HomeWorld, text: str) -> None:
    browser = world.signed_in().visit(AT)
    browser.send(AT, text=text)
    assert (browser.status, "It knows no camera of that name" in browser.text) == (200, True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("show the garden", "1"),
        ("show the garden gate", "2"),
        ("GARDEN, GATE", "2"),
        ("gardens", None),
        ("", None),
    ],
)
def test_the_longest_name_in_a_sentence_is_meant(text: str, found: str | None) -> None:
    assert named([("1", "Garden"), ("2", "Garden Gate"), ("3", "…")])(text) == found


def test_it_is_for_who_is_signed_in(world: HomeWorld) -> None:
    for stranger, led_to in ((world.browser().get(), "enter"), (world.browser().enter(world.code.renew()), "sign-in")):
        assert stranger.send(AT, text="garden").step == led_to
    assert world.home.pictures.warmed == []
