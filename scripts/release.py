"""Releases the version of pyproject.toml: `make release` checks it, builds dist/ and tags; it pushes nothing.

What can be built is what is committed: the archive of HEAD, dated as HEAD is, so that the same commit makes the same
bytes. Until everything is built nothing is written but into a temporary folder, and the tag comes last but the files.
In dist/ are then the sdist, the wheel, a package for Debian of each architecture, a list of libraries and SHA256SUMS.
"""

import argparse
import datetime
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from scripts import components, deb  # noqa: E402

SUMS = "SHA256SUMS"
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
SECTION = re.compile(r"^## (?:(Unreleased)|(\S+) \((\d{4}-\d\d-\d\d)\))\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


class CannotRelease(Exception):
    """The text says what is wrong and what to do."""


def release(checks: list[str], today: datetime.date, architectures: Iterable[str]) -> list[Path]:
    """The files in dist/. Raises CannotRelease, and then there is neither a tag nor a file.

    `architectures`: those that get a package for Debian.
    """
    version = _version()
    _untouched()
    tag, head = f"v{version}", _git("rev-parse", "HEAD")
    if _git("tag", "--list", tag):
        raise CannotRelease(f"{tag} is there already: give pyproject.toml the next version.")
    notes = _notes(version, today)
    _check(checks)
    _untouched()
    if _git("rev-parse", "HEAD") != head:
        raise CannotRelease("Another commit was checked out during the checks: run make release again.")
    with tempfile.TemporaryDirectory() as made:
        built = _built(Path(made), head, version, architectures)
        _git("tag", "--annotate", tag, head, "--cleanup=verbatim", "--message", f"showcam {version}\n\n{notes}")
        return _kept(built, ROOT / "dist" / SUMS)


def _version() -> str:
    version = str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
    if not VERSION.fullmatch(version):
        raise CannotRelease(f"The version in pyproject.toml is {version}: a release is MAJOR.MINOR.PATCH.")
    return version


def _untouched() -> None:
    if changed := _git("status", "--porcelain"):
        raise CannotRelease(f"Not all is committed:\n{changed}\nCommit it or put it aside: git stash -u.")


def _notes(version: str, today: datetime.date) -> str:
    """What CHANGELOG.md says of the version, which stands there first, under its date."""
    unreleased, others = "", []
    for waits, named, day, text in SECTION.findall((ROOT / "CHANGELOG.md").read_text()):
        if waits:
            unreleased += text.strip()
        else:
            others.append((named, day, text.strip()))
    if unreleased:
        raise CannotRelease(f"CHANGELOG.md has lines under Unreleased: put them under ## {version} ({today}).")
    named, day, text = others[0] if others else ("", "", "")
    if named != version:
        raise CannotRelease(f"CHANGELOG.md has no section of {version} at its top: ## {version} ({today}).")
    if not text:
        raise CannotRelease(f"CHANGELOG.md says nothing under ## {version} ({day}).")
    if not _past(day, today):
        raise CannotRelease(f"CHANGELOG.md dates {version} {day}, which is not today or before: {today}.")
    return text


def _past(day: str, today: datetime.date) -> bool:
    try:
        return datetime.date.fromisoformat(day) <= today
    except ValueError:
        return False


def _check(targets: list[str]) -> None:
    if subprocess.run(["make", "-C", ROOT, *targets], check=False).returncode:
        raise CannotRelease(f"make {' '.join(targets)} failed, see above.")


def _built(folder: Path, head: str, version: str, architectures: Iterable[str]) -> list[Path]:
    """The sdist, the wheel that is built from it, the packages that hold the wheel, and the list of their libraries."""
    tree, out = folder / "tree", folder / "out"
    _git("archive", "--output", str(folder / "tree.tar"), head)
    with tarfile.open(folder / "tree.tar") as held:
        held.extractall(tree, filter="data")
    python = Path(sys.executable)
    command = [str(python.with_name("uv")), "build", "-q", "--no-config", "--offline", "--no-build-isolation"]
    environ = os.environ | {"SOURCE_DATE_EPOCH": _git("show", "--no-patch", "--format=%ct", head)}
    if subprocess.run(
        [*command, "--python", str(python), "-o", str(out), str(tree)], env=environ, check=False
    ).returncode:
        raise CannotRelease("It could not be built, see above.")
    built = [out / f"showcam-{version}.tar.gz", out / f"showcam-{version}-py3-none-any.whl"]
    if missing := [file.name for file in built if not file.is_file()]:
        raise CannotRelease(f"What was built lacks {' and '.join(missing)}.")
    dated = int(environ["SOURCE_DATE_EPOCH"])
    try:
        packages = [deb.build(tree, built[1], architecture, out, dated) for architecture in architectures]
    except deb.CannotBuild as error:
        raise CannotRelease(str(error)) from None
    made_of = out / f"showcam-{version}.cdx.json"
    day = datetime.datetime.fromtimestamp(dated, datetime.UTC).isoformat()
    made_of.write_text(components.listed(tree / "requirements/app.txt", version, day))
    return [*built, *packages, made_of]


def _kept(built: list[Path], sums: Path) -> list[Path]:
    """In dist/, beside their sums as sha256sum writes and reads them."""
    sums.parent.mkdir(exist_ok=True)
    kept = [sums.with_name(file.name) for file in built]
    for source, place in zip(built, kept, strict=True):
        place.write_bytes(source.read_bytes())
    sums.write_text("".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in kept))
    return [*kept, sums]


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRelease(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout.rstrip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checks", nargs="+", help="targets of make that must pass")
    parser.add_argument(
        "--no-debs", action="store_true", help="without packages for Debian, whose libraries are fetched"
    )
    asked = parser.parse_args()
    try:
        made = release(asked.checks, datetime.datetime.now(datetime.UTC).date(), () if asked.no_debs else deb.PLATFORMS)
    except CannotRelease as error:
        sys.exit(f"release: {error}")
    told = [str(file.relative_to(ROOT)) for file in made]
    tag = f"v{_version()}"
    told.append(f"{tag} is tagged here and pushed nowhere: git push origin {tag}")
    print("\n".join(told))  # noqa: T201 - what a person waits for


if __name__ == "__main__":
    main()
