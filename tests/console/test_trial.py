"""A sentence tried on the console: what both assistants would be answered, and that nothing is stored for it."""

import html

import pytest

from showcam.console.trial.heard import named
from showcam.registry.preferences import Preferences
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld

pytestmark = pytest.mark.proves(
    "A sentence that is tried is answered as each assistant would answer it", leans_on="double: the assistants"
)

AT = "/home/try"


def said(world: HomeWorld, text: str, locale: str = "en") -> tuple[str, str]:
    """What Alexa and Google say."""
    browser = world.signed_in()
    browser.headers["Accept-Language"] = locale
    return shown(browser.visit(AT).send(AT, text=text))


def shown(browser: HomeBrowser) -> tuple[str, str]:
    assert browser.answer is not None
    parts = browser.answer.text.split('<p class="says"')[1:]
    alexa, google = (html.unescape(part.partition(">")[2].partition("</p>")[0]) for part in parts)
    return alexa, google


def pictures(browser: HomeBrowser) -> tuple[list[str], list[str]]:
    """The cameras that the page asks an Echo's picture of, and the addresses of pictures by HLS."""
    assert browser.answer is not None
    named = ("data-offers", "data-hls")
    offers, hls = ([part.partition('"')[0] for part in browser.answer.text.split(f'{name}="')[1:]] for name in named)
    return [shown for shown in offers if shown], [shown for shown in hls if shown]


def test_a_camera_that_can_be_shown_is_shown_by_both(world: HomeWorld) -> None:
    browser = world.signed_in().visit(AT).send(AT, text="show the garden camera")
    assert shown(browser) == ("It shows the picture.",) * 2
    (offered,), (hls,) = pictures(browser)
    assert hls.startswith("http://192.168.1.5:8081/s/")
    answer = browser.offer(offered).get_json()
    assert (answer["sdp"][:3], answer["hls"], answer["says"]) == ("v=0", "", "It shows the picture.")
    assert [claims.surface for claims, _ in world.home.pictures.warmed] == ["google"]


def test_a_browser_without_webrtc_has_an_echo_s_picture_by_hls(world: HomeWorld) -> None:
    browser = world.signed_in().visit(AT).send(AT, text="garden")
    (offered,), _ = pictures(browser)
    answer = browser.offer(offered, sdp="").get_json()
    assert (answer["sdp"], answer["hls"].startswith("http://192.168.1.5:8081/s/")) == ("", True)


@pytest.mark.parametrize(
    ("text", "alexa", "google"),
    [
        ("show the nursery", "It shows the picture.", "Audio is off for Nursery"),
        ("Zeig Garage!", "Image Encryption is on for Garage", "Image Encryption is on for Garage"),
        ("attic", "Attic is offline.", "Attic is offline."),
        ("show the moon", "It knows no such camera", "It knows no such camera"),
        ("what time is it", "Say “show” and", "Say “show” and"),
        ("hide the camera", "Done.", "Done."),
        ("discover devices", "Cameras that it knows: 7.", "Cameras that it knows: 7."),
        ("is the garden online", "Garden is online.", "Garden is online."),
        ("is the attic online", "Attic is offline.", "Attic is offline."),
        ("is the nursery ok", "Nursery is online.", "Audio is off for Nursery"),
        ("is there motion at the garden", "Unknown.", "Unknown."),
        ("turn off the garden", "Allow it on showcam's page.", "Allow it on showcam's page."),
        ("turn off audio on the garden", "Allow it on showcam's page.", "Allow it on showcam's page."),
        ("reboot the garden", "Allow it on showcam's page.", "Allow it on showcam's page."),
        (
            "why can't I see the garage",
            "Garage can't be shown: Image Encryption is on.",
            "Image Encryption is on for Garage",
        ),
        (
            "which cameras can't be shown",
            "Garden, Front Door and Nursery can be shown. Garage can't be shown: Image Encryption is on.",
            "Image Encryption is on for Garage, so no assistant can show its picture. Audio is off for Nursery",
        ),
    ],
)
def test_each_says_what_it_would(world: HomeWorld, text: str, alexa: str, google: str) -> None:
    answers = said(world, text)
    assert (answers[0][: len(alexa)], answers[1][: len(google)]) == (alexa, google)


@pytest.mark.parametrize(
    ("locale", "text", "alexa", "google"),
    [
        ("de", "ist der Attic erreichbar?", "Attic ist offline.", "Attic ist offline."),
        ("de", "warum sehe ich die Garage nicht", "Garage ist nicht zu sehen: die", "Die Bildverschlüsselung ist für"),
        ("nb", "vis attic", "Attic er frakoblet.", "Attic er frakoblet."),
        # Alexa speaks no Norwegian
        ("nb", "hvorfor ser jeg ikke garage", "Garage can't be shown", "Bildekryptering er på for Garage"),
    ],
)
def test_each_answers_in_its_language(world: HomeWorld, locale: str, text: str, alexa: str, google: str) -> None:
    answers = said(world, text, locale)
    assert (answers[0][: len(alexa)], answers[1][: len(google)]) == (alexa, google)


def test_a_setting_is_changed_where_a_voice_may_and_each_assistant_has_its_name(world: HomeWorld) -> None:
    home = world.home
    home.owner.prefer(home.account.id, home.id("Garden"), Preferences(voice_may=("audio",)))
    assert said(world, "turn off camera sound on the garden")[0] == "Done."
    assert said(world, "turn off audio on the garden")[1] == "It asks if you are sure."


def test_the_messages_are_there_without_a_grant(world: HomeWorld) -> None:
    browser = world.signed_in().visit(AT).send(AT, text="garden")
    assert "GetCameraStream" in browser.text
    assert "/s/…/master.m3u8" in browser.text
    answer = browser.offer(pictures(browser)[0][0]).get_json()
    assert [("InitiateSessionWithOffer" in message, "v=0 …" in answer) for message, answer in answer["messages"]] == [
        (True, True)
    ]


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
    assert (browser.status, "Say “show”" in browser.text) == (403, True)


@pytest.mark.parametrize(
    "text", ["x" * 60_000, "<script>", "\x00", "{} {0} %s", "🎥"], ids=["long", "markup", "nul", "gaps", "sign"]
)
def test_nonsense_is_answered(world: HomeWorld, text: str) -> None:
    browser = world.signed_in().visit(AT)
    browser.send(AT, text=text)
    assert (browser.status, "Say “show” and" in browser.text) == (200, True)


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
    cameras = [{"id": "1", "name": "Garden"}, {"id": "2", "name": "Garden Gate"}, {"id": "3", "name": "…"}]
    meant = named(text, cameras)
    assert (meant and meant["id"]) == found


def test_it_is_for_who_is_signed_in(world: HomeWorld) -> None:
    for stranger, led_to in ((world.browser().get(), "door"), (world.browser().enter(world.code.renew()), "sign-in")):
        assert stranger.send(AT, text="garden").step == led_to
    assert world.home.pictures.warmed == []
