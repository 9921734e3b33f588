"""Cast devices answer by mDNS, in a network of this test's own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.own_network import NETWORK

pytestmark = pytest.mark.process

SCRIPT = """
import json, socket, sys, threading, time
import zeroconf
from showcam.cast.apart import browse

def announced(name, uuid, model, port, address):
    kind = "_googlecast._tcp.local."
    facts = {"id": uuid, "md": model, "fn": name}
    at = [socket.inet_aton(address)]
    return zeroconf.ServiceInfo(kind, f"{uuid}.{kind}", port=port, addresses=at, properties=facts)

devices = zeroconf.Zeroconf(interfaces=["192.168.77.1"])
for device in json.loads(sys.argv[1]):
    devices.register_service(announced(*device))
found = browse(8.0)
print(json.dumps([[device.name, device.kind, device.model, device.host, device.port] for device in found]))
devices.close()
"""
SET_UP = (
    "ip link set lo up && ip link add here type veth peer name there && ip addr add 192.168.77.1/24 dev here "
    "&& ip link set here up && ip link set there up"
)
ROWS = [
    ("Living room TV", "11111111-1111-1111-1111-111111111111", "Chromecast", 8009, "192.168.77.20"),
    ("Kitchen", "22222222-2222-2222-2222-222222222222", "Google Home Mini", 8009, "192.168.77.21"),
    ("Upstairs", "33333333-3333-3333-3333-333333333333", "Google Cast Group", 42123, "192.168.77.20"),
]


def test_devices_groups_and_speakers_are_distinguished() -> None:
    words = [*NETWORK, "sh", "-c", f'{SET_UP} && exec "$@"', "sh", sys.executable, "-c", SCRIPT, json.dumps(ROWS)]
    done = subprocess.run(
        words, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(done.stdout)) == [
        ["Kitchen", "speaker", "Google Home Mini", "192.168.77.21", 8009],
        ["Living room TV", "screen", "Chromecast", "192.168.77.20", 8009],
        ["Upstairs", "group", "Google Cast Group", "192.168.77.20", 42123],
    ]
