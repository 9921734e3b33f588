"""make words: collects the sentences that the code says, brings each `.po` up to date and compiles it to its `.mo`.

A sentence that is new stands in the `.po` with an empty translation, one that is said no more leaves it. Same input,
same bytes; a test holds all of it.
"""

import functools
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
ROOMS = (
    "showcam/accounts",
    "actions",
    "showcam/alexa",
    "showcam/cast",
    "showcam/console",
    "showcam/mqtt",
    "oauth",
    "showcam/registry",
    "showcam/app/compose",
    "showcam/app/doctor",
    "showcam/app/setup",
    "showcam/i18n",
)
VENDORS = "showcam/drivers"
LANGUAGES = ("nb", "de")
# Alexa speaks no Norwegian, so what it alone says is not written in it.
NOT_SAID = {"nb": "showcam/alexa/spoken/"}
MARKS = dict.fromkeys(("mark", "worded", "remedy"))  # functions that are given a sentence
_GAP = re.compile(r"\{\w*\}")
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)  # a date of the day would change what nobody changed


@dataclass(frozen=True)
class Domain:
    """The sentences of some folders, translated in one `locale/`."""

    name: str
    locale: Path
    folders: tuple[Path, ...]

    def file(self, language: str, kind: str) -> Path:
        return self.locale / language / "LC_MESSAGES" / f"{self.name}.{kind}"


def domains() -> list[Domain]:
    """showcam's, and one for each vendor that has sentences of its own."""
    vendors = [
        Domain(folder.parent.name, folder, (folder.parent,)) for folder in sorted((ROOT / VENDORS).glob("*/locale"))
    ]
    return [Domain("showcam", ROOT / "showcam/i18n/locale", tuple(ROOT / room for room in ROOMS)), *vendors]


@functools.cache
def said(domain: Domain) -> dict[str, set[str]]:
    """Each sentence of the domain, and the files that say it."""
    found: dict[str, set[str]] = {}
    for path in _files(domain):
        method, keywords = ("python", MARKS) if path.suffix == ".py" else ("jinja2", {"_": None})
        name = path.relative_to(ROOT).as_posix()
        for _, message, _, _ in extract_from_file(method, path, keywords=keywords):
            assert isinstance(message, str), f"{name}: {message} is more than one sentence"
            found.setdefault(message, set()).add(name)
    return found


def wanted(domain: Domain, language: str) -> dict[str, set[str]]:
    """Of those the ones that are said in the language."""
    left_out = NOT_SAID.get(language, "\0")
    return {
        message: files
        for message, files in said(domain).items()
        if not all(file.startswith(left_out) for file in files)
    }


def _files(domain: Domain) -> Iterator[Path]:
    others = [vendor.parent for vendor in (ROOT / VENDORS).glob("*/locale") if vendor.parent not in domain.folders]
    for folder in domain.folders:
        for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.html")]):
            if not any(path.is_relative_to(other) for other in others):
                yield path


def kept(path: Path, language: str) -> Catalog:
    """What a `.po` file holds."""
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def good(message: Message) -> bool:
    """Whether it is translated, and with the same {gaps}."""
    if not message.id:
        return True  # the header
    return (
        bool(message.string)
        and not message.fuzzy
        and sorted(_GAP.findall(str(message.id))) == sorted(_GAP.findall(str(message.string)))
    )


def update(domain: Domain, language: str) -> bytes:
    """The `.po` as it should be, with the translations there are."""
    before, now = kept(domain.file(language, "po"), language), Catalog(locale=language)
    for message, files in wanted(domain, language).items():
        old = before.get(message)
        found_in: list[Any] = [(file, None) for file in sorted(files)]  # without lines, which change too often
        now.add(message, old.string if old else "", found_in, flags=old.flags if old else ())
    written = io.BytesIO()
    write_po(written, now, width=0, omit_header=True)
    header = f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    return header.encode() + written.getvalue()


def compiled(domain: Domain, language: str) -> bytes:
    """The `.mo` of the `.po` there is."""
    catalogue = kept(domain.file(language, "po"), language)
    catalogue.creation_date = catalogue.revision_date = _NEVER
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def main() -> None:
    missing: list[str] = []
    for domain in domains():
        for language in LANGUAGES:
            file = domain.file(language, "po")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(update(domain, language))
            domain.file(language, "mo").write_bytes(compiled(domain, language))
            missing += [
                f"{file.relative_to(ROOT)}: {message.id}" for message in kept(file, language) if not good(message)
            ]
    if missing:
        sys.exit("\n".join(["These want a translation:", *missing]))


if __name__ == "__main__":
    main()
