"""The stack as `make deploy-local` leaves it running, one for all tests."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts.deploy_local import stack
from scripts.deploy_local.displays import Alexa, Google
from scripts.deploy_local.emulator import Aws
from scripts.deploy_local.steps import Place
from scripts.deploy_local.walk import Linking, link
from tests.doubles.aws_wire import AwsWire
from tests.doubles.program import ROOT

WEBHOOK_KEY = "webhook-of-the-tests"
WITHIN_S = 540  # less than a test of this folder may take


@dataclass
class Deployed:
    """The running `make deploy-local` and the place it announced. `control`: the simulated EZVIZ's control door.

    `wires`: AWS as each function reaches it.
    """

    process: "subprocess.Popen[bytes]"
    folder: Path
    place: Place
    aws: Aws
    control: str
    wires: dict[str, AwsWire] = field(default_factory=dict)

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def invoke(self, name: str, event: Any) -> Any:
        return stack.invoke(self.aws, name, event)

    def environ(self, name: str) -> dict[str, str]:
        return stack.environ_of(self.aws, name)

    def set_environ(self, name: str, environ: dict[str, str]) -> None:
        client = self.aws.client("lambda")
        client.update_function_configuration(FunctionName=stack.full_name(name), Environment={"Variables": environ})

    def lines(self, name: str) -> list[str]:
        """What the function's log group holds."""
        pages = self.aws.client("logs").get_paginator("filter_log_events")
        group = f"/aws/lambda/{stack.full_name(name)}"
        return [event["message"] for page in pages.paginate(logGroupName=group) for event in page["events"]]


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("deployed")
    words = [sys.executable, "-P", "-m", "scripts.deploy_local", "--keep", "--folder", str(folder)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SHOWCAM_"))}
    with (folder / "said").open("wb") as output:
        process = subprocess.Popen(words, cwd=ROOT, env=environ, stdout=output, stderr=output)
    try:
        address = _told(process, folder)
        aws = Aws("eu-west-1", int(address["aws"].rpartition(":")[2]))
        place = Place(
            address["web"],
            Path(address["authorities"]),
            lambda event: stack.invoke(aws, "directives", event),
            address["clients"],
            lambda: stack.invoke(aws, "sweep", {"every": True}),
        )
        yield Deployed(process, folder, place, aws, address["control"])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _told(process: "subprocess.Popen[bytes]", folder: Path) -> dict[str, Any]:
    end, file = time.monotonic() + WITHIN_S, folder / "place.json"
    while not file.exists():
        assert process.poll() is None, (folder / "said").read_text()
        assert time.monotonic() < end, (folder / "said").read_text()
        time.sleep(0.1)
    return dict(json.loads(file.read_text()))


@pytest.fixture(scope="session")
def wired(deployed: Deployed) -> Iterator[Deployed]:
    """Each function reaches AWS by a wire of its own."""
    for name in stack.FUNCTIONS:
        wire = deployed.wires[name] = AwsWire(deployed.aws.url)
        more = {"AWS_ENDPOINT_URL": wire.url, "SHOWCAM_SIGN_INS_PER_USER": "50"}
        if name == "web":
            more["SHOWCAM_EZVIZ_WEBHOOK_KEY"] = WEBHOOK_KEY
        deployed.set_environ(name, deployed.environ(name) | more)
    yield deployed
    for wire in deployed.wires.values():
        wire.close()


@dataclass
class Linked:
    """Both assistants, linked once for all tests: a person may sign in only so often."""

    to_alexa: Linking
    alexa: dict[str, Any]
    to_google: Linking
    google: dict[str, Any]
    echo: Alexa
    display: Google


@pytest.fixture(scope="session")
def linked(wired: Deployed) -> Linked:
    place = wired.place
    (to_alexa, alexa), (to_google, google) = link(place, "alexa"), link(place, "google")
    echo = Alexa(place.directive, alexa["access_token"])
    return Linked(
        to_alexa, alexa, to_google, google, echo, Google(place.web, place.authorities, google["access_token"])
    )
