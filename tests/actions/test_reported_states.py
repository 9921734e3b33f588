"""What Report State sends to Google is what QUERY answers, for every state of a camera."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actions.devices import States, device
from actions.google_key import read_key
from actions.homegraph import HomeGraph
from actions.reports import Reports
from actions.trait import Trait
from actions.traits import traits
from showcam.drivers.camera import Camera
from showcam.registry.reporting.reporter import Tell
from tests.doubles import every_state
from tests.doubles.clock import Clock
from tests.doubles.google_cloud import GoogleCloud
from tests.doubles.household import Household, household

pytestmark = pytest.mark.proves("A report says what QUERY says, for each of 31 states of a camera")

PUBLIC = "https://home.example"
ABOUT_THE_ANSWER = {"status", "errorCode", "debugString"}  # of QUERY; no states


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Iterator[Household]:
    home = household(tmp_path, assistant="google", clock=clock)
    yield home
    home.store.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[GoogleCloud]:
    cloud = GoogleCloud(tmp_path)
    yield cloud
    cloud.end()


def listed(camera: Camera, table: tuple[Trait, ...]) -> dict[str, Any]:
    return dict(msgspec.json.decode(msgspec.json.encode(device(camera, table, reported=True))))


@pytest.mark.parametrize("beside", every_state.BESIDE)
def test_report_state_says_of_every_camera_what_query_says(
    beside: str,
    home: Household,
    clock: Clock,
    served: GoogleCloud,
    send: Callable[..., dict[str, Any]],
) -> None:
    every_state.arrange(home, clock, beside)
    table = traits(home.registry, PUBLIC)
    key = read_key(str(served.key_file))
    reports = Reports(
        HomeGraph(key, served.host, served.ca_file),
        table,
        States(home.registry, table),
    )
    now = home.adapter.present.of(home.link)
    assert len(now.cameras) == len(every_state.STATES)
    served.fetched = lambda: {known.id: listed(known, table) for known in now.cameras}
    served.link(home.link.agent_user)
    names = {camera.id: camera.name for camera in now.cameras}

    reports.tell(Tell(home.link, now, None, (), True, "turn", 10.0))

    [report] = served.reports(home.link.agent_user)
    reported = {names[known]: state for known, state in report["payload"]["devices"]["states"].items()}
    devices = send("QUERY", {"devices": [{"id": known} for known in names]})["devices"]
    queried = {
        names[known]: {key: value for key, value in state.items() if key not in ABOUT_THE_ANSWER}
        for known, state in devices.items()
    }
    assert reported == queried
