"""The stack as osls packages it, once per session in a folder of its own, with the zips of build/lambda."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.doubles.packages import ARCHITECTURE as ARCHITECTURE
from tests.doubles.packages import ROOT as ROOT

OSLS = ROOT / "node_modules/.bin/osls"
SKILL = "amzn1.ask.skill.3f9a1c7e-58d2-4b06-9e41-7c2d8a05b6f3"
PYTHON = "{}.{}".format(*sys.version_info)
MEDIA = "https://one.example.com,https://two.example.com:8443"
LOGIN = "amzn1.application-oa2-client.0a1b2c3d"
HOME = {
    "alexaSkillId": SKILL,
    "alarmTopic": "arn:aws:sns:eu-west-1:123456789012:alarms",
    "languages": "en-GB,de-DE",
    "mediaUrls": MEDIA,
    "ezvizKey": "k",
    "lwaClientId": LOGIN,
    "googleReports": "yes",
    "reservedForDirectives": "100",
    "reservedForWeb": "50",
}
ELSEWHERE = {
    "alexaSkillId": SKILL,
    "alarmTopic": "arn:aws:sns:us-east-1:123456789012:alarms",
    "publicUrl": "https://cameras.example.com",
    "mediaUrls": MEDIA,
    "ezvizKey": "k",
    "lwaClientId": LOGIN,
    "homeRegion": "eu-west-1",
    "dataKey": "arn:aws:kms:eu-west-1:123456789012:key/6d0c4b5e-93a1-4f7e-8c52-0b1f6a9d27e3",
    "keysSecret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:showcam/prod/keys-AbCdEf",
    "settingsSecret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:showcam/prod/settings-AbCdEf",
    "directivesSecret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:showcam/prod/directives-AbCdEf",
    "grantSecret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:showcam/prod/grant-AbCdEf",
}
HOST = "media.cam.example"
IMAGE = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/showcam-media@sha256:{'a1' * 32}"
FLEET = {
    "image": IMAGE,
    "host": HOST,
    "least": "3",
    "most": "40",
    "certificate": "arn:aws:acm:eu-west-1:123456789012:certificate/6d0c4b5e-93a1-4f7e-8c52-0b1f6a9d27e3",
    "zone": "Z0123456789ABCDEFGHIJ",
    "webUrl": "https://cam.example",
    "grantSecret": ELSEWHERE["grantSecret"],
    "dataKey": ELSEWHERE["dataKey"],
    "alarmTopic": "arn:aws:sns:eu-west-1:123456789012:alarms",
    "stun": "stun.cam.example:3478",
    "turn": "turn:turn.cam.example:3478?transport=udp",
    "turnSecret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:turn-AbCdEf",
}
LISTENERS = FLEET | {
    "listeners": "3",
    "listenerImage": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/showcam-listener@sha256:{'b2' * 32}",
    "table": "showcam-prod",
    "keysSecret": ELSEWHERE["keysSecret"],
    "settingsSecret": ELSEWHERE["settingsSecret"],
    "ezvizKey": "k" * 32,
}
# without what a deployment may leave out, at an address of its own
BARE = {name: HOME[name] for name in ("alexaSkillId", "alarmTopic", "ezvizKey")} | {
    "publicUrl": "https://cameras.example.com"
}
# packaging asks the named function of aws/ in this way, with the parameters and the defaults of its file
CHECKED = """
const [file, name, region, each] = JSON.parse(process.argv[1]);
const others = { 'self:provider.region': region, 'sls:stage': 'prod' };
const check = require(`./aws/${file}.cjs`)[name];
const faults = (given) => {
  const resolveVariable = async (asked) => others[asked] ?? given[asked.slice('param:'.length)];
  return check({ resolveVariable }).then(() => '', (error) => error.message);
};
Promise.all(each.map(faults)).then((all) => console.log(JSON.stringify(all)));
"""

type Template = dict[str, Any]


@dataclass(frozen=True)
class Packaged:
    """`said` is the output of osls; `file` the template, if it packaged one."""

    said: str
    file: Path | None

    @property
    def template(self) -> Template:
        assert self.file, self.said
        return dict(json.loads(self.file.read_text()))


type Osls = Callable[[str, str, dict[str, str]], Packaged]


@pytest.fixture(scope="session")
def osls(packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Osls:
    """Packages by a configuration, in a region, with parameters."""
    assert OSLS.exists(), "osls is missing: run make test, which installs it with npm"

    def run(config: str, region: str, given: dict[str, str]) -> Packaged:
        folder = tmp_path_factory.mktemp("stack")
        shutil.copytree(ROOT / "aws", folder / "aws")
        shutil.copy(ROOT / config, folder)
        for name in ("build", "node_modules"):
            (folder / name).symlink_to(ROOT / name)
        given = {"architecture": ARCHITECTURE, "python": PYTHON} | given
        params = [f"--param={name}={value}" for name, value in given.items()]
        command: list[str | Path] = [
            OSLS,
            "package",
            "--config",
            config,
            "--stage",
            "prod",
            "--region",
            region,
            *params,
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        made = folder / ".serverless/cloudformation-template-update-stack.json"
        return Packaged(done.stdout + done.stderr, made if done.returncode == 0 else None)

    return run


def faults(packages: dict[str, Path], check: str, region: str, given: dict[str, str]) -> list[str]:
    """The faults that the check of a stack's parameters ("parameters home") names before anything is packaged."""
    assert packages, "the check reads them"
    file, _, name = check.partition(" ")
    defaults = yaml.safe_load((ROOT / f"aws/{'media-' if file == 'media' else ''}parameters.yml").read_text())
    all_given = defaults["default"] | {"architecture": ARCHITECTURE, "python": PYTHON} | given
    words = ["node", "-e", CHECKED, json.dumps([file, name, region, [all_given]])]
    (answer,) = json.loads(subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    first, *named = answer.splitlines()
    assert first == "nothing is packaged:"
    return [line.removeprefix("  - ") for line in named]


@pytest.fixture(scope="session")
def at_home(osls: Osls) -> Packaged:
    return osls("serverless.yml", "eu-west-1", HOME)


@pytest.fixture(scope="session")
def elsewhere(osls: Osls) -> Packaged:
    return osls("serverless.directives.yml", "us-east-1", ELSEWHERE)


@pytest.fixture(scope="session")
def bare(osls: Osls) -> Packaged:
    return osls("serverless.yml", "eu-west-1", BARE)


@pytest.fixture(scope="session")
def fleet(osls: Osls) -> Packaged:
    return osls("serverless.media.yml", "eu-west-1", FLEET)


@pytest.fixture(scope="session")
def listeners(osls: Osls) -> Packaged:
    return osls("serverless.media.yml", "eu-west-1", LISTENERS)


@pytest.fixture(scope="session", params=["at_home", "elsewhere"])
def each_stack(request: pytest.FixtureRequest) -> Packaged:
    packaged: Packaged = request.getfixturevalue(request.param)
    return packaged


@pytest.fixture
def home(at_home: Packaged) -> Template:
    return at_home.template


@pytest.fixture
def template(each_stack: Packaged) -> Template:
    return each_stack.template
