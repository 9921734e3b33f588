"""buildah and podman with a store of their own in build/ship, on a machine that reaches no registry of images.

Debian's image, which ship/Containerfile names, is one that mmdebstrap makes of Debian's packages.
"""

import json
import os
import resource
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.ship.debian import AUTHORITIES, FOLDER, NEW_S, ROOT

USER = 10001
SHOWCAM, MEDIA = "localhost/showcam:latest", "localhost/showcam-media:latest"
BASE = "docker.io/library/debian:trixie-slim"
APP = "localhost/showcam-home-assistant:latest"
BUILT_S = 1800.0
# Debian's own image leaves these out, too: https://github.com/debuerreotype/debuerreotype, scripts/.slimify-excludes
SLIM = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")
HARDENED = ("--read-only", "--read-only-tmpfs=false", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


class Engine:
    """Its commands see no other images and containers than its own. `environ` is what they need for that."""

    def __init__(self, folder: Path) -> None:
        self._store = folder / "containers"
        self._store.mkdir(parents=True, exist_ok=True)
        limits = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
        hard = {name: resource.getrlimit(number)[1] for name, number in limits.items()}
        ulimits = ", ".join(f'"{name}={most}:{most}"' for name, most in hard.items())
        (self._store / "containers.conf").write_text(
            f"[containers]\ndefault_ulimits = [{ulimits}]\n"
            '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
        )
        self._write_storage("overlay")
        self.environ = os.environ | {
            "CONTAINERS_CONF": str(self._store / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self._store / "storage.conf"),
            "BUILDAH_ISOLATION": "chroot",
            "PODMAN_IGNORE_CGROUPSV1_WARNING": "true",
            "DISABLE_HC_SYSTEMD": "true",  # no systemd is there to start the health check
        }
        if subprocess.run(["podman", "info"], env=self.environ, capture_output=True, check=False).returncode:
            self._write_storage("vfs")  # slow: it copies what a layer builds on

    def _write_storage(self, driver: str) -> None:
        (self._store / "storage.conf").write_text(
            f'[storage]\ndriver = "{driver}"\ngraphroot = "{self._store / "root"}"\nrunroot = "{self._store / "run"}"\n'
            '[storage.options.overlay]\nskip_mount_home = "true"\n'  # else the store is a mount, and stays
        )

    def podman(self, *words: str, code: int = 0) -> str:
        """What the command prints."""
        done = subprocess.run(["podman", *words], env=self.environ, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def inspected(self, name: str) -> dict[str, Any]:
        return dict(json.loads(self.podman("inspect", name))[0])

    def log(self, name: str) -> str:
        """All that a container printed."""
        words = ["podman", "logs", name]
        return subprocess.run(
            words, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
        ).stdout

    @contextmanager
    def started(self, *words: str) -> Iterator[str]:
        """A container's name, started by `podman run` with these words; removed in the end."""
        name = self.podman("run", "--detach", *words).strip()
        try:
            yield name
        finally:
            self.podman("rm", "--force", "--time", "30", name)

    def build(self, tag: str, target: str, **arguments: str) -> None:
        """By the project's file, from what the project's folder holds and .dockerignore lets in."""
        command = [*self._builder(), "--file", str(ROOT / "ship/Containerfile"), "--target", target, "--tag", tag]
        command += [word for name, text in arguments.items() for word in ("--build-arg", f"{name}={text}")]
        command += [str(ROOT)]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False, timeout=BUILT_S)
        assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-8000:]}"

    def docker(self, folder: Path) -> Path:
        """A program of that name, which takes docker's words: buildah builds, podman does the rest, for compose too."""
        folder.mkdir()
        program = folder / "docker"
        program.write_text(
            '#!/bin/sh\ncase "$1" in\n'
            f'build) shift; exec {shlex.join(self._builder())} "$@" ;;\n'
            'compose) shift; exec docker-compose "$@" ;;\n'
            'esac\nexec podman "$@"\n'
        )
        program.chmod(0o755)
        return program

    def _builder(self) -> list[str]:
        command = ["buildah", "build", "--format", "docker", "--network", "host", "--pull-never", "--layers=false"]
        return [*command, *self._ulimits()]

    def import_base(self) -> None:
        self.podman("import", str(_base()), BASE)

    def _ulimits(self) -> list[str]:
        words = []
        for name, number in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
            most = resource.getrlimit(number)[1]
            words += ["--ulimit", f"{name}={most}:{most}"]
        return words


def _authorities() -> list[str]:
    """For a machine whose registries of packages are reached by a mirror: only pip in the base trusts it."""
    if not (bundle := os.environ.get("SSL_CERT_FILE")):
        return []
    pip = f'printf "[global]\\ncert = /{AUTHORITIES}\\n" >"$1/etc/pip.conf"'
    return [f"--customize-hook=upload {bundle} /{AUTHORITIES}", f"--customize-hook={pip}"]


def _base() -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    base = FOLDER / "trixie-slim.tar"
    if not base.exists() or time.time() - base.stat().st_mtime > NEW_S:
        made = base.with_suffix(".new.tar")
        command = ["mmdebstrap", "--quiet", "--variant=minbase"]
        command += [f"--dpkgopt=path-exclude={path}" for path in SLIM]
        subprocess.run([*command, *_authorities(), "trixie", str(made)], check=True)
        made.rename(base)
    return base


@contextmanager
def engine() -> Iterator[Engine]:
    """An engine without images; its store is removed in the end."""
    folder = FOLDER / "engine"
    shutil.rmtree(folder, ignore_errors=True)
    made = Engine(folder)
    try:
        yield made
    finally:
        shutil.rmtree(folder)


def data_folder(folder: Path) -> Path:
    """A folder that belongs to the image's user."""
    folder.mkdir()
    os.chown(folder, USER, USER)
    return folder
