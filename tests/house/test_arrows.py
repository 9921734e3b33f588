"""Rooms import downwards only, entries stay small, and a directive loads only what it needs."""

import ast
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.doubles.events import directive, intent_event
from tests.doubles.loaded import loaded_by

pytestmark = pytest.mark.proves("Imports between rooms run down only", leans_on="second stack: import-linter")

ROOT = Path(__file__).parents[2]
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
ROOMS = {folder.name for folder in ROOT.iterdir() if (folder / "__init__.py").exists()} - {"tests", "bench", "scripts"}
BY_A_STRING = ("import_module", "resolve_name")
NEVER_FOR_A_DIRECTIVE = (
    "flask",
    "authlib",
    "av",
    "aiortc",
    "aiohttp",
    "granian",
    "ask_sdk_core",
    "pyezvizapi",
    "requests",
    "structlog",
    "prometheus_client",
    "asyncio",
)


def sources() -> list[Path]:
    return [path for room in sorted(ROOMS) for path in (ROOT / room).rglob("*.py")]


def test_every_room_is_under_the_contracts() -> None:
    layers = next(contract for contract in LINTER["contracts"] if contract["type"] == "layers")["layers"]
    drawn = {room.strip() for layer in layers for room in layer.split("|")}
    assert set(LINTER["root_packages"]) == ROOMS
    inside = {f"showcam.{folder.name}" for folder in (ROOT / "showcam").iterdir() if (folder / "__init__.py").exists()}
    assert drawn == ROOMS - {"showcam"} | inside - {"showcam.simulator"} | {"showcam.__main__"}


def test_arrows_run_down_only() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_room_is_reached_by_a_string() -> None:
    assert {path: found for path in sources() if (found := by_a_string(path.read_text()) & ROOMS)} == {}


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ('import_module("showcam.alexa.smart_home")', "showcam"),
        ('importlib.import_module("showcam.alexa.smart_home")', "showcam"),
        ('pkgutil.resolve_name("lambda.web:handler")', "lambda"),
    ],
)
def test_a_room_that_is_reached_by_a_string_is_found(text: str, room: str) -> None:
    assert by_a_string(text) == {room}


def by_a_string(text: str) -> set[str]:
    """Top-level names of what a module imports by a name in quotes."""
    if not any(function in text for function in BY_A_STRING):
        return set()
    return {
        str(arg.value).split(".")[0].split(":")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and _called(node) in BY_A_STRING
        for arg in node.args
        if isinstance(arg, ast.Constant)
    }


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


# forward.py is deployed alone, as text
ENTRIES = sorted(path for path in (ROOT / "lambda").glob("*.py") if path.name != "forward.py")


@pytest.mark.parametrize("path", ENTRIES, ids=lambda path: path.name)
def test_entries_hold_no_logic(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 15


@pytest.mark.parametrize(
    ("entry", "event", "expected"),
    [
        ("lambda.directives:handler", directive("sca.nobody.nothing"), "INVALID_AUTHORIZATION_CREDENTIAL"),
        ("lambda.fulfillment:handler", intent_event("sca.nobody.nothing"), "401"),
    ],
    ids=["directive", "fulfillment"],
)
def test_an_entry_answers_and_loads_no_more_than_it_needs(
    entry: str, event: dict[str, object], expected: str, tmp_path: Path
) -> None:
    program = (
        "import json, pkgutil, sys\n"
        f"answer = pkgutil.resolve_name({entry!r})(json.loads({json.dumps(event)!r}), None)\n"
        "print(json.dumps({'answer': json.dumps(answer), 'modules': sorted(sys.modules)}))\n"
    )
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SHOWCAM_DATA": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert expected in result["answer"]
    loaded = {name.split(".")[0] for name in result["modules"]}
    assert not loaded & set(NEVER_FOR_A_DIRECTIVE)


def test_the_function_of_reports_loads_nothing_of_fulfillment() -> None:
    program = "import json, sys, showcam.app.compose.reports; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert {"actions.reports", "showcam.alexa.reports"} <= loaded
    spared = {"actions.fulfillment", "actions.executions", "showcam.alexa.smart_home", "showcam.app.http_types"}
    assert not loaded & (spared | set(NEVER_FOR_A_DIRECTIVE))


def test_the_process_of_pictures_loads_no_store() -> None:
    program = "import json, sys, showcam.app.compose.media; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"sqlite3", "showcam.store.sqlite", "showcam.store.dynamodb", "showcam.store.sealing"} & set(
        json.loads(done.stdout)
    )


@pytest.mark.parametrize(
    ("process", "spared"),
    [("web", {"av", "aiortc", "pychromecast"}), ("worker", {"av", "aiortc", "pychromecast", "flask"})],
)
def test_neither_web_nor_worker_loads_what_another_process_needs(process: str, spared: set[str]) -> None:
    assert not spared & loaded_by(f"showcam.app.compose.{process}")
