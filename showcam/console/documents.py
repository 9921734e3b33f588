"""The owner's documents as pages under /help/docs. Pages and hints lead to them instead of naming a command."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

_HEADING = re.compile(r"^(#{1,3}) (.+)\n", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")  # an image, which begins with "!", stays text


@dataclass(frozen=True)
class Section:
    heading: str
    anchor: str
    text: Markup


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
            Section(heading, anchor(heading), _linked(body.strip("\n"), self._files))
            for heading, body in zip(parts[1::3], parts[2::3], strict=True)
        ]


def anchor(heading: str) -> str:
    """Returns the id of a heading, which links in the documents use, in the same way as a code host makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _linked(text: str, names: Container[str]) -> Markup:
    """Escapes the text, and makes links of those that lead to a heading, to one of the documents or to another site."""
    made, at = Markup(), 0
    for found in _LINK.finditer(text):
        target = found[2]
        if target.startswith(("https://", "#")) or target.partition("#")[0] in names:
            made += text[at : found.start()] + Markup('<a href="{}">{}</a>').format(target, found[1])
            at = found.end()
    return made + text[at:]
