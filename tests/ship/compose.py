"""Docker's compose, which reads ship/compose.yaml by the specification's schema, at the API of podman."""

import json
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.doubles.waiting import until
from tests.ship.containers import Engine
from tests.ship.debian import ROOT

FILE = ROOT / "ship/compose.yaml"


class Compose:
    def __init__(self, environ: dict[str, str]) -> None:
        self._environ = environ

    def __call__(self, *words: str) -> str:
        """What the command prints."""
        command = ["docker-compose", "--file", str(FILE), *words]
        done = subprocess.run(command, env=self._environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def services(self, *profiles: str) -> dict[str, Any]:
        """The services that would start, as compose understands them."""
        words = [word for profile in profiles for word in ("--profile", profile)]
        return dict(json.loads(self(*words, "config", "--format", "json"))["services"])


@contextmanager
def compose(containers: Engine, folder: Path, **environ: str) -> Iterator[Compose]:
    """All that it started is removed in the end, with its volumes."""
    with service(containers, folder) as given:
        made = Compose(given | environ)
        try:
            yield made
        finally:
            made("--profile", "*", "down", "--volumes")


@contextmanager
def service(containers: Engine, folder: Path, *leads: str) -> Iterator[dict[str, str]]:
    """What compose's environment is to hold, to build and start by podman.

    `leads`: the words that start a program in the network which containers take for the machine's. Builds are in this
    machine's all the same, since buildah's isolation is chroot.
    """
    socket, log, runtime = folder / "podman.sock", folder / "podman.log", folder / "runc"
    runtime.write_text(f'#!/bin/sh\nexec {shlex.join([*leads, "runc"])} "$@"\n')
    runtime.chmod(0o755)
    with log.open("wb") as printed:
        command = ["podman", "--runtime", str(runtime), "system", "service", "--time", "0", f"unix://{socket}"]
        serves = subprocess.Popen(command, env=containers.environ, stdout=printed, stderr=printed)
    try:
        until(socket.exists)
        # podman has no BuildKit
        yield containers.environ | {"DOCKER_HOST": f"unix://{socket}", "DOCKER_BUILDKIT": "0"}
    finally:
        serves.terminate()
        serves.wait()
