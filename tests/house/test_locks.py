"""Installed packages are pinned by hash, and no file names a registry."""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
REGISTRY = re.compile(
    r"registry\.npm|//[\w.-]*pypi|pythonhosted|--(extra-)?index-url|^registry\s*=\s*http", re.IGNORECASE | re.MULTILINE
)


def test_no_file_names_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    locks = [name for name in listed.splitlines() if not name.startswith("tests/")]
    assert {".npmrc", "package-lock.json", "pyproject.toml", "requirements/app.txt"} <= set(locks)
    assert not [name for name in locks if REGISTRY.search((ROOT / name).read_bytes().decode(errors="replace"))]


def test_each_set_has_the_one_before_in_it_and_an_owners_has_no_extra() -> None:
    app, everything, dev = (pins(name) for name in ("app", "all", "dev"))
    assert app < everything < dev
    assert {pin.partition("==")[0] for pin in everything - app} >= {"apig-wsgi", "boto3", "botocore"}


def pins(name: str) -> set[str]:
    text = (ROOT / f"requirements/{name}.txt").read_text()
    return set(re.findall(r"^([\w.-]+==[\w.]+)", text, re.MULTILINE))


def test_every_package_of_npm_is_pinned_by_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert len(installed) > 100
    assert all(
        package["integrity"].startswith("sha512-") and "resolved" not in package for package in installed.values()
    )
    assert "node_modules/serverless" not in installed
