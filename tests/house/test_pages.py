"""A page of the console has its templates in its own folder, and draws others only as its modules may import them."""

import re
from pathlib import Path

from tests.house.test_arrows import LINTER, ROOT

CONSOLE = ROOT / "showcam" / "console"
OF_LINKING = sorted((ROOT / "oauth").rglob("*.html"))
DRAWS = re.compile(r'\{%-? *(?:extends|include|from|import) "([\w/]+)\.html"')
ANSWERS = re.compile(r'"([a-z_]+/[a-z_]+)(?:\.html)?"')
CHOSEN = {"door/sign_in", "door/code"}  # by the name of the form that is due


def layers() -> list[set[str]]:
    contract = next(each for each in LINTER["contracts"] if each.get("containers") == ["showcam.console"])
    return [{folder.strip() for folder in layer.split("|")} for layer in contract["layers"]]


def templates() -> dict[str, Path]:
    return {path.relative_to(CONSOLE).with_suffix("").as_posix(): path for path in sorted(CONSOLE.rglob("*.html"))}


def may_draw(folder: str) -> set[str]:
    """The folder itself, and those below it."""
    drawn = layers()
    depth = next(depth for depth, layer in enumerate(drawn) if folder in layer)
    return {folder}.union(*drawn[depth + 1 :])


def drawn_by(template: Path) -> set[str]:
    return set(DRAWS.findall(template.read_text()))


def test_a_template_draws_only_what_its_folder_may_know() -> None:
    found = templates()
    assert len(found) > 50
    for name, path in found.items():
        folder = name.partition("/")[0]
        assert {drawn.partition("/")[0] for drawn in drawn_by(path)} <= may_draw(folder), name


def test_pages_of_linking_draw_the_look_and_no_page() -> None:
    drawn = {name.partition("/")[0] for path in OF_LINKING for name in drawn_by(path)}
    assert drawn == {"look", "oauth"}


def test_each_template_is_drawn_and_each_that_is_drawn_is_there() -> None:
    found = templates()
    drawn = {name for path in (*found.values(), *OF_LINKING) for name in drawn_by(path)}
    answered = {name for path in CONSOLE.rglob("*.py") for name in ANSWERS.findall(path.read_text())}
    of_console = {name for name in drawn if not name.startswith("oauth/")}
    assert of_console <= found.keys()
    assert found.keys() == of_console | CHOSEN | (answered & found.keys())


def test_a_module_answers_with_a_template_of_its_folder_or_of_one_below() -> None:
    found, seen = templates(), set[str]()
    for path in CONSOLE.glob("*/*.py"):
        answered = set(ANSWERS.findall(path.read_text())) & found.keys()
        assert {name.partition("/")[0] for name in answered} <= may_draw(path.parent.name), path
        seen |= answered
    assert len(seen) > 25
