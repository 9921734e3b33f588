"""Each row of the gate is held by a named test: the gate is changed in one place at a time, and a test must fail.

The changed gate is made from its source and takes the place of the real one in the tests of test_gate.py beside it,
which run here one case after another, until one fails.
"""

import ast
import inspect
import itertools
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from showcam.registry.gate import gate
from showcam.registry.gate.gate import EXCEPTED, ORDER
from tests.registry import test_gate

pytestmark = pytest.mark.proves("A change in any row of the gate fails a test")

SOURCE = inspect.getsource(gate)
ROWS = tuple(row.__name__ for row in gate.ROWS)
MADE_IN_GATE = ("Allowed", "Conditions", "gate", "not_found", "overruled", "unverified")


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    yield from (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in ROWS)


def tables(tree: ast.Module) -> Iterator[tuple[str, ast.Dict]]:
    """The tables of reasons by the value of a flag."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(node.value, ast.Dict):
            yield node.target.id, node.value


def orders(tree: ast.Module) -> Iterator[tuple[str, ast.Tuple]]:
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(node.value, ast.Tuple):
            yield node.target.id, node.value


def conditions(function: ast.FunctionDef) -> list[ast.If | ast.IfExp | ast.BoolOp]:
    return [node for node in ast.walk(function) if isinstance(node, ast.If | ast.IfExp | ast.BoolOp)]


def answers(function: ast.FunctionDef) -> list[ast.Constant]:
    """The reasons that a row answers with where no table has one."""
    found = [node for node in ast.walk(function) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    compared = {part for node in ast.walk(function) if isinstance(node, ast.Compare) for part in node.comparators}
    return [node for node in found if node not in compared]


def inverted(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


type Change = Callable[[ast.Module], None]


def mutants() -> dict[str, Change]:
    """Each change that is made to the gate, by what it changes."""
    tree, found = ast.parse(SOURCE), dict[str, Change]()

    def keep(what: str, change: Change) -> None:
        found[what] = change

    def at(name: str) -> Callable[[ast.Module], ast.FunctionDef]:
        return lambda of: next(function for function in functions(of) if function.name == name)

    for name, function in [(function.name, function) for function in functions(tree)]:
        find = at(name)

        def passes(of: ast.Module, find: Any = find) -> None:
            find(of).body = ast.parse("return None").body

        keep(f"{name} passes everything", passes)
        for number, node in enumerate(conditions(function)):

            def turn(of: ast.Module, find: Any = find, number: int = number) -> None:
                node = conditions(find(of))[number]
                if isinstance(node, ast.BoolOp):
                    node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
                else:
                    node.test = inverted(node.test)

            keep(f"{name}: {ast.unparse(node).splitlines()[0]} is turned round", turn)
        for number, constant in enumerate(answers(function)):

            def forget(of: ast.Module, find: Any = find, number: int = number) -> None:
                answers(find(of))[number].value = None

            keep(f"{name}: {constant.value!r} is no reason ({number})", forget)
    for name, table in tables(tree):
        for number, (key, value) in enumerate(zip(table.keys, table.values, strict=True)):

            def flip(of: ast.Module, name: str = name, number: int = number) -> None:
                values = dict(tables(of))[name].values
                is_open = isinstance(values[number], ast.Constant) and values[number].value is None  # type: ignore[attr-defined]
                values[number] = ast.Constant("mutant" if is_open else None)

            assert key is not None
            keep(f"{name}[{ast.unparse(key)}] is not {ast.unparse(value)}", flip)
    for name, order in orders(tree):
        for number, row in enumerate(order.elts):

            def drop(of: ast.Module, name: str = name, number: int = number) -> None:
                del dict(orders(of))[name].elts[number]

            keep(f"{name} lacks {ast.unparse(row)}", drop)
        for number, pair in enumerate(itertools.pairwise(order.elts)):

            def swap(of: ast.Module, name: str = name, number: int = number) -> None:
                rows = dict(orders(of))[name].elts
                rows[number], rows[number + 1] = rows[number + 1], rows[number]

            if name == "ROWS":
                keep(f"{name}: {' and '.join(map(ast.unparse, pair))} change places", swap)
    return found


MUTANTS = mutants()


def made(tree: ast.Module) -> types.ModuleType:
    module = types.ModuleType("showcam.registry.gate.mutant")
    exec(compile(tree, "mutant", "exec"), module.__dict__)  # noqa: S102  (our own source, changed above)
    return module


def cases() -> Iterator[tuple[str, Callable[[], None]]]:
    """The tests of the gate, each with every set of its parameters."""
    for name, test in inspect.getmembers(test_gate, inspect.isfunction):
        if not name.startswith("test_"):
            continue
        sets: list[list[dict[str, Any]]] = []
        for mark in (each for each in getattr(test, "pytestmark", ()) if each.name == "parametrize"):
            names, values = mark.args
            named = [part.strip() for part in names.split(",")] if isinstance(names, str) else list(names)
            sets.append([dict(zip(named, value if len(named) > 1 else (value,), strict=True)) for value in values])
        for chosen in itertools.product(*sets):
            given = {key: value for part in chosen for key, value in part.items()}
            yield name, lambda test=test, given=given: test(**given)  # type: ignore[misc]


def killed_by(module: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> str:
    """The first test that fails with this gate; "" if none does."""
    for name in MADE_IN_GATE:
        monkeypatch.setattr(test_gate, name, getattr(module, name))
    for name, case in cases():
        try:
            case()
        except Exception:
            return name
    return ""


def test_the_gate_itself_passes_every_case(monkeypatch: pytest.MonkeyPatch) -> None:
    assert killed_by(made(ast.parse(SOURCE)), monkeypatch) == ""
    assert sum(1 for _ in cases()) > 200


def test_each_row_has_mutants() -> None:
    assert {row for row in ROWS if not any(what.startswith(row) for what in MUTANTS)} == set()


@pytest.mark.parametrize("what", MUTANTS)
def test_a_changed_row_of_the_gate_fails_a_test(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = ast.parse(SOURCE)
    MUTANTS[what](tree)
    assert killed_by(made(ast.fix_missing_locations(tree)), monkeypatch) != ""


@pytest.mark.parametrize(
    ("decided", "way"),
    [(decided, way) for decided, ways in EXCEPTED.items() for way in ORDER if way not in ways],
)
def test_a_way_more_for_an_encrypted_camera_fails_a_test(
    decided: Any, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = made(ast.parse(SOURCE))
    vars(module)["EXCEPTED"] = {**EXCEPTED, decided: EXCEPTED[decided] | {way}}
    assert killed_by(module, monkeypatch) != ""
