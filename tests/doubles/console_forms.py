"""The forms of a page of the console."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """`fields` by name, with what they hold; `steps`: by what it is sent."""

    page: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    steps: list[tuple[str, str]] = field(default_factory=list)


class Reader(HTMLParser):
    """The forms of a page, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.forms, self.links = page, list[Form](), set[str]()
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.add(given.get("href", "").partition("#")[0])
        elif tag == "form":
            self._form = Form(self.page, given["action"])
            self.forms.append(self._form)
        elif self._form is not None and tag in ("input", "select", "textarea") and given.get("name"):
            self._form.fields[given["name"]] = given.get("value", "")
        elif self._form is not None and tag == "button" and given.get("name"):
            self._form.steps.append((given["name"], given["value"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
