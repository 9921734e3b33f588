"""Deploys the stack, as it is packaged for AWS, into the emulator, and gives it the address of this machine's EZVIZ.

Only the deployed functions get that address. The template has no parameter for it, so that no stack on AWS can be made
to trust somebody's own authority or EZVIZ.
"""

import json
import os
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.deploy_local.amazon import CLIENT_ID, CLIENT_SECRET
from scripts.deploy_local.emulator import PAUSE_S, START_S, Emulator
from scripts.deploy_local.processes import run
from scripts.deploy_local.steps import StepFailed

STAGE = "local"
FUNCTIONS = ("directives", "fulfillment", "web", "changes", "reports", "sweep", "operators")
_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Stack:
    """The outputs of the deployed template by name, and the environment of its functions."""

    outputs: dict[str, str]
    environ: dict[str, str]

    @property
    def table(self) -> str:
        return self.outputs["TableName"]


def deploy(emulator: Emulator, folder: Path, public_url: str, media_url: str) -> Stack:
    """Raises StepFailed."""
    given = [f"publicUrl={public_url}", f"mediaUrls={media_url}", f"lwaClientId={CLIENT_ID}", "signUp=anyone"]
    words = ["make", "-s", "deploy", f"STAGE={STAGE}", f"REGION={emulator.region}", f"PARAMS={' '.join(given)}"]
    words += [f"ARCHITECTURE={_architecture()}"]
    log = folder / "deploy.log"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE"))}
    environ |= emulator.environ | {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}
    if run(words, environ, log):
        raise StepFailed(f"the stack was not deployed; {log} ends with:\n{_end_of(log)}")
    stacks = emulator.client("cloudformation").describe_stacks(StackName=f"showcam-{STAGE}")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
    return Stack(outputs, environ_of(emulator, "web"))


def keep_secrets(emulator: Emulator) -> None:
    """Write the secret settings as an integrator does."""
    held = json.dumps({"lwa_client_secret": CLIENT_SECRET})
    emulator.client("secretsmanager").put_secret_value(SecretId=f"showcam/{STAGE}/directives", SecretString=held)


def reported(emulator: Emulator, table: str) -> str:
    """The id of the media process that has reported itself. Raises StepFailed."""
    client, late = emulator.client("dynamodb"), time.monotonic() + START_S
    while time.monotonic() < late:
        key = {":pk": {"S": "hold#process/media"}}
        rows = client.query(TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=key)["Items"]
        if rows:
            return str(rows[0]["name"]["S"])
        time.sleep(PAUSE_S)
    raise StepFailed(f"no media process reported itself within {START_S} s")


def configure(emulator: Emulator, settings: dict[str, str], functions: tuple[str, ...] = FUNCTIONS) -> None:
    """Adds these settings to the environment of each of these functions."""
    client = emulator.client("lambda")
    for name in functions:
        variables = environ_of(emulator, name) | {
            f"SHOWCAM_{setting.upper()}": value for setting, value in settings.items()
        }
        client.update_function_configuration(FunctionName=full_name(name), Environment={"Variables": variables})


def resources(emulator: Emulator) -> list[str]:
    """The types of the stack's resources. Raises StepFailed where one was not made."""
    pages = emulator.client("cloudformation").get_paginator("list_stack_resources")
    made = [
        resource for page in pages.paginate(StackName=f"showcam-{STAGE}") for resource in page["StackResourceSummaries"]
    ]
    unmade = [
        resource["LogicalResourceId"] for resource in made if not resource["ResourceStatus"].endswith("_COMPLETE")
    ]
    if unmade:
        raise StepFailed(f"the emulator did not make {', '.join(unmade)}")
    return [resource["ResourceType"] for resource in made]


def invoke(emulator: Emulator, name: str, event: Any) -> Any:
    """The function's answer. Raises StepFailed, with the function's error, where it failed."""
    answer = emulator.client("lambda", read_timeout=40).invoke(FunctionName=full_name(name), Payload=json.dumps(event))
    content = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        raise StepFailed(f"the function {name} failed: {content.get('errorType')}: {content.get('errorMessage')}")
    return content


def full_name(function: str) -> str:
    return f"showcam-{STAGE}-{function}"


def environ_of(emulator: Emulator, name: str) -> dict[str, str]:
    found = emulator.client("lambda").get_function_configuration(FunctionName=full_name(name))
    return dict(found["Environment"]["Variables"])


def _architecture() -> str:
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise StepFailed(f"AWS runs functions on x86_64 and arm64; this machine is {machine}, which can't stand for it")
    return _ARCHITECTURES[machine]


def _end_of(log: Path) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(errors="replace"))[-1500:].strip()
