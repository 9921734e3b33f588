"""A current folder with files named as our rooms and as libraries: no command runs one of them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.program import ROOT, SHOWCAM, Program

STANDARD = ("json", "logging", "sqlite3", "asyncio", "ssl", "socket", "compileall", "sitecustomize", "usercustomize")
LIBRARIES = (
    "click",
    "structlog",
    "msgspec",
    "granian",
    "flask",
    "authlib",
    "aiohttp",
    "av",
    "aiortc",
    "requests",
    "PIL",
)
ROOMS = ("showcam", "lambda", "actions", "oauth", "scripts", "bench")
WRITTEN = (".py", ".md", ".sh", ".yml", ".cjs")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Every file in it records that it was run. Being a package, the folder would be found by a search for its top."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    note = f"open({str(tmp_path / 'ran')!r}, 'a').write(__file__ + '\\n')\n"
    for name in ("__init__", *STANDARD, *LIBRARIES, *ROOMS):
        (folder / f"{name}.py").write_text(note)
    (folder / "showcam.app.compose.web.py").write_text(note)
    return folder


def ran(hostile: Path) -> list[str]:
    note = hostile.parent / "ran"
    return note.read_text().splitlines() if note.exists() else []


@pytest.mark.process
def test_no_part_of_the_demo_runs_them(tmp_path: Path, hostile: Path) -> None:
    program = Program(tmp_path, forked=False, demo=True)
    program.stands = hostile
    program.start()
    try:
        program.link("alexa")
        program.shown("alexa", "show the garden camera")
    finally:
        program.stop()
    assert ran(hostile) == []


@pytest.mark.parametrize(
    "command",
    [
        [SHOWCAM, "--help"],
        [SHOWCAM, "owner", "add", "me@example.com"],
        [SHOWCAM, "household", "list"],
        [sys.executable, "-P", "-m", "showcam", "clients", "list"],
        [sys.executable, "-P", "-m", "showcam.simulator", "--help"],
        [sys.executable, "-P", "-m", "scripts.deploy_local", "--help"],
        [sys.executable, "-P", "-m", "bench", "--help"],
    ],
    ids=lambda command: " ".join(str(word) for word in command[1:]),
)
def test_no_command_runs_them(tmp_path: Path, hostile: Path, command: list[str]) -> None:
    environ = {"PATH": "/usr/bin:/bin", "SHOWCAM_DATA": str(tmp_path / "data")}
    done = subprocess.run(command, cwd=hostile, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert ran(hostile) == []


def test_everything_that_starts_a_module_of_ours_says_dash_p() -> None:
    """`python -m` without -P searches the current folder first."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    named = [name for name in listed if name.endswith(WRITTEN) or name in ("Makefile", "ship/Containerfile")]
    modules = "|".join([*ROOMS, "compileall"])
    start = re.compile(rf"(?<!-P)(?<!\"-P\",) \"?-m\"?,? \"?({modules})\b")
    found = [
        f"{name}: {line.strip()}"
        for name in named
        if (ROOT / name).exists()
        for line in (ROOT / name).read_text().splitlines()
        if start.search(line)
    ]
    assert found == []
