"""The demo is an owner's installation but for what docs/maintainer/demo.md lists, each line with its reason."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from showcam.app.process.settings_sources import DEMO
from showcam.app.settings import Settings
from showcam.simulator.camera import Camera
from showcam.simulator.state import Settings as Simulated

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "maintainer" / "demo.md").read_text()
ROOMS = (
    "actions",
    "oauth",
    *(
        f"showcam/{room}"
        for room in ("accounts", "alexa", "app", "cast", "console", "drivers", "engine", "net", "registry", "store")
    ),
)
DEFAULTS = {
    "Settings": {field.name: field.default for field in fields(Simulated)},
    "Camera": {field.name: field.default for field in fields(Camera)},
}


def rows(heading: str) -> list[list[str]]:
    """The cells of each row of the table under that heading."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def asking(module: Path) -> Iterator[str]:
    """The functions of a module that ask whether this is the demo."""

    def walk(node: ast.AST, name: str) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            is_named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            inner = ".".join(filter(None, (name, child.name))) if is_named else name  # type: ignore[attr-defined]
            in_settings = isinstance(child, ast.Attribute) and child.attr == "demo"
            if in_settings or (isinstance(child, ast.Constant) and child.value == "showcam.demo"):
                yield f"{module.relative_to(ROOT)}::{name}"
            yield from walk(child, inner)

    return walk(ast.parse(module.read_text()), "")


def value(text: str) -> str:
    return "" if text == "none" else text.strip("`")


def test_its_settings_are_an_owners_but_for_those_that_are_listed() -> None:
    listed = {value(name): value(text) for name, text, _ in rows("Settings")}
    given = {name: ",".join(map(str, it)) if isinstance(it, list) else str(it) for name, it in DEMO.items()}
    assert listed == given
    assert all([name in Settings.__struct_fields__ for name in listed])


def test_each_function_that_asks_whether_this_is_the_demo_is_listed_with_its_reason() -> None:
    found = {spot for room in ROOMS for module in (ROOT / room).rglob("*.py") for spot in asking(module)}
    assert found == {value(where) for where, _ in rows("Code")}
    assert all([why for _, why in rows("Code")])


def test_where_the_simulator_is_kinder_than_life_is_listed_as_it_is() -> None:
    for what, text, life, why in rows("Where the simulator is kinder than life"):
        place, _, name = value(what).partition(".")
        default = DEFAULTS[place][name]
        assert ("" if default in ("", None) else str(default)) == value(text), what
        assert life
        assert why


def test_no_table_has_a_row_twice() -> None:
    for heading in re.findall(r"^## (.+)$", PAGE, re.MULTILINE):
        names = [row[0] for row in rows(heading)]
        assert len(names) == len(set(names))
