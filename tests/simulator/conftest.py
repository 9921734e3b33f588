from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.doubles.cloud import Cloud
from tests.doubles.simulator_process import SimulatorProcess

CHANGEABLE = (
    "name",
    "encryption",
    "transport",
    "layout",
    "selective",
    "ciphers_link",
    "audio",
    "online",
    "asleep",
    "privacy",
    "fault",
    "size",
    "sub_size",
)


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    process = SimulatorProcess(tmp_path_factory.mktemp("simulator"), encodes=True, viewers=1000)
    yield process
    process.stop()


@pytest.fixture
def cloud(simulator_process: SimulatorProcess) -> Iterator[Cloud]:
    """A client of the simulator; the test's changes of settings and cameras are undone."""
    before = _state(simulator_process)
    yield Cloud(simulator_process)
    simulator_process.configure(**before["settings"])
    cameras = {_key(row): row for row in _state(simulator_process)["cameras"]}
    for row in before["cameras"]:
        now = cameras[_key(row)]
        if changed := {name: row[name] for name in CHANGEABLE if row[name] != now[name]}:
            simulator_process.control(_key(row), **changed)


def _state(process: SimulatorProcess) -> dict[str, Any]:
    return dict(requests.get(f"{process.url}/_control", timeout=30).json())


def _key(row: dict[str, Any]) -> str:
    return str(row["serial"] if row["channel"] == 1 else f"{row['serial']}-{row['channel']}")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
