"""The owner's documents as pages under /help/docs. Pages and hints lead to them instead of naming a command."""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_HEADING = re.compile(r"^(#{1,3}) (.+)\n", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")  # an image, which begins with "!", stays text


class Piece(NamedTuple):
    text: str
    target: str = ""  # of a link


@dataclass(frozen=True)
class Section:
    heading: str
    anchor: str
    pieces: tuple[Piece, ...]


class Documents:
    """The documents by the names of their files, found at the start. No name that a visitor sends reaches the disk."""

    def __init__(self, files: Iterable[Path] = ()) -> None:
        self._files = {file.name: file for file in files}

    def sections(self, name: str) -> list[Section]:
        """The parts of a document, the first under its title. An empty list if there is no such document."""
        file = self._files.get(name)
        if file is None:
            return []
        _, *parts = _HEADING.split(file.read_text())
        return [
            Section(heading, anchor(heading), tuple(_linked(body.strip("\n"), self._files)))
            for heading, body in zip(parts[1::3], parts[2::3], strict=True)
        ]


def anchor(heading: str) -> str:
    """Returns the id of a heading, which links in the documents use, in the same way as a code host makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _linked(text: str, names: Container[str]) -> Iterator[Piece]:
    """Finds the links that lead to a heading, to one of the documents or to another site; others stay text."""
    at = 0
    for found in _LINK.finditer(text):
        target = found[2]
        if target.startswith(("https://", "#")) or target.partition("#")[0] in names:
            yield Piece(text[at : found.start()])
            yield Piece(found[1], target)
            at = found.end()
    yield Piece(text[at:])
