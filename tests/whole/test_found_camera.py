"""A household with one camera in the house and no vendor's account: from nothing to its picture, by the pages alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from showcam.drivers.camera import is_own
from tests.doubles import lan_house
from tests.doubles.own_network import NETWORK

pytestmark = pytest.mark.proves(
    "A person without a vendor's account begins a household on the page, and finds, tries, adds and "
    "sees a camera there",
    leans_on="double: the ONVIF camera, in a network of the test's own",
)


def test_a_camera_is_found_in_the_house_tried_added_and_shown(tmp_path: Path) -> None:
    lan_house.needed()
    command = [*NETWORK, sys.executable, "-P", "-m", "tests.doubles.lan_page", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=290, check=False)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert (outcome["empty"], outcome["found"], outcome["tried"]) == (True, ["192.168.7.10"], True), outcome
    assert is_own(outcome["camera"]), outcome
    assert "#EXT-X-STREAM-INF" in outcome["shown"], outcome
