"""Starts the app's image as Home Assistant's supervisor does, and stands where the supervisor's requests come from.

A container is given what home-assistant/supervisor gives it (supervisor/docker/addon.py): root with the engine's
default capabilities, a `/data` of root's with the options in it, and the environment of config.yaml.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.ship.containers import APP, Engine
from tests.ship.debian import ROOT

CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "ship/home-assistant/config.yaml").read_text())
# The supervisor reaches a container on the network of the host at the gateway of the network hassio.
HOST, SUPERVISOR, NETWORK = "172.30.32.1", "172.30.32.2", "172.30.32.0/23"
PORT = int(CONFIG["ingress_port"])
WATCHDOG = CONFIG["watchdog"].replace("[HOST]", HOST).replace(f"[PORT:{PORT}]", str(PORT))


@contextmanager
def network(containers: Engine) -> Iterator[str]:
    """A network in which this machine has the supervisor's address."""
    name = containers.podman(
        "network", "create", "--subnet", NETWORK, "--gateway", SUPERVISOR, "--disable-dns", "hassio"
    ).strip()
    try:
        yield name
    finally:
        containers.podman("network", "rm", name)


@contextmanager
def started(containers: Engine, network: str, data: Path, *words: str, **environ: str) -> Iterator[str]:
    """The container's name. `words` replace the command of the image, `environ` what config.yaml gives it."""
    assert (CONFIG["host_network"], CONFIG["init"]) == (True, False)
    tokens = dict.fromkeys(("SUPERVISOR_TOKEN", "HASSIO_TOKEN"), "x" * 112)
    environ = (environ or CONFIG["environment"]) | {"TZ": "Europe/Oslo"} | tokens
    (data / "options.json").write_text(json.dumps({}))
    given = [word for name, value in environ.items() for word in ("--env", f"{name}={value}")]
    given += ["--network", network, "--ip", HOST, "--hostname", "1a2b3c4d-showcam"]
    given += ["--add-host", f"supervisor:{SUPERVISOR}", "--volume", "/dev:/dev:ro", "--volume", f"{data}:/data"]
    with containers.started(*given, APP, *words) as name:
        yield name
