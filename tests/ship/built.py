"""The artefacts of the project's last commit, built as `make release` builds them."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.ship.debian import ROOT

TOOLS = Path(sys.executable).parent


def tree(folder: Path, version: str = "") -> Path:
    """The files of the last commit; with `version`, as if they were of that one."""
    archive = folder / "tree.tar"
    made = folder / "tree"
    subprocess.run(["git", "-C", ROOT, "archive", "--output", archive, "HEAD"], check=True)
    with tarfile.open(archive) as held:
        held.extractall(made, filter="data")
    archive.unlink()
    if version:
        project = made / "pyproject.toml"
        project.write_text(re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', project.read_text()))
    return made


def wheel(tree: Path) -> Path:
    out = tree.parent / "out"
    build: list[str | Path] = [TOOLS / "uv", "build", "-q", "--wheel", "--offline", "--no-build-isolation", "-o", out]
    subprocess.run([*build, "--python", sys.executable, tree], check=True)
    [made] = out.glob("*.whl")
    return made
