"""The custom skill as a table: household, request, and what the reply says, shows and leaves open."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from showcam.alexa.spoken.skill import Spoken
from showcam.drivers.camera import Camera, Failed, Refusal, Video
from showcam.drivers.errors import VendorDown
from showcam.registry.gate.reasons import explain
from showcam.registry.preferences import Preferences
from showcam.registry.readings.judge import Rules
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Link
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import camera
from tests.doubles.spoken_echo import PAGE, SKILL, Echo, People, intent, spoken_of, text

pytestmark = pytest.mark.proves(
    "The skill answers spoken requests",
    leans_on="second stack: Amazon's ask-sdk-core",
    also=("tests/alexa/test_models.py",),
)


@pytest.fixture
def echo(home: Household) -> Echo:
    return Echo(spoken_of(home), home.token())


@pytest.mark.parametrize(
    ("intent", "heard", "says"),
    [
        ("ReadyCamerasIntent", "", "Garden, Front Door and Nursery can be shown. Garage can't be shown: Image"),
        ("WhyIntent", "garden", "Not in here: its picture is too large. Say: Alexa, show Garden."),
        ("WhyIntent", "garage", "Garage can't be shown: Image Encryption is on. Say: fix Garage."),
        ("WhyIntent", "the attic camera", "Attic can't be shown: it is offline."),
        ("WhyIntent", "bed room", "Bedroom can't be shown: it is in Sleep Mode."),
        ("WhyIntent", "", "Which camera?"),
        ("WhyIntent", "submarine", "I don't know submarine. I know Attic, Bedroom, Front Door, Garage"),
        (
            "MendIntent",
            "garage",
            "Garage: Image Encryption is on. Switch it off in the EZVIZ app. More in the Alexa app.",
        ),
        ("MendIntent", "garden", "Garden: its picture is too large. Set a lower resolution."),
        ("SoundOnIntent", "garden", "The sound of Garden is on."),
        ("SoundOnIntent", "nursery", "Nursery: its owner has not allowed that. Allow it on showcam's page."),
        ("ShowIntent", "garage", "Garage can't be shown: Image Encryption is on."),
        ("CameraIntent", "attic", "Attic can't be shown: it is offline."),
        ("AMAZON.YesIntent", "", "I didn't get that."),
        ("AMAZON.NoIntent", "", "Goodbye."),
        ("AMAZON.HelpIntent", "", "Why can't I see the garage."),
        ("AMAZON.FallbackIntent", "", "I didn't get that."),
        ("AMAZON.StopIntent", "", "Goodbye."),
        ("AMAZON.CancelIntent", "", "Goodbye."),
        ("AMAZON.NavigateHomeIntent", "", "Goodbye."),
        ("IntentOfTomorrow", "", "I didn't get that."),
    ],
)
def test_a_request_is_answered_with_its_sentence(intent: str, heard: str, says: str, echo: Echo) -> None:
    response = echo.intent(intent, heard)
    assert says in text(response)
    assert response["shouldEndSession"] is ("reprompt" not in response)


def test_a_german_request_is_answered_in_german(echo: Echo) -> None:
    echo.locale = "de-DE"
    assert "Garage ist nicht zu sehen: die Bildverschlüsselung" in text(echo.intent("WhyIntent", "garage"))
    assert "Bereit sind Garden, Front Door und Nursery." in text(echo.intent("ReadyCamerasIntent"))


LAUNCH = {"type": "LaunchRequest"}


@pytest.mark.parametrize(
    "request_",
    [
        LAUNCH,
        intent("WhyIntent"),
        intent("WhyIntent", "submarine"),
        intent("WhyIntent", "garden"),
        intent("ShowIntent", "garage"),
        intent("AMAZON.YesIntent"),
        intent("AMAZON.HelpIntent"),
        intent("AMAZON.FallbackIntent"),
        intent("IntentOfTomorrow"),
    ],
    ids=lambda request: request.get("intent", {}).get("name"),
)
def test_an_open_question_carries_the_cameras_names_for_recognition(
    request_: dict[str, Any], echo: Echo, home: Household
) -> None:
    response = echo.send(request_)
    assert response["shouldEndSession"] is False
    (directive,) = response["directives"]
    assert directive["type"] == "Dialog.UpdateDynamicEntities"
    assert directive["updateBehavior"] == "REPLACE"
    (names,) = directive["types"]
    assert names["name"] == "CAMERA_NAME"
    assert {"id": home.id("Garden"), "name": {"value": "Garden"}} in [
        {"id": entity["id"], "name": {"value": entity["name"]["value"]}} for entity in names["values"]
    ]


@pytest.mark.parametrize("name", ["AMAZON.StopIntent", "ReadyCamerasIntent"])
def test_a_reply_that_closes_the_session_carries_no_names(name: str, echo: Echo) -> None:
    assert not echo.intent(name).get("directives")


@pytest.mark.parametrize("away", ["vendor", "store"])
def test_help_without_readable_cameras_carries_no_names(away: str, home: Household) -> None:
    people = People(home)
    if away == "vendor":
        home.driver.error = VendorDown()
    else:
        people.away = True
    response = Echo(spoken_of(home, people), home.token()).intent("AMAZON.HelpIntent")
    assert text(response).startswith("Ask: which")
    assert not response.get("directives")


def test_a_camera_is_shown_by_a_video_that_its_grant_opens(echo: Echo, home: Household) -> None:
    home.driver.change("Garden", video=Video("h264", 1280, 720))
    response = echo.intent("ShowIntent", "garden")
    assert "shouldEndSession" not in response
    (directive,) = response["directives"]
    source = directive["videoItem"]["source"]
    assert directive["type"] == "VideoApp.Launch"
    assert directive["videoItem"]["metadata"]["title"] == "Garden"
    assert source.startswith("https://home.example/s/")
    assert source.endswith("/master.m3u8")
    claims = home.grants.verify(source.split("/")[4], "hls", time.time())
    assert (claims.camera, claims.surface, claims.link) == (home.id("Garden"), "video", home.link.id)


@pytest.mark.parametrize(
    ("size", "transcodes", "is_shown"),
    [
        ((1280, 720), False, True),
        ((0, 0), False, True),
        ((0, 0), True, True),
        ((1920, 1080), True, True),
        ((1280, 960), True, True),
        ((1920, 1080), False, False),
    ],
)
def test_a_picture_too_large_is_shown_only_where_pictures_are_transcoded(
    size: tuple[int, int], transcodes: bool, is_shown: bool, tmp_path: Path
) -> None:
    home = household(tmp_path, rules=Rules(transcodes=transcodes))
    home.driver.change("Garden", video=Video("h264", *size))
    response = Echo(spoken_of(home), home.token()).intent("ShowIntent", "garden")
    home.store.close()
    if not is_shown:
        assert "its picture is too large" in text(response)
        assert not home.pictures.warmed
    else:
        assert home.pictures.warmed[-1][0].surface == "video"


def test_a_large_picture_is_left_for_the_smaller_one_that_the_camera_sends(home: Household, echo: Echo) -> None:
    home.driver.change("Garden", video=Video("h264", 2560, 1440), sub=Video("h264"))
    echo.intent("ShowIntent", "garden")
    ((claims, _),) = home.pictures.warmed
    assert (claims.picture, claims.surface) == ("sub", "video")


def test_a_speaker_without_a_screen_says_so(echo: Echo) -> None:
    echo.interfaces = ()
    assert "can't show video" in text(echo.intent("ShowIntent", "garden"))


def test_sound_is_turned_on_after_a_yes_and_only_where_a_voice_may(echo: Echo, home: Household) -> None:
    home.owner.prefer(home.account.id, home.id("Nursery"), Preferences(voice_may=("audio",)))
    assert "Turn on the sound of Nursery?" in text(echo.intent("SoundOnIntent", "nursery"))
    assert "Good, nothing changes" in text(echo.intent("AMAZON.NoIntent"))
    echo.intent("SoundOnIntent", "nursery")
    assert text(echo.intent("AMAZON.YesIntent")) == "The sound of Nursery is on."
    assert "sound of Nursery is on" in text(echo.intent("SoundOnIntent", "nursery"))


def test_sound_that_the_camera_does_not_show_yet_was_asked_for(echo: Echo, home: Household) -> None:
    home.owner.prefer(home.account.id, home.id("Nursery"), Preferences(voice_may=("audio",)))
    home.driver.lags = True
    echo.intent("SoundOnIntent", "nursery")
    assert text(echo.intent("AMAZON.YesIntent")) == ("I asked Nursery. Try again in half a minute.")


def test_a_yes_is_refused_when_the_permission_went_meanwhile(echo: Echo, home: Household) -> None:
    nursery = home.id("Nursery")
    home.owner.prefer(home.account.id, nursery, Preferences(voice_may=("audio",)))
    echo.intent("SoundOnIntent", "nursery")
    home.owner.prefer(home.account.id, nursery, Preferences())
    assert "has not allowed that" in text(echo.intent("AMAZON.YesIntent"))


@pytest.mark.parametrize(
    ("first", "then", "says"),
    [
        (("MendIntent", ""), ("CameraIntent", "garage"), "Switch it off"),
        (("WhyIntent", ""), ("CameraIntent", "attic"), "can't be shown: it is offline"),
        (("MendIntent", ""), ("AMAZON.YesIntent", ""), "Which camera?"),
        (("MendIntent", ""), ("AMAZON.NoIntent", ""), "Good, nothing changes"),
        (("WhyIntent", "garage"), ("MendIntent", ""), "Switch it off"),
        (("WhyIntent", "garage"), ("AMAZON.YesIntent", ""), "Switch it off"),
        (("WhyIntent", "garage"), ("AMAZON.NoIntent", ""), "Good, nothing changes"),
        (("WhyIntent", "garage"), ("CameraIntent", "attic"), "Attic can't be shown"),
        (("WhyIntent", "garden"), ("AMAZON.YesIntent", ""), "Garden."),
        (("WhyIntent", "garden"), ("ShowIntent", ""), "Garden."),
        (("AMAZON.HelpIntent", ""), ("AMAZON.NoIntent", ""), "Goodbye."),
    ],
)
def test_an_answer_fits_the_question_or_offer_before_it(
    first: tuple[str, str], then: tuple[str, str], says: str, echo: Echo, home: Household
) -> None:
    home.driver.change("Garden", video=Video("h264", 1280, 720))
    echo.intent(*first)
    assert says in text(echo.intent(*then))


def test_a_speaker_without_a_screen_is_offered_no_video(echo: Echo) -> None:
    echo.interfaces = ()
    response = echo.intent("WhyIntent", "garden")
    assert (text(response), response["shouldEndSession"]) == ("Garden can be shown.", True)


@pytest.fixture
def of(tmp_path: Path) -> Iterator[Callable[..., Household]]:
    """Builds a household with the given cameras."""
    built: list[Household] = []

    def build(*cameras: Camera) -> Household:
        built.append(household(tmp_path, cameras=[*cameras]))
        return built[-1]

    yield build
    for built_household in built:
        built_household.store.close()


def test_where_no_camera_can_be_read_the_vendor_is_the_reason(of: Callable[..., Household]) -> None:
    home = of()
    home.driver.error = VendorDown()
    speech = text(Echo(spoken_of(home), home.token()).intent("WhyIntent", "garden"))
    assert speech.startswith("Your cameras: the EZVIZ service does not answer.")


def test_an_ambiguous_name_is_answered_with_the_cameras_that_fit(of: Callable[..., Household]) -> None:
    home = of(camera("Garden Left", "F1"), camera("Garden Right", "F2"))
    speech = text(Echo(spoken_of(home), home.token()).intent("WhyIntent", "garden"))
    assert speech == "Do you mean Garden Left or Garden Right?"


@pytest.mark.parametrize(
    ("locale", "title", "more"),
    [
        ("en-GB", "Fix Garage", "More: "),
        ("de-DE", "Garage reparieren", "Mehr: "),
    ],
)
def test_the_card_with_the_mend_has_an_address_without_authority(
    locale: str, title: str, more: str, echo: Echo
) -> None:
    echo.locale = locale
    card = echo.intent("MendIntent", "garage")["card"]
    steps = explain(Refusal((Failed("encryption_on"),), "Garage", "EZVIZ"), locale)
    assert card == {"type": "Simple", "title": title, "content": f"{steps}\n\n{more}{PAGE}/h/8"}


def test_the_mend_of_a_video_is_its_own_where_other_displays_too_can_t_show_the_camera(
    home: Household, echo: Echo
) -> None:
    home.driver.change("Garden", video=Video("h264", 3840, 2160))
    assert "its picture is too large" in text(echo.intent("WhyIntent", "garden"))
    echo.intent("ShowIntent", "garden")
    response = echo.intent("AMAZON.YesIntent")
    assert "its picture is too large. Set a lower resolution." in text(response)
    assert "showcam's setting transcodes" in response["card"]["content"]


def test_a_camera_too_large_for_the_skills_video_is_named_in_every_session(home: Household, echo: Echo) -> None:
    home.driver.change("Garden", video=Video("h264", 1920, 1080), sub=None)
    for name, says in (
        ("ReadyCamerasIntent", "In here I can't show Garden"),
        ("ShowIntent", "its picture is too large"),
        ("WhyIntent", "Not in here: its picture is too large"),
        ("MendIntent", "its picture is too large. Set a lower resolution."),
    ):
        echo.attributes = {}
        assert says in text(echo.intent(name, "garden"))
    echo.interfaces = ()
    assert text(echo.intent("WhyIntent", "garden")) == "Garden can be shown."
    assert "In here" not in text(echo.intent("ReadyCamerasIntent"))
    echo.interfaces = ("VideoApp",)
    home.driver.change("Garden", video=Video("h264", 1280, 720))
    assert text(echo.intent("WhyIntent", "garden")) == "Garden can be shown. Say: show Garden."
    assert text(echo.intent("MendIntent", "garden")) == "Garden can be shown."


@pytest.mark.parametrize("token", [None, "sca.nobody.nothing"])
def test_a_request_without_a_link_gets_the_card_to_link_accounts(token: str | None, home: Household) -> None:
    echo = Echo(spoken_of(home), token)
    response = echo.intent("WhyIntent", "garage")
    assert response["card"] == {"type": "LinkAccount"}
    assert "Link your cameras" in text(response)
    assert text(echo.intent("AMAZON.HelpIntent")).startswith("Ask: which")


def test_markup_in_a_camera_name_is_spoken_as_text(of: Callable[..., Household]) -> None:
    home = of(camera('Tom & <audio src="x"/> Jerry', "F1", online="off"))
    response = Echo(spoken_of(home), home.token()).intent("WhyIntent", "tom audio src x jerry")
    assert "Tom audio src x Jerry can't be shown" in text(response)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (StoreUnavailable(), "Something went wrong in showcam."),
        (RuntimeError("Garage"), "Something went wrong in showcam."),
    ],
)
def test_a_failure_is_spoken(error: Exception, says: str, home: Household) -> None:
    def fail(_token: str) -> Link:
        raise error

    echo = Echo(Spoken(fail, home.registry, People(home), SKILL), "sca.x.y")
    assert says in text(echo.intent("WhyIntent", "garage"))
