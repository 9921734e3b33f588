"""Writes what outlived a removed stack as files for a CloudFormation import; docs/integrator/aws.md continues.

kept.json is a template of the stack's present resources and the kept ones; kept-ids.json has the kept ones' AWS ids.
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
    """The resources that outlive the stack."""
    return {
        name: resource
        for name, resource in packaged["Resources"].items()
        if "Retain" in resource.get("DeletionPolicy", "")
    }


def left(resources: Resources, region: str) -> tuple[Resources, list[str]]:
    """The resources to import, and the names of secrets that the removed stack, of an older version, did not have.

    Only a secret that begins empty may be missing, since a deployment makes the same one.
    """
    empty = {name: resources[name]["Properties"] for name in _of(resources, SECRET)}
    named = {name: secret["Name"] for name, secret in empty.items() if "SecretString" in secret}
    missing = {name: secret for name, secret in named.items() if not _exists(secret, region)}
    return {name: resource for name, resource in resources.items() if name not in missing}, sorted(missing.values())


def identifiers(resources: Resources, region: str) -> list[dict[str, Any]]:
    """The value of --resources-to-import. Raises CannotTakeBack."""
    named = {name: resource["Properties"] for name, resource in resources.items()}
    secrets = {name: _secret(named[name]["Name"], region) for name in _of(resources, SECRET)}
    ids = {name: {"Id": secret["ARN"]} for name, secret in secrets.items()}
    ids |= {name: {"TableName": _table(named[name]["TableName"], region)} for name in _of(resources, TABLE)}
    (key,) = {secret["KmsKeyId"] for secret in secrets.values()}
    ids |= {name: {"KeyId": _key(key, region)} for name in _of(resources, KEY)}
    return [
        {"ResourceType": resource["Type"], "LogicalResourceId": name, "ResourceIdentifier": ids[name]}
        for name, resource in resources.items()
    ]


def template(resources: Resources, stack: str, region: str) -> dict[str, Any]:
    """Adds to what the stack has, such as a failed deployment's bucket, since an import may change none of it."""
    standing = _standing(stack, region)
    present = standing.get("Resources", {})
    if both := present.keys() & resources.keys():
        raise CannotTakeBack(f"{', '.join(sorted(both))} are in the stack {stack} already: make deploy is enough")
    return {**standing, "Resources": present | resources}


def _standing(stack: str, region: str) -> dict[str, Any]:
    client = boto3.client("cloudformation", region_name=region)
    try:
        client.describe_stacks(StackName=stack)  # a removed stack is not found by its name; its template is
    except ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise
    body = client.get_template(StackName=stack)["TemplateBody"]
    return dict(json.loads(body) if isinstance(body, str) else body)


def _of(resources: Resources, kind: str) -> list[str]:
    return [name for name, resource in resources.items() if resource["Type"] == kind]


def _exists(secret: str, region: str) -> bool:
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
    """The id of the key that encrypts the table and the secrets."""
    key = boto3.client("kms", region_name=region).describe_key(KeyId=name)["KeyMetadata"]
    if key["KeyState"] != "Enabled":
        state = f"the key {key['Arn']} is {key['KeyState']}, and without it nothing can be read"
        raise CannotTakeBack(f"{state}: aws kms cancel-key-deletion, then aws kms enable-key")
    return str(key["KeyId"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("region")
    options = parser.parse_args()
    try:
        resources, missing = left(kept(json.loads((FOLDER / PACKAGED).read_text())), options.region)
        made = {
            "kept-ids.json": identifiers(resources, options.region),
            "kept.json": template(resources, options.stack, options.region),
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
