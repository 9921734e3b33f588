"""A copy of showcam's code with Lakeside in it: the folder of the example, and its line in the table of vendors."""

import shutil
import tomllib
from pathlib import Path

from showcam import drivers
from showcam.drivers.vendor import Manner
from tests.doubles.program import ROOT

EXAMPLE = ROOT / "tests/examples/lakeside"


def copied(folder: Path, host: str, manner: Manner) -> Path:
    """A copy of showcam with Lakeside in it."""
    rooms = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    for room in rooms:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    table = folder / Path(str(drivers.__file__)).relative_to(ROOT)
    added = table.parent / "lakeside"
    shutil.copytree(EXAMPLE, added, ignore=shutil.ignore_patterns("__pycache__"))
    for module in added.glob("*.py"):
        module.write_text(module.read_text().replace("tests.examples.lakeside", f"{drivers.__name__}.lakeside"))
    (added / "place.py").write_text(f"HOST, MANNER = {host!r}, {manner!r}\n")
    text = table.read_text()
    assert text.count("BRANDS: tuple[Brand, ...] = (EZVIZ, LAN)") == 1
    text = text.replace("(EZVIZ, LAN)", "(EZVIZ, LAN, LAKESIDE)")
    table.write_text(text.replace("BRANDS: tuple", f"from {drivers.__name__}.lakeside import LAKESIDE\nBRANDS: tuple"))
    return folder
