"""A module of a room has 400 lines at most, and a function of it ten parameters."""

import ast

import pytest

from tests.house.test_arrows import ROOMS, ROOT

MOST_LINES = 400
MOST_PARAMETERS = 10  # without self


def modules() -> list[str]:
    return [str(path.relative_to(ROOT)) for room in sorted(ROOMS) for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.parametrize("module", modules())
def test_a_module_is_read_in_one_sitting(module: str) -> None:
    text = (ROOT / module).read_text()
    assert len(text.splitlines()) <= MOST_LINES
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [function.name for function in functions if len(parameters(function)) > MOST_PARAMETERS] == []


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = function.args
    return [
        name.arg for name in (*given.posonlyargs, *given.args, *given.kwonlyargs) if name.arg not in ("self", "cls")
    ]
