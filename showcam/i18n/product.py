"""The product that customers know: its name, maker, logo and the addresses of its texts, from an integrator's folder.

Pages, cards, spoken answers and the packages of the assistants' consoles name it. Commands and documents keep the name
showcam.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from showcam.i18n.catalogue import OWN_NAME

FILE = "product.toml"
LOGOS = {"logo.svg": b"<svg", "logo.png": b"\x89PNG\r\n"}  # the name of the logo's file, and text of its first bytes
MOST_LOGO = 64 * 1024  # bytes

_WORD = "[A-Za-z0-9À-ÖØ-öø-ž]+"  # letters of the font of cards
_ADDRESS = r"https://[^\s\"'<>\\]{4,300}"
# a regular expression for the text of each field, and words about it for an error
_FORMS = {
    "name": (rf"(?=.{{2,30}}$)(?=.*[^\W\d])({_WORD}[ -])*{_WORD}", "2 to 30 letters and digits, in words"),
    "maker": (r"(?=.{2,60}$)[^\W_][^<>{}\"\n\r\t]*", "2 to 60 characters without < > { } or quotation marks"),
    "support": (rf"{_ADDRESS}|mailto:[^\s\"'<>\\@]{{1,64}}@[^\s\"'<>\\@]{{1,200}}", "https://… or mailto:…"),
    "privacy": (_ADDRESS, "https://…"),
    "terms": (_ADDRESS, "https://…"),
}


class BadProduct(ValueError):
    """The folder can't be used; the text says why."""


@dataclass(frozen=True)
class Product:
    """`support`, `privacy`, `terms`: addresses that pages lead to; "" leaves the link out."""

    name: str = OWN_NAME
    maker: str = ""
    support: str = ""
    privacy: str = ""
    terms: str = ""
    logo: Path | None = None


def product_of(folder: Path | None) -> Product:
    """The product that the folder describes; None: showcam itself. Raises BadProduct."""
    return Product() if folder is None else _read(folder)


def _read(folder: Path) -> Product:
    try:
        given = tomllib.loads((folder / FILE).read_text())
    except OSError as error:
        raise BadProduct(f"{FILE} there can't be read: {error.strerror}") from None
    except ValueError as error:
        raise BadProduct(f"{FILE} there is not TOML: {error}") from None
    for name, value in given.items():
        if name not in _FORMS:
            raise BadProduct(f"{FILE} there has {name!r}; it may have {', '.join(_FORMS)}")
        form, wanted = _FORMS[name]
        if not (isinstance(value, str) and re.fullmatch(form, value)):
            raise BadProduct(f"{name} in {FILE} there is {value!r}; {wanted} is wanted")
    if "name" not in given:
        raise BadProduct(f"{FILE} there lacks the name")
    return Product(**given, logo=_logo(folder))


def _logo(folder: Path) -> Path | None:
    for name, sign in LOGOS.items():
        file = folder / name
        if file.is_file():
            content = file.read_bytes()
            if len(content) > MOST_LOGO or sign not in content[:1024]:
                raise BadProduct(f"{name} there is no such image of {MOST_LOGO // 1024} KiB at most")
            return file
    return None
