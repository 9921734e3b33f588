"""Names that Alexa is given: of settings in its languages, and of cameras as people speak them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from showcam.alexa.discovery import friendly_names
from showcam.alexa.smart_home import SmartHome
from showcam.alexa.texts import LOCALES, TEXTS
from showcam.drivers.camera import Video
from tests.alexa.test_discovery import Check, friendly
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import camera


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_a_setting_has_a_name_in_every_language_of_the_camera_interfaces(key: str) -> None:
    named = friendly(key)["friendlyNames"]
    texts = {name["value"]["locale"]: name["value"]["text"] for name in named if name["@type"] == "text"}
    assert tuple(texts) == LOCALES
    assert all(0 < len(text) <= 100 for text in texts.values())
    for name in named:
        assert name["@type"] == "text" or name["value"]["assetId"].startswith("Alexa.Setting.")


@pytest.mark.parametrize("locale", LOCALES)
def test_no_two_settings_have_the_same_name(locale: str) -> None:
    groups = (("colour", "black_and_white", "smart"), tuple(TEXTS.keys() - {"colour", "black_and_white", "smart"}))
    for group in groups:
        names = [
            name["value"]["text"].casefold()
            for key in group
            for name in friendly(key)["friendlyNames"]
            if name["value"].get("locale") == locale
        ]
        assert len(set(names)) == len(names) == len(group)


FIVE_MORE = ("fr-FR", "es-ES", "pt-BR", "es-MX", "en-CA")
FULL = {
    "kind": "doorbell",
    "night_vision": "smart",
    "sub": Video("h264", 640, 360),
    **dict.fromkeys(("status_light", "alarm_notification", "offline_notification", "flip"), "on"),
    **dict.fromkeys(("motion", "person"), "off"),
}


@pytest.mark.parametrize(
    ("count", "given", "locale", "named"),
    [
        (1, FULL, "nb", LOCALES),
        (5, FULL, "de", LOCALES),
        (14, FULL, "nb-NO", ("en-US", "en-GB", "de-DE", "ja-JP", "en-IN", "fr-FR")),
        (14, FULL, "fr", ("fr-FR", "fr-CA", "en-US", "en-GB", "de-DE", "ja-JP")),
        (100, FULL, "en", ("en-US", "en-GB")),
        (300, FULL, "en", ("en-US", "en-GB")),
        (300, FULL, "de-DE", ("de-DE", "en-US")),
        (300, FULL, "es-US", ("es-US", "es-ES")),
        (300, FULL, "zh", ("en-US", "en-GB")),
        # with two switches and no more
        (25, {}, "de-DE", LOCALES),
        (39, {}, "it-IT", ("it-IT", "en-US", "en-GB", "de-DE", "ja-JP", "en-IN", *FIVE_MORE)),
    ],
)
def test_settings_are_named_in_as_many_languages_as_fit_into_an_answer(
    count: int,
    given: dict[str, Any],
    locale: str,
    named: tuple[str, ...],
    tmp_path: Path,
    make_skill: Callable[[Household], SmartHome],
) -> None:
    home = household(tmp_path, cameras=[camera(f"Camera {n}", f"S{n:08}", **given) for n in range(count)])
    link = home.another_link("alexa", locale=locale)
    body = {
        "header": {"namespace": "Alexa.Discovery", "name": "Discover"},
        "payload": {"scope": {"token": home.token(link)}},
    }
    answer = make_skill(home).answer(json.dumps({"directive": body}).encode())
    home.store.close()
    endpoints = json.loads(answer)["event"]["payload"]["endpoints"]
    # a third of the 6 MB that a function on AWS may answer; the forwarder carries more
    assert len(answer) < 2_000_000
    assert len(endpoints) == count
    spoken = {
        tuple(name["value"]["locale"] for name in resources["friendlyNames"] if name["@type"] == "text")
        for endpoint in endpoints
        for resources in named_resources(endpoint, 10 if given else 2)
    }
    assert spoken == {named}


def named_resources(endpoint: dict[str, Any], count: int) -> list[dict[str, Any]]:
    found = []
    for capability in endpoint["capabilities"]:
        found += [capability["capabilityResources"]] if "capabilityResources" in capability else []
        found += [mode["modeResources"] for mode in capability.get("configuration", {}).get("supportedModes", ())]
    assert len(found) == count
    return found


def test_odd_texts_of_the_vendor_fit_the_schema(
    tmp_path: Path, make_skill: Callable[[Household], SmartHome], valid_if_known: Check
) -> None:
    odd = [
        camera("", "S1", manufacturer="", model="", firmware=""),
        camera("🐈", "S2", manufacturer="M" * 500, model="D" * 500, firmware="F" * 500),
        camera("a\x00b\n" * 200, "S3", model="\u200b"),
    ]
    home = household(tmp_path, cameras=odd)
    body = {
        "header": {"namespace": "Alexa.Discovery", "name": "Discover"},
        "payload": {"scope": {"token": home.token()}},
    }
    message = json.loads(make_skill(home).answer(json.dumps({"directive": body}).encode()))
    home.store.close()
    valid_if_known(message)


@pytest.mark.parametrize(
    ("given", "spoken"),
    [
        (["Garden"], ["Garden"]),
        (["  Garden\t (back)  "], ["Garden back"]),
        (["Kari's room", "Kari’s bath"], ["Karis room", "Karis bath"]),
        (["Front-Door_1/2"], ["Front Door 1 2"]),
        (["Gårdsrom på Ås"], ["Gårdsrom på Ås"]),
        (["बगीचा", "庭"], ["बगीचा", "庭"]),
        (["🐈", "!?"], ["Camera", "Camera 2"]),
        (["Garden", "garden", "Garden!"], ["Garden", "garden 2", "Garden 3"]),
        (["Garden", "Garden 2", "Garden"], ["Garden", "Garden 2", "Garden 3"]),
        (["x" * 300], ["x" * 128]),
        (["word " * 60], [("word " * 25).strip()]),
    ],
    ids=str,
)
def test_names_are_cleaned_for_speech_and_made_unique(given: list[str], spoken: list[str]) -> None:
    cameras = [camera(name, id=f"ezviz-{number}") for number, name in enumerate(given)]
    assert list(friendly_names(cameras).values()) == spoken


def test_numbers_stay_when_the_vendor_lists_in_another_order() -> None:
    cameras = [camera("Garden", id=f"ezviz-{number}") for number in range(4)]
    assert friendly_names(cameras) == friendly_names(reversed(cameras))
