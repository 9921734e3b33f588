"""The values for Amazon's console of an installation on AWS; the integrator's document has the same fields."""

import json
import re
from itertools import groupby
from pathlib import Path

import pytest
from msgspec.structs import replace

from showcam.app.settings import Settings
from showcam.app.setup.alexa_console import fields, model
from showcam.app.shipped import skill_package
from showcam.store.records import Client

pytestmark = pytest.mark.proves(
    "Every field of Amazon's console is printed with its value", leans_on="published: Amazon's pages"
)

ROOT = Path(__file__).parents[2]
URL = "https://YOUR-ADDRESS"
SKILL = "amzn1.ask.skill.11111111-1111-1111-1111-111111111111"
STACK = Settings(public_url=URL, store="dynamodb", keys_secret="showcam/prod/keys", table_region="eu-west-1")
NA, EU = (
    f"arn:aws:lambda:{region}:210987654321:function:showcam-prod-directives" for region in ("us-east-1", "eu-west-1")
)

INTEGRATORS = ["Create skill", "Smart Home", "Account linking", "Permissions", "Models", "Custom", "Test"]
ONE_HALF = ["Create skill", "Smart Home", "Account linking", "Permissions"]
# the endpoints of both halves: the default, and the names of the boxes that follow it
ENDPOINTS = [
    ("Smart Home > Default endpoint", "Smart Home > "),
    ("Custom > Endpoint, default region", "Custom > Endpoint, "),
]


def values_of(language: str = "en-GB", *functions: str) -> dict[str, str]:
    """By page and name."""
    return {f"{field.page} > {field.name}": field.value for field in fields(STACK, language, [], functions)}


@pytest.mark.parametrize(("language", "pages"), [("en-GB", INTEGRATORS), ("de-DE", INTEGRATORS), ("ja-JP", ONE_HALF)])
def test_the_pages_come_as_an_integrator_meets_them(language: str, pages: list[str]) -> None:
    assert [page for page, _ in groupby(fields(STACK, language, []), key=lambda row: row.page)] == pages


def test_the_document_has_each_field_of_an_integrator_with_its_value() -> None:
    text = (ROOT / "docs/integrator/skill.md").read_text()
    section = text[text.index("### Each field an integrator meets\n") :].split("\n## ")[0]
    written = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    rows = [(field.page, field.name, field.value.replace(f"{ROOT}/", "")) for field in fields(STACK, "en-GB", [])]
    assert [(page, name, value.strip("`")) for page, name, value in written if page != "page"] == rows


def test_on_aws_both_halves_name_functions_and_nothing_of_a_house() -> None:
    values = values_of()
    for default, half in ENDPOINTS:
        assert (
            values[default] == values[f"{half}Europe, India"] == "[the output DirectivesArn of your stack in eu-west-1]"
        )
        assert "us-east-1" in values[f"{half}North America"]
        assert "us-west-2" in values[f"{half}Far East"]
    assert values["Custom > Endpoint, service type"] == "AWS Lambda ARN"
    texts = " ".join(values.values()).replace(str(skill_package()), "")
    assert not re.search(r"forwarder|certificate|HTTPS|/alexa/", texts)
    assert "lwaClientId" in values["Permissions > Alexa Client Id"]


def test_functions_that_are_named_stand_in_their_regions() -> None:
    values = values_of("en-GB", EU, NA)
    for default, half in ENDPOINTS:
        assert values[default] == values[f"{half}Europe, India"] == EU
        assert values[f"{half}North America"] == NA
        assert values[f"{half}Far East"] == "not ticked"


def test_values_are_the_installations_own() -> None:
    secret = "never-to-be-seen"
    own = replace(STACK, alexa_skill_id=SKILL, lwa_client_id="lwa-1", lwa_client_secret=secret)
    rows = fields(own, "en-GB", [Client("google", "google", "", (), 0), Client("my-alexa", "alexa", "", (), 0)])
    values = {field.name: field.value for field in rows}
    assert values["Your Client ID"] == "my-alexa"
    assert values["Your Skill ID"] == SKILL
    assert (values["Alexa Client Id"], values["Alexa Client Secret"]) == ("lwa-1", "[set]")
    assert secret not in str(rows)


@pytest.mark.parametrize("language", ["en-GB", "en-US", "de-DE"])
def test_the_invocation_name_is_the_models(language: str) -> None:
    [file] = re.findall(r"\[(.+)\]", values_of(language)["Custom > JSON Editor"])
    held = json.loads((ROOT / file).read_text())["interactionModel"]["languageModel"]
    assert values_of(language)["Custom > Skill Invocation Name"] == held["invocationName"]


def test_each_language_has_the_model_that_speaks_it() -> None:
    models = {"de-DE": "de-DE", "en-US": "en-US", "en-CA": "en-US", "en-GB": "en-GB", "en-AU": "en-GB", "fr-FR": ""}
    assert {language: model(language) for language in models} == models
