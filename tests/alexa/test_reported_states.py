"""What a ChangeReport sends to Alexa is what ReportState answers, for every state of a camera."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from showcam.accounts.links import authenticate
from showcam.alexa.events import EventSender
from showcam.alexa.gateway import Amazon, Gateway
from showcam.alexa.interfaces import interfaces
from showcam.alexa.reports import Reports
from showcam.alexa.smart_home import SmartHome
from showcam.registry.reporting.reporter import Tell
from showcam.simulator import authority
from tests.doubles import every_state
from tests.doubles.clock import Clock
from tests.doubles.event_gateway import EventGateway
from tests.doubles.household import Household, household
from tests.doubles.tls_vendor import Vendors

pytestmark = pytest.mark.proves("A report says what ReportState says, for each of 31 states of a camera")

CLIENT = ("amzn1.application-oa2-client.x", "its-secret")
NO_STATE = {"Online unknown"}  # each report holds the connectivity, so nothing is reported before it is known


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Iterator[Household]:
    home = household(tmp_path, clock=clock)
    yield home
    home.store.close()


@pytest.fixture
def amazon(tmp_path: Path) -> Iterator[EventGateway]:
    vendors = Vendors(tmp_path / "ca.pem", authority.server_context(tmp_path))
    yield EventGateway(vendors)
    vendors.end()


def values(properties: list[dict[str, Any]]) -> dict[str, Any]:
    """The values by interface, instance and name, without the time at which each was read."""
    return {f"{known['namespace']}/{known.get('instance', '')}/{known['name']}": known["value"] for known in properties}


def test_change_reports_say_of_every_camera_what_report_state_says(
    home: Household, clock: Clock, amazon: EventGateway, directive: Callable[..., dict[str, Any]]
) -> None:
    every_state.arrange(home, clock, "nothing")
    http = Amazon(amazon.vendor.host, amazon.vendor.ca_file)
    gateway = Gateway(home.store, http, *CLIENT)
    gateway.accept(home.link, "A1")
    table = interfaces(home.registry, snapshots=True)
    reports = Reports(EventSender(gateway, http), table, gateway.works, clock=clock)
    now = home.adapter.present.of(home.link)
    names = {camera.id: camera.name for camera in now.cameras}

    reports.tell(Tell(home.link, now, None, (), True, "turn", 60.0))

    reported = {
        names[message["event"]["endpoint"]["endpointId"]]: values(
            message["event"]["payload"]["change"]["properties"] + message["context"].get("properties", [])
        )
        for message in amazon.messages
        if message["event"]["header"]["name"] == "ChangeReport"
    }
    skill = SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry)
    answered = {
        name: json.loads(skill.answer(json.dumps(directive("Alexa", "ReportState", camera=known)).encode()))
        for known, name in names.items()
    }
    stated = {name: values(answer["context"]["properties"]) for name, answer in answered.items()}
    assert reported == {name: known for name, known in stated.items() if name not in NO_STATE}
