"""The registry outside `drivers/` names no vendor and no assistant."""

import re
from pathlib import Path

REGISTRY = Path(__file__).parents[2] / "registry"
NAMES = re.compile(r"ezviz|hikvision|amazon|\balexa|_alexa|\bgoogle|\becho\b|\bnest\b", re.IGNORECASE)

# Where a name still stands, and why. A file that needs none any longer is taken off.
STILL_NAMED = {
    "surface.py": "a surface is named after the assistant that shows it, in grants and settings too",
    "gate/cards.py": "the assistants differ in which reason they say by themselves",
    "gate/voice_names.py": "a camera's name must not be what wakes an assistant",
}


def files() -> list[str]:
    found = [path.relative_to(REGISTRY) for path in sorted(REGISTRY.rglob("*.py"))]
    return [path.as_posix() for path in found if path.parts[0] != "drivers"]


def test_names_stand_only_in_files_with_a_reason() -> None:
    assert {file for file in files() if NAMES.search((REGISTRY / file).read_text())} == set(STILL_NAMED)
