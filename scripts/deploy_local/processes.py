"""The processes beside the emulator: the simulated EZVIZ cloud, a media process, a listener."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from scripts.deploy_local.emulator import PAUSE_S, ROOT, START_S, end, free_ports, is_up
from scripts.deploy_local.steps import StepFailed
from showcam.simulator.state import GIVEN


class Process:
    """Runs until `stop`, in a session of its own, so that Ctrl-C reaches this program alone, which ends it in order."""

    def __init__(
        self, name: str, words: list[str], environ: dict[str, str], folder: Path, serves: Callable[[], bool]
    ) -> None:
        self._name, self.log = name, folder / f"{name}.log"
        base = {name: value for name, value in os.environ.items() if not name.startswith(("SHOWCAM_", "AWS_"))}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", *words],
                env=base | environ,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._await(serves)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        end(self._process)

    def _await(self, serves: Callable[[], bool]) -> None:
        late = time.monotonic() + START_S
        while time.monotonic() < late:
            if self._process.poll() is not None:
                raise StepFailed(f"the {self._name} process ended at once; it said: {self.log.read_text()[-600:]}")
            if serves():
                return
            time.sleep(PAUSE_S)
        raise StepFailed(f"the {self._name} process did not serve within {START_S} s; see {self.log}")


def run(words: list[str], environ: dict[str, str], log: Path) -> int:
    """Run a command; return its exit code. An exception while waiting ends the command and its children."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            words, env=environ, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        return process.wait()
    except BaseException:
        end(process)
        raise


class Vendor(Process):
    """The tests' EZVIZ: each host is "127.0.0.1:port", and `hosts` is all as the setting ezviz_at has them.

    `pem` is the authority of their certificates.
    """

    def __init__(self, folder: Path) -> None:
        first = free_ports(len(GIVEN) + 1)
        self.control = f"http://127.0.0.1:{first}"
        self.app_host, self.open_host = f"127.0.0.1:{first + 1}", f"127.0.0.1:{first + len(GIVEN)}"
        self.hosts = f"{self.app_host},{self.open_host},127.0.0.1:{first + 2}"
        data = folder / "simulator"
        self.pem = data / "ca.pem"
        words = ["tests.doubles.troubled.vendor", "--port", str(first), "--data", str(data)]
        super().__init__("simulator", words, {}, folder, partial(is_up, f"{self.control}/healthz"))


class Media(Process):
    """showcam's media process at `url`; `environ` holds the stack's addresses."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        port = free_ports()
        self.url = f"http://127.0.0.1:{port}"
        own = {
            "SHOWCAM_DATA": str(folder / "media"),
            "SHOWCAM_MEDIA_PORT": str(port),
            "SHOWCAM_ICE_ADDRESSES": "127.0.0.1",
            "SHOWCAM_STUN": "",
        }
        super().__init__("media", ["showcam", "media"], environ | own, folder, partial(is_up, f"{self.url}/healthz"))


class Listener(Process):
    """Takes EZVIZ's messages; `environ` is that of the stack's task, with this machine's addresses."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        data = folder / "listener"
        beat = data / "run/worker"  # as the task's health check
        beat.unlink(missing_ok=True)
        own = {"SHOWCAM_DATA": str(data)}
        super().__init__("listener", ["showcam", "worker", "--listen"], environ | own, folder, beat.exists)
