"""A module of a room has 400 lines at most, and a function of it ten parameters."""

import ast

from tests.house.test_arrows import ROOMS, ROOT

MOST_LINES = 400
MOST_PARAMETERS = 10  # without self


def modules() -> list[str]:
    return [str(path.relative_to(ROOT)) for room in sorted(ROOMS) for path in sorted((ROOT / room).rglob("*.py"))]


def test_a_module_is_read_in_one_sitting() -> None:
    read = {module: (ROOT / module).read_text() for module in modules()}
    assert len(read) > 300
    assert {module: lines for module, text in read.items() if (lines := len(text.splitlines())) > MOST_LINES} == {}
    assert [f"{module}: {function}" for module, text in read.items() for function in crowded(text)] == []


def crowded(text: str) -> list[str]:
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [function.name for function in functions if len(parameters(function)) > MOST_PARAMETERS]


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = function.args
    return [
        name.arg for name in (*given.posonlyargs, *given.args, *given.kwonlyargs) if name.arg not in ("self", "cls")
    ]
