"""Reads the XML that devices answer: without a document type, so without entities, and with limits on its shape."""

import html
from collections.abc import Iterator
from xml.parsers import expat

DEEPEST = 40
MOST = 20_000  # elements


class NotXml(Exception):
    """The text is no XML, or XML beyond the limits."""


class Element:
    """An element of XML. `name` has no namespace; `space` is the namespace's address.

    Attribute names have no namespace.
    """

    __slots__ = ("attributes", "children", "name", "space", "text")

    def __init__(self, space: str, name: str, attributes: dict[str, str]) -> None:
        self.space, self.name, self.attributes = space, name, attributes
        self.children: list[Element] = []
        self.text = ""

    def all(self, name: str) -> Iterator["Element"]:
        """The children of that name."""
        return (child for child in self.children if child.name == name)

    def find(self, *names: str) -> "Element | None":
        """The first element down that path of names."""
        found: Element | None = self
        for name in names:
            found = next(found.all(name), None) if found else None
        return found

    def get(self, *names: str) -> str:
        """The text of the first element down that path, or "" if there is none."""
        found = self.find(*names)
        return found.text.strip() if found else ""

    def descendants(self, name: str) -> Iterator["Element"]:
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.descendants(name)

    def encode(self) -> str:
        """The element as XML. Each element names its own namespace."""
        attributes = "".join(f' {name}="{html.escape(value)}"' for name, value in self.attributes.items())
        inner = "".join(child.encode() for child in self.children) or html.escape(self.text.strip())
        return f'<{self.name} xmlns="{html.escape(self.space)}"{attributes}>{inner}</{self.name}>'


def read(body: bytes, *, most: int = MOST) -> Element:
    """Reads an XML document of at most `most` elements. Raises NotXml."""
    reader = _Reader(most)
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise NotXml from None
    if reader.root is None:
        raise NotXml
    return reader.root


class _Reader:
    def __init__(self, most: int) -> None:
        self._most = most
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.root: Element | None = None
        self._open: list[Element] = []
        # the texts of each open element; adding them up one by one would take minutes for many texts
        self._texts: list[list[str]] = []
        self._count = 0

    def _refuse(self, *_: object) -> None:
        raise NotXml

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        element = Element(space, local, {key.rpartition(" ")[2]: value for key, value in attributes.items()})
        self._count += 1
        if self._count > self._most or len(self._open) >= DEEPEST:
            raise NotXml
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._texts.append([])

    def _end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def _text(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)
