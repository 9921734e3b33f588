"""A command of showcam as a process, forked from one that has imported it.

How commands are started, and that each finds what it imports, is for tests/whole/test_wheel.py and test_hints.py.
"""

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.doubles import command_main
from tests.doubles.forks import FORKS


def commanded(
    words: Sequence[str], environ: Mapping[str, str], stands: Path, text: str, within_s: float
) -> subprocess.CompletedProcess[str]:
    """`words` begin with the path of the executable. Raises TimeoutExpired."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / command_main.IN).write_text(text)
        out, err = folder / command_main.OUT, folder / command_main.ERR
        out.touch()
        err.touch()
        process = FORKS.Process(target=command_main.run, args=(words, environ, str(stands), folder))
        process.start()
        process.join(within_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(words), within_s, out.read_text(), err.read_text())
        return subprocess.CompletedProcess(list(words), process.exitcode, out.read_text(), err.read_text())
