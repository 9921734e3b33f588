"""What outlived a stack that was removed, written so that CloudFormation can take it back; docs/aws.md goes on.

kept.json is a template of what stands in the stack by now and of what was kept; kept-ids.json says how AWS knows each.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

FOLDER = Path(__file__).parents[1] / ".serverless"
PACKAGED = "cloudformation-template-update-stack.json"
TABLE, KEY, SECRET = "AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SecretsManager::Secret"
type Resources = dict[str, dict[str, Any]]


class CannotTakeBack(Exception):
    """The text says what is wrong and what to do."""


def kept(packaged: dict[str, Any]) -> Resources:
    """What the stack leaves behind."""
    return {name: each for name, each in packaged["Resources"].items() if "Retain" in each.get("DeletionPolicy", "")}


def left(resources: Resources, region: str) -> tuple[Resources, list[str]]:
    """What is to be taken back, and names of secrets that the removed stack did not have yet: an older version's.

    Only a secret that a deployment makes as good, since it begins empty, is passed over where it is missing.
    """
    empty = {name: resources[name]["Properties"] for name in _of(resources, SECRET)}
    named = {name: each["Name"] for name, each in empty.items() if "SecretString" in each}
    missing = {name: each for name, each in named.items() if not _is_there(each, region)}
    return {name: each for name, each in resources.items() if name not in missing}, sorted(missing.values())


def identifiers(resources: Resources, region: str) -> list[dict[str, Any]]:
    """As --resources-to-import wants them. Raises CannotTakeBack."""
    named = {name: each["Properties"] for name, each in resources.items()}
    secrets = {name: _secret(named[name]["Name"], region) for name in _of(resources, SECRET)}
    told = {name: {"Id": secret["ARN"]} for name, secret in secrets.items()}
    told |= {name: {"TableName": _table(named[name]["TableName"], region)} for name in _of(resources, TABLE)}
    (key,) = {secret["KmsKeyId"] for secret in secrets.values()}
    told |= {name: {"KeyId": _key(key, region)} for name in _of(resources, KEY)}
    return [
        {"ResourceType": each["Type"], "LogicalResourceId": name, "ResourceIdentifier": told[name]}
        for name, each in resources.items()
    ]


def template(resources: Resources, stack: str, region: str) -> dict[str, Any]:
    """An import may change nothing that stands in the stack: a deployment that failed leaves its bucket there."""
    standing = _standing(stack, region)
    there = standing.get("Resources", {})
    if both := there.keys() & resources.keys():
        raise CannotTakeBack(f"{', '.join(sorted(both))} stand in the stack {stack} already: make deploy is enough")
    return {**standing, "Resources": there | resources}


def _standing(stack: str, region: str) -> dict[str, Any]:
    client = boto3.client("cloudformation", region_name=region)
    try:
        client.describe_stacks(StackName=stack)  # unlike its template, a stack that was removed is not had by its name
    except ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise
    body = client.get_template(StackName=stack)["TemplateBody"]
    return dict(json.loads(body) if isinstance(body, str) else body)


def _of(resources: Resources, kind: str) -> list[str]:
    return [name for name, each in resources.items() if each["Type"] == kind]


def _is_there(secret: str, region: str) -> bool:
    client = boto3.client("secretsmanager", region_name=region)
    try:
        client.describe_secret(SecretId=secret)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def _secret(name: str, region: str) -> dict[str, Any]:
    client = boto3.client("secretsmanager", region_name=region)
    try:
        secret = dict(client.describe_secret(SecretId=name))
    except client.exceptions.ResourceNotFoundException:
        raise CannotTakeBack(f"there is no secret {name} in {region}") from None
    if "DeletedDate" in secret:
        raise CannotTakeBack(f"secret {name} is being deleted: aws secretsmanager restore-secret --secret-id {name}")
    return secret


def _table(name: str, region: str) -> str:
    client = boto3.client("dynamodb", region_name=region)
    try:
        client.describe_table(TableName=name)
    except client.exceptions.ResourceNotFoundException:
        raise CannotTakeBack(f"there is no table {name} in {region}") from None
    return name


def _key(name: str, region: str) -> str:
    """Of the key that encrypts all of it."""
    key = boto3.client("kms", region_name=region).describe_key(KeyId=name)["KeyMetadata"]
    if key["KeyState"] != "Enabled":
        told = f"the key {key['Arn']} is {key['KeyState']}, and without it nothing can be read"
        raise CannotTakeBack(f"{told}: aws kms cancel-key-deletion, then aws kms enable-key")
    return str(key["KeyId"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("region")
    asked = parser.parse_args()
    try:
        resources, missing = left(kept(json.loads((FOLDER / PACKAGED).read_text())), asked.region)
        made = {
            "kept-ids.json": identifiers(resources, asked.region),
            "kept.json": template(resources, asked.stack, asked.region),
        }
    except (CannotTakeBack, BotoCoreError, ClientError) as error:
        sys.exit(f"kept: {error}")
    for name in missing:
        print(f"kept: there is no secret {name}: make deploy makes it, empty", file=sys.stderr)  # noqa: T201
    for name, held in made.items():
        (FOLDER / name).write_text(json.dumps(held, indent=2))
        print(f"{FOLDER.name}/{name}")  # noqa: T201 - what a person waits for


if __name__ == "__main__":
    main()
