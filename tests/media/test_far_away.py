"""A display on the internet and a camera behind a router, each in a network of its own, as an Echo's gateway stands."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles import gstreamer
from tests.doubles.far_away import INSIDE, OUTSIDE, PORTS, without_networks
from tests.doubles.needs import NETWORKS
from tests.doubles.own_network import NETWORK

pytestmark = pytest.mark.proves(
    "A display on the internet, as an Echo's gateway is, gets video from behind a router",
    leans_on="second stack: GStreamer; system: three networks of one Linux machine",
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True, scope="module")
def _networks() -> None:
    gstreamer.needed()
    if why := without_networks():
        NETWORKS.skip(why)


def played(*words: str) -> tuple[str, dict[str, str], float]:
    """The answer, its candidates, address by kind, and the seconds until the first picture."""
    command = [*NETWORK, sys.executable, "-m", "tests.doubles.far_away", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    lines = [line.split() for line in answer["answer"].splitlines() if line.startswith("a=candidate:")]
    return answer["answer"], {words[7]: words[4] for words in lines}, answer["first_s"]


def test_a_display_on_the_internet_is_given_the_routers_address_alone_and_sees_at_once() -> None:
    answer, candidates, first_s = played()
    assert candidates == {"srflx": OUTSIDE}
    assert INSIDE not in answer
    assert first_s < 2, "so long it tries an address that leads nowhere before it takes another"


def test_without_stun_the_houses_address_is_given_as_nothing_else_is_known() -> None:
    _, candidates, _ = played("no-stun")
    assert candidates == {"host": INSIDE}


@pytest.mark.parametrize(("how", "kind"), [("range", "srflx"), ("published", "host")])
def test_a_display_sees_through_a_firewall_or_a_container_that_lets_in_only_named_ports(how: str, kind: str) -> None:
    answer, candidates, _ = played(how)
    assert candidates == {kind: OUTSIDE}
    named = {int(line.split()[5]) for line in answer.splitlines() if line.startswith("a=candidate:")}
    assert named <= {*PORTS}  # the router keeps a port's number where it can
