"""Programs of Debian's packages, without root: fetched by apt-get and laid out in bench/env."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.peer.environment import FOLDER, NoPeer
from bench.progress import say

_WITHIN_S = 300
_FOLDER = FOLDER.parent / "debian"


def ffmpeg() -> tuple[str, dict[str, str]]:
    """The program and what its environment must have. Raises NoPeer."""
    if installed := shutil.which("ffmpeg"):
        return installed, {}
    program = _FOLDER / "usr/bin/ffmpeg"
    if not program.is_file():
        _lay_out("ffmpeg")
    libraries = sorted({str(library.parent) for library in _FOLDER.glob("usr/lib/**/*.so.*")})
    return str(program), {"LD_LIBRARY_PATH": ":".join(libraries)}


def _lay_out(name: str) -> None:
    """The package, and those it needs that are not installed."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise NoPeer(f"{name} is not installed, and there is no apt-get to fetch it")
    say(f"Fetching {name} from Debian's packages, once")
    simulated = _run("apt-get", "--simulate", "install", "--no-install-recommends", name)
    names = [line.split()[1] for line in simulated.splitlines() if line.startswith("Inst ")]
    with tempfile.TemporaryDirectory(prefix="showcam-bench-") as folder:
        _run("apt-get", "-qq", "download", *names, within=folder)
        for package in Path(folder).glob("*.deb"):
            _run("dpkg", "-x", str(package), str(_FOLDER))


def _run(*command: str, within: str | None = None) -> str:
    environ = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(command, cwd=within, env=environ, capture_output=True, text=True, timeout=_WITHIN_S)
    except subprocess.TimeoutExpired:
        raise NoPeer(f"{command[0]} took more than {_WITHIN_S} s") from None
    if done.returncode:
        raise NoPeer(f"{command[0]} failed: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    return done.stdout
