"""Imports and declared dependencies agree, in pyproject.toml and in the separate requirements."""

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
AROUND = ("tests", "bench", "aws", "scripts")
# No code imports these: a command, a plugin of pytest, types. By name the file that needs it, and its word for it.
CALLED = {
    "awslambdaric": ("tests/doubles/runtime_api.py", '"-m", "awslambdaric"'),
    "import-linter": ("Makefile", "lint-imports"),
    "mypy": ("Makefile", ".venv/bin/mypy"),
    "pytest-cov": ("Makefile", "--cov"),
    "pytest-socket": ("pyproject.toml", "--disable-socket"),
    "pytest-timeout": ("pyproject.toml", "timeout ="),
    "pytest-xdist": ("Makefile", "--dist"),
    "ruff": ("Makefile", ".venv/bin/ruff"),
    "types-requests": ("Makefile", ".venv/bin/mypy"),
    "types-tabulate": ("Makefile", ".venv/bin/mypy"),
}
# The bench beside which the program is measured brings its own environment, and GStreamer is of the system's Python.
PEERS = {"homeassistant", "gi"}
OF_THE_RUNTIME = {"boto3", "botocore"}  # Lambda's Python has them


def named(lines: list[str]) -> set[str]:
    """Of requirements, the distributions as they are spelled in an index."""
    found = (re.match(r"[\w.-]+", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


def distributions(modules: set[str]) -> set[str]:
    """Which bring these top-level modules, by what is installed; a module that nothing brings stands for itself."""
    known = packages_distributions()
    return named([known.get(module, [module])[0] for module in modules])


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in (ROOT / folder).rglob("*.py")]


def test_what_the_program_imports_is_what_it_declares(cutter: ModuleType) -> None:
    assert distributions(cutter.foreign_to(sources(*ROOMS))) == named(PROJECT["project"]["dependencies"])


def test_what_surrounds_it_imports_is_what_else_is_declared(cutter: ModuleType) -> None:
    program, dev = (
        named(requirements)
        for requirements in (PROJECT["project"]["dependencies"], PROJECT["dependency-groups"]["dev"])
    )
    imported = distributions(cutter.foreign_to(sources(*AROUND)) - set(AROUND) - PEERS)
    assert imported - program == dev - CALLED.keys()


@pytest.mark.parametrize("name", CALLED)
def test_what_nothing_imports_is_called_by_its_name(name: str) -> None:
    file, word = CALLED[name]
    assert word in (ROOT / file).read_text()


@pytest.mark.parametrize(
    ("file", "entry"),
    [
        ("lambda-directives", "lambda.directives"),
        ("lambda-fulfillment", "lambda.fulfillment"),
        ("lambda-web", "lambda.web"),
        ("media", "showcam.compose.media"),
    ],
)
def test_separate_requirements_are_what_their_entry_imports(file: str, entry: str, cutter: ModuleType) -> None:
    declared = named((ROOT / f"requirements/{file}.in").read_text().splitlines())
    reached = distributions(cutter.foreign_to(cutter.reached(entry).values()) - OF_THE_RUNTIME)
    started_by = {"click"} if file == "media" else set()
    assert declared == reached | started_by


@pytest.mark.parametrize("name", ["aioice", "aiortc", "av"])
def test_what_is_patched_or_bound_by_its_insides_is_not_taken_untried(name: str) -> None:
    [declared] = [
        requirement for requirement in PROJECT["project"]["dependencies"] if re.match(rf"{name}\b", requirement)
    ]
    assert "<" in declared
