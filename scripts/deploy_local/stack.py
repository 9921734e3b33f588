"""Deploys the stacks, as they are packaged for AWS, into the emulator, and gives them this machine's addresses.

Only what is deployed here gets the address of this EZVIZ. The template has no parameter for it, so that no stack on AWS
can be made to trust somebody's own authority or EZVIZ.
"""

import json
import os
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.deploy_local.assistants import CLIENT_ID, CLIENT_SECRET
from scripts.deploy_local.emulator import PAUSE_S, START_S, Aws
from scripts.deploy_local.processes import run
from scripts.deploy_local.steps import StepFailed

STAGE = "local"
MAIN, MEDIA = f"showcam-{STAGE}", f"showcam-media-{STAGE}"
FUNCTIONS = ("directives", "fulfillment", "web", "changes", "reports", "sweep", "operators")
OF_THIS_MACHINE = ("EZVIZ_AT", "ASSISTANTS_AT", "CA_FILE", "REQUEST_S", "MEDIA_URLS")
_UNMADE = "AWS::ApplicationAutoScaling::"  # the emulator's CloudFormation knows no such resource
_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Stack:
    """The outputs of the deployed template by name, and the environment of its functions."""

    outputs: dict[str, str]
    environ: dict[str, str]

    @property
    def table(self) -> str:
        return self.outputs["TableName"]


def deploy(emulator: Aws, folder: Path, public_url: str, media_url: str) -> Stack:
    """Raises StepFailed."""
    given = [f"publicUrl={public_url}", f"mediaUrls={media_url}", f"lwaClientId={CLIENT_ID}"]
    given += ["googleReports=yes", "signUp=anyone"]
    words = ["make", "-s", "deploy", f"STAGE={STAGE}", f"REGION={emulator.region}", f"PARAMS={' '.join(given)}"]
    words += [f"ARCHITECTURE={_architecture()}"]
    log = folder / "deploy.log"
    if run(words, _environ(emulator), log):
        raise StepFailed(f"the stack was not deployed; {log} ends with:\n{_end_of(log)}")
    stacks = emulator.client("cloudformation").describe_stacks(StackName=MAIN)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
    return Stack(outputs, environ_of(emulator, "web"))


def deploy_media(emulator: Aws, folder: Path, main: Stack, public_url: str) -> None:
    """Deploys the stack of media processes, with a listener, as far as the emulator can: it starts no container, and
    nothing follows what is live. Raises StepFailed.
    """
    made, log = folder / "media-package", folder / "deploy-media.log"
    account = f"{emulator.region}:000000000000"

    def secret(name: str) -> str:  # the emulator's outputs hold its name in place of the ARN
        return str(emulator.client("secretsmanager").describe_secret(SecretId=main.outputs[name])["ARN"])

    image = f"000000000000.dkr.ecr.{emulator.region}.amazonaws.com/showcam@sha256:{'0' * 64}"
    given = {
        "image": image,
        "host": "media.cam.example",  # a name is wanted, and the processes here have none
        "certificate": f"arn:aws:acm:{account}:certificate/none",
        "webUrl": public_url,
        "grantSecret": secret("GrantSecretArn"),
        "dataKey": main.outputs["DataKeyArn"],
        "alarmTopic": f"arn:aws:sns:{account}:alarms",
        "listeners": "1",
        "listenerImage": image,
        "table": main.table,
        "keysSecret": secret("KeysSecretArn"),
        "settingsSecret": secret("SettingsSecretArn"),
    }
    words = ["node_modules/.bin/osls", "package", "--config", "serverless.media.yml", "--package", str(made)]
    words += ["--stage", STAGE, "--region", emulator.region]
    if run([*words, *(f"--param={name}={value}" for name, value in given.items())], _environ(emulator), log):
        raise StepFailed(f"the stack of media processes was not packaged; {log} ends with:\n{_end_of(log)}")
    template = json.loads((made / "cloudformation-template-update-stack.json").read_text())
    template["Resources"] = {
        name: resource for name, resource in template["Resources"].items() if not resource["Type"].startswith(_UNMADE)
    }
    client = emulator.client("cloudformation")
    client.create_stack(StackName=MEDIA, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"])
    late = time.monotonic() + START_S
    while (status := client.describe_stacks(StackName=MEDIA)["Stacks"][0]["StackStatus"]) != "CREATE_COMPLETE":
        if status != "CREATE_IN_PROGRESS" or time.monotonic() > late:
            raise StepFailed(f"the stack of media processes is {status}: {', '.join(resources(emulator, MEDIA))}")
        time.sleep(PAUSE_S)


def listener_task(emulator: Aws) -> dict[str, Any]:
    """The deployed task of a listener, as ECS describes it."""
    name = f"showcam-{STAGE}-listener"
    return dict(emulator.client("ecs").describe_task_definition(taskDefinition=name)["taskDefinition"])


def listener_environ(emulator: Aws) -> dict[str, str]:
    """The environment of the listener's task, with the addresses of this machine as the function `web` has them."""
    (container,) = listener_task(emulator)["containerDefinitions"]
    given = {variable["name"]: variable["value"] for variable in container["environment"]}
    web = environ_of(emulator, "web")
    return given | {f"SHOWCAM_{name}": web[f"SHOWCAM_{name}"] for name in OF_THIS_MACHINE} | emulator.environ


def keep_secrets(emulator: Aws, service_account: str) -> None:
    """Write the secret settings as an integrator does."""
    client = emulator.client("secretsmanager")
    held = {"directives": {"lwa_client_secret": CLIENT_SECRET}, "google": {"google_service_account": service_account}}
    for name, settings in held.items():
        client.put_secret_value(SecretId=f"showcam/{STAGE}/{name}", SecretString=json.dumps(settings))


def reported(emulator: Aws, table: str) -> str:
    """The id of the media process that has reported itself. Raises StepFailed."""
    client, late = emulator.client("dynamodb"), time.monotonic() + START_S
    while time.monotonic() < late:
        key = {":pk": {"S": "hold#process/media"}}
        rows = client.query(TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=key)["Items"]
        if rows:
            return str(rows[0]["name"]["S"])
        time.sleep(PAUSE_S)
    raise StepFailed(f"no media process reported itself within {START_S} s")


def configure(emulator: Aws, settings: dict[str, str], functions: tuple[str, ...] = FUNCTIONS) -> None:
    """Adds these settings to the environment of each of these functions."""
    client = emulator.client("lambda")
    for name in functions:
        variables = environ_of(emulator, name) | {
            f"SHOWCAM_{setting.upper()}": value for setting, value in settings.items()
        }
        client.update_function_configuration(FunctionName=full_name(name), Environment={"Variables": variables})


def resources(emulator: Aws, name: str = MAIN) -> list[str]:
    """The types of the resources of the stack. Raises StepFailed where one was not made."""
    pages = emulator.client("cloudformation").get_paginator("list_stack_resources")
    made = [resource for page in pages.paginate(StackName=name) for resource in page["StackResourceSummaries"]]
    unmade = [
        resource["LogicalResourceId"] for resource in made if not resource["ResourceStatus"].endswith("_COMPLETE")
    ]
    if unmade:
        raise StepFailed(f"the emulator did not make {', '.join(unmade)}")
    return [resource["ResourceType"] for resource in made]


def invoke(emulator: Aws, name: str, event: Any) -> Any:
    """The function's answer. Raises StepFailed, with the function's error, where it failed."""
    answer = emulator.client("lambda", read_timeout=40).invoke(FunctionName=full_name(name), Payload=json.dumps(event))
    content = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        raise StepFailed(f"the function {name} failed: {content.get('errorType')}: {content.get('errorMessage')}")
    return content


def full_name(function: str) -> str:
    return f"showcam-{STAGE}-{function}"


def environ_of(emulator: Aws, name: str) -> dict[str, str]:
    found = emulator.client("lambda").get_function_configuration(FunctionName=full_name(name))
    return dict(found["Environment"]["Variables"])


def _environ(emulator: Aws) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE"))}
    return own | emulator.environ | {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}


def _architecture() -> str:
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise StepFailed(f"AWS runs functions on x86_64 and arm64; this machine is {machine}, which can't stand for it")
    return _ARCHITECTURES[machine]


def _end_of(log: Path) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(errors="replace"))[-1500:].strip()
