"""Starts showcam's processes, restarts one that dies after growing waits, and ends all of them together."""

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
from typing import TYPE_CHECKING

import structlog

from showcam.app import obstacles
from showcam.app.process.service_manager import ServiceManager

if TYPE_CHECKING:
    from showcam.app.process.renewal import Renewal  # it brings the store, which the media process has not

log = structlog.get_logger()

POLL_S = 0.05  # between two checks of the processes
STOP_S = 2.0  # a process that has not ended by then is killed; all are gone within 3 s
STEADY_S = 60.0  # a process that lived this long is started at once again; what dies sooner waits, each time longer
SHORTEST_S, LONGEST_S = 0.25, 30.0
HELD_S = 1.0  # if a process is started again sooner than this, clients that connect meanwhile wait for it
_PR_SET_PDEATHSIG = 1
SERVES = (200, 429)  # a full media process is alive: to restart it would end all that it shows
VARIABLE = "SHOWCAM_LISTENER"
_BACKLOG = 128  # clients that may wait


class CannotStart(Exception):
    """Why showcam can't start; the text is for a person."""


class Listener:
    """A port that the supervisor holds and hands to each process that it starts: meanwhile whoever connects waits."""

    def __init__(self, bind: str, port: int) -> None:
        self._bind, self._port = bind, port
        self._socket: socket.socket | None = None

    def open(self) -> int:
        """The descriptor of the listening socket. Raises OSError if the port can't be had."""
        if self._socket is None:
            family = socket.AF_INET6 if ":" in self._bind else socket.AF_INET
            # IPv4 too, since this machine's own processes connect by IPv4
            both = self._bind == "::" and socket.has_dualstack_ipv6()
            self._socket = socket.create_server(
                (self._bind, self._port), family=family, backlog=_BACKLOG, dualstack_ipv6=both
            )
        return self._socket.fileno()

    def close(self) -> None:
        """Refuses new connections from here on, unless a process that was handed the socket still listens."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def handed_socket() -> socket.socket | None:
    """The socket that this process was handed; None if the process opens a socket itself."""
    text = os.environ.get(VARIABLE)
    return socket.socket(fileno=int(text)) if text else None


@dataclass
class Process:
    """`health`: port and path of a health check; None: the process serves no HTTP. `environ`: its whole environment.

    `listener`: the port that is handed to the process, and stays open while the process is started again.
    `is_others`: a program of another maker, which the supervisor starts only if `environ` is not empty.
    """

    name: str
    command: list[str]
    host: str
    health: tuple[int, str] | None
    environ: dict[str, str]
    first: bool = False  # the others start when it serves
    listener: Listener | None = None
    is_others: bool = False
    running: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started: float = 0.0
    restart_at: float = 0.0

    def start_at(self, moment: float) -> None:
        self.restart_at = float("inf") if self.is_others and not self.environ else moment


@dataclass
class Supervisor:
    processes: list[Process]
    renewal: "Renewal | None" = None
    manager: ServiceManager = field(default_factory=ServiceManager)
    ending: bool = False
    clock: Callable[[], float] = field(default=time.monotonic)

    def run(self, ready: Callable[[], None], timeout_s: float = 80.0) -> int:
        """Runs the processes until a signal; calls `ready` once, when every process serves. Returns the exit code.

        `timeout_s`: until all serve. systemd ends a start after 90 s (DefaultTimeoutStartSec); a machine of two cores
        that was at work for others took more than 30 s.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end)
        deadline = self.clock() + timeout_s
        announced = False
        try:
            waiting = [process for process in self.processes if not process.first]
            for process in self.processes:
                process.start_at(float("inf") if process in waiting else 0.0)
            while not self.ending:
                self._revive()
                if waiting and all(_healthy(process) for process in self.processes if process.first):
                    for process in waiting:
                        process.start_at(0.0)
                    waiting = []
                    continue
                if announced:
                    self._renew()
                    self.manager.alive(self._all_answer)
                elif late := [process.name for process in self.processes if not _healthy(process)]:
                    if self.clock() > deadline:
                        names = ", ".join(late)
                        raise CannotStart(f"{names} did not come up within {timeout_s:.0f} s; its log above says why")
                else:
                    ready()
                    self.manager.ready()
                    announced = True
                time.sleep(POLL_S)
        finally:
            self.manager.stopping()
            self.stop()
        return 0

    def _all_answer(self) -> bool:
        """Whether no process hangs. Dead processes do not count: the supervisor starts them again."""
        return all(process.running is None or _healthy(process) for process in self.processes)

    def stop(self) -> None:
        for process in self.processes:
            if process.listener is not None:
                process.listener.close()
        self._end_all(self.processes)

    def _end_all(self, processes: list[Process]) -> None:
        alive = [process.running for process in processes if process.running and process.running.poll() is None]
        for running in alive:
            _signal_group(running, signal.SIGTERM)
        deadline = self.clock() + STOP_S
        for running in alive:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(max(0.05, deadline - self.clock()))
        for running in alive:
            # the group outlives its leader when a grandchild hangs
            _signal_group(running, signal.SIGKILL)
            running.wait()

    def _renew(self) -> None:
        """Start again the processes whose settings have changed."""
        if self.renewal is None:
            return
        environs = self.renewal.due({process.name: process.environ for process in self.processes})
        old = [process for process in self.processes if process.name in environs]
        self._end_all(old)
        for process in old:
            log.info("started again with changed settings", name=process.name)
            process.environ, process.running = environs[process.name], None
            process.deaths = 0
            process.start_at(self.clock())

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self.ending = True

    def _start(self, process: Process) -> None:
        is_first, process.started = not process.started, self.clock()
        held = _held(process)
        try:
            process.running = subprocess.Popen(  # noqa: S603  (our own command, or one that was found by PATH)
                process.command,
                env=process.environ | ({VARIABLE: str(held)} if held is not None else {}),
                pass_fds=() if held is None else (held,),
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C then reaches only the supervisor, which ends the others in order
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        except OSError as error:
            if is_first and not process.is_others:
                raise
            wait = LONGEST_S if process.is_others else SHORTEST_S  # a machine without memory, say, has some again soon
            log.warning("a program can't be started", name=process.name, why=error.strerror, again_in_s=wait)
            process.restart_at = process.started + wait

    def _revive(self) -> None:
        now = self.clock()
        for process in self.processes:
            running = process.running
            if running is not None and running.poll() is not None:
                _signal_group(running, signal.SIGKILL)  # children of the dead process would hold its port
                process.deaths = 1 if now - process.started > STEADY_S else process.deaths + 1
                wait = _wait_s(process.deaths)
                if process.listener is not None and wait >= HELD_S:
                    process.listener.close()
                log.warning("a process died", name=process.name, code=running.returncode, again_in_s=wait)
                process.running, process.restart_at = None, now + wait
            if process.running is None and now >= process.restart_at:
                self._start(process)


def _wait_s(deaths: int) -> float:
    """Seconds until a process is started again after this number of deaths: 0 after the first."""
    return 0.0 if deaths == 1 else min(LONGEST_S, SHORTEST_S * 2 ** (deaths - 2))


def _held(process: Process) -> int | None:
    """The descriptor for the process; None if its port can't be had. The process then reports this itself."""
    if process.listener is None:
        return None
    try:
        return process.listener.open()
    except OSError:
        return None


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _signal_group(leader: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader.pid, number)


def _healthy(process: Process) -> bool:
    if process.is_others:
        return True
    if process.running is None or process.running.poll() is not None:
        return False
    return process.health is None or answers(process.host, *process.health)


def answers(host: str, port: int, path: str, timeout_s: float = 1.0) -> bool:
    """Whether a GET of the path is answered 200, or 429 by a media process that has no place for a further camera.

    `timeout_s`: this machine itself answers in milliseconds.
    """
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        return connection.getresponse().status in SERVES
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def only_one(folder: Path, address: str = "") -> Iterator[None]:
    """Lock the data folder. Raises CannotStart when another showcam holds the lock, or the folder can't be written.

    `address`: of the web app on this machine, for `running_at`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("ab", buffering=0)  # on a full disk closing would fail on what is buffered
    except OSError as error:
        raise _unwritable(folder.parent, error) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                f"showcam is running on {folder.parent} already. End that one, or give this one a folder of its own: "
                "SHOWCAM_DATA=…"
            ) from None
        try:
            file.truncate(0)
            file.write(address.encode())
        except OSError as error:
            raise _unwritable(folder.parent, error) from None
        yield


def _unwritable(folder: Path, error: OSError) -> CannotStart:
    return CannotStart(obstacles.sentence(f"The data folder {folder}", folder, error))


def running_at(data: Path) -> str | None:
    """The address of the web app of the showcam that runs on this data folder, for this machine; None: none runs.

    Makes nothing. Raises PermissionError if the data are another user's.
    """
    try:
        with (data / "run" / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return (data / "run" / "lock").read_text() or None
    except PermissionError:
        raise
    except OSError:
        return None
    return None


def require_ports(host: str, ports: dict[int, str]) -> None:
    """Raises CannotStart, which names the first port that is taken and the setting that moves it."""
    for port, setting in ports.items():
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CannotStart(
                    f"Port {port} on {host} can't be used ({error.strerror}). Free it, or set {setting} to another."
                ) from None
