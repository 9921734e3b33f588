"""The values for Amazon's console in each kind of installation; the integrator's document has the same fields."""

import json
import re
from itertools import groupby
from pathlib import Path

import pytest

from showcam.app.settings import Settings
from showcam.app.setup.alexa_console import certificate, fields, model
from showcam.app.shipped import skill_package
from showcam.store.records import Client

pytestmark = pytest.mark.proves(
    "Every field of Amazon's console is printed with its value", leans_on="published: Amazon's pages"
)

ROOT = Path(__file__).parents[2]
URL = "https://YOUR-ADDRESS"
SKILL = "amzn1.ask.skill.11111111-1111-1111-1111-111111111111"
HOME = Settings(public_url=URL)
STACK = Settings(public_url=URL, store="dynamodb", keys_secret="showcam/prod/keys", table_region="eu-west-1")
NA, EU = (
    f"arn:aws:lambda:{region}:210987654321:function:showcam-prod-directives" for region in ("us-east-1", "eu-west-1")
)

OWNERS = ["Create skill", "List of skills", "Custom", "Account linking", "Test", "Models", "Smart Home", "Permissions"]
INTEGRATORS = ["Create skill", "Smart Home", "Account linking", "Permissions", "Models", "Custom", "Test"]
ONE_HALF = ["Create skill", "Smart Home", "Account linking", "Permissions"]
# Each field that an owner meets: page, name and value
OWNERS_FIELDS = """
Create skill | Skill name | showcam
Create skill | Primary locale | en-GB
Create skill | Sync locales | off
Create skill | Type of experience | Other
Create skill | Model | Custom
Create skill | Hosting | Provision your own
Create skill | Template | Start from scratch
List of skills | Skill ID | [copy it to alexa_skill_id]
Custom | Skill Invocation Name | my cameras
Custom | Interfaces | Video App
Custom | Endpoint, service type | HTTPS
Custom | Endpoint, default region | https://YOUR-ADDRESS/alexa/skill
Custom | Endpoint, SSL certificate type | {certificate}
Custom | JSON Editor | [showcam/alexa/skill_package/interactionModels/custom/en-GB.json]
Custom | Build | [press it]
Account linking | Allow users to link their account from within your application or website | off
Account linking | Authorization grant type | Auth Code Grant
Account linking | Your Web Authorization URI | https://YOUR-ADDRESS/oauth/authorize
Account linking | Access Token URI | https://YOUR-ADDRESS/oauth/token
Account linking | Your Client ID | [showcam clients add alexa]
Account linking | Your Secret | [shown once, when the client was added]
Account linking | Your Authentication Scheme | HTTP Basic (Recommended)
Account linking | Scope | cameras
Account linking | Domain list | [empty]
Account linking | Default Access Token Expiration Time | [empty]
Account linking | Enable PKCE | on, if it is there
Account linking | Alexa Redirect URLs | [all three: --redirect-uri of showcam clients add alexa]
Test | Skill testing is enabled in | Development
Models | Smart Home | add
Smart Home | Payload version | v3
Smart Home | Your Skill ID | [copy it to alexa_skill_id]
Smart Home | Default endpoint | [the ARN that the forwarder's line prints, in eu-west-1]
Smart Home | North America | not ticked
Smart Home | Europe, India | not ticked
Smart Home | Far East | not ticked
Permissions | Send Alexa Events | on
Permissions | Alexa Client Id | [copy it to lwa_client_id]
Permissions | Alexa Client Secret | [copy it to lwa_client_secret]
"""
# the endpoints of both halves: the default, and the names of the boxes that follow it
ENDPOINTS = [
    ("Smart Home > Default endpoint", "Smart Home > "),
    ("Custom > Endpoint, default region", "Custom > Endpoint, "),
]


def values_of(
    settings: Settings, language: str = "en-GB", *functions: str, by_function: bool = False
) -> dict[str, str]:
    """By page and name."""
    rows = fields(settings, language, [], functions, spoken_by_function=by_function)
    return {f"{field.page} > {field.name}": field.value for field in rows}


@pytest.mark.parametrize(
    ("settings", "language", "pages"),
    [
        (HOME, "en-GB", OWNERS),
        (HOME, "de-DE", OWNERS),
        (STACK, "en-GB", INTEGRATORS),
        (HOME, "fr-FR", ONE_HALF),
        (STACK, "ja-JP", ONE_HALF),
    ],
)
def test_the_pages_come_as_each_meets_them(settings: Settings, language: str, pages: list[str]) -> None:
    assert [page for page, _ in groupby(fields(settings, language, []), key=lambda row: row.page)] == pages


def rows(settings: Settings) -> list[tuple[str, ...]]:
    return [(field.page, field.name, field.value.replace(f"{ROOT}/", "")) for field in fields(settings, "en-GB", [])]


def test_an_owner_meets_each_field_with_its_value() -> None:
    listed = OWNERS_FIELDS.strip().replace("{certificate}", certificate(URL))
    assert rows(HOME) == [tuple(line.split(" | ")) for line in listed.splitlines()]


def test_the_document_has_each_field_of_an_integrator_with_its_value() -> None:
    text = (ROOT / "docs/integrator/skill.md").read_text()
    section = text[text.index("### Each field an integrator meets\n") :].split("\n## ")[0]
    written = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    assert [(page, name, value.strip("`")) for page, name, value in written if page != "page"] == rows(STACK)


def test_on_aws_both_halves_name_functions_and_nothing_of_a_house() -> None:
    values = values_of(STACK)
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


@pytest.mark.parametrize("settings", [HOME, STACK])
def test_functions_that_are_named_stand_in_their_regions(settings: Settings) -> None:
    values = values_of(settings, "en-GB", EU, NA, by_function=True)
    for default, half in ENDPOINTS:
        assert values[default] == values[f"{half}Europe, India"] == EU
        assert values[f"{half}North America"] == NA
        assert values[f"{half}Far East"] == "not ticked"


def test_an_owner_has_one_function_in_the_region_of_the_language() -> None:
    values = values_of(HOME, "en-US")
    assert values["Smart Home > Default endpoint"] == "[the ARN that the forwarder's line prints, in us-east-1]"
    assert {values[f"Smart Home > {place}"] for place in ("North America", "Europe, India", "Far East")} == {
        "not ticked"
    }


def test_values_are_the_installations_own() -> None:
    own = Settings(public_url=URL, alexa_skill_id=SKILL, lwa_client_id="lwa-1", lwa_client_secret="never-to-be-seen")
    rows = fields(own, "en-GB", [Client("google", "google", "", (), 0), Client("my-alexa", "alexa", "", (), 0)])
    values = {field.name: field.value for field in rows}
    assert values["Your Client ID"] == "my-alexa"
    assert values["Skill ID"] == values["Your Skill ID"] == SKILL
    assert (values["Alexa Client Id"], values["Alexa Client Secret"]) == ("lwa-1", "[set]")
    assert "never-to-be-seen" not in str(rows)


@pytest.mark.parametrize("language", ["en-GB", "en-US", "de-DE"])
def test_the_invocation_name_is_the_models(language: str) -> None:
    [file] = re.findall(r"\[(.+)\]", values_of(HOME, language)["Custom > JSON Editor"])
    held = json.loads((ROOT / file).read_text())["interactionModel"]["languageModel"]
    assert values_of(HOME, language)["Custom > Skill Invocation Name"] == held["invocationName"]


def test_certificates_and_models() -> None:
    assert "wildcard" not in certificate("https://nas.tail1234.ts.net")
    assert "wildcard" in certificate("https://cam.example.org")
    models = {"de-DE": "de-DE", "en-US": "en-US", "en-CA": "en-US", "en-GB": "en-GB", "en-AU": "en-GB", "fr-FR": ""}
    assert {language: model(language) for language in models} == models
