"""What outlives a removed stack, and how CloudFormation imports it again, on an AWS on this machine."""

import json
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.deploy_local.emulator import Emulator
from tests.aws.conftest import Packaged
from tests.doubles.packages import script

KEPT = script("kept")
NEWER = ("DirectivesSecret", "WebSecret", "GoogleSecret")  # than version 0.1
SECRETS = ("KeysSecret", "GrantSecret", "SettingsSecret", *NEWER)
NAMES = ("Table", "DataKey", *SECRETS)
WITHIN_S = 120  # a busy machine is not what is tested


@dataclass(frozen=True)
class Made:
    """A stack of the packaged one's table, key and secrets, by names of its own."""

    aws: Emulator
    stack: str
    resources: dict[str, Any]

    def create(self, more: dict[str, Any] | None = None) -> str:
        """Its state in the end."""
        template = json.dumps({"Resources": self.resources | (more or {})})
        self.aws.client("cloudformation").create_stack(StackName=self.stack, TemplateBody=template)
        return self.settled()

    def settled(self) -> str:
        end = time.monotonic() + WITHIN_S
        while True:
            stacks = self.aws.client("cloudformation").list_stacks()["StackSummaries"]
            state = next(stack["StackStatus"] for stack in stacks if stack["StackName"] == self.stack)
            if not state.endswith("_IN_PROGRESS"):
                return str(state)
            assert time.monotonic() < end, state
            time.sleep(0.05)

    def remove(self) -> None:
        self.aws.client("cloudformation").delete_stack(StackName=self.stack)
        assert self.settled() == "DELETE_COMPLETE"

    def standing(self) -> list[dict[str, Any]]:
        stack = self.aws.client("cloudformation").list_stack_resources(StackName=self.stack)
        return list(stack["StackResourceSummaries"])

    def secret(self, name: str) -> str:
        return str(self.resources[name]["Properties"]["Name"])

    def identifiers(self) -> dict[str, Any]:
        found = KEPT.identifiers(self.resources, self.aws.region)
        return {resource["LogicalResourceId"]: resource["ResourceIdentifier"] for resource in found}

    def left(self) -> list[str]:
        """Names of what is there."""
        names = self.aws.client("dynamodb").list_tables()["TableNames"]
        names += [secret["Name"] for secret in self.aws.client("secretsmanager").list_secrets()["SecretList"]]
        return [name for name in names if self.stack.partition("-")[2] in name]


@pytest.fixture
def made(aws: Emulator, at_home: Packaged, monkeypatch: pytest.MonkeyPatch) -> Made:
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)
    stage = f"kept{secrets.token_hex(4)}"
    template = json.dumps(at_home.template)
    for mark in ("-", "/"):
        template = template.replace(f"showcam{mark}prod", f"showcam{mark}{stage}")
    return Made(aws, f"showcam-{stage}", KEPT.kept(json.loads(template)))


def test_a_creation_that_is_taken_back_leaves_nothing_in_the_way_of_the_next(made: Made) -> None:
    nobody = f"arn:aws:lambda:{made.aws.region}:000000000000:function:nobody"
    refused = {"Type": "AWS::CloudFormation::CustomResource", "Properties": {"ServiceToken": nobody}}
    assert made.create({"Refused": refused | {"DependsOn": list(NAMES)}}) == "ROLLBACK_COMPLETE"
    assert made.left() == []
    made.remove()
    assert made.create() == "CREATE_COMPLETE"


def test_what_a_removed_stack_left_is_listed_by_id(made: Made) -> None:
    assert sorted(made.resources) == sorted(NAMES)
    assert made.create() == "CREATE_COMPLETE"
    (key,) = (
        resource["PhysicalResourceId"] for resource in made.standing() if resource["LogicalResourceId"] == "DataKey"
    )
    made.remove()
    assert sorted(made.left()) == sorted((made.stack, *(made.secret(name) for name in SECRETS)))
    found = made.identifiers()
    arns = {secret["Name"]: secret["ARN"] for secret in made.aws.client("secretsmanager").list_secrets()["SecretList"]}
    assert found == {
        "Table": {"TableName": made.stack},
        "DataKey": {"KeyId": key},
        **{name: {"Id": arns[made.secret(name)]} for name in SECRETS},
    }
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # takes a second, which other workers need not spend

    for name, identifier in found.items():
        known = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", made.resources[name]["Type"]).schema
        assert [f"/properties/{part}" for part in identifier] == known["primaryIdentifier"]


def test_a_secret_that_an_older_version_did_not_have_is_left_to_the_deployment(made: Made) -> None:
    before = {name: identifier for name, identifier in made.resources.items() if name not in NEWER}
    assert Made(made.aws, made.stack, before).create() == "CREATE_COMPLETE"
    made.remove()
    resources, missing = KEPT.left(made.resources, made.aws.region)
    assert (resources, missing) == (before, sorted(made.secret(name) for name in NEWER))
    assert len(KEPT.identifiers(resources, made.aws.region)) == len(before)


def test_the_template_is_of_that_alone_and_stands_by_itself(made: Made, tmp_path: Path) -> None:
    made.create()
    made.remove()
    written = KEPT.template(made.resources, made.stack, made.aws.region)
    assert sorted(written["Resources"]) == sorted(NAMES)
    (tmp_path / "kept.json").write_text(json.dumps(written))
    lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([lint, "-t", tmp_path / "kept.json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "kept.json").stat().st_size < 51_200  # as much as AWS takes with a request


def test_what_stands_in_the_stack_by_now_stays_as_it_is(made: Made) -> None:
    bucket = {"ServerlessDeploymentBucket": {"Type": "AWS::S3::Bucket", "Properties": {}}}
    assert Made(made.aws, made.stack, bucket).create() == "CREATE_COMPLETE"
    assert KEPT.template(made.resources, made.stack, made.aws.region)["Resources"] == bucket | made.resources


def test_a_complete_stack_needs_nothing(made: Made) -> None:
    assert made.create() == "CREATE_COMPLETE"
    with pytest.raises(KEPT.CannotTakeBack, match=f"are in the stack {made.stack} already: make deploy"):
        KEPT.template(made.resources, made.stack, made.aws.region)


def test_missing_resources_and_those_being_deleted_are_named(made: Made) -> None:
    assert made.create() == "CREATE_COMPLETE"
    tables, vault, name = made.aws.client("dynamodb"), made.aws.client("secretsmanager"), made.secret("KeysSecret")
    key = made.identifiers()["DataKey"]["KeyId"]
    made.aws.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with pytest.raises(KEPT.CannotTakeBack, match=f"{key} is PendingDeletion, .* aws kms cancel-key-deletion"):
        made.identifiers()
    tables.update_table(TableName=made.stack, DeletionProtectionEnabled=False)
    tables.delete_table(TableName=made.stack)
    with pytest.raises(KEPT.CannotTakeBack, match=f"no table {made.stack} in eu-west-1"):
        made.identifiers()
    vault.delete_secret(SecretId=name)
    with pytest.raises(KEPT.CannotTakeBack, match=f"restore-secret --secret-id {name}"):
        made.identifiers()
    vault.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    with pytest.raises(KEPT.CannotTakeBack, match=f"no secret {name} in eu-west-1"):
        made.identifiers()
