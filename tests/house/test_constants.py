"""A test passes its own deadline, limit or place, and changes no constant of a module of ours."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROOMS = {path.name for path in TESTS.parent.iterdir() if (path / "__init__.py").is_file()} | {"bench", "scripts"}


def changed(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of each constant that `setattr(module, "NAME", …)` or `setattr("room.module.NAME", …)` changes.

    One of a library is none of ours, and is named by its whole path.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="setattr") | ast.Name("setattr"), args=[_, ast.Constant(str(name)), _]
            ):
                path = name
            case ast.Call(func=ast.Attribute(attr="setattr"), args=[ast.Constant(str(path)), _]):
                if path.partition(".")[0] not in ROOMS:
                    continue
            case _:
                continue
        if path.rpartition(".")[2].isupper():
            yield node.lineno, path


def test_no_test_changes_a_constant() -> None:
    texts = {str(file.relative_to(TESTS)): file.read_text() for file in TESTS.rglob("*.py")}
    assert len(texts) > 300
    found = {file: list(changed(ast.parse(text))) for file, text in texts.items() if "setattr" in text}
    assert {file: names for file, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ('monkeypatch.setattr(module, "OPEN_S", 2.0)', ["OPEN_S"]),
        ('monkeypatch.setattr("showcam.engine.doors.QUIET_S", 2.0)', ["showcam.engine.doors.QUIET_S"]),
        ('setattr(module, "MOST", 2)', ["MOST"]),
        ('monkeypatch.setattr("boto3.DEFAULT_SESSION", None)', []),
        ('monkeypatch.setattr(store, "put_known", gone)', []),
        ("setattr(camera.does, name, value)", []),
    ],
)
def test_a_constant_is_known_by_its_name(line: str, names: list[str]) -> None:
    assert [name for _, name in changed(ast.parse(line))] == names
