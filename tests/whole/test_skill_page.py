"""From one security profile to a whole Alexa skill, by the pages of a running showcam and a double of Amazon."""

import re
from collections.abc import Iterator
from copy import copy
from json import loads
from pathlib import Path

import pytest
import requests

from tests.doubles.console_browser import Page
from tests.doubles.linkable_house import ARN, PATH, URL, begin, come_back, owned
from tests.doubles.skill_management import EVENTS, PROFILE, SkillManagement
from tests.doubles.waiting import LONG_S, within

HAND = "/home/alexa/hand"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, SkillManagement]]:
    with owned(tmp_path_factory.mktemp("skill")) as (page, amazon, _):
        yield page, amazon


@pytest.fixture
def amazon(house: tuple[Page, SkillManagement]) -> SkillManagement:
    house[1].skills.clear()
    return house[1]


@pytest.fixture
def page(house: tuple[Page, SkillManagement]) -> Page:
    house[0].post(PATH, step="forget")
    return house[0]


def test_the_whole_way_by_pages_with_a_reload_at_every_step(page: Page, amazon: SkillManagement) -> None:
    page.get(PATH)
    assert page.value("return-url") == f"{URL}/setup/lwa"
    returned = amazon.allow(begin(page))
    assert come_back(page, returned).status_code == 200
    assert come_back(page, returned).status_code == 404
    assert within(LONG_S, lambda: page.shows(PATH, "Keep it"))

    assert page.post(PATH, step="stack") == 200
    assert "home?region=eu-west-1#/stacks/create" in page.text
    key = page.value("key")
    ((skill_id, skill),) = amazon.skills.items()
    assert page.post(PATH, step="template") == 200
    template = page.text
    assert (URL in template, skill_id in template, key in template) == (True, True, False)
    amazon.permits.add((ARN, skill_id))
    assert page.post(PATH, step="function", arn="arn:aws:lambda:us-east-1:123456789012:function:f") == 403
    assert "s region eu-west-1" in page.text
    assert page.post(PATH, step="function", arn=ARN) == 200

    assert within(LONG_S, lambda: page.shows(PATH, "Your skill is whole"))
    assert skill.manifest["apis"]["smartHome"]["endpoint"]["uri"] == ARN
    held = loads(page.program.command("settings", "list", "--json").stdout)
    assert (held["alexa_skill_id"]["value"], held["lwa_client_id"]["value"]) == (skill_id, EVENTS[0])
    assert within(LONG_S, lambda: "started again with changed settings" in page.program.log.read_text())
    assert within(LONG_S, page.program.serves)
    log = page.program.log.read_text()
    assert [
        secret for secret in (PROFILE[1], EVENTS[1], returned["code"], returned["state"], key) if secret in log
    ] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 404),
        ({"state": "x", "code": "y"}, 404),
        ({"state": "", "code": "y"}, 404),
    ],
)
def test_nobody_else_comes_back_from_amazon(page: Page, query: dict[str, str], status: int) -> None:
    begin(page)
    assert come_back(page, query).status_code == status


def test_who_does_not_allow_it_and_who_has_a_wrong_secret_is_answered(page: Page, amazon: SkillManagement) -> None:
    returned = amazon.allow(begin(page))
    denied = come_back(page, {"state": returned["state"], "error": "access_denied"})
    assert (denied.status_code, "has not allowed it" in denied.text) == (403, True)
    returned = amazon.allow(begin(page, "another"))
    wrong = come_back(page, returned)
    assert (wrong.status_code, "does not know this client id" in wrong.text) == (403, True)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"step": "begin"}, 403),
        ({"step": "begin", "client-id": "x", "client-secret": "y", "language": "nb-NO"}, 403),
        ({"step": "stack"}, 403),
        ({"step": "template"}, 403),
        ({"step": "function", "arn": ARN}, 403),
        ({"step": "nonsense"}, 400),
        ({"step": ""}, 400),
    ],
)
def test_nonsense_in_the_form_is_answered_in_place(page: Page, form: dict[str, str], status: int) -> None:
    assert page.post(PATH, **form) == status


@pytest.mark.parametrize(
    ("browser", "chosen"),
    [
        ("", "en-GB"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr-CA"),
        ("fr-CH,fr;q=0.9", "fr-FR"),
        ("nb-NO,nb;q=0.9,en-US;q=0.8", "en-US"),
        ("en-IE", "en-GB"),
        ("ja", "ja-JP"),
        ("pt-PT", "pt-BR"),
        ("nb-NO", "en-GB"),
        ("*", "en-GB"),
    ],
)
def test_the_echos_language_begins_with_the_browsers(page: Page, browser: str, chosen: str) -> None:
    """On both roads, until a skill is begun: its language stays."""
    for path in (PATH, HAND):
        shown = page.session.get(f"{page.program.web}{path}", headers={"Accept-Language": browser}, timeout=LONG_S)
        assert re.findall(r"<option selected>([^<]+)", shown.text) == [chosen]


@pytest.mark.parametrize("language", ["fr-FR", "en-AU", "de-DE"])
def test_the_command_writes_the_locales_and_models_that_the_page_makes(
    page: Page, amazon: SkillManagement, tmp_path: Path, language: str
) -> None:
    assert come_back(page, amazon.allow(begin(page, language=language))).status_code == 200
    assert within(LONG_S, lambda: page.shows(PATH, "Keep it"))
    (skill,) = amazon.skills.values()
    folder = tmp_path / "skill"
    regions = ("us-east-1", "eu-west-1", "us-west-2")
    arns = [f"--arn=arn:aws:lambda:{region}:210987654321:function:showcam-directives" for region in regions]
    integrators = copy(page.program)
    integrators.environ = page.program.environ | {
        "SHOWCAM_STORE": "dynamodb",
        "SHOWCAM_KEYS_SECRET": "showcam/keys",
        "SHOWCAM_ALEXA_SKILL_ID": f"amzn1.ask.skill.{'1' * 8}-1111-1111-1111-{'1' * 12}",
    }
    done = integrators.command("alexa", "package", str(folder), "--language", language, *arns)
    assert done.returncode == 0, done.stderr
    package = folder / "skill-package"
    written = loads((package / "skill.json").read_text())["manifest"]["publishingInformation"]["locales"]
    for texts in written.values():
        del texts["smallIconUri"], texts["largeIconUri"]  # files of the package, which the page does not upload
    assert written == skill.manifest["publishingInformation"]["locales"]
    models = {file.stem: loads(file.read_text()) for file in (package / "interactionModels/custom").glob("*.json")}
    assert models == skill.models


def test_a_skill_that_is_begun_keeps_its_language(page: Page) -> None:
    begin(page)
    shown = page.session.get(f"{page.program.web}{PATH}", headers={"Accept-Language": "fr-FR"}, timeout=LONG_S)
    assert "<option selected>en-GB" in shown.text


def test_no_door_takes_a_function_from_outside(page: Page) -> None:
    for text in ("", "x", "a" * 500):
        sent = requests.post(f"{page.program.web}/setup/forwarder/{text}", data={"arn": ARN}, timeout=LONG_S)
        assert sent.status_code == 404


REDIRECT = "https://layla.amazon.com/api/skill/link/M1ABCDEFGHIJKL"
HAND_SKILL = "amzn1.ask.skill.00000000-0000-4000-8000-00000000hand"


def template_names(page: Page, skill: str) -> bool:
    """Whether the template for AWS lets this skill call; it does once the processes have read the kept settings."""
    try:
        return page.post(HAND, step="hand-template", language="en-GB") == 200 and skill in page.text
    except requests.ConnectionError:
        return False


def test_by_hand_four_values_are_copied_here_and_no_file_is_edited(page: Page) -> None:
    page.program.command("clients", "remove", "alexa")  # which the way by itself has made in this house
    assert page.post(HAND, step="hand-client", redirect="https://evil.example/M1") == 403
    assert "That is none of the three Alexa Redirect URLs" in page.text
    assert page.post(HAND, step="hand-client", redirect=REDIRECT) == 200
    secret = page.value("secret")
    assert (page.value("authorize"), page.value("token")) == (f"{URL}/oauth/authorize", f"{URL}/oauth/token")
    listed = loads(page.program.command("clients", "list", "--json").stdout)["clients"]
    (client,) = [row for row in listed if row["id"] == "alexa"]
    assert len(client["redirect_uris"]) == 3
    assert (REDIRECT in client["redirect_uris"], secret in page.get(HAND)) == (True, False)

    assert page.post(HAND, **{"step": "hand-keep", "skill-id": "nonsense"}) == 403
    assert 'value="nonsense"' in page.text  # nothing that was typed is lost
    given = {"skill-id": HAND_SKILL, "events-id": EVENTS[0], "events-secret": EVENTS[1]}
    assert page.post(HAND, step="hand-keep", **given) == 200
    assert "Kept." in page.text
    held = loads(page.program.command("settings", "list", "--json").stdout)
    assert (held["alexa_skill_id"]["value"], held["lwa_client_id"]["value"]) == (HAND_SKILL, EVENTS[0])
    assert within(LONG_S, lambda: template_names(page, HAND_SKILL))
    assert page.post(HAND, step="hand-stack", language="en-GB") == 200
    assert page.value("key")
    assert page.post(HAND, step="hand-template", language="en-GB") == 200
    assert HAND_SKILL in page.text
    assert page.post(HAND, step="hand-stack", language="en-GB") == 200
    log = page.program.log.read_text()
    assert [secret_text for secret_text in (secret, EVENTS[1], page.value("key")) if secret_text in log] == []
