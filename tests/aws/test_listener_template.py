"""Listeners in the media processes' template: none until they are wanted; a role for their table, alarms, no door."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from showcam.app.process.settings_sources import load
from showcam.registry.watch.share import MOST
from tests.aws.conftest import FLEET, LISTENERS, Packaged, Template, faults
from tests.aws.test_dashboard import OF_LISTENERS
from tests.aws.test_media_template import of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def template(listeners: Packaged) -> Template:
    return listeners.template


def properties(template: Template, name: str) -> dict[str, Any]:
    return dict(template["Resources"][name]["Properties"])


def test_as_many_run_as_are_wanted_and_nobody_connects_to_them(template: Template) -> None:
    service = properties(template, "Listeners")
    assert service["DesiredCount"] == 3
    assert "LoadBalancers" not in service
    assert "SecurityGroupIngress" not in properties(template, "ListenerGroup")
    (container,) = properties(template, "ListenerTask")["ContainerDefinitions"]
    assert "PortMappings" not in container
    assert container["Image"] == LISTENERS["listenerImage"]
    assert container["ReadonlyRootFilesystem"] is True
    assert container["User"] == "10001:10001"


def test_its_environment_is_settings_as_the_functions_have_them(template: Template) -> None:
    (container,) = properties(template, "ListenerTask")["ContainerDefinitions"]
    environ = {variable["Name"]: variable["Value"] for variable in container["Environment"]}
    assert environ.pop("SHOWCAM_SETTINGS_SECRET") == LISTENERS["settingsSecret"]
    settings = load(environ=environ | {"SHOWCAM_EZVIZ_SECRET": "s"})
    assert settings.all_on_aws
    assert (settings.table, settings.keys_secret) == ("showcam-prod", LISTENERS["keysSecret"])
    assert (settings.ezviz_key, settings.pictures) == (LISTENERS["ezvizKey"], "plane")
    assert settings.has_console
    assert settings.fleet_url == f"https://{FLEET['host']}"


def test_its_role_reaches_rows_of_one_table_and_two_secrets(template: Template) -> None:
    (policy,) = properties(template, "ListenerRole")["Policies"]
    granted: dict[str, Any] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        for action in actions:
            assert "*" not in action
            granted.setdefault(action, []).append(statement["Resource"])
    assert "*" not in json.dumps(granted)
    assert granted["secretsmanager:GetSecretValue"] == [[LISTENERS["keysSecret"], LISTENERS["settingsSecret"]]]
    assert granted["kms:Decrypt"] == [FLEET["dataKey"]]
    table = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/showcam-prod"
    assert granted["dynamodb:Query"] == [{"Fn::Sub": table}, {"Fn::Sub": f"{table}/index/gsi1"}]
    assert granted["dynamodb:DeleteItem"] == [{"Fn::Sub": table}]
    (deletes,) = (each for each in policy["PolicyDocument"]["Statement"] if each["Action"] == "dynamodb:DeleteItem")
    assert deletes["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["account#*", "link#*"]}}


def test_four_alarms_hear_of_them(template: Template) -> None:
    alarms = {name: alarm for name, alarm in of(template, "AWS::CloudWatch::Alarm").items() if "Listener" in name}
    assert set(alarms) == {"ListenersGone", "ListenersFull", "ListenersBusy", "ListenersMemory"}
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [FLEET["alarmTopic"]]
    gone = alarms["ListenersGone"]
    assert (gone["Statistic"], gone["Period"], gone["Threshold"]) == ("SampleCount", 300, 9)  # five lines of each
    assert gone["TreatMissingData"] == "breaching"
    assert alarms["ListenersFull"]["Threshold"] < MOST
    filtered = properties(template, "ListenerPlacesTold")
    source = (ROOT / "showcam/app/compose/worker.py").read_text()
    (event,) = re.findall(r'event = "([^"]+)"', filtered["FilterPattern"])
    assert f'"{event}", live=' in source
    (made,) = filtered["MetricTransformations"]
    assert (made["MetricName"], made["MetricValue"]) == (gone["MetricName"], "$.places")
    assert {(made["MetricNamespace"], made["MetricName"])} == OF_LISTENERS  # the main stack's dashboard shows it


def test_what_is_wrong_is_named_and_what_they_need_is_asked_for_only_with_them(packages: dict[str, Path]) -> None:
    wrong = {"listeners": "51", "table": "a b", "ezvizRegion": "moon", "ownersPages": "perhaps"}
    given = LISTENERS | wrong | {"keysSecret": LISTENERS["keysSecret"].replace("eu-west-1", "us-east-1")}
    del given["listenerImage"]
    found = faults(packages, "media stack", "eu-west-1", given)
    for text in (
        'listeners is "51": a whole number from 0 to 50',
        'table is "a b"',
        'ezvizRegion is "moon"',
        'ownersPages is "perhaps"',
        "listenerImage is missing",
        "keysSecret stands in us-east-1, the listeners in eu-west-1",
    ):
        assert any(fault.startswith(text) for fault in found), found


def test_the_image_starts_a_listener() -> None:
    containerfile = (ROOT / "ship/Containerfile").read_text()
    [target] = re.findall(r"^FROM program AS listener\n((?:(?!FROM).*\n)*)", containerfile, re.MULTILINE)
    assert '"showcam", "worker", "--listen"' in target.replace("/opt/env/bin/", "")
    assert re.search(r"^USER 10001:10001$", target, re.MULTILINE)
