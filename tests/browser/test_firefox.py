"""Firefox connects: it hides its addresses behind names that end in .local, and says then that there are no more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles import firefox
from tests.doubles.far_away import without_networks
from tests.doubles.needs import FIREFOX, NETWORKS
from tests.doubles.own_network import NETWORK

pytestmark = pytest.mark.proves(
    "Firefox connects and is sent video",
    leans_on="second stack: Firefox, whose offer names VP8 as H.264 since Debian's has none",
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _needed() -> None:
    if why := without_networks():
        NETWORKS.skip(why)
    if not firefox.program():
        FIREFOX.skip()


def test_firefox_connects() -> None:
    command = [*NETWORK, sys.executable, "-X", "faulthandler", "-m", "tests.doubles.firefox"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert ".local " in found["offer"]
    assert "a=end-of-candidates" in found["offer"]
    assert found["state"] == "connected"
