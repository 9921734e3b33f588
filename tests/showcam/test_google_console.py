"""The values for Google's console; the document has the same fields."""

import re
from pathlib import Path

import pytest

from showcam.app.setup.google_console import REDIRECTS, fields, project_of, register

pytestmark = pytest.mark.proves(
    "Every field of Google's console is printed with its value", leans_on="published: Google's pages"
)

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/integrator/google-home.md"
DOCUMENT = PAGE.read_text()
HOME = "https://home.example"


def test_the_document_has_each_field_in_its_place() -> None:
    rows = re.findall(r"^ *\| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \|$", DOCUMENT, re.MULTILINE)
    documented = [(screen, name) for screen, name, _ in rows if screen not in ("screen", "---")]
    assert documented == [(field.screen, field.name) for field in fields(HOME)]


def test_addresses_in_the_document_are_those_that_are_printed() -> None:
    values = {field.name: field.value for field in fields("{public_url}")}
    for name in ("Authorization URL", "Token URL", "Cloud fulfillment URL"):
        assert f"| {name} | `{values[name]}` |" in DOCUMENT


def test_the_named_icon_exists() -> None:
    [value] = [field.value for field in fields(HOME) if field.name == "App icon"]
    path, rest = value.split(": ")
    assert Path(path).read_bytes().startswith(b"\x89PNG")
    link = Path(path).relative_to(PAGE.parent, walk_up=True)
    assert f"| App icon | [{Path(path).relative_to(ROOT)}]({link}): {rest} |" in DOCUMENT


def test_values_are_the_installations_own() -> None:
    values = {field.name: field.value for field in fields(HOME, "google-2", "home-1")}
    assert values["OAuth Client ID"] == "google-2"
    assert values["Token URL"] == f"{HOME}/oauth/token"
    assert values["Redirect addresses"].split() == [redirect.format(project="home-1") for redirect in REDIRECTS]
    assert values["Link"].endswith("agent_id%3Dhome-1")
    assert not any("YOUR-PROJECT-ID" in value for value in values.values())


@pytest.mark.parametrize(
    ("uris", "project"),
    [
        (("https://oauth-redirect.googleusercontent.com/r/home-1",), "home-1"),
        (("https://elsewhere.example/r/x", "https://oauth-redirect-sandbox.googleusercontent.com/r/home-1"), "home-1"),
        (("https://oauth-redirect.googleusercontent.com/r/",), ""),
        ((), ""),
    ],
)
def test_a_clients_project_is_known_by_its_addresses(uris: tuple[str, ...], project: str) -> None:
    assert project_of(uris) == project


def test_the_command_in_the_document_is_the_one_that_is_printed() -> None:
    assert f".venv/bin/{register()}" in DOCUMENT
