"""The registry outside `drivers/` names no vendor and no assistant."""

import re
from pathlib import Path

REGISTRY = Path(__file__).parents[2] / "showcam" / "registry"
NAMES = re.compile(r"ezviz|hikvision|amazon|\balexa|_alexa|\bgoogle|\becho\b|\bnest\b", re.IGNORECASE)

# Where a name still stands, in which lines, and why. A file that needs none any longer is taken off.
STILL_NAMED = {
    # the assistants differ in which reason they say by themselves
    "gate/reasons.py": r'ON_ALEXA|surface == "google"|Google itself asks for a new link',
    # a camera's name must not be what wakes an assistant
    "gate/voice_names.py": r"",
    # how often a doorbell's messages are read was seen on one vendor's
    "watch/watch.py": r"^# .*\(AidenShaw2020/ha-ezviz-doorbell, coordinator\.py\)\.$",
}


def files() -> list[str]:
    found = [path.relative_to(REGISTRY) for path in sorted(REGISTRY.rglob("*.py"))]
    return [path.as_posix() for path in found if path.parts[0] != "drivers"]


def test_names_stand_only_in_files_with_a_reason() -> None:
    lines = [(file, line) for file in files() for line in (REGISTRY / file).read_text().splitlines()]
    named = [(file, line) for file, line in lines if NAMES.search(line)]
    assert {file for file, _ in named} == set(STILL_NAMED)
    assert [(file, line) for file, line in named if not re.search(STILL_NAMED[file], line)] == []
