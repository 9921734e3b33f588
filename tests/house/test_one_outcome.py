"""A test states one outcome: an assertion that accepts two passes with either, and once passed a failure for a success.

What a parameter decides may choose the outcome (`404 if gone else 200`); what the program decides may not.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = sorted(TESTS.rglob("*.py"))
ANYTHING = {"Exception", "BaseException"}
type Function = ast.FunctionDef | ast.AsyncFunctionDef


def loose(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and fault of each assertion that accepts more than one outcome."""
    nodes = list(ast.walk(tree))
    promises = {name for node in nodes for name in _promises(node)}
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr="wait_for_function"), args=[script, *_]):
                if _is_async(script) or (isinstance(script, ast.Name) and script.id in promises):
                    yield node.lineno, "takes a promise for true"
            case ast.Call(func=ast.Attribute(value=ast.Name("pytest"), attr="raises"), args=[wanted, *_]):
                if isinstance(wanted, (ast.Tuple, ast.BinOp)):
                    yield node.lineno, "raises one of several errors"
                if ast.unparse(wanted) in ANYTHING:
                    yield node.lineno, "raises any error"
        if isinstance(node, ast.Assert) and (why := _takes_two(node.test)):
            yield node.lineno, why
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _may_assert_nothing(node):
            yield node.lineno, "asserts nothing, or only where something happens to be so"


def _promises(node: ast.AST) -> Iterator[str]:
    """The names that an assignment gives to an asynchronous script of a page."""
    if isinstance(node, ast.Assign) and _is_async(node.value):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _is_async(node: ast.expr) -> bool:
    first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
    return isinstance(first, ast.Constant) and str(first.value).lstrip().startswith("async")


def _takes_two(test: ast.expr) -> str:
    match test:
        case ast.Call(func=ast.Name("isinstance"), args=[_, ast.BinOp() | ast.Tuple()]):
            return "is one of several kinds"
        case ast.Compare(ops=[ast.In()], comparators=[ast.Tuple(elts=several) | ast.List(elts=several)]):
            return "is one of several values" if len(several) > 1 else ""
        case ast.Compare(ops=[ast.In()], comparators=[ast.Set(elts=several)]):
            return "is one of several values" if len(several) > 1 else ""
        case ast.Compare(left=ast.Attribute(attr="status" | "status_code"), ops=[ast.NotEq() | ast.Lt()]):
            return "is any status but some"
        case ast.BoolOp(op=ast.Or(), values=[ast.Compare() as one, ast.Compare() as two]):
            # of one thing; an `or` between two things may be an implication
            same = ast.dump(one.left) == ast.dump(two.left) or ast.dump(one.comparators[0]) == ast.dump(
                two.comparators[0]
            )
            return "is one or the other" if same and ast.dump(one.ops[0]) == ast.dump(two.ops[0]) else ""
    return ""


def _may_assert_nothing(function: Function) -> bool:
    """Of a test that asserts by itself. Helpers are taken at their word, and so is a call that raises what is wrong."""
    if not function.name.startswith("test_"):
        return False
    if not any(isinstance(node, ast.Assert) for node in ast.walk(function)):
        return not any(isinstance(node, ast.Call) for node in ast.walk(function))
    return not _always(function.body)


def _always(body: list[ast.stmt]) -> bool:
    """Whether an assertion, or a call that stands alone and may hold one, is come to whatever happens."""
    for statement in body:
        match statement:
            case ast.Assert() | ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise():
                return True
            case ast.With(items=items, body=inner) | ast.AsyncWith(items=items, body=inner):
                if any("raises" in ast.unparse(item.context_expr) for item in items) or _always(inner):
                    return True
            case ast.For(body=inner) | ast.AsyncFor(body=inner) | ast.While(body=inner):
                if _always(inner):
                    return True
            case ast.Try(body=inner, handlers=handlers, orelse=otherwise, finalbody=last):
                both = _always(otherwise) and all(_always(handler.body) for handler in handlers)
                if both or _always(last) or (_always(inner) and all(_always(handler.body) for handler in handlers)):
                    return True
            case ast.If(body=inner, orelse=otherwise):
                if _always(inner) and _always(otherwise):
                    return True
            case ast.Match(cases=cases):
                if all(_always(case.body) for case in cases):
                    return True
            case ast.FunctionDef(body=inner) | ast.AsyncFunctionDef(body=inner):
                if _always(inner):
                    return True  # a scene that is played below
    return False


def test_every_assertion_takes_one_outcome() -> None:
    assert {file: found for file in FILES if (found := list(loose(ast.parse(file.read_text()))))} == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("assert isinstance(x, A | B)", "is one of several kinds"),
        ("assert isinstance(x, (A, B))", "is one of several kinds"),
        ("assert x.status in (200, 400)", "is one of several values"),
        ("assert x in {'a', 'b'}", "is one of several values"),
        ("assert x.status_code != 200", "is any status but some"),
        ("assert x.status < 500", "is any status but some"),
        ("assert x == 1 or x == 2", "is one or the other"),
        ("assert 'a' in x or 'b' in x", "is one or the other"),
        ("with pytest.raises(Exception): f()", "raises any error"),
        ("with pytest.raises((A, B)): f()", "raises one of several errors"),
        ("page.wait_for_function('async () => x')", "takes a promise for true"),
        ("X = f'async () => {y}'\npage.wait_for_function(X)", "takes a promise for true"),
        ("def test_x():\n pass", "asserts nothing, or only where something happens to be so"),
        ("def test_x():\n if y:\n  assert y", "asserts nothing, or only where something happens to be so"),
        ("def test_x():\n try:\n  y = f()\n except E:\n  return\n z = 1\n if z: assert y",
         "asserts nothing, or only where something happens to be so"),
    ],
)  # fmt: skip
def test_what_is_loose_is_found(text: str, why: str) -> None:
    assert [found for _, found in loose(ast.parse(text))] == [why]


@pytest.mark.parametrize(
    "text",
    [
        "assert isinstance(x, A)",
        "assert x in listed",
        "assert x == (404 if gone else 200)",
        "assert not used or x.done()",
        "assert x is None or y == 1",
        "page.wait_for_function('() => x')",
        "with pytest.raises(ValueError, match='a'): f()",
        "def test_x():\n for y in z:\n  assert y",
        "def test_x():\n if y:\n  assert y\n else:\n  assert not y",
        "def test_x():\n holds(x)",
        "def test_x():\n async def scene():\n  assert y\n run(scene())",
    ],
)
def test_what_states_its_outcome_is_left_alone(text: str) -> None:
    assert list(loose(ast.parse(text))) == []
