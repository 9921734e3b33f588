"""The simulator as a process: the vendor's two APIs, live pictures, `/_control`.

It is forked from a process that has imported it. How it is started as a command is for tests/simulator/test_program.py.
"""

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests

from scripts.deploy_local.emulator import free_ports
from showcam.simulator.state import GIVEN
from tests.doubles import simulator_main
from tests.doubles.forks import FORKS
from tests.doubles.waiting import LONG_S

STEADY = {"gateway_each": 0, "empty_each": 0}  # most tests count what is called


class SimulatorProcess:
    """Serves when constructed. `ca` signed the certificate of `app_host` and `open_host`, both "127.0.0.1:port".

    `encodes`: each picture is encoded as it comes.
    """

    def __init__(
        self,
        tmp_path: Path,
        app_url: str = "http://127.0.0.1:9",
        replays: Sequence[Path] = (),
        port: int = 0,
        *,
        encodes: bool = False,
        **settings: Any,
    ) -> None:
        self.port, self._replays = port or free_ports(len(GIVEN) + 1), replays
        self.app_host = f"127.0.0.1:{self.port + 1}"
        self.open_host = f"127.0.0.1:{self.port + len(GIVEN)}"
        self.push_host = f"127.0.0.1:{self.port + 2}"
        self.hosts = f"{self.app_host},{self.open_host},{self.push_host}"  # as the setting ezviz_at has them
        self.data = tmp_path / "simulator"
        self.ca = self.data / "ca.pem"
        self.log = tmp_path / "simulator.log"
        self._app_url, self._encodes = app_url, encodes
        self._process = self._started()
        self.configure(**(STEADY | settings))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def control(self, serial: str, **change: Any) -> dict[str, Any]:
        """Changes the camera and returns its row."""
        answer = requests.post(f"{self.url}/_control/{serial}", json=change, timeout=LONG_S)
        assert answer.ok, answer.text
        return dict(answer.json())

    def configure(self, **settings: Any) -> None:
        answer = requests.post(f"{self.url}/_control", json=settings, timeout=LONG_S)
        assert answer.ok, answer.text

    def cameras(self) -> dict[str, dict[str, Any]]:
        """The cameras' rows by name."""
        rows = requests.get(f"{self.url}/_control", timeout=LONG_S).json()["cameras"]
        return {row["name"]: row for row in rows}

    def calls(self) -> Counter[str]:
        """The number of calls of the vendor by path."""
        return Counter(requests.get(f"{self.url}/_control", timeout=LONG_S).json()["calls"])

    def ports(self) -> dict[str, int]:
        """Where each of its servers listens."""
        return dict(requests.get(f"{self.url}/_control", timeout=LONG_S).json()["ports"])

    def serial(self, name: str) -> str:
        return str(self.cameras()[name]["serial"])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Stops it and returns the seconds it took."""
        started = time.monotonic()
        if self._process.exitcode is None:
            assert self._process.pid
            os.kill(self._process.pid, number)
            self._process.join(LONG_S)
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join()
        return time.monotonic() - started

    def restart(self) -> None:
        """Restarts it on the same ports and data."""
        self.stop()
        self._process = self._started()
        self.configure(**STEADY)

    def _started(self, within_s: float = LONG_S) -> multiprocessing.process.BaseProcess:
        words = ["--port", str(self.port), "--app-url", self._app_url, "--data", str(self.data)]
        words += [word for file in self._replays for word in ("--replay", str(file))]
        encoding = {"encodes": self._encodes}
        process = FORKS.Process(target=simulator_main.serve, args=(words, self.log), kwargs=encoding, daemon=True)
        process.start()
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            assert process.exitcode is None, self.log.read_text()
            try:
                if requests.get(f"{self.url}/healthz", timeout=2).ok:
                    return process
            except requests.RequestException:
                time.sleep(0.02)
        process.kill()
        process.join()
        raise AssertionError(f"not up within {within_s} s\n{self.log.read_text()}")
