"""Prints how large the tree is, and with --check refuses a figure that grew without a reason in house.toml.

Code lines are lines of Python that are no comment, docstring, import or blank line. A clock is a number of seconds that
something sleeps, waits or is timed by: a constant or a default whose name says so (`REST_S`, `timeout_s`), or a number
given to a call that waits.
"""

import argparse
import ast
import io
import json
import re
import statistics
import sys
import tokenize
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from scripts import wording  # noqa: E402

NO_PRODUCT = {"bench", "build", "docs", "requirements", "scripts", "tests"}
SMALL = 60  # lines
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
TIMED = re.compile(r"_(s|ms|us|min|h|days)$", re.IGNORECASE)
WAITS = {"sleep", "wait", "wait_for", "call_later", "settimeout", "timeout", "Timeout", "join"}
TIMEOUTS = {"timeout", "timeout_s", "within_s"}

type Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    path: Path
    name: str  # as it is imported

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @cached_property
    def code_lines(self) -> int:
        counted: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type not in LAYOUT:
                counted.update(range(token.start[0], token.end[0] + 1))
        for node in self.not_counted():
            counted.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        return len(counted)

    def not_counted(self) -> Iterator[ast.stmt]:
        """Docstrings and imports."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield node
            elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[0] if node.body else None
                if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                    yield first

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    @cached_property
    def clocks(self) -> int:
        return sum(1 for node in ast.walk(self.tree) for _ in clocks_in(node))


def clocks_in(node: ast.AST) -> Iterator[str]:
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(target=ast.Name(id=name), value=value)
        ):
            if TIMED.search(name) and is_number(value):
                yield name
        case ast.arguments():
            given = [*node.posonlyargs, *node.args]
            defaults = [*zip(given[len(given) - len(node.defaults) :], node.defaults, strict=True)]
            defaults += zip(node.kwonlyargs, node.kw_defaults, strict=True)  # type: ignore[arg-type]
            yield from (arg.arg for arg, value in defaults if TIMED.search(arg.arg) and is_number(value))
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            if name in WAITS and node.args and is_number(node.args[0]):
                yield name
            yield from (word.arg or "" for word in node.keywords if word.arg in TIMEOUTS and is_number(word.value))


def is_number(node: ast.expr | None) -> bool:
    """Whether it is a number other than 0, or a sum or product of numbers."""
    if isinstance(node, ast.BinOp):
        return is_number(node.left) and is_number(node.right)
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and bool(node.value)


class House:
    """All modules of the product; an empty `__init__` counts as none."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.packages = sorted(
            folder.name
            for folder in root.iterdir()
            if folder.is_dir() and folder.name[0] != "." and folder.name not in NO_PRODUCT and any(folder.rglob("*.py"))
            if folder.name != "node_modules"
        )
        files = [file for package in self.packages for file in sorted((root / package).rglob("*.py"))]
        self.modules = [Module(file, self.name_of(file)) for file in files if file.read_text().strip()]
        self._by_name = {module.name: module for module in self.modules}

    def name_of(self, file: Path) -> str:
        parts = file.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """The product's modules that each module imports."""
        return {module.name: self.named_in(module, ast.walk(module.tree)) for module in self.modules}

    @cached_property
    def first_imports(self) -> dict[str, set[str]]:
        """Those that it imports while it is imported itself."""
        return {module.name: self.named_in(module, module.tree.body) for module in self.modules}

    def named_in(self, module: Module, nodes: Iterable[ast.AST]) -> set[str]:
        names = {name for node in nodes for name in self.named_by(module, node)}
        return names & self._by_name.keys() - {module.name}

    def named_by(self, module: Module, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                parts = module.name.split(".")
                above = parts[: len(parts) - node.level + (module.path.name == "__init__.py")]
                source = ".".join([*above, source] if source else above)
            for alias in node.names:
                yield f"{source}.{alias.name}" if f"{source}.{alias.name}" in self._by_name else source

    @cached_property
    def importers(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for name, imported in self.imports.items():
            for each in imported:
                found[each].add(name)
        return found

    def small_with_one_importer_beside(self) -> list[str]:
        found = []
        for module in self.modules:
            importers = self.importers[module.name]
            if module.lines <= SMALL and len(importers) == 1:
                (importer,) = importers
                if self._by_name[importer].path.parent == module.path.parent:
                    found.append(module.name)
        return found

    def circles(self) -> list[list[str]]:
        """Modules that import each other, directly or by others (Tarjan)."""
        index: dict[str, int] = {}
        low: dict[str, int] = {}
        stack: list[str] = []
        found: list[list[str]] = []

        def visit(name: str) -> None:
            index[name] = low[name] = len(index)
            stack.append(name)
            for other in self.first_imports[name]:
                if other not in index:
                    visit(other)
                    low[name] = min(low[name], low[other])
                elif other in stack:
                    low[name] = min(low[name], index[other])
            if low[name] == index[name]:
                circle = stack[stack.index(name) :]
                del stack[stack.index(name) :]
                if len(circle) > 1:
                    found.append(sorted(circle))

        sys.setrecursionlimit(5000)
        for name in self.first_imports:
            if name not in index:
                visit(name)
        return found

    def settings(self) -> int:
        for module in self.modules:
            for node in module.tree.body:
                if isinstance(node, ast.ClassDef) and node.name == "SettingsTable":
                    return sum(isinstance(field, ast.AnnAssign) for field in node.body)
        raise LookupError("no class SettingsTable")

    def longest(self) -> tuple[int, str]:
        return max(
            ((function.end_lineno or 0) - function.lineno + 1, f"{module.name}.{function.name}")
            for module in self.modules
            for function in module.functions
        )

    def figures(self) -> dict[str, int]:
        return {
            "code_lines": sum(module.code_lines for module in self.modules),
            "files": len(self.modules),
            "small_modules": len(self.small_with_one_importer_beside()),
            "clocks": sum(module.clocks for module in self.modules),
            "settings": self.settings(),
            "longest_function": self.longest()[0],
            "circles": len(self.circles()),
            "packages": len(self.packages),
            "wording": sum(1 for _ in wording.findings(self.root, [module.path for module in self.modules])),
        }


def grown(figures: dict[str, int], allowed: dict[str, int], reasons: list[dict[str, object]]) -> list[str]:
    """A sentence for each figure that is larger than allowed; a reason of house.toml adds what it names."""
    said = []
    for name, most in allowed.items():
        more = sum(int(str(reason["by"])) for reason in reasons if reason["figure"] == name)
        if figures[name] > most + more:
            said.append(f"{name} is {figures[name]}, and {most + more} are allowed.")
    return said


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="refuse figures that grew without a reason in house.toml")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument(
        "--list", action="store_true", help="name the small modules, the circles and the longest function"
    )
    options = parser.parse_args()
    house = House()
    figures = {**house.figures(), **wording.figures()}
    if options.check:
        table = tomllib.loads((ROOT / "house.toml").read_text())
        said = grown(figures, table["figures"], table.get("grown", []))
        for sentence in said:
            print(sentence)
        if said:
            print("Make it smaller, or say in house.toml what it grew for: a table [[grown]] of figure, by and what.")
        return bool(said)
    if options.json:
        print(json.dumps(figures))
        return 0
    median = statistics.median(module.lines for module in house.modules)
    for name, value in [*figures.items(), ("median_lines", round(median))]:
        print(f"{name:18} {value:7,}")
    walk = tomllib.loads((ROOT / "house.toml").read_text())["walk"]["files"]
    print(f"{'walk_files':18} {walk:7,}  at most, as tests/whole/test_walk_traced.py counts them")
    if options.list:
        print("longest:", house.longest()[1])
        for circle in house.circles():
            print("circle:", ", ".join(circle))
        for name in house.small_with_one_importer_beside():
            print("small:", name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
