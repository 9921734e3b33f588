"""AWS on this machine: ministack, a process that listens on loopback only; and free ports outside the range from which
outgoing connections get theirs.

Each process has a part of these ports to itself: whoever gets one may listen at it later, or again after a pause.
"""

import functools
import os
import random
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import requests

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")  # Linux picks the ports of outgoing connections from it
_LOWEST = 16_000
_KEPT = range(21_987, 21_994)  # the vendor's of the data in tests/whole/kept, which are used at no other port
_PARTS = 32
_random = random.SystemRandom()


def free_ports(count: int = 1) -> int:
    """The first of `count` neighbouring free ports. Raises OSError where none is free."""
    return _own().take(count)


class _Part:
    """Hands out its ports in turn, so that each comes again as late as can be."""

    def __init__(self, first: int, end: int) -> None:
        self._first, self._end = first, end
        self._next = first
        self._lock = threading.Lock()

    def take(self, count: int) -> int:
        with self._lock:
            for _ in range(self._end - self._first):
                first = self._next if self._next + count <= self._end else self._first
                self._next = first + count
                if all(_free(port) for port in range(first, first + count)):
                    return first
        raise OSError(f"no {count} neighbouring ports are free from {self._first} to {self._end - 1}")


@functools.cache
def _own() -> _Part:
    """A part that no other process has; where each has an owner, all of them, from anywhere on."""
    end = _outgoing_from()
    size = (end - _LOWEST) // _PARTS
    for number in _random.sample(range(_PARTS), _PARTS):
        if _taken(number):
            return _Part(_LOWEST + number * size, _LOWEST + (number + 1) * size)
    return _Part(_random.randrange(_LOWEST, end - size), end)


def _taken(number: int) -> bool:
    """Whether this process has the part now: it gets a name that one at a time has on this machine, until it ends."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0showcam's ports {number}")
    except OSError:
        mark.close()
        return False
    mark.detach()  # open as long as the process
    return True


def _free(port: int) -> bool:
    if port in _KEPT:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _outgoing_from() -> int:
    try:
        lowest = int(_RANGE.read_text().split()[0])
    except (OSError, ValueError):
        return 32_768
    return lowest if lowest > _LOWEST + 1000 else 32_768


ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-cloud"
REGION = "eu-west-1"
START_S = 60  # a program of Python's is up in seconds, on a busy machine in tens of them
ANSWER_S = 40  # longer than the gateway's 29 s, and the functions' 30
END_S = 10  # for a process to end, and for its answer that it serves
PAUSE_S = 0.05  # between two looks


class NoEmulator(Exception):
    """The emulator is missing or did not start; the text says what to do."""


class Aws:
    """An emulated AWS that answers at a port of this machine, and the boto3 clients for it."""

    def __init__(self, region: str, port: int) -> None:
        self.region, self.port = region, port
        self._clients: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """The variables with which AWS's own clients speak to this emulator and to no other AWS."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str, **config: Any) -> Any:
        """The boto3 client of the service, one for each `config`, which goes into botocore's Config."""
        named = f"{service} {config}"
        if named not in self._clients:  # boto3 reads the service's model for each, which takes longer than a request
            self._clients[named] = self._made_client(service, config)
        return self._clients[named]

    def _made_client(self, service: str, config: dict[str, Any]) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - what the emulator takes from anybody
            config=Config(**({"retries": {"total_max_attempts": 1}} | config)),
        )


class Emulator(Aws):
    """Serves when constructed. All its data are in `folder`, and are deleted when it stops.

    `environment`: where it is installed.
    """

    def __init__(self, folder: Path, region: str = REGION, environment: Path = ENVIRONMENT) -> None:
        super().__init__(region, free_ports())
        self._programs = environment / "bin"
        self.log = folder / "ministack.log"
        self._process = self._started(folder)

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """Ends it and what it started."""
        end(self._process)

    def _started(self, folder: Path) -> "subprocess.Popen[bytes]":
        program = self._programs / "ministack"
        if not program.is_file():
            raise NoEmulator("The emulator of AWS is not installed: make .venv-cloud/made")
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [str(program)],
                env=_environ(folder, self.port, self._programs),
                cwd=folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        late = time.monotonic() + START_S
        while time.monotonic() < late and process.poll() is None:
            if is_up(f"{self.url}/_ministack/ready"):
                return process
            time.sleep(PAUSE_S)
        process.kill()
        process.wait()
        raise NoEmulator(f"The emulator of AWS did not start; it said: {self.log.read_text()[-500:]}")


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ends a process that leads a session, and its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def is_up(url: str) -> bool:
    try:
        return requests.get(url, timeout=END_S).ok
    except requests.RequestException:
        return False


def _environ(folder: Path, port: int, programs: Path) -> dict[str, str]:
    """Its environment, with nothing of ours, since its functions inherit it."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    return {
        "PATH": f"{programs}:{os.environ.get('PATH', os.defpath)}",
        "HOME": str(folder),
        "TMPDIR": str(temporary),
        "BIND_HOST": "127.0.0.1",  # else it listens everywhere
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder / 'no-docker'}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
