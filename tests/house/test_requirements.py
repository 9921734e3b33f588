"""Imports and declared dependencies agree, in pyproject.toml and in the separate requirements."""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
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
PEERS = {"homeassistant", "gi", "gstreamer_sinks"}  # of Pythons of their own; the last stands beside its scripts
OF_THE_RUNTIME = {"boto3", "botocore"}  # Lambda's Python has them


def named(lines: list[str]) -> set[str]:
    """Of requirements, the distributions as they are spelled in an index."""
    found = (re.match(r"[\w.-]+", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


def distributions(modules: set[str]) -> set[str]:
    """Which bring these top-level modules, by what is installed; a module that nothing brings stands for itself."""
    known = installed()
    return named([known.get(name, [name])[0] for name in modules])


@cache
def installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def sources(*folders: str) -> list[Path]:
    """Modules of ours: the bench has its peer's environment in a folder of its own."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [path for path in found if not path.is_relative_to(ROOT / "bench" / "env")]


def owners() -> set[str]:
    return named(PROJECT["project"]["dependencies"])


def extra(name: str) -> set[str]:
    return named(PROJECT["project"]["optional-dependencies"][name])


def test_what_the_program_imports_is_what_it_declares(cutter: ModuleType) -> None:
    imported = distributions(cutter.foreign_to(sources(*ROOMS)))
    assert imported == owners() | extra("aws") | extra("demo")
    assert not owners() & (extra("aws") | extra("demo"))


def test_what_the_simulator_alone_imports_is_the_extra_for_the_demo(cutter: ModuleType) -> None:
    imported = distributions(cutter.foreign_to(sources("simulator")))
    assert imported - owners() == extra("demo")


def test_no_command_and_no_part_takes_an_extra_at_the_head_of_a_module(cutter: ModuleType) -> None:
    """Only in a function, behind a setting for AWS; the wheel's tests start everything without an extra."""
    modules = (ROOT / "showcam" / "app" / "cli").glob("*.py")  # each is loaded when its command runs
    reached = {name: at for each in modules for name, at in cutter.reached(f"showcam.app.cli.{each.stem}").items()}
    assert {
        "showcam.app.compose.web",
        "showcam.app.compose.media",
        "showcam.app.compose.worker",
        "showcam.store.dynamodb",
    } <= reached.keys()
    heads = {
        name: distributions(set(at_the_head(ast.parse(path.read_text()))))
        for name, path in reached.items()
        if not name.startswith("showcam.store.dynamodb")
    }
    assert "flask" in heads["oauth.app"]
    assert {name: found for name, found in heads.items() if found & (extra("aws") | extra("demo"))} == {}


def at_the_head(node: ast.AST) -> Iterator[str]:
    """Top-level names of what is imported when the module is."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield str(child.module).partition(".")[0]
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.expr):
            yield from at_the_head(child)


def test_what_surrounds_it_imports_is_what_else_is_declared(cutter: ModuleType) -> None:
    dev, program = named(PROJECT["dependency-groups"]["dev"]), owners() | extra("aws") | extra("demo")
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
        ("media", "showcam.app.compose.media"),
    ],
)
def test_separate_requirements_are_what_their_entry_imports(file: str, entry: str, cutter: ModuleType) -> None:
    declared = named((ROOT / f"requirements/{file}.in").read_text().splitlines())
    reached = distributions(cutter.foreign_to(cutter.reached(entry).values()) - OF_THE_RUNTIME)
    started_by = {"click"} if file == "media" else set()
    assert declared == reached | started_by


@pytest.mark.parametrize("name", ["aioice", "aiortc", "av", "granian"])
def test_what_is_patched_or_bound_by_its_insides_is_not_taken_untried(name: str) -> None:
    [declared] = [
        requirement for requirement in PROJECT["project"]["dependencies"] if re.match(rf"{name}\b", requirement)
    ]
    assert "<" in declared
