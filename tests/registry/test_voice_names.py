"""Names that voice assistants have trouble with, each with its sentence."""

import pytest

from showcam.alexa.discovery import friendly_names
from showcam.drivers.camera import Camera, Ref
from showcam.registry.gate.voice_names import trouble


def named(*names: str) -> dict[str, list[str]]:
    cameras = [Camera(Ref("", f"F{number}", 1), name, id=f"ezviz-{number}") for number, name in enumerate(names)]
    found = trouble(cameras, friendly_names(cameras))
    return {named_camera.name: found[named_camera.id] for named_camera in cameras if named_camera.id in found}


@pytest.mark.parametrize(
    "name", ["Garden", "Front Door", "Kjøkkenhage", "Karis stue", "Kari’s stue", "Nord-hagen", "Écurie", "カメラ庭"]
)
def test_a_plain_name_is_no_trouble(name: str) -> None:
    assert named(name) == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Doorbell", "doorbell"),
        ("Front Doorbell", "doorbell"),
        ("Birdseye", "bird's eye"),
        ("Bird's Eye Garden", "bird's eye"),
        ("12", "only digits"),
        ("3 4", "only digits"),
        ("Garden 2", "Write numbers"),
        ("Garden (back)", "Signs"),
        ("Garden/Shed", "Signs"),
        ("Garden 🌷", "Signs"),
        ("🌷", "no word"),
        ("", "no word"),
        ("...", "no word"),
        ("Alexa", "wakes"),
        ("Echo Room", "wakes"),
        ("Google Corner", "wakes"),
        ("Camera", "every device"),
        ("All Cameras", "every device"),
        ("Show Garden", "part of the command"),
        ("The Garden", "part of the command"),
        ("Big old garden behind the house", "two words"),
    ],
)
def test_each_trouble_is_named(name: str, words: str) -> None:
    assert any(words in sentence for sentence in named(name)[name])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Garden", "Gardens", True),
        ("Garden", "Warden", True),
        ("Front Door", "Frontdoor", True),
        ("Back Hall", "Back Hill", True),
        ("Kjeller", "Kjelder", True),
        ("Boathouse", "Boat House", True),
        ("Garden", "Garage", False),
        ("Front Door", "Back Door", False),
        ("East Gate", "West Gate", False),
        ("Garden one", "Garden two", False),
        ("Camera 1", "Camera 2", False),
        ("Bad", "Bed", False),
        ("Garden", "Garden Shed", False),
        ("Courtyard Wide", "Courtyard Close", False),
    ],
)
def test_names_that_sound_alike(one: str, other: str, expected: bool) -> None:
    found = named(one, other)
    for name, like in ((one, other), (other, one)):
        assert any(sentence.startswith(f"“{like}” sounds like it") for sentence in found.get(name, [])) is expected


def test_the_other_that_sounds_like_it_is_named() -> None:
    found = named("Garden", "Gardens", "Attic")
    assert found == {
        "Garden": ["“Gardens” sounds like it: give one of the two another name."],
        "Gardens": ["“Garden” sounds like it: give one of the two another name."],
    }


def test_names_that_sound_the_same() -> None:
    found = named("Garden", "garden!", "Attic", "GARDEN")
    assert set(found) == {"Garden", "garden!", "GARDEN"}
    assert "2 other cameras" in found["Garden"][-1]
    assert [found[camera_id][-1].partition("it is ")[2] for camera_id in ("Garden", "garden!", "GARDEN")] == [
        "“Garden” to Alexa.",
        "“garden 2” to Alexa.",
        "“GARDEN 3” to Alexa.",
    ]
    assert "called the same" in named("", "🌷")["🌷"][-1]  # there is nothing to hear in either
    assert named("Garden", "garden")["Garden"] == [
        "Another camera is called the same: name it by its place. Until then it is “Garden” to Alexa."
    ]
