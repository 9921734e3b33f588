"""Runs of tests.doubles.far_display, each in a network of its own, and whether this machine can make them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.doubles.needs import CHROMIUM, NETWORKS
from tests.doubles.own_network import NETWORK
from tests.doubles.stopwatch import RUNS

ROOT = Path(__file__).parents[2]


def needed() -> None:
    """Skips the test if a program is missing, or no network with a wire of its own can be made."""
    if shutil.which("chromium-headless-shell") is None:
        CHROMIUM.skip()
    if missing := [program for program in ("ip", "nsenter") if shutil.which(program) is None]:
        NETWORKS.skip(f"{', '.join(missing)} is not installed")
    tun = [*NETWORK, "ip", "tuntap", "add", "dev", "try0", "mode", "tun"]
    tried = subprocess.run(tun, capture_output=True, text=True, check=False)
    if tried.returncode:
        NETWORKS.skip(tried.stderr.strip())


def played(way: Mapping[str, object], timeout_s: float) -> list[dict[str, Any]]:
    command = [*NETWORK, sys.executable, "-P", "-m", "tests.doubles.far_display", json.dumps(dict(way))]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def undisturbed(way: Mapping[str, float], timeout_s: float) -> dict[str, Any]:
    """What one run saw. RUNS are made at most, while the machine lets one stand for a twentieth of its time."""
    for _ in range(RUNS):
        [run] = played(way, timeout_s)
        if run["stood_s"] < way["lasts_s"] / 20:
            break
    return run


def frozen_s(run: dict[str, Any]) -> float:
    """How long the picture stood still, as Chromium counts it: what is 0.15 s longer than the mean."""
    return float(run["stats"]["totalFreezesDuration"])
