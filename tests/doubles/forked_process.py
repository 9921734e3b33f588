"""showcam as a process, forked from one that has imported it: a start then costs a quarter of the CPU time.

How it is started as a command is for tests/whole/test_starting.py, test_wheel.py and those that ask for it.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.doubles import forked_main
from tests.doubles.forks import FORKS


class ForkedProcess:
    """What tests use of a Popen."""

    def __init__(
        self,
        words: Sequence[str],
        environ: Mapping[str, str],
        stands: Path,
        log: Path,
        descriptors: tuple[int, int] | None = None,
    ) -> None:
        self._words = [*words]
        given = (self._words, {**environ}, str(stands), log, descriptors)
        self._process = FORKS.Process(target=forked_main.run, args=given)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self._process.exitcode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, within_s: float | None = None) -> int:
        """Raises TimeoutExpired."""
        self._process.join(within_s)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._words, within_s or 0.0)
        return code
