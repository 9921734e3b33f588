"""The owner's documents: pages link to them instead of naming a command. Each heading has an address on its page."""

import re
from dataclasses import dataclass
from pathlib import Path

from flask import Response

from showcam.console import pages
from showcam.console.area import READ, Area, Rule

_NAME = re.compile(r"[a-z-]{1,40}\.md", re.ASCII)
_HEADING = re.compile(r"^(#{1,3}) (.+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    heading: str
    anchor: str
    text: str


class Documents:
    """`folder` has the documents; a function on AWS carries none. The documents are public: they need no sign-in."""

    def __init__(self, area: Area, folder: Path) -> None:
        self._area, self._folder = area, folder

    def rules(self) -> list[Rule]:
        return [("/home/documents/<name>", "document", self.page, READ)]

    def page(self, name: str) -> Response:
        file = self._folder / name
        if not _NAME.fullmatch(name) or not file.is_file():
            return pages.problem("document")
        return self._area.page("document", name=name, sections=sections(file.read_text()))


def sections(text: str) -> list[Section]:
    _, *parts = _HEADING.split(text)
    return [
        Section(heading, anchor(heading), body.strip("\n"))
        for heading, body in zip(parts[1::3], parts[2::3], strict=True)
    ]


def anchor(heading: str) -> str:
    """Returns the id of a heading, which links in the documents use, in the same way as a code host makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
