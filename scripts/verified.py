"""make tables: writes docs/verified.md from the marks `proves` at the tests; a house test compares."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "verified.md"
BEGINS, ENDS = "<!-- from here: make tables -->", "<!-- to here: make tables -->"
# what a claim leans on that showcam's own code is not: a double is this project's
KINDS = ("double", "second stack", "published", "system", "device")
# each folder of tests in the order of the page
ROOMS = {
    "whole": "The whole program, as an owner starts it",
    "browser": "Pages and video in a browser",
    "media": "Video and sound",
    "cast": "TVs of the house",
    "mqtt": "The MQTT broker of the house",
    "registry": "Cameras, the gate, its reasons, and reports",
    "alexa": "Alexa",
    "actions": "Google",
    "oauth": "Linking",
    "accounts": "Households and browsers",
    "console": "Pages, by requests",
    "showcam": "Commands, settings, and the edge",
    "store": "What must last",
    "net": "Ways out to vendors",
    "simulator": "The simulator beside public clients",
    "aws": "AWS, packaged",
    "cloud": "AWS, emulated on this machine",
    "house": "The project itself",
    "ship": "What is installed, by `make ship`",
}


@dataclass(frozen=True)
class Proof:
    claim: str
    test: str  # path::name, or the path of a whole file
    leans_on: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def room(self) -> str:
        return self.test.split("/")[1]

    @property
    def simulated(self) -> bool:
        """True if the other end was only a double of this project."""
        return bool(self.leans_on) and all(kind_of(each) == "double" for each in self.leans_on)

    @property
    def row(self) -> str:
        tests = ", ".join(f"`{test}`" for test in (self.test, *self.also))
        leans = "; ".join(self.leans_on).replace("double: ", "simulated: ") or "–"
        return f"| {self.claim} | {tests} | {leans} |\n"


def kind_of(leaning: str) -> str:
    return leaning.partition(": ")[0]


def proofs(root: Path = ROOT) -> Iterator[Proof]:
    """Every mark, read without importing a test."""
    for file in sorted((root / "tests").rglob("test_*.py")):
        if "pytest.mark.proves(" in (text := file.read_text()):
            yield from _marks(ast.parse(text).body, str(file.relative_to(root)))


def _marks(body: list[ast.stmt], test: str) -> Iterator[Proof]:
    for node in body:
        if isinstance(node, ast.Assign) and [*map(ast.unparse, node.targets)] == ["pytestmark"]:
            yield from _read([node.value], test)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _read(node.decorator_list, f"{test}::{node.name}")
            if isinstance(node, ast.ClassDef):
                yield from _marks(node.body, f"{test}::{node.name}")


def _read(marks: list[ast.expr], test: str) -> Iterator[Proof]:
    for call in (node for mark in marks for node in ast.walk(mark)):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.proves":
            (claim,) = map(ast.literal_eval, call.args)
            given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
            leans_on = tuple(filter(None, given.pop("leans_on", "").split("; ")))
            yield Proof(claim, test, leans_on, tuple(given.pop("also", ())))
            if given or {*map(kind_of, leans_on)} - {*KINDS}:
                raise ValueError(f"{test}: proves() takes a claim, leans_on with one of {KINDS}, and also")


def tables() -> str:
    found = [*proofs()]
    simulated = sum(proof.simulated for proof in found)
    devices = sum("device" in map(kind_of, proof.leans_on) for proof in found)
    text = (
        f"{len(found)} claims. {simulated} of them lean only on doubles of this project, {devices} on a real device.\n"
    )
    for room, title in ROOMS.items():
        if rows := "".join(proof.row for proof in found if proof.room == room):
            text += f"\n## {title}\n\n| claim | test | leans on |\n|---|---|---|\n{rows}"
    return text


def written(page: str) -> str:
    """Writes the page's tables, and leaves the rest of its text unchanged."""
    made = f"{BEGINS}\n\n{tables()}\n{ENDS}"
    return re.sub(f"{BEGINS}.*{ENDS}", lambda _: made, page, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
