"""docs/integrator/aws.md agrees with the stack, the settings and AWS's own list of calls."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore import xform_name

from showcam.app import keys
from showcam.app.compose import ground
from showcam.app.compose.command import pictures
from showcam.app.process.settings_sources import load
from showcam.app.settings import SECRETS, Settings
from tests.aws.test_reads import READ
from tests.doubles.aws import OLD_ROOT as OF_GRANTS
from tests.doubles.aws import ROOT as OF_KEYS
from tests.doubles.aws import Cloud, in_process

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/integrator/aws.md").read_text()
PARAMETERS = yaml.safe_load((ROOT / "aws/parameters.yml").read_text())["default"]
AWS = sorted(set(re.findall(r"^ {4,6}aws (.+)$", TEXT, re.MULTILINE)))
OF_THE_TOOL = {"region", "query"}  # options that every command has
ITS_OWN = {"logs tail"}  # commands that are no single call of a service
RENAMED = {"notification-endpoint": "endpoint"}  # where the call's own name is the tool's


def rows(start: str) -> list[list[str]]:
    """Cells of the table whose first row begins so."""
    lines = TEXT[TEXT.index(start) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def words(cell: str) -> set[str]:
    """What stands in code there."""
    return {*re.findall(r"`([\w/]+)`", cell)}


def fenced(kind: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return [text for named, text in found if named == kind]


def test_its_table_of_parameters_is_the_deployments() -> None:
    documented = {row[0].strip("` "): row[1].strip("` ") for row in rows("| parameter |")}
    assert [*documented] == [*PARAMETERS]
    for name, default in PARAMETERS.items():
        assert documented[name] == (
            str(default) if default != "" else "the HTTP API's" if name == "publicUrl" else ""
        ), name


def test_its_deployments_give_known_parameters() -> None:
    files = fenced("")
    assert len(files) == 2
    for file in files:
        given = dict(line.split("=", 1) for line in file.splitlines())
        assert given.keys() <= PARAMETERS.keys()
        assert not any(" " in value for value in given.values())


def test_its_regions_are_alexas() -> None:
    documented = {row[0].strip("` "): row[1].strip() for row in rows("| region | languages |")}
    known = re.findall(r"'([a-z]+-[a-z]+-\d)': \[(.*?)\]", (ROOT / "aws/parameters.cjs").read_text())
    assert documented == {region: languages.replace("'", "") for region, languages in known}


def test_its_settings_are_settings() -> None:
    for given in fenced("toml"):
        assert tomllib.loads(given).keys() <= set(Settings.__struct_fields__)
    held = [{*json.loads(text)} for text in fenced("json")]
    assert held == [words(row[2]) for row in rows("| secret | read by | may hold |")]
    assert set.union(*held) <= SECRETS


def test_each_secret_setting_is_read_by_its_users_alone() -> None:
    table = rows("| secret | read by | may hold |")
    for function, used in ground.SECRETS_OF.items():
        assert set().union(*(words(row[2]) for row in table if function in words(row[1]))) == used


def test_its_table_of_who_reads_what_is_what_they_read() -> None:
    table = rows("| secret | `directives` | `fulfillment` | `web` | `reports` | `operators` |")
    for place, function in enumerate(("directives", "fulfillment", "web", "reports", "operators"), 1):
        documented = {row[0].strip("`").partition("`")[0].replace("cookies", "cookie") for row in table if row[place]}
        assert documented == READ["with all there is", function]
        set_up_for = {row[0].partition("`, with `")[0].strip("`") for row in table if "`, with `" in row[0]}
        assert documented - set_up_for == READ["with little", function]


@dataclass
class Operator:
    """Who has put one of the doc's files where they stand; the secrets are there, under ARNs of their own."""

    cloud: Cloud
    file: Path

    def settings(self, text: str) -> Settings:
        held = {"keys": {"root": OF_KEYS}, "settings": {"ezviz_secret": "s"}, "grant": {"root": OF_GRANTS}}
        held |= {"directives": {"lwa_client_secret": "l"}, "web": {"ezviz_webhook_key": "w"}}
        held["google"] = {"google_service_account": "{}"}
        for name, content in held.items():
            arn = self.cloud.secret(f"showcam/prod/{name}", content)
            text = re.sub(rf'"arn:.*:showcam/prod/{name}-.*"', f'"{arn}"', text)
        self.file.write_text(text)
        return load(environ={}, file=self.file)


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Operator]:
    with in_process(monkeypatch) as cloud:
        yield Operator(cloud, tmp_path / "showcam.toml")


def test_without_media_processes_the_commands_call_none(operator: Operator) -> None:
    base, _media = fenced("toml")
    settings = operator.settings(base)
    assert settings.all_on_aws
    assert (settings.ezviz_secret, settings.lwa_client_secret, settings.ezviz_webhook_key) == ("s", "l", "w")
    assert (settings.pictures_urls, settings.own_media) == ((), False), "the HTTP API has nothing under /s/"
    assert pictures(settings).place("anybody") == ""


def test_with_media_processes_the_commands_use_their_shared_key(operator: Operator) -> None:
    base, media = fenced("toml")
    settings = operator.settings(base.replace('pictures = "vendor"\n', media))
    assert len(settings.media_urls) == 2
    assert (settings.pictures_urls, settings.own_media) == (settings.media_urls, False)
    assert {pictures(settings).place(str(number)) for number in range(50)} == {*settings.media_urls}
    assert keys.grant_of(settings) == keys.derived([OF_GRANTS]).grant


def test_its_examples_hold_no_skill_that_could_be_deployed() -> None:
    assert {*re.findall(r"amzn1\.ask\.skill\.([\w-]+)", TEXT)} == {"YOUR-SKILL-ID"}


def test_as_many_older_roots_are_taken_as_it_says() -> None:
    for document in ("integrator/aws.md", "integrator/pictures.md"):
        assert "seven at most" in (ROOT / "docs" / document).read_text()
    roots = [f"{number}, forty-eight random characters in all" for number in range(9)]
    assert len(_grants(roots[:8])) == 1 + 7
    with pytest.raises(keys.KeysUnreadable, match="at most 8 roots"):
        _grants(roots)


def _grants(roots: list[str]) -> list[bytes]:
    held = json.dumps({"root": roots[0], "older": roots[1:]})
    return keys.grant_of(load(environ={"SHOWCAM_GRANT_ROOTS": held}))


def test_its_alarms_are_the_stacks() -> None:
    documented = {row[0].strip("` ") for row in rows("| alarm | it means")}
    made = (ROOT / "aws/alarms.cjs").read_text()
    published = re.findall(r"\$\{title\(name\)\}(\w+)`\]: alarm", made)
    alone = re.findall(r"^ +(\w+): alarm\(topic", made, re.MULTILINE)
    assert published
    assert documented == {*(f"…{name}" for name in published), *alone, "Table…Faults"}
    assert "`Table${Operation}Faults`" in made


def test_its_outputs_are_the_stacks() -> None:
    stack = (ROOT / "serverless.yml").read_text()
    for name in (
        "DirectivesArn",
        "DataKeyArn",
        "KeysSecretArn",
        "SettingsSecretArn",
        "DirectivesSecretArn",
        "WebSecretArn",
        "PublicUrl",
    ):
        assert f"`{name}`" in TEXT
        assert re.search(rf"^ +{name}:$", stack, re.MULTILINE), name


def test_a_table_is_replaced_while_its_stack_is_removed() -> None:
    """A restored table has another stream, which `changes` and its role would not read."""
    section = TEXT[TEXT.index("## Backup and restore") : TEXT.index("## A newer version, and back")]
    steps = ["create-backup", "delete-api-mapping", "make remove", "delete-table", "restore-table-from-backup"]
    steps += ["--stream-specification", "from `make kept` to `make deploy`", "create-api-mapping"]
    places = [section.find(step) for step in steps]
    assert -1 not in places
    assert places == sorted(places)


def test_make_is_given_known_variables() -> None:
    makefile = (ROOT / "Makefile").read_text()
    given = set(re.findall(r"\b([A-Z]+)=", " ".join(re.findall(r"^ {4}make (.+)$", TEXT, re.MULTILINE))))
    assert given == {"CONFIG", "STAGE", "REGION"}
    assert all(re.search(rf"^{name} \?=", makefile, re.MULTILINE) for name in given | {"ARCHITECTURE"})
    for config in re.findall(r"CONFIG=(\S+)", TEXT):
        assert (ROOT / config).exists()


@pytest.mark.parametrize("command", AWS)
def test_its_calls_of_aws_exist_with_their_options(command: str) -> None:
    service, operation, *rest = shlex.split(command)
    if f"{service} {operation}" in ITS_OWN:
        return
    known = _operations(service)
    if operation == "wait":
        operation = _waiters(service)[rest[0]]
    assert operation in known, command
    members = known[operation].input_shape.members if known[operation].input_shape else {}
    options = {xform_name(name, "-"): shape.type_name for name, shape in members.items()}
    given = {word.removeprefix("--") for word in rest if word.startswith("--")} - OF_THE_TOOL
    for name in given:
        option = RENAMED.get(name, name)
        assert option in options or options.get(option.removeprefix("no-")) == "boolean", name
    needed = {xform_name(name, "-") for name in getattr(known[operation].input_shape, "required_members", [])}
    assert needed <= {RENAMED.get(name, name) for name in given}, command


def _waiters(service: str) -> dict[str, str]:
    """The AWS call that each wait repeats."""
    model = botocore.session.Session().get_waiter_model(service)
    return {xform_name(name, "-"): xform_name(model.get_waiter(name).operation, "-") for name in model.waiter_names}


def _operations(service: str) -> dict[str, Any]:
    model = botocore.session.Session().get_service_model(service)
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}
