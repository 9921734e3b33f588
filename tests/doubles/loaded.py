"""What a process has loaded once it has imported something."""

import subprocess
import sys

from tests.doubles.program import ROOT
from tests.doubles.waiting import LONG_S


def loaded_by(*modules: str) -> set[str]:
    """The names of all modules and packages that a fresh process holds then."""
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PYTHONPATH": "."},
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=True,
    )
    return set(done.stdout.split())
