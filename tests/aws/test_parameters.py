"""A deployment's parameters: every fault is named at once, and nothing is packaged."""

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from showcam.app.process.settings_sources import SettingsError, load
from showcam.app.setup import forwarder
from tests.aws.conftest import ELSEWHERE, HOME, PYTHON, ROOT, SKILL, Osls, faults
from tests.doubles.packages import ARCHITECTURE, OTHER

PACKAGED = ("directives", "fulfillment", "web", "reports", "changes", "sweep", "operators")

PARAMETERS = yaml.safe_load((ROOT / "aws/parameters.yml").read_text())
PRACTICE = PARAMETERS["local"]["alexaSkillId"]
GIVEN = re.compile(r"^(SHOWCAM_\w+): \$\{self:custom\.given\.(\w+)\}$", re.MULTILINE)
VARIABLES = {name: variable for variable, name in GIVEN.findall((ROOT / "aws/environment.yml").read_text())}
CHECK = """
const others = { 'self:provider.region': 'eu-west-1', 'sls:stage': 'prod' };
const said = (given) => {
  const resolveVariable = async (name) => others[name] ?? given[name.slice('param:'.length)];
  const read = require('./aws/parameters.cjs').home({ resolveVariable });
  return read.then((made) => made.product, (error) => error.message);
};
Promise.all(JSON.parse(process.argv[1]).map(said)).then((all) => console.log(JSON.stringify(all)));
"""
SKILLS = """
const { skill } = require('./aws/parameters.cjs');
console.log(JSON.stringify(JSON.parse(process.argv[1]).map((given) => [...skill(given)].length)));
"""


def by_node(program: str, given: Sequence[object], folder: Path = ROOT) -> list[Any]:
    """The answers of a JavaScript program to the given values. One Node answers all: its start takes longest."""
    command = ["node", "-e", program, json.dumps(given)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    answers: list[Any] = json.loads(done.stdout)
    assert len(answers) == len(given)
    return answers


@pytest.mark.parametrize(
    ("check", "region", "given", "expected"),
    [
        pytest.param(
            "parameters home",
            "eu-west-1",
            {},
            ["alexaSkillId is missing", "alarmTopic is missing: nobody would hear an alarm"],
            id="nothing",
        ),
        pytest.param(
            "parameters home",
            "eu-west-1",
            HOME
            | {
                "alexaSkillId": "amzn1.ask.skill.demo",
                "alarmTopic": "arn:aws:sns:us-east-1:123456789012:alarms",
                "languages": "en-GB, en-US, xx-XX",
                "publicUrl": "http://cameras.example.com",
                "mediaUrls": "https://a.example,https://a.example,b.example",
                "signUp": "everybody",
                "ezvizRegion": "asia",
                "googleReports": "perhaps",
                "readsPerSecond": "0",
                "unlinkedDays": "never",
                "reservedForDirectives": "1.5",
                "reservedForWeb": "-1",
                "logRetention": "31",
                "memory": "much",
                "architecture": OTHER,
            },
            [
                'alexaSkillId is "amzn1.ask.skill.demo"',
                "alarmTopic stands in us-east-1",
                "languages names en-US: for it Alexa looks in us-east-1, this is eu-west-1",
                'languages names "xx-XX", which Alexa does not have',
                'publicUrl is "http://cameras.example.com"',
                'mediaUrls names "b.example"',
                "mediaUrls names one twice",
                'signUp is "everybody"',
                'ezvizRegion is "asia": eu, us, sa, sg, in, ru there are',
                'googleReports is "perhaps": yes there is',
                'readsPerSecond is "0"',
                'unlinkedDays is "NaN"',
                'reservedForDirectives is "1.5"',
                'reservedForWeb is "-1"',
                'logRetention is "31"',
                'memory is "NaN"',
                *(f"build/lambda/{name}.zip is not for {OTHER} python{PYTHON}" for name in PACKAGED),
            ],
            id="all of it wrong",
        ),
        pytest.param(
            "parameters home",
            "eu-central-1",
            HOME | {"alarmTopic": "topic"},
            [
                'region is "eu-central-1": Alexa reaches functions in us-east-1, eu-west-1, us-west-2 alone',
                'alarmTopic is "topic"',
            ],
            id="a region without Alexa",
        ),
        pytest.param(
            "parameters elsewhere",
            "us-east-1",
            HOME | {"alarmTopic": ELSEWHERE["alarmTopic"], "languages": "en-US"},
            [
                f"{name} is missing"
                for name in (
                    "homeRegion",
                    "dataKey",
                    "keysSecret",
                    "settingsSecret",
                    "directivesSecret",
                    "grantSecret",
                    "publicUrl",
                )
            ],
            id="elsewhere, without what home is",
        ),
        pytest.param(
            "parameters elsewhere",
            "us-east-1",
            ELSEWHERE | {"homeRegion": "us-east-1", "keysSecret": "showcam/prod/keys"},
            [
                "us-east-1 is the home region",
                "dataKey stands in eu-west-1, not in the home region us-east-1",
                "settingsSecret stands in eu-west-1, not in the home region us-east-1",
                "directivesSecret stands in eu-west-1, not in the home region us-east-1",
                "grantSecret stands in eu-west-1, not in the home region us-east-1",
                'keysSecret is "showcam/prod/keys", which is none',
            ],
            id="elsewhere, which is home",
        ),
    ],
)
def test_wrong_parameters_are_named(
    packages: dict[str, Path], check: str, region: str, given: dict[str, str], expected: list[str]
) -> None:
    found = faults(packages, check, region, given)
    assert len(found) == len(expected)
    assert [text for text in expected if not any(fault.startswith(text) for fault in found)] == []


@pytest.mark.parametrize(
    ("config", "region", "given", "expected"),
    [
        ("serverless.yml", "eu-west-1", HOME | {"memory": "much"}, 'memory is "NaN"'),
        ("serverless.directives.yml", "us-east-1", ELSEWHERE | {"keysSecret": "keys"}, 'keysSecret is "keys"'),
    ],
    ids=["home", "elsewhere"],
)
def test_with_a_wrong_parameter_nothing_is_packaged(
    osls: Osls, config: str, region: str, given: dict[str, str], expected: str
) -> None:
    packaged = osls(config, region, given)
    assert packaged.file is None
    assert f"  - {expected}" in packaged.said


def test_functions_find_a_product_in_their_own_package(packages: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "build/lambda").mkdir(parents=True)
    for package in packages.values():
        copy = shutil.copy(package, tmp_path / "build/lambda")
        with zipfile.ZipFile(copy, "a") as held:
            held.writestr("product/product.toml", 'name = "Acme View"')
    given = {**PARAMETERS["default"], **HOME, "product": "acme", "architecture": ARCHITECTURE, "python": PYTHON}
    program = CHECK.replace("require('./aws", f"require('{ROOT}/aws")
    assert by_node(program, [given], tmp_path) == ["product"]


def test_a_product_that_is_not_in_the_packages_is_named(packages: dict[str, Path]) -> None:
    found = faults(packages, "parameters home", "eu-west-1", HOME | {"product": "aws/deployments/acme"})
    assert "build/lambda/web.zip is without product: run make package" in found


SKILL_IDS = [
    (SKILL, True),
    ("amzn1.ask.skill.0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", True),
    ("", False),
    ("amzn1.ask.skill.", False),
    ("amzn1.ask.skill.demo", False),
    (f"{SKILL}0", False),
    (f"x{SKILL}", False),
    (SKILL.upper(), False),
    (SKILL.replace("-", ""), False),
    (SKILL.replace("skill", "device"), False),
    ("6d0c4b5e-93a1-4f7e-8c52-0b1f6a9d27e3", False),
    ("amzn1.ask.skill.xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", False),
    ("amzn1.ask.skill.00000000-0000-0000-0000-000000000000", False),
    ("amzn1.ask.skill.12345678-1234-1234-1234-123456789012", False),
    ("amzn1.ask.skill.aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", False),
    (f"{SKILL}\nmore", False),
    (PRACTICE, False),
]


def test_a_skill_id_that_is_none_is_refused() -> None:
    faults = by_node(SKILLS, [{"alexaSkillId": text} for text, _ in SKILL_IDS])
    assert [(text, count == 0) for (text, _), count in zip(SKILL_IDS, faults, strict=True)] == SKILL_IDS
    assert max(faults) == 1


def test_the_one_that_stands_in_for_it_is_for_the_emulator_alone() -> None:
    assert by_node(SKILLS, [{"alexaSkillId": PRACTICE, "stage": "local"}]) == [0]


VALUES = [
    ("publicUrl", "https://a.example", True),
    ("publicUrl", "https://a.example:8443", True),
    ("publicUrl", "https://a.example:65536", False),
    ("publicUrl", "https://a.example:0", False),
    ("publicUrl", "https://a.example/", False),
    ("publicUrl", "https://a.example,https://b.example", False),
    ("publicUrl", "http://a.example", False),
    ("mediaUrls", "https://a.example,https://b.example", True),
    ("mediaUrls", "https://a.example,https://a.example", False),
    ("mediaUrls", "https://a.example,b.example", False),
    ("mediaUrls", ",".join(f"https://m{number}.example" for number in range(32)), True),
    ("mediaUrls", ",".join(f"https://m{number}.example" for number in range(33)), False),
    ("signUp", "anyone", True),
    ("signUp", "everybody", False),
    ("ezvizRegion", "sg", True),
    ("ezvizRegion", "asia", False),
    ("logLevel", "warning", True),
    ("logLevel", "loud", False),
]


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], str]:
    """What packaging answers to each of `VALUES`."""
    told = by_node(CHECK, [PARAMETERS["default"] | {name: text} for name, text, _ in VALUES])
    return {(name, text): answer for (name, text, _), answer in zip(VALUES, told, strict=True)}


@pytest.mark.parametrize(("name", "text", "good"), VALUES)
def test_a_value_that_no_function_starts_with_is_refused_at_packaging(
    name: str, text: str, good: bool, answers: dict[tuple[str, str], str]
) -> None:
    assert (f"  - {name} " not in answers[name, text]) is good, answers[name, text]
    try:
        load(environ={VARIABLES[name]: text})
    except SettingsError:
        assert not good
    else:
        assert good


def test_the_regions_are_those_the_command_line_knows() -> None:
    program = "console.log(JSON.stringify(require('./aws/parameters.cjs').REGIONS))"
    done = subprocess.run(["node", "-e", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {name: tuple(languages) for name, languages in json.loads(done.stdout).items()} == forwarder.REGIONS
