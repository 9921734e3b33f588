"""The files of every skill package: descriptions within Amazon's limits, icons as the script draws them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "showcam" / "alexa" / "skill_package"
MANIFEST: dict[str, Any] = json.loads((PACKAGE / "skill.json").read_text())["manifest"]
LOCALES = {path.stem for path in (PACKAGE / "interactionModels" / "custom").glob("*.json")}


def test_the_package_holds_nothing_of_an_installation() -> None:
    assert set(MANIFEST) == {"manifestVersion", "publishingInformation", "privacyAndCompliance"}
    assert not re.search("https?://|arn:", json.dumps(MANIFEST))


def test_every_language_is_described_within_amazons_limits() -> None:
    locales = MANIFEST["publishingInformation"]["locales"]
    assert set(locales) == LOCALES
    for locale, texts in locales.items():
        assert 2 <= len(texts["name"]) <= 50
        assert len(texts["summary"]) <= 160
        assert len(texts["description"]) <= 4000
        assert 1 <= len(texts["examplePhrases"]) <= 3
        assert len(texts["keywords"]) <= 30
        name = invocation(locale)
        for phrase in texts["examplePhrases"]:
            assert phrase.startswith("Alexa, ")
            assert len(phrase) <= 200
            assert name in phrase


def invocation(locale: str) -> str:
    text = (PACKAGE / "interactionModels" / "custom" / f"{locale}.json").read_text()
    return str(json.loads(text)["interactionModel"]["languageModel"]["invocationName"])


@pytest.mark.parametrize("name", ["smallIcon", "largeIcon"])
def test_every_language_names_the_icons(name: str) -> None:
    for texts in MANIFEST["publishingInformation"]["locales"].values():
        assert texts[f"{name}Uri"] == f"file://assets/images/{name}.png"


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("showcam/alexa/skill_package/assets/images/smallIcon.png", 108),
        ("showcam/alexa/skill_package/assets/images/largeIcon.png", 512),
        ("docs/images/google-icon.png", 144),
    ],
)
def test_the_icons_exist_and_match_the_script(path: str, size: int, tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "icons.py", tmp_path], check=True)
    with Image.open(ROOT / path) as kept, Image.open(tmp_path / path) as drawn:
        assert kept.size == (size, size)
        assert kept.format == "PNG"
        assert kept.convert("RGBA").tobytes() == drawn.convert("RGBA").tobytes()
