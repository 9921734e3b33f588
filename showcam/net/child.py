"""Runs code that listens to devices of the house in its own process, under limits on memory and CPU.

Anything in the house may answer, with any amount of data. The cost ends with the process, so that a hostile device can
spoil the process's purpose and nothing else. Each side writes lines of JSON to the other.
"""

import contextlib
import math
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import msgspec
from msgspec import Struct

LONGEST = 4 * 1024 * 1024  # bytes of a line: all devices that a search found
NICE = 10  # the niceness of a long-running process: processes that answer assistants come first
ENDING_S = 1.0  # for what still runs at the end: showcam ends within three seconds
# The environment variables that a process gets: neither settings nor keys.
_ENVIRON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
# Without this, each thread's memory begins with 64 MB of addresses, which the limit counts.
_ARENAS = {"MALLOC_ARENA_MAX": "1"}

_says = threading.Lock()


class Broke(Exception):
    """The process ended by its limits or by a fault, or could not be started."""


class Limits(Struct, frozen=True):
    """Limits of a process. `memory`: bytes of address space.

    The process gets `cpu_s` seconds of CPU every `renewed_s` seconds; 0: only once.
    """

    cpu_s: int = 10  # a search among a hundred devices takes less than one
    memory: int = 512 * 1024 * 1024  # the processes take a fifth of it
    renewed_s: float = 0.0

    def keep(self) -> None:
        """Holds this process to the limits from here on."""
        resource.setrlimit(resource.RLIMIT_AS, (self.memory, self.memory))
        self._allow()
        if self.renewed_s:
            os.nice(NICE)
            threading.Thread(target=self._renew, name="limits", daemon=True).start()

    def _allow(self) -> None:
        spent = math.ceil(time.process_time())
        most = spent + self.cpu_s
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY if self.renewed_s else most))

    def _renew(self) -> None:
        while True:
            time.sleep(self.renewed_s)
            self._allow()


class Child:
    """A process that runs a module of ours. The process reads `order` as its first line. Raises Broke."""

    def __init__(self, module: str, order: object, limits: Limits) -> None:
        environ = {name: os.environ[name] for name in _ENVIRON if name in os.environ} | _ARENAS
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this Python, a module of ours
                [sys.executable, "-P", "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environ,
            )
        except OSError as error:
            raise Broke(type(error).__name__) from None
        self.say(limits)
        self.say(order)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def say(self, what: object) -> None:
        """Writes `what` as a line. A process that has ended does not read the line."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(what) + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):  # closed
            return

    def lines(self) -> Iterator[bytes]:
        """The lines that the process writes, until the process ends well. Raises Broke."""
        assert self._process.stdout is not None
        with self._process.stdout as written:
            while line := written.readline(LONGEST):
                yield line
        if self._process.wait() != 0:
            raise Broke(f"the process ended with {self._process.returncode}")

    def kill(self) -> None:
        self._process.kill()

    def end(self, within_s: float = ENDING_S) -> None:
        """Ends the process by closing its input. Kills the process if it still runs after `within_s`."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone
            self._process.stdin.close()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def orders() -> Iterator[bytes]:
    """Called in the process: keeps the limits, which are the first line, and then gives each line that follows."""
    # signals reach the whole group of processes; the process that started this one ends it
    for ends in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ends, signal.SIG_IGN)
    lines = iter(sys.stdin.buffer)
    msgspec.json.decode(next(lines), type=Limits).keep()
    return lines


def say(what: object) -> None:
    """Called in the process: writes `what` as a line."""
    with _says:
        sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
        sys.stdout.buffer.flush()
