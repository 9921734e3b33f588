"""Programs of other makers on this machine: showcam starts their commands, with fixed words and by no shell."""

import contextlib
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from showcam.console.setup.exposing import Why

ENDING_S = 0.5  # for the end of a command that named a page; one that closed its output gets ten times as long
MOST = 256 * 1024  # bytes of an answer
LONGEST_DETAIL = 200
# Starts a program that Linux kills as soon as the process or thread that waits for the program ends.
_BOUND = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[2:])"


class ProgramFailed(Exception):
    """A program refused a command or did not answer. `detail` quotes the program's output."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why}: {detail}")
        self.why: Why = why
        self.detail = detail


class Program:
    """`path` is absolute. `page` is what an address looks like that the program prints for a person to visit.

    `answer_s`: the time for an answer. `home`: the home folder of the program.
    """

    def __init__(self, name: str, path: Path, page: re.Pattern[str], answer_s: float, home: Path | None = None) -> None:
        self._name, self._path, self.page, self._answer_s, self._home = name, path, page, answer_s, home

    def run(self, *words: str, to_page: bool = False) -> tuple[int | None, str]:
        """Runs a command, and returns the exit code and the output.

        The code is None if the command is ended here: it has taken too long, or `to_page` it has named a page and
        waits for the person who visits it.
        """
        # one file may be both client and daemon, and goes by this name
        with self._started([self._name, *words], self._path, to_page=to_page) as (process, text):
            try:
                return process.wait(ENDING_S if to_page and self.page.search(text) else 10 * ENDING_S), text
            except subprocess.TimeoutExpired:
                return None, text

    @contextlib.contextmanager
    def waiting(self, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
        """Runs a command that waits for a person. Yields the process and its output up to the page."""
        bound = [sys.executable, "-I", "-c", _BOUND, str(self._path), self._name, *words]
        with self._started(bound, Path(sys.executable), to_page=True) as found:
            yield found

    @contextlib.contextmanager
    def _started(
        self, command: list[str], path: Path, *, to_page: bool
    ) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
        try:
            process = subprocess.Popen(  # noqa: S603 - fixed words, and a program that `find` found
                command,
                executable=path,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramFailed("failed", str(error.strerror)) from None
        with process:
            try:
                yield process, self._read(process, to_page=to_page)
            finally:
                if process.poll() is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)

    def _read(self, process: subprocess.Popen[bytes], *, to_page: bool) -> str:
        """Returns what the process prints until it ends, names a page or has no time left: 256 KiB at most."""
        assert process.stdout is not None
        waiting, text, until = select.poll(), "", time.monotonic() + self._answer_s
        waiting.register(process.stdout, select.POLLIN)
        while len(text) < MOST and (left_s := until - time.monotonic()) > 0 and waiting.poll(left_s * 1000):
            part = os.read(process.stdout.fileno(), MOST)
            text += part.decode("utf-8", "replace")
            if not part or (to_page and self.page.search(text)):
                break
        return text

    def _environment(self) -> dict[str, str]:
        """Returns the variables for the program. Tailscale's knows its operator by USER (up.go: applyImplicitPrefs)."""
        try:
            user = pwd.getpwuid(os.geteuid())
        except KeyError:  # a container's user without a name
            return {"HOME": str(self._home)} if self._home else {}
        return {"USER": user.pw_name, "HOME": str(self._home or user.pw_dir)}


def find(name: str) -> Path | None:
    """Finds a program by PATH; None if it is not installed."""
    found = shutil.which(name)
    return Path(found).resolve() if found and Path(found).is_absolute() else None


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:LONGEST_DETAIL] if lines else ""
