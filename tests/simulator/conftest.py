from collections.abc import Iterator
from pathlib import Path

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
    before = requests.get(f"{simulator_process.url}/_control", timeout=30).json()
    yield Cloud(simulator_process)
    simulator_process.configure(**before["settings"])
    for row in before["cameras"]:
        key = row["serial"] if row["channel"] == 1 else f"{row['serial']}-{row['channel']}"
        simulator_process.control(key, **{name: row[name] for name in CHANGEABLE})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
