"""docs/aws.md, on which no real account ever answered, holds to the stack, the settings and AWS's own list of calls."""

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import botocore.session
import msgspec
import pytest
import yaml
from botocore import xform_name

from showcam.settings import SECRETS, Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/aws.md").read_text()
PARAMETERS = yaml.safe_load((ROOT / "aws/parameters.yml").read_text())["default"]
AWS = sorted(set(re.findall(r"^ {4,6}aws (.+)$", TEXT, re.MULTILINE)))
OF_THE_TOOL = {"region", "query"}  # options that every command has
ITS_OWN = {"logs tail"}  # commands that are no single call of a service
RENAMED = {"notification-endpoint": "endpoint"}  # where the call's own name is the tool's


def rows(start: str) -> list[list[str]]:
    """Cells of the table whose first row begins so."""
    lines = TEXT[TEXT.index(start) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def fenced(kind: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return [text for named, text in found if named == kind]


def test_its_table_of_parameters_is_the_deployments() -> None:
    told = {row[0].strip("` "): row[1].strip("` ") for row in rows("| parameter |")}
    assert [*told] == [*PARAMETERS]
    for name, default in PARAMETERS.items():
        assert told[name] == (str(default) if default != "" else "the HTTP API's" if name == "publicUrl" else ""), name


def test_its_deployments_give_parameters_that_there_are() -> None:
    files = fenced("")
    assert len(files) == 2
    for file in files:
        given = dict(line.split("=", 1) for line in file.splitlines())
        assert given.keys() <= PARAMETERS.keys()
        assert not any(" " in value for value in given.values())


def test_its_regions_are_those_where_alexa_looks() -> None:
    told = {row[0].strip("` "): row[1].strip() for row in rows("| region | languages |")}
    known = re.findall(r"'([a-z]+-[a-z]+-\d)': \[(.*?)\]", (ROOT / "aws/parameters.cjs").read_text())
    assert told == {region: languages.replace("'", "") for region, languages in known}


def test_its_settings_are_settings() -> None:
    (given,) = fenced("toml")
    settings = msgspec.convert(tomllib.loads(given), Settings)
    assert settings.all_on_aws
    assert settings.pictures_urls == (), "the HTTP API has nothing under /s/"
    (secret,) = fenced("json")
    assert json.loads(secret).keys() <= SECRETS


def test_its_alarms_are_the_stacks() -> None:
    told = {row[0].strip("` ") for row in rows("| alarm | it means")}
    made = (ROOT / "aws/alarms.cjs").read_text()
    each = re.findall(r"\$\{title\(name\)\}(\w+)`\]: alarm", made)
    alone = re.findall(r"^ +(\w+): alarm\(topic", made, re.MULTILINE)
    assert each
    assert told == {*(f"…{name}" for name in each), *alone, "Table…Faults"}
    assert "`Table${Operation}Faults`" in made


def test_its_outputs_are_the_stacks() -> None:
    stack = (ROOT / "serverless.yml").read_text()
    for name in ("DirectivesArn", "DataKeyArn", "KeysSecretArn", "SettingsSecretArn", "PublicUrl"):
        assert f"`{name}`" in TEXT
        assert re.search(rf"^ +{name}:$", stack, re.MULTILINE), name


def test_make_is_told_what_it_takes() -> None:
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
    assert operation in known, command
    members = known[operation].input_shape.members if known[operation].input_shape else {}
    options = {xform_name(name, "-"): shape.type_name for name, shape in members.items()}
    given = {word.removeprefix("--") for word in rest if word.startswith("--")} - OF_THE_TOOL
    for name in given:
        told = RENAMED.get(name, name)
        assert told in options or options.get(told.removeprefix("no-")) == "boolean", name
    needed = {xform_name(name, "-") for name in getattr(known[operation].input_shape, "required_members", [])}
    assert needed <= {RENAMED.get(name, name) for name in given}, command


def _operations(service: str) -> dict[str, Any]:
    model = botocore.session.Session().get_service_model(service)
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}
