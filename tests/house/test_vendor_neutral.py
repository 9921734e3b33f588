"""The registry, and what all drivers share, name no vendor and no assistant."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2] / "showcam"
NAMES = re.compile(r"ezviz|hikvision|amazon|\balexa|_alexa|\bgoogle|\becho\b|\bnest\b", re.IGNORECASE)

# Where a name still stands, in which lines, and why. A file that needs none any longer is taken off.
STILL_NAMED = {
    # the table of vendors
    "drivers/__init__.py": r"^from showcam\.drivers\.ezviz import EZVIZ$|^BRANDS",
    # a surface is named after the assistant that shows it, in grants and settings too
    "drivers/camera.py": r'"(alexa|google)"|^# video: Alexa\'s VideoApp',
    # the assistants differ in which reason they say by themselves
    "registry/gate/reasons.py": r'ON_ALEXA|surface == "google"|Google itself asks for a new link',
    # a camera's name must not be what wakes an assistant
    "registry/gate/voice_names.py": r"",
    # how often a doorbell's messages are read was seen on one vendor's
    "registry/watch/messages.py": r"^# .*\(AidenShaw2020/ha-ezviz-doorbell, coordinator\.py\)\.$",
}


def files() -> list[str]:
    shared = [*(ROOT / "registry").rglob("*.py"), *(ROOT / "drivers").glob("*.py")]
    assert len(shared) > 40
    return [path.relative_to(ROOT).as_posix() for path in sorted(shared)]


def test_names_stand_only_in_files_with_a_reason() -> None:
    lines = [(file, line) for file in files() for line in (ROOT / file).read_text().splitlines()]
    named = [(file, line) for file, line in lines if NAMES.search(line)]
    assert {file for file, _ in named} == set(STILL_NAMED)
    assert [(file, line) for file, line in named if not re.search(STILL_NAMED[file], line)] == []
