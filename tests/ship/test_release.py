"""`make release` of the project itself: packages, their sums, and a list of libraries that CycloneDX's tool takes."""

import datetime
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ship import table
from tests.ship.built import TOOLS
from tests.ship.debian import ROOT

TODAY = datetime.datetime.now(datetime.UTC).date()
VALID = """
import pathlib, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(pathlib.Path(sys.argv[1]).read_text()))
"""
pytestmark = pytest.mark.timeout(3600)


def released(folder: Path) -> Path:
    """A clone whose changelog has a section of today for its version, released there; its folder dist."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    [version] = re.findall(r'(?m)^version = "(.+)"', (clone / "pyproject.toml").read_text())
    changelog = clone / "CHANGELOG.md"
    changelog.write_text(f"# Changelog\n\n## {version} ({TODAY})\n\n- A release for this test.\n")
    who = ["-c", "user.name=Tests", "-c", "user.email=tests@example.com"]
    subprocess.run(["git", *who, "commit", "-qam", "Release"], cwd=clone, check=True)
    subprocess.run(["git", "tag", "--delete", f"v{version}"], cwd=clone, capture_output=True, check=False)
    named = {"GIT_COMMITTER_NAME": "Tests", "GIT_COMMITTER_EMAIL": "tests@example.com"}
    # make help needs no environment in the clone
    command: list[str | Path] = [sys.executable, clone / "scripts/release.py", "help"]
    subprocess.run(command, env=os.environ | named, check=True)
    return clone / "dist"


def test_it_makes_a_wheel_two_packages_their_sums_and_a_valid_list_of_libraries(tmp_path: Path) -> None:
    began = time.monotonic()
    dist = released(tmp_path)
    took_s = time.monotonic() - began
    kinds = sorted(re.sub(r"\d+\.\d+\.\d+", "V", file.name) for file in dist.iterdir())
    assert kinds == [
        "SHA256SUMS",
        "showcam-V-py3-none-any.whl",
        "showcam-V.cdx.json",
        "showcam-V.tar.gz",
        "showcam_V_amd64.deb",
        "showcam_V_arm64.deb",
    ]
    sums = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(sums, cwd=dist, capture_output=True, text=True, check=True).stdout.count(": OK\n") == 5
    [libraries] = dist.glob("*.cdx.json")
    apart: list[str | Path] = [
        TOOLS / "uv",
        "run",
        "-q",
        "--no-project",
        "--with",
        "cyclonedx-python-lib[json-validation]>=11,<12",
    ]
    judged = subprocess.run(
        [*apart, "python", "-c", VALID, libraries], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert judged.stdout == "None\n"
    size = sum(file.stat().st_size for file in dist.iterdir())
    table.add("release", size, took_s, "wheel, two .debs, sums, list of libraries")
