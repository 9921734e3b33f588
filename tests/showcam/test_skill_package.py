"""`showcam alexa package`: complete and valid, with this installation's own values, or refused with a sentence."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from showcam.app.cli import main
from showcam.app.setup import forwarder
from showcam.app.setup.alexa_console import model
from showcam.app.setup.skill_package import Certificate, linking, manifest
from showcam.i18n.catalogue import NAMING

URL = "https://home.example.net"
ARNS = {
    "NA": "arn:aws:lambda:us-east-1:210987654321:function:showcam-forward",
    "EU": "arn:aws:lambda:eu-west-1:210987654321:function:showcam-forward",
    "FE": "arn:aws:lambda:us-west-2:210987654321:function:showcam-forward",
}
SKILL, OTHER_SKILL = (f"amzn1.ask.skill.{digit * 8}-1111-1111-1111-111111111111" for digit in "12")

# The part of Amazon's manifest that this skill uses: keys, forms and values by its schema and pages.
_HTTPS = {"type": "string", "pattern": r"^https://[^\s/@]+\.[^\s/@]+/"}
_ARN = {"type": "string", "pattern": r"^arn:aws:lambda:(us-east-1|eu-west-1|us-west-2):\d{12}:function:[\w-]+$"}


def _thing(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    properties = required | (optional or {})
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


_AT_HOME = _thing({"uri": _HTTPS, "sslCertificateType": {"enum": ["SelfSigned", "Wildcard", "Trusted"]}})
_FUNCTION = _thing({"uri": _ARN})
_REGIONS = {
    "type": "object",
    "propertyNames": {"enum": ["NA", "EU", "FE"]},
    "additionalProperties": _thing({"endpoint": _FUNCTION}),
    "minProperties": 1,
}
_ANY_ENDPOINT = {"oneOf": [_AT_HOME, _FUNCTION]}
_COMPLIANCE = ("allowsPurchases", "usesPersonalInfo", "isChildDirected", "isExportCompliant", "containsAds")
_TEXT = {"type": "string", "minLength": 1}
_DESCRIBED = _thing(
    {
        "name": {"type": "string", "minLength": 2, "maxLength": 50},
        "summary": {"type": "string", "minLength": 1, "maxLength": 160},
        "description": {"type": "string", "minLength": 1, "maxLength": 4000},
        "examplePhrases": {"type": "array", "maxItems": 3, "items": _TEXT},
        "keywords": {"type": "array", "maxItems": 30, "items": _TEXT},
        "smallIconUri": {"const": "file://assets/images/smallIcon.png"},
        "largeIconUri": {"const": "file://assets/images/largeIcon.png"},
    }
)
SCHEMA = _thing(
    {
        "manifest": _thing(
            {
                "manifestVersion": {"const": "1.0"},
                "publishingInformation": _thing(
                    {
                        "category": {"const": "SMART_HOME"},
                        "isAvailableWorldwide": {"type": "boolean"},
                        "distributionCountries": {"type": "array"},
                        "testingInstructions": {"type": "string", "maxLength": 4000},
                        "locales": {"type": "object", "minProperties": 1, "additionalProperties": _DESCRIBED},
                    }
                ),
                "privacyAndCompliance": _thing(
                    {name: {"type": "boolean"} for name in _COMPLIANCE}
                    | {
                        "locales": {
                            "type": "object",
                            "additionalProperties": _thing({"privacyPolicyUrl": _HTTPS, "termsOfUseUrl": _HTTPS}),
                        }
                    }
                ),
                "apis": _thing(
                    {
                        "custom": _thing(
                            {
                                "endpoint": _ANY_ENDPOINT,
                                "interfaces": {"type": "array", "items": _thing({"type": {"const": "VIDEO_APP"}})},
                            },
                            {"regions": _REGIONS},
                        )
                    },
                    {
                        "smartHome": _thing(
                            {"protocolVersion": {"const": "3"}, "endpoint": _FUNCTION, "regions": _REGIONS}
                        )
                    },
                ),
                "events": _thing(
                    {
                        "endpoint": _ANY_ENDPOINT,
                        "subscriptions": {
                            "type": "array",
                            "items": _thing({"eventName": {"enum": ["SKILL_ACCOUNT_LINKED", "SKILL_DISABLED"]}}),
                            "minItems": 2,
                            "uniqueItems": True,
                        },
                    },
                    {"regions": _REGIONS},
                ),
            },
            {"permissions": {"type": "array", "items": _thing({"name": {"const": "alexa::async_event:write"}})}},
        )
    }
)


@pytest.fixture(autouse=True)
def on_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings as docs/integrator/aws.md gives them to an integrator's own machine; nothing on AWS is called."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOWCAM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SHOWCAM_PUBLIC_URL", URL)
    monkeypatch.setenv("SHOWCAM_STORE", "dynamodb")
    monkeypatch.setenv("SHOWCAM_KEYS_SECRET", "showcam/prod/keys")
    monkeypatch.setenv("SHOWCAM_ALEXA_SKILL_ID", SKILL)


def package(*words: str) -> Result:
    return CliRunner().invoke(main, ["alexa", "package", "skill", *words])


def written() -> dict[str, Any]:
    """The manifest in ./skill; the rest of the package is checked, too."""
    folder = Path("skill")
    resources = json.loads((folder / "ask-resources.json").read_text())
    source = folder / resources["profiles"]["default"]["skillMetadata"]["src"]
    skill: dict[str, Any] = json.loads((source / "skill.json").read_text())
    jsonschema_rs.Draft202012Validator(SCHEMA).validate(skill)
    manifest: dict[str, Any] = skill["manifest"]
    locales = manifest["publishingInformation"]["locales"]
    models = {path.stem for path in (source / "interactionModels" / "custom").glob("*.json")}
    assert set(locales) == set(manifest["privacyAndCompliance"]["locales"])
    assert {locale for locale in locales if model(locale)} == models
    for locale, texts in locales.items():
        assert bool(texts["examplePhrases"]) is (locale in models)
        for icon in ("smallIconUri", "largeIconUri"):
            assert (source / texts[icon].removeprefix("file://")).read_bytes().startswith(b"\x89PNG")
    hosts = set(re.findall(r"https://([^/\"]+)", json.dumps(skill)))
    assert hosts <= {"home.example.net", "legal.example.net"}, "no other installation's"
    return manifest


def arns(*names: str) -> list[str]:
    return [word for name in names for word in ("--arn", ARNS[name])]


@pytest.mark.parametrize("certificate", ["trusted", "wildcard"])
@pytest.mark.parametrize("names", [(), ("EU",), ("NA", "EU", "FE")])
def test_the_manifest_of_a_house_is_whole_and_legal(names: tuple[str, ...], certificate: Certificate) -> None:
    functions, privacy = {name: ARNS[name] for name in names}, f"{URL}/oauth/privacy"
    skill = manifest(URL, functions, certificate=certificate, privacy=privacy, terms=privacy)
    jsonschema_rs.Draft202012Validator(SCHEMA).validate(skill)
    apis: dict[str, Any] = dict(skill["manifest"]["apis"])
    assert apis["custom"]["endpoint"] == {
        "uri": f"{URL}/alexa/skill",
        "sslCertificateType": certificate.capitalize(),
    }
    assert skill["manifest"]["events"]["endpoint"] == apis["custom"]["endpoint"]
    assert ("smartHome" in apis) is ("permissions" in skill["manifest"]) is bool(names)
    if names:
        assert apis["smartHome"]["endpoint"]["uri"] == ARNS[names[0]]
        assert apis["smartHome"]["regions"] == {name: {"endpoint": {"uri": ARNS[name]}} for name in names}


def test_account_linking_is_asked_for_as_amazon_takes_it() -> None:
    assert linking(URL, "my-alexa", "a-secret")["accountLinkingRequest"] == {
        "skipOnEnablement": "false",
        "type": "AUTH_CODE",
        "authorizationUrl": f"{URL}/oauth/authorize",
        "accessTokenUrl": f"{URL}/oauth/token",
        "accessTokenScheme": "HTTP_BASIC",
        "clientId": "my-alexa",
        "clientSecret": "a-secret",
        "scopes": ["cameras"],
        "domains": [],
        "defaultTokenExpirationInSeconds": 43200,
        "redirectUrls": [f"{URL}/setup/lwa"],
    }


def test_an_integrators_product_has_its_name_and_texts_in_every_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NAMING, "name", NAMING.name)  # put back after the test
    texts = {"privacy": "https://legal.example.net/privacy", "terms": "https://legal.example.net/terms"}
    lines = [f'{name} = "{text}"' for name, text in ({"name": "Acme View"} | texts).items()]
    (tmp_path / "product.toml").write_text("\n".join(lines))
    Image.new("RGB", (512, 256), "red").save(tmp_path / "logo.png")
    monkeypatch.setenv("SHOWCAM_PRODUCT", str(tmp_path))
    done = package(*arns("EU", "NA", "FE"), "--language", "fr-FR")
    assert done.exit_code == 0, done.output
    manifest = written()
    described = manifest["publishingInformation"]["locales"]
    assert {texts["name"] for texts in described.values()} == {"Acme View"}
    assert "showcam" not in json.dumps(
        [texts | {"smallIconUri": "", "largeIconUri": ""} for texts in described.values()]
    )
    for addresses in manifest["privacyAndCompliance"]["locales"].values():
        assert addresses == {"privacyPolicyUrl": texts["privacy"], "termsOfUseUrl": texts["terms"]}
    for name, size in (("smallIcon", 108), ("largeIcon", 512)):
        with Image.open(f"skill/skill-package/assets/images/{name}.png") as icon:
            assert icon.size == (size, size)
            assert icon.getpixel((size // 2, size // 2)) == (255, 0, 0, 255)


def test_a_logo_that_is_no_picture_writes_no_skill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NAMING, "name", NAMING.name)
    (tmp_path / "product.toml").write_text('name = "Acme View"')
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\nand nothing more")
    monkeypatch.setenv("SHOWCAM_PRODUCT", str(tmp_path))
    done = package(*arns("EU"))
    assert (done.exit_code, "logo.png can't be read as a picture" in done.output) == (2, True)
    assert not Path("skill/skill-package/skill.json").exists()


def test_both_halves_and_the_events_name_functions_in_each_region() -> None:
    done = package(*arns("EU", "NA", "FE"))
    assert done.exit_code == 0, done.output
    manifest = written()
    for half in (manifest["apis"]["custom"], manifest["apis"]["smartHome"], manifest["events"]):
        assert half["endpoint"] == {"uri": ARNS["EU"]}
        assert half["regions"] == {name: {"endpoint": {"uri": arn}} for name, arn in ARNS.items()}
    assert manifest["permissions"]
    assert "alexa/skill" not in json.dumps(manifest)
    assert "looks for them" not in done.output
    assert "ask deploy" in done.output
    for texts in manifest["privacyAndCompliance"]["locales"].values():
        assert set(texts.values()) == {f"{URL}/oauth/privacy"}


@pytest.mark.parametrize("language", forwarder.LANGUAGES)
def test_the_package_is_for_an_echo_in_any_language_and_speaks_english_and_german(language: str) -> None:
    done = package("--language", language, *arns("EU", "NA", "FE"))
    assert done.exit_code == 0, done.output
    assert written()["publishingInformation"]["locales"].keys() == {"en-US", "en-GB", "de-DE", language}
    assert (f"Of the spoken half there is none in {language}" in done.stderr) is (language[:2] not in ("en", "de"))


def test_an_earlier_package_leaves_no_language_behind() -> None:
    assert package("--language", "en-AU", "--language", "en-IN", *arns("EU", "FE")).exit_code == 0
    assert {"en-AU", "en-IN"} < written()["publishingInformation"]["locales"].keys()
    assert package(*arns("EU")).exit_code == 0
    assert written()["publishingInformation"]["locales"].keys() == {"en-US", "en-GB", "de-DE"}


def test_the_texts_of_law_may_be_elsewhere() -> None:
    more = ("--privacy-url", "https://legal.example.net/privacy", "--terms-url", "https://legal.example.net/terms")
    assert package(*arns("EU", "NA"), *more).exit_code == 0
    texts = written()["privacyAndCompliance"]["locales"]["en-US"]
    assert texts["termsOfUseUrl"] == "https://legal.example.net/terms"


def test_a_language_of_the_package_without_a_function_is_named() -> None:
    assert "en-US: this command with --arn of us-east-1 too" in package(*arns("EU")).output
    assert "en-GB, de-DE: this command with --arn of eu-west-1 too" in package(*arns("NA")).output


@pytest.mark.parametrize(
    ("words", "skill", "expected"),
    [((), SKILL, "Missing option '--arn'"), (arns("EU"), "", "alexa_skill_id is not set")],
)
def test_functions_and_the_skill_they_permit_come_first(
    words: list[str], skill: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOWCAM_ALEXA_SKILL_ID", skill)
    done = package(*words)
    assert (done.exit_code, expected in done.stderr, Path("skill").exists()) == (2, True, False)


def test_at_home_the_page_makes_the_skill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOWCAM_STORE")
    monkeypatch.delenv("SHOWCAM_KEYS_SECRET")
    done = package(*arns("EU"))
    assert (done.exit_code, "showcam home" in done.stderr, Path("skill").exists()) == (2, True, False)


# what the folder knew of its skill before, what it knows then
STATES: list[tuple[str | None, str]] = [(None, SKILL), ("", SKILL), (SKILL, SKILL), (OTHER_SKILL, "refused")]


@pytest.mark.parametrize(("before", "then"), STATES)
def test_only_the_folders_own_skill_is_changed(before: str | None, then: str) -> None:
    states = Path("skill/.ask/ask-states.json")
    if before is not None:
        assert package(*arns("EU")).exit_code == 0
        states.write_text(json.dumps({"profiles": {"default": {"skillId": before}}}))
    done = package(*arns("EU"))
    if then == "refused":
        assert (done.exit_code, f"of another skill than {SKILL}" in done.stderr) == (2, True)
        return
    assert done.exit_code == 0, done.output
    assert json.loads(states.read_text())["profiles"]["default"]["skillId"] == then


def test_it_is_written_again_over_itself() -> None:
    assert package(*arns("EU")).exit_code == 0
    assert package(*arns("EU", "NA")).exit_code == 0
    assert set(written()["apis"]["smartHome"]["regions"]) == {"EU", "NA"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--arn", "arn:aws:lambda:eu-west-1:123:function:x"), "that is no function's ARN"),
        (("--arn", "arn:aws:iam::210987654321:role/x"), "that is no function's ARN"),
        (("--arn", ARNS["EU"].replace("eu-west-1", "eu-north-1")), "us-east-1, eu-west-1, us-west-2 only"),
        ((*arns("EU"), *arns("EU")), "another function in eu-west-1 already"),
        (("--language", "nb-NO", *arns("EU")), "Alexa has no language nb-NO. It has ar-SA, de-DE,"),
        (("--language", "ja-JP", *arns("EU")), "For ja-JP Alexa looks in us-west-2"),
        ((*arns("EU"), "--privacy-url", "http://legal.example.net/"), "an https address is wanted"),
        ((*arns("EU"), "--terms-url", "https://user@legal.example.net/"), "an https address is wanted"),
    ],
)
def test_a_missing_or_wrong_value_is_named_and_nothing_written(words: tuple[str, ...], expected: str) -> None:
    done = package(*words)
    assert done.exit_code == 2, done.output
    assert expected in done.stderr
    assert not Path("skill").exists()


def test_without_a_public_address_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOWCAM_PUBLIC_URL")
    done = package(*arns("EU"))
    assert done.exit_code == 2
    assert "public_url is not set" in done.stderr


@pytest.mark.parametrize("kind", ["file", "others"])
def test_what_is_somebody_elses_is_not_written_over(kind: str) -> None:
    if kind == "file":
        Path("skill").write_text("mine")
    else:
        Path("skill").mkdir()
        Path("skill/notes.txt").write_text("mine")
    done = package(*arns("EU"))
    assert done.exit_code == 2
    assert "name a" in done.stderr
    assert (Path("skill") if kind == "file" else Path("skill/notes.txt")).read_text() == "mine"
