"""Starts the parts as processes, restarts one that dies with growing waits, and ends all of them together."""

import contextlib
import ctypes
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import structlog

log = structlog.get_logger()

STOP_S = 2.0  # a part that has not ended by then is killed; all are gone within 3 s
STEADY_S = 60.0  # alive this long, a part's next death is its first again
_PR_SET_PDEATHSIG = 1


class CannotStart(Exception):
    """What stands in the way of a start, for a person."""


@dataclass
class Part:
    """`health` is (port, path) of what answers 200 once it serves; None: nothing to ask. `environ` is all it gets."""

    name: str
    command: list[str]
    host: str
    health: tuple[int, str] | None
    environ: dict[str, str]
    first: bool = False  # the parts that are not wait until it serves
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started: float = 0.0
    restart_at: float = 0.0


@dataclass
class Supervisor:
    parts: list[Part]
    ending: bool = False
    clock: Callable[[], float] = field(default=time.monotonic)

    def run(self, ready: Callable[[], None], timeout_s: float = 30.0) -> int:
        """Until a signal; calls `ready` once when every part serves. Returns the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end)
        deadline = self.clock() + timeout_s
        announced = False
        try:
            waiting = [part for part in self.parts if not part.first]
            for part in self.parts:
                part.restart_at = float("inf") if part in waiting else 0.0
            while not self.ending:
                self._revive()
                if waiting and all(_healthy(part) for part in self.parts if part.first):
                    for part in waiting:
                        part.restart_at = 0.0
                    waiting = []
                    continue
                if not announced and all(_healthy(part) for part in self.parts):
                    ready()
                    announced = True
                if not announced and self.clock() > deadline:
                    late = ", ".join(part.name for part in self.parts if not _healthy(part))
                    raise CannotStart(f"{late} did not come up within {timeout_s:.0f} s; its log above says why")
                time.sleep(0.1)
        finally:
            self.stop()
        return 0

    def stop(self) -> None:
        alive = [part.process for part in self.parts if part.process and part.process.poll() is None]
        for process in alive:
            _signal_group(process, signal.SIGTERM)
        deadline = self.clock() + STOP_S
        for process in alive:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.05, deadline - self.clock()))
        for process in alive:
            # the group outlives its leader when a grandchild hangs
            _signal_group(process, signal.SIGKILL)
            process.wait()

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self.ending = True

    def _start(self, part: Part) -> None:
        part.started = self.clock()
        part.process = subprocess.Popen(  # noqa: S603  (our own command)
            part.command,
            env=part.environ,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is ours to pass on
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )

    def _revive(self) -> None:
        now = self.clock()
        for part in self.parts:
            process = part.process
            if process is not None and process.poll() is not None:
                _signal_group(process, signal.SIGKILL)  # what it left behind would hold its port
                part.deaths = 1 if now - part.started > STEADY_S else part.deaths + 1
                wait = min(30.0, 0.25 * 2 ** (part.deaths - 1))
                log.warning("a part died", name=part.name, code=process.returncode, again_in_s=wait)
                part.process, part.restart_at = None, now + wait
            elif process is None and now >= part.restart_at:
                self._start(part)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _healthy(part: Part) -> bool:
    if part.process is None or part.process.poll() is not None:
        return False
    return part.health is None or answers(part.host, *part.health)


def answers(host: str, port: int, path: str, timeout_s: float = 1.0) -> bool:
    """Whether a GET there gives 200."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds the data folder. Raises CannotStart when another start holds it, or it can't be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("w")
    except OSError as error:
        raise CannotStart(f"The data folder {folder} can't be written: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                f"showcam is running on {folder.parent} already. End that one, or give this one a folder of its own: "
                "SHOWCAM_DATA=…"
            ) from None
        yield


def require_ports(host: str, ports: dict[int, str]) -> None:
    """Raises CannotStart naming the first port that is taken and the setting that moves it."""
    for port, setting in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CannotStart(
                    f"Port {port} on {host} can't be used ({error.strerror}). Free it, or set {setting} to another."
                ) from None
