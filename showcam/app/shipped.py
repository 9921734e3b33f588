"""Finds the documents and packages that come with the program, in a checkout or in an installed wheel."""

from importlib.resources import files
from pathlib import Path

_PACKED = Path(str(files("showcam") / "docs"))  # their place in a wheel, see pyproject.toml
_DOCS = _PACKED if _PACKED.is_dir() else Path(__file__).parents[2] / "docs"


def skill_package() -> Path:
    """The folder that Alexa's skill packages are made from. The image of the media process lacks it."""
    return Path(str(files("showcam.alexa") / "skill_package"))


def document(name: str) -> Path:
    """A page of docs/, or an image there."""
    return _DOCS / name


def page(name: str) -> str:
    """The path of an owner's document on showcam's pages."""
    return f"/help/docs/{name}"


def whole_way(name: str) -> str:
    """The last lines of a command's help: the path of its guide. \\b keeps click from wrapping the path."""
    return f"\b\nThe whole way, step by step:\n{document(name)}"
