"""Finds out whether the program on the disk is newer than the running one: a restart would then take it.

A folder that `git pull` updates has its version in pyproject.toml; an installed wheel has it in its metadata.
"""

import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parents[2]
ROOMS = ("actions", "oauth", "showcam")


@dataclass(frozen=True)
class OnDisk:
    """The program on the disk. `version` is the running version, `started` the time of its start, in epoch seconds."""

    version: str
    started: float
    folder: Path = HERE

    def newer(self) -> str:
        """The version on the disk, "" if this version runs already or can't be read just now."""
        found = version_of(self.folder)
        return found if found != self.version else ""

    def changed(self) -> float:
        """The last time a module was written since the start, in epoch seconds; 0 if none was."""
        written = [module.stat().st_mtime for room in self._rooms() for module in room.rglob("*.py")]
        return max((at for at in written if at > self.started), default=0.0)

    def _rooms(self) -> list[Path]:
        """The folders of showcam's own packages: in a wheel's installation other distributions lie next to them."""
        return [self.folder / name for name in ROOMS if (self.folder / name).is_dir()]


def version_of(folder: Path = HERE) -> str:
    """The version that the disk holds now; "" if the disk holds none."""
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        if project["name"] == "showcam":
            return str(project["version"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    try:
        return version("showcam")
    except PackageNotFoundError:
        return ""
