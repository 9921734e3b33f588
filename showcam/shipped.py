"""Files for people that come with the program: where they are, from its sources as from a wheel."""

from importlib.resources import files
from pathlib import Path

_PACKED = Path(str(files("showcam") / "docs"))  # a wheel has them here, see pyproject.toml
_DOCS = _PACKED if _PACKED.is_dir() else Path(__file__).parents[1] / "docs"


def skill_package() -> Path:
    """What all of Alexa's skill packages have in common. An image of the media process alone has none."""
    return Path(str(files("alexa") / "skill_package"))


def document(name: str) -> Path:
    """A page of docs/, or a picture beside it."""
    return _DOCS / name


def whole_way(name: str) -> str:
    """Of a command's help, the line below it; \\b keeps click from wrapping the path."""
    return f"\b\nThe whole way, step by step:\n{document(name)}"
