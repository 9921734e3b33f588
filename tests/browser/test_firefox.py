"""Firefox connects: it hides its addresses behind names that end in .local, and says then that there are no more."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles import firefox
from tests.doubles.far_away import NETWORK, without_networks

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _needed() -> None:
    why = without_networks() or ("" if firefox.program() else "Firefox is not installed: apt install firefox-esr")
    if why and os.environ.get("SHOWCAM_TEST_BROWSER") == "required":
        pytest.fail(why)
    if why:
        pytest.skip(why)


def test_firefox_connects() -> None:
    command = [*NETWORK, sys.executable, "-m", "tests.doubles.firefox"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert ".local " in found["offer"]
    assert "a=end-of-candidates" in found["offer"]
    assert found["state"] == "connected"
