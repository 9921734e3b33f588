"""`make release`: in a repository of its own, what it refuses and what it makes."""

import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "showcam"
version = "{version}"
requires-python = ">=3.13"
[tool.hatch.build.targets.wheel]
packages = ["showcam"]
"""
CHANGELOG = """# Changelog

## Unreleased

## 0.2.0 ({today})

- Cameras are shown.

## 0.1.0 (2026-11-25)

- The first.
"""
PINNED = """# made by make lock
blinker==1.9.0 \\
    --hash=sha256:b4ce2265a7abece45e7cc896e98dbebe6cead56bcf805a3d23136d145f5445bf
tzdata==2026.6 ; sys_platform == 'win32' \\
    --hash=sha256:b4ce2265a7abece45e7cc896e98dbebe6cead56bcf805a3d23136d145f5445bf
"""
MAKEFILE = """good:
bad:
	@exit 1
untidy:
	@echo left > left
moving:
	@git commit -q --allow-empty -m "Another"
"""


def dated(text: str) -> str:
    """With this day in place of `{today}`: the tests may run past midnight, and the script reads the clock itself."""
    today = datetime.datetime.now(datetime.UTC).date()
    return text.replace("{today}", str(today)).replace("{tomorrow}", str(today + datetime.timedelta(days=1)))


class Repository:
    """Committed, with an environment's tools and the script of this project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("pyproject.toml", PROJECT.format(version="0.2.0"))
        self.write("CHANGELOG.md", dated(CHANGELOG))
        self.write("Makefile", MAKEFILE)
        self.write("showcam/__init__.py", "")
        self.write(".gitignore", "__pycache__/\ndist/\nsecret\n")
        self.write("requirements/app.txt", PINNED)
        for name in ("components", "deb", "release"):
            self.write(f"scripts/{name}.py", (ROOT / f"scripts/{name}.py").read_text())
        self.git("init", "-q", "-b", "main")
        self.commit()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "All of it")

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=Tests", "-c", "user.email=tests@example.com"]
        done = subprocess.run(["git", *who, *words], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def release(self, *checks: str) -> subprocess.CompletedProcess[str]:
        named = {
            f"GIT_{role}_{what}": "tests@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        command: list[str | Path] = [sys.executable, self.folder / "scripts/release.py", "--no-debs", *checks]
        return subprocess.run(command, env=os.environ | named, capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def changelog(text: str) -> Callable[[Repository], None]:
    def change(repository: Repository) -> None:
        repository.write("CHANGELOG.md", dated(text))
        repository.commit()

    return change


def version(text: str) -> Callable[[Repository], None]:
    def change(repository: Repository) -> None:
        repository.write("pyproject.toml", PROJECT.format(version=text))
        repository.commit()

    return change


# what is done to it, the check it runs, what it then says
REFUSED: list[tuple[Callable[[Repository], object], str, str]] = [
    (
        lambda repository: repository.write("showcam/__init__.py", "1"),
        "good",
        "Not all is committed:\n M showcam/__init__.py",
    ),
    (lambda repository: repository.write("new", "1"), "good", "Not all is committed:\n?? new"),
    (lambda repository: repository.git("tag", "v0.2.0"), "good", "v0.2.0 is there already"),
    (version("0.2.0.dev1"), "good", "is 0.2.0.dev1: a release is MAJOR.MINOR.PATCH"),
    (version("0.3.0"), "good", "no section of 0.3.0 at its top: ## 0.3.0 ({today})"),
    (version("0.1.0"), "good", "no section of 0.1.0 at its top"),
    (changelog("# Changelog\n"), "good", "no section of 0.2.0 at its top"),
    (changelog("## 0.2.0\n\n- No day.\n"), "good", "no section of 0.2.0 at its top"),
    (
        changelog("## 0.2.0 ({today})\n\n## 0.1.0 (2026-11-25)\n\n- The first.\n"),
        "good",
        "says nothing under ## 0.2.0",
    ),
    (changelog(CHANGELOG.replace("{today}", "{tomorrow}")), "good", "dates 0.2.0 {tomorrow}"),
    (changelog(CHANGELOG.replace("{today}", "2026-02-30")), "good", "dates 0.2.0 2026-02-30"),
    (changelog("## Unreleased\n\n- More.\n\n## 0.2.0 ({today})\n\n- One.\n"), "good", "has lines under Unreleased"),
    (lambda _: None, "bad", "make bad failed"),
    (lambda _: None, "untidy", "Not all is committed:\n?? left"),
    (lambda _: None, "moving", "Another commit was checked out"),
    (lambda repository: shutil.rmtree(repository.folder / ".git"), "good", "not a git repository"),
]


@pytest.mark.parametrize(("change", "check", "words"), REFUSED, ids=[words.splitlines()[-1] for _, _, words in REFUSED])
def test_it_refuses_and_says_why(
    repository: Repository, change: Callable[[Repository], object], check: str, words: str
) -> None:
    change(repository)
    done = repository.release(check)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0 if check != "bad" else -1].startswith("release: ")
    assert dated(words) in done.stderr
    assert not (repository.folder / "dist").exists()


def test_it_builds_what_is_committed_and_tags_it(repository: Repository) -> None:
    repository.write("secret", "an ignored file of whoever releases")
    done = repository.release("good")
    assert done.returncode == 0, done.stderr
    dist = repository.folder / "dist"
    names = ["SHA256SUMS", "showcam-0.2.0-py3-none-any.whl", "showcam-0.2.0.cdx.json", "showcam-0.2.0.tar.gz"]
    assert sorted(file.name for file in dist.iterdir()) == names
    assert all(f"dist/{name}\n" in done.stdout for name in names)
    assert "git push origin v0.2.0" in done.stdout
    subprocess.run(["sha256sum", "--check", "--strict", names[0]], cwd=dist, stdout=subprocess.DEVNULL, check=True)
    with tarfile.open(dist / names[3]) as held:
        assert "showcam-0.2.0/pyproject.toml" in held.getnames()
        assert not [name for name in held.getnames() if "secret" in name]
    with zipfile.ZipFile(dist / names[1]) as wheel:
        assert "Version: 0.2.0" in wheel.read("showcam-0.2.0.dist-info/METADATA").decode().splitlines()
    assert [each["purl"] for each in json.loads((dist / names[2]).read_text())["components"]] == [
        "pkg:pypi/blinker@1.9.0"
    ]
    assert repository.git("rev-parse", "v0.2.0^{commit}") == repository.git("rev-parse", "HEAD")
    assert repository.git("tag", "--list", "--format=%(contents)", "v0.2.0") == "showcam 0.2.0\n\n- Cameras are shown."
    assert repository.git("status", "--porcelain") == ""


def test_the_same_commit_makes_the_same_bytes(repository: Repository) -> None:
    sums = set()
    for _ in range(2):
        assert repository.release("good").returncode == 0
        [wheel] = (repository.folder / "dist").glob("*.whl")
        [archive] = (repository.folder / "dist").glob("*.tar.gz")
        sums.add(hashlib.sha256(wheel.read_bytes() + archive.read_bytes()).hexdigest())
        repository.git("tag", "--delete", "v0.2.0")
        shutil.rmtree(repository.folder / "dist")
    assert len(sums) == 1


def test_it_runs_every_check_by_default() -> None:
    done = subprocess.run(["make", "-n", "-C", ROOT, "release"], capture_output=True, text=True, check=True)
    # make says where it is when make has started it
    commands = [line for line in done.stdout.splitlines() if not line.startswith("make")]
    assert commands[-1].endswith("release.py lint test")
