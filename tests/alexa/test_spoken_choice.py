"""Which camera a person means, as a table: what Amazon sends of the words, what was asked before, and the reply.

The slots are as “Entity Resolution” of the Alexa Skills Kit has them:
https://developer.amazon.com/en-US/docs/alexa/custom-skills/entity-resolution.html
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

import pytest

from showcam.drivers.camera import Video
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import camera
from tests.doubles.spoken_echo import SKILL, Echo, spoken_of, text

pytestmark = pytest.mark.proves(
    "The skill takes the camera that Alexa matched, or the second of two that it asked about, and sends video only to "
    "a device with VideoApp",
    leans_on="second stack: Amazon's ask-sdk-core; double: the Echo",
)

Code = Literal["ER_SUCCESS_MATCH", "ER_SUCCESS_NO_MATCH", "ER_ERROR_TIMEOUT", "ER_ERROR_EXCEPTION"]
CAMERAS = ("Garden Left", "Garden Right", "Garden", "Pool", "Front Gate")
EITHER = "Do you mean Garden Left or Garden Right?"


class Value(TypedDict):
    name: str
    id: NotRequired[str]


class Authority(TypedDict):
    authority: str
    status: dict[Literal["code"], Code]
    values: NotRequired[list[dict[Literal["value"], Value]]]


class Slot(TypedDict):
    name: str
    confirmationStatus: str
    source: str
    value: NotRequired[str]
    resolutions: NotRequired[dict[Literal["resolutionsPerAuthority"], list[Authority]]]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    """All cameras are offline: each reply then names the camera that it is about."""
    cameras = [camera(name, f"F{number}", online="off") for number, name in enumerate(CAMERAS)]
    home = household(tmp_path, cameras=cameras)
    yield home
    home.store.close()


@pytest.fixture
def echo(home: Household) -> Echo:
    return Echo(spoken_of(home), home.token())


def own(home: Household, *names: str, code: Code = "ER_SUCCESS_MATCH") -> Authority:
    """What Alexa found among the names that the skill sent it in this session."""
    values = [Value(name=name, id=home.id(name) if name in CAMERAS else "ezviz-aaaaaaaaaaaaaaaaaaaa") for name in names]
    return _authority(f"amzn1.er-authority.echo-sdk.dynamic.{SKILL}.CAMERA_NAME", values, code)


def of_model(*names: str, code: Code = "ER_SUCCESS_MATCH") -> Authority:
    """What Alexa found among the names of the interaction model, which have no id of ours."""
    values = [Value(name=name, id="0c4a7ad83d1c4bd5f0a7d1a2cb2f1a5c") for name in names]
    return _authority(f"amzn1.er-authority.echo-sdk.{SKILL}.CAMERA_NAME", values, code)


def _authority(authority: str, values: list[Value], code: Code) -> Authority:
    found = Authority(authority=authority, status={"code": code})
    if values:
        found["values"] = [{"value": value} for value in values]
    return found


def slot(value: str | None, *authorities: Authority) -> Slot:
    given = Slot(name="camera", confirmationStatus="NONE", source="USER")
    if value is not None:
        given["value"] = value
    if authorities:
        given["resolutions"] = {"resolutionsPerAuthority": list(authorities)}
    return given


def place(value: str | None) -> dict[str, Any]:
    given = Slot(name="place", confirmationStatus="NONE", source="USER")
    if value is not None:
        given["value"] = value
    return {"place": given}


NONE: Code = "ER_SUCCESS_NO_MATCH"


@pytest.mark.parametrize(
    ("heard", "own_names", "model_names", "says"),
    [
        ("the garden's left", ("Garden Left",), (), "Garden Left can't be shown: it is offline."),
        ("pool", ("Front Gate",), ("pool",), "Front Gate can't be shown"),  # the name with our id counts first
        ("swimming bath", (), ("pool",), "Pool can't be shown"),
        ("garden", ("Garden Left", "Garden Right", "Garden"), (), "Garden can't be shown"),
        ("the gardens", ("Garden Left", "Garden Right"), ("garden",), EITHER),
        ("the gardens", ("Garden Right", "Garden Left", "Garden Right"), (), EITHER),
        ("pool", ("Shed",), (), "Pool can't be shown"),  # the camera was removed since its name was sent
        ("pool", (), ("submarine",), "Pool can't be shown"),
        ("submarine", (), ("submarine",), "I don't know submarine."),
    ],
)
def test_what_alexa_matched_counts_before_what_it_recognised(
    heard: str, own_names: tuple[str, ...], model_names: tuple[str, ...], says: str, home: Household, echo: Echo
) -> None:
    given = slot(
        heard, *([own(home, *own_names)] if own_names else []), *([of_model(*model_names)] * bool(model_names))
    )
    assert says in text(echo.intent("WhyIntent", slots={"camera": given}))


@pytest.mark.parametrize("code", ["ER_SUCCESS_NO_MATCH", "ER_ERROR_TIMEOUT", "ER_ERROR_EXCEPTION"])
def test_without_a_match_the_recognised_text_is_the_name(code: Code, home: Household, echo: Echo) -> None:
    given = slot("pool", own(home, code=code), of_model(code=code))
    assert "Pool can't be shown" in text(echo.intent("WhyIntent", slots={"camera": given}))


@pytest.mark.parametrize("value", [None, "", "?", " . "])
@pytest.mark.parametrize(
    ("locale", "question", "again"),
    [
        ("en-US", "Which camera?", "Pool can't be shown"),
        ("de-DE", "Welche Kamera?", "Pool ist nicht zu sehen"),
    ],
)
def test_an_empty_slot_is_asked_for(
    value: str | None, locale: str, question: str, again: str, home: Household, echo: Echo
) -> None:
    echo.locale = locale
    asked = echo.intent("WhyIntent", slots={"camera": slot(value, of_model(code=NONE))})
    assert (text(asked), asked["shouldEndSession"], "reprompt" in asked) == (question, False, True)
    answered = echo.intent("CameraIntent", slots={"camera": slot("pool", own(home, "Pool"))})
    assert again in text(answered)


def test_a_slot_of_another_shape_is_no_name(echo: Echo) -> None:
    empty: dict[str, Any] = {"name": "camera", "resolutions": {"resolutionsPerAuthority": None}}
    assert text(echo.intent("WhyIntent", slots={"camera": empty})) == "Which camera?"
    bare = {**slot("pool"), "resolutions": {"resolutionsPerAuthority": [{"authority": "a", "values": None}]}}
    assert "Pool can't be shown" in text(echo.intent("WhyIntent", slots={"camera": bare}))


LEFT, RIGHT = "Garden Left can't be shown", "Garden Right can't be shown"


@pytest.mark.parametrize(
    ("intent", "slots", "says"),
    [
        ("ChoiceIntent", place("1"), LEFT),
        ("ChoiceIntent", place("2"), RIGHT),
        ("ChoiceIntent", place("3"), EITHER),
        ("ChoiceIntent", place("0"), EITHER),
        ("ChoiceIntent", place("?"), EITHER),
        ("ChoiceIntent", place(None), EITHER),
        ("ChoiceIntent", place("99999999999999999999"), EITHER),
        ("AMAZON.YesIntent", {}, EITHER),
        ("CameraIntent", {"camera": slot("right")}, RIGHT),
        ("CameraIntent", {"camera": slot("garden left")}, LEFT),
        ("CameraIntent", {"camera": slot("pool")}, "Pool can't be shown"),
        ("MendIntent", {"camera": slot("right")}, "Garden Right: it is offline. Check its power"),
        ("AMAZON.NoIntent", {}, "Good, nothing changes"),
    ],
)
def test_the_question_which_camera_is_answered(
    intent: str, slots: dict[str, Any], says: str, home: Household, echo: Echo
) -> None:
    ambiguous = slot("the gardens", own(home, "Garden Right", "Garden Left"))
    assert text(echo.intent("WhyIntent", slots={"camera": ambiguous})) == EITHER
    assert says in text(echo.intent(intent, slots=slots))


def test_a_match_among_several_that_were_asked_about_is_the_answer(home: Household, echo: Echo) -> None:
    echo.intent("WhyIntent", slots={"camera": slot("the gardens", own(home, "Garden Right", "Garden Left"))})
    answer = slot("the left gate", own(home, "Front Gate", "Garden Left"))
    assert LEFT in text(echo.intent("CameraIntent", slots={"camera": answer}))


def test_a_place_in_german_chooses_from_the_german_question(home: Household, echo: Echo) -> None:
    echo.locale = "de-DE"
    asked = echo.intent("WhyIntent", slots={"camera": slot("die gärten", own(home, "Garden Right", "Garden Left"))})
    assert text(asked) == "Meinst du Garden Left oder Garden Right?"
    assert "Garden Right ist nicht zu sehen" in text(echo.intent("ChoiceIntent", slots=place("2")))


def test_a_place_that_answers_no_question_is_asked_for_a_camera(echo: Echo) -> None:
    assert text(echo.intent("ChoiceIntent", slots=place("2"))) == "Which camera?"


def test_a_camera_removed_since_the_question_is_not_chosen(home: Household, echo: Echo) -> None:
    echo.intent("WhyIntent", slots={"camera": slot("the gardens", own(home, "Garden Right", "Garden Left"))})
    home.driver.set([camera(name, f"F{number}", online="off") for number, name in enumerate(CAMERAS) if number != 1])
    assert text(echo.intent("ChoiceIntent", slots=place("2"))) == "Do you mean Garden Left?"
    assert LEFT in text(echo.intent("AMAZON.YesIntent"))


SPEAKER, SCREEN, SHOW = ("AudioPlayer",), ("Alexa.Presentation.APL",), ("Alexa.Presentation.APL", "VideoApp")
NO_VIDEO = "Not in here: this display can't play its video. Say: Alexa, show Garden."


@pytest.mark.parametrize(
    ("interfaces", "intent", "locale", "says", "directives"),
    [
        (SHOW, "ShowIntent", "en-GB", "Garden.", ["VideoApp.Launch"]),
        (SCREEN, "ShowIntent", "en-GB", NO_VIDEO, []),
        (SCREEN, "CameraIntent", "en-GB", NO_VIDEO, []),
        (SCREEN, "WhyIntent", "en-GB", NO_VIDEO, []),
        (("Display",), "ShowIntent", "en-GB", NO_VIDEO, []),
        (
            SCREEN,
            "ShowIntent",
            "de-DE",
            "Hier nicht: dieses Display spielt ihr Video nicht. Sage: Alexa, zeige Garden.",
            [],
        ),
        (SPEAKER, "ShowIntent", "en-GB", "This device can't show video. Ask on an Echo Show.", []),
        ((), "ShowIntent", "de-DE", "Dieses Gerät kann kein Video zeigen. Frage auf einem Echo Show.", []),
        (SPEAKER, "WhyIntent", "en-GB", "Garden can be shown.", []),
    ],
)
def test_a_device_gets_the_video_only_where_it_has_videoapp(
    interfaces: tuple[str, ...], intent: str, locale: str, says: str, directives: list[str], tmp_path: Path
) -> None:
    home = household(tmp_path, cameras=[camera("Garden", "F1", video=Video("h264", 1280, 720))])
    echo = Echo(spoken_of(home), home.token(), locale, interfaces)
    answer = echo.intent(intent, "garden")
    home.store.close()
    assert text(answer) == says
    assert [directive["type"] for directive in answer.get("directives", [])] == directives


def test_a_screen_without_videoapp_hears_what_is_wrong_with_the_camera(home: Household, echo: Echo) -> None:
    echo.interfaces = SCREEN
    assert "Pool can't be shown: it is offline. Say: fix Pool." in text(echo.intent("ShowIntent", "pool"))
