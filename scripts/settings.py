"""make tables: writes docs/owner/settings.md from the table of settings; a test compares the two."""

import ast
import re
import sys
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from showcam.app import settings_rules  # noqa: E402
from showcam.app.process.settings_sources import DEMO  # noqa: E402
from showcam.app.settings import KEPT, SECRETS, Settings  # noqa: E402

CODE = ROOT / "showcam" / "app" / "settings_table.py"
PAGE = ROOT / "docs" / "owner" / "settings.md"
NO_SETTINGS = {"demo"}  # an option of the command line
HEAD = """# Settings

`make tables` makes this page from `showcam/app/settings_table.py`.

A setting may be an option of the command line, a variable `SHOWCAM_…` in the environment, or a secret on AWS. After
these a line of the file counts, then a row of the database, then the default. The file is `showcam.toml` ([its
place](install.md#places-of-data), or `--config FILE`). `port = 8090` in the file and `SHOWCAM_PORT=8090` in the
environment say the same. A list is `["one", "two"]` in the file, and `one,two` in the environment. An error names the
wrong value and its origin.

File and environment may give every setting. Two columns say what else is so:

- **kept**: showcam can keep the setting in its database, sealed, so that no file is edited. `showcam settings set
  NAME VALUE` sets it and asks for what is secret, `showcam settings list` shows all of them and the origin of each,
  `showcam settings unset NAME` forgets one. If the column says *page*, the console's pages of set-up keep it too.
  While showcam runs, the processes that read a changed setting start again within seconds; the media
  process waits until nobody watches, or until `showcam settings apply`. A separate media process reads no
  database. With DynamoDB, and in the demo, nothing is kept.
- **secret**: no error, log or list shows its value. `showcam settings set` and the environment keep it out of files
  that others can read. On AWS it may be in a secret that `settings_secret` names.
"""
TABLE = """| setting | default | may be | kept | secret | meaning |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Part:
    """Consecutive fields under one title; names with their comments, in order."""

    title: str
    meanings: dict[str, str]


def parts() -> Iterator[Part]:
    lines = CODE.read_text().splitlines()
    (body,) = (node.body for node in ast.parse(CODE.read_text()).body if isinstance(node, ast.ClassDef))
    part = Part("", {})
    for node in body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        above: list[str] = []
        for line in reversed(lines[: node.lineno - 1]):
            if not line.startswith("    # "):
                break
            if title := re.fullmatch(r"    # -- (.+)", line):
                yield part
                part = Part(title[1], {})
                break
            above.insert(0, line.removeprefix("    # "))
        behind = re.search(r"  # (.+)", lines[node.lineno - 1])
        if node.target.id not in NO_SETTINGS:
            part.meanings[node.target.id] = " ".join(above) or (behind[1] if behind else "")
    yield part


def default(name: str) -> str:
    return as_written(next(field.default for field in msgspec.structs.fields(Settings) if field.name == name))


def as_written(value: object) -> str:
    """As a person writes it into the environment; "" for none."""
    if value in (None, (), [], ""):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{','.join(value) if isinstance(value, tuple | list) else value}`"


def values(name: str) -> str:
    """What it may be, as far as its type and the rules of numbers say."""
    hint = typing.get_type_hints(Settings)[name]
    least = " ≥ 1" if name in settings_rules.COUNTS else ""
    if name in settings_rules.SECONDS:
        return f"{settings_rules.SECONDS[name]} to 60"
    return f"{_kind(hint)}{least}"


def _kind(hint: Any) -> str:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return ", ".join(f"`{kind}`" for kind in inner)
    if origin is tuple:
        return f"list of {_kind(inner[0])}" if typing.get_origin(inner[0]) is typing.Literal else "list"
    if inner:  # a union
        return ", ".join(_kind(kind) for kind in inner if kind is not type(None))
    return {bool: "`true`, `false`", int: "number", float: "number", str: "text", Path: "path"}[hint]


def on_pages() -> set[str]:
    """The kept settings that the console changes: keys of dictionaries in composition, and of the public address."""
    app = ROOT / "showcam" / "app"
    trees = [ast.parse(file.read_text()) for file in (*app.glob("compose/*.py"), app / "setup" / "address.py")]
    keys = [key for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys]
    return {name for name in KEPT if any(isinstance(key, ast.Constant) and key.value == name for key in keys)}


def _linked(meaning: str) -> str:
    """(page.md#heading) as a link from where the page of settings stands."""

    def link(found: re.Match[str]) -> str:
        (page,) = (ROOT / "docs").rglob(found[1])
        return f"([{page.stem}]({page.relative_to(PAGE.parent, walk_up=True)}{found[2] or ''}))"

    return re.sub(r"\(([\w-]+\.md)(#[\w-]+)?\)", link, meaning)


def written() -> str:
    pages = on_pages()
    others = "; ".join(f"`{name}`: {as_written(value) or 'none'}" for name, value in DEMO.items())
    text = f"{HEAD}\nThe demo has other defaults. {others}.\n"
    for part in parts():
        if not part.meanings:
            continue
        text += f"\n## {part.title}\n\n{TABLE}"
        for name, meaning in part.meanings.items():
            kept = "page" if name in pages else "✓" if name in KEPT else ""
            cells = (f"`{name}`", default(name), values(name), kept, "✓" if name in SECRETS else "", _linked(meaning))
            text += f"| {' | '.join(cells)} |\n".replace("|  |", "| |").replace("|  |", "| |")
    return text


if __name__ == "__main__":
    PAGE.write_text(written())
