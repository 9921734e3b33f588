"""Starts what listens to devices of the house as a process, under limits on memory and CPU.

Anything in the house may answer, with as much as it likes. What that costs ends with the process, so that a hostile
device can spoil what its process is for and nothing else. Each side writes lines of JSON to the other.
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

LONGEST = 4 * 1024 * 1024  # bytes of a line: all that a search found
NICE = 10  # of what goes on for long: whoever answers an assistant goes first
ENDING_S = 1.0  # showcam itself ends within three seconds
# what of our environment a process gets: neither settings nor keys
_ENVIRON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
# else each thread's memory begins with 64 MB of addresses, which the limit counts
_ARENAS = {"MALLOC_ARENA_MAX": "1"}

_says = threading.Lock()


class Broke(Exception):
    """The process ended by its limits or by a fault, or could not be started."""


class Limits(Struct, frozen=True):
    """`memory`: bytes of address space. The process gets `cpu_s` seconds of CPU every `renewed_s` seconds; 0: once."""

    cpu_s: int = 10  # a search among a hundred devices takes less than one
    memory: int = 512 * 1024 * 1024  # the processes take a fifth of it
    renewed_s: float = 0.0

    def keep(self) -> None:
        """Hold this process to the limits from here on."""
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
    """A module of ours that runs in a process; `order` is the first line that it gets. Raises Broke."""

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
        """Write it as a line; a process that has ended does not read it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(what) + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):  # closed
            return

    def lines(self) -> Iterator[bytes]:
        """What the process writes, line by line, until it ends well. Raises Broke."""
        assert self._process.stdout is not None
        with self._process.stdout as written:
            while line := written.readline(LONGEST):
                yield line
        if self._process.wait() != 0:
            raise Broke(f"the process ended with {self._process.returncode}")

    def kill(self) -> None:
        self._process.kill()

    def end(self, within_s: float = ENDING_S) -> None:
        """Lets the process end, which it does when nothing more comes, and ends it if it has not by then."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone
            self._process.stdin.close()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def orders() -> Iterator[bytes]:
    """In the process: keeps the limits, which come first, and then gives each line that follows."""
    for ends in (signal.SIGINT, signal.SIGTERM):  # a whole group gets them; whoever started the process ends it
        signal.signal(ends, signal.SIG_IGN)
    lines = iter(sys.stdin.buffer)
    msgspec.json.decode(next(lines), type=Limits).keep()
    return lines


def say(what: object) -> None:
    """In the process: writes it as a line."""
    with _says:
        sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
        sys.stdout.buffer.flush()
