"""What make installs for `up` and `run` is added to what is there; what the tests run on is exact. Make says so."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.process,
    pytest.mark.proves("make names what it installs, and a way without a network", leans_on="second stack: uv"),
]

ROOT = Path(__file__).parents[2]
PROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "itself"
version = "1.0"
"""
# Makes wheels that hold nothing but their name.
BACKEND = """
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None, name="itself"):
    info, wheel = f"{name}-1.0.dist-info", f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{wheel}", "w") as held:
        held.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
        held.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        held.writestr(f"{info}/RECORD", "")
    return wheel
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The Makefile over sets of one package, and an environment with another one, of its owner's."""
    uv = ROOT / ".venv/bin/uv"
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/step.sh", tmp_path / "scripts")
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "backend.py").write_text(BACKEND)
    built = subprocess.run(
        [sys.executable, "-c", f"{BACKEND}\nprint(build_editable('.', name='needed'))"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    wheel = tmp_path / built.stdout.strip()
    pinned = f"needed @ {wheel.as_uri()} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    for name in (
        "scripts/bootstrap.sh",
        *(f"requirements/{group}.txt" for group in ("tools", "app", "all", "dev", "ipycam")),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(pinned)
    subprocess.run(
        [uv, "venv", "-q", "--offline", "--python", ROOT / ".venv/bin/python", tmp_path / ".venv"], check=True
    )
    (tmp_path / ".venv/bin/uv").symlink_to(uv)
    (tmp_path / ".venv/tools").touch()
    [site] = tmp_path.glob(".venv/lib/python*/site-packages")
    (site / "mine.py").touch()
    (site / "mine-1.0.dist-info").mkdir()
    (site / "mine-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (site / "mine-1.0.dist-info/RECORD").write_text("mine.py,,\nmine-1.0.dist-info/METADATA,,\n")
    return tmp_path


@pytest.mark.parametrize(("target", "stays"), [(".venv/app", True), (".venv/all", True), (".venv/dev", False)])
def test_a_package_of_an_owner(checkout: Path, target: str, stays: bool) -> None:
    subprocess.run(["make", "-s", "-C", checkout, target], env=os.environ | {"UV_OFFLINE": "1"}, check=True)
    [site] = checkout.glob(".venv/lib/python*/site-packages")
    assert {"itself-1.0.dist-info", "needed-1.0.dist-info"} <= {path.name for path in site.iterdir()}
    assert (site / "mine.py").exists() is stays


@pytest.mark.parametrize(("command", "installed"), [("up", ".venv/app"), ("run", ".venv/all"), ("bench", ".venv/dev")])
def test_what_a_command_of_make_installs(checkout: Path, command: str, installed: str) -> None:
    printed = subprocess.run(["make", "-n", "-C", checkout, command], capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in printed.splitlines() if line.startswith("touch .venv/")] == [installed]


def test_make_says_what_it_installs_and_how_large_it_is_and_how_long_it_took(checkout: Path) -> None:
    done = subprocess.run(
        ["make", "-s", "-C", checkout, ".venv/app"],
        env=os.environ | {"UV_OFFLINE": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert re.fullmatch(r"Installing what showcam runs on \(\d+ MB on disk\)\n  done in \d+ s\n", done.stdout), (
        done.stdout
    )


def test_without_a_network_make_says_where_to_look(checkout: Path) -> None:
    (checkout / "requirements/app.txt").write_text(f"absent==1.0 --hash=sha256:{'0' * 64}\n")
    nowhere = {"UV_DEFAULT_INDEX": "http://127.0.0.1:1/simple", "UV_HTTP_RETRIES": "0"}
    done = subprocess.run(
        ["make", "-s", "-C", checkout, ".venv/app"],
        env=os.environ | nowhere, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "http://127.0.0.1:1/simple/absent/" in done.stderr
    assert re.search(r"failed after \d+ s: what showcam runs on", done.stderr)
    assert "whether this machine has internet" in done.stderr
    assert not (checkout / ".venv/app").exists()


# A Python: its version, what it lacks · what make says
PYTHONS = [
    (
        '[ "$2" = "import platform; print(platform.python_version())" ] && echo 3.11.2 && exit; exit 1',
        "newer; found: 3.11.2.",
    ),
    ('[ "$2" = "import venv" ] && exit 1', "lacks its venv module"),
]


@pytest.mark.parametrize(("script", "said"), PYTHONS, ids=["too old", "without venv"])
def test_a_python_that_does_not_do(tmp_path: Path, script: str, said: str) -> None:
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\n{script}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    done = subprocess.run(
        [ROOT / "scripts/bootstrap.sh", tmp_path / "env", python], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert said in done.stderr
    assert "apt install python3" in done.stderr
    assert done.stdout == ""
