"""Whether the program on the disk is newer than the one that runs: a restart takes it.

A folder that `git pull` updates has its version in pyproject.toml; what was installed from a wheel, in its metadata.
"""

import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parents[2]
ROOMS = ("actions", "oauth", "showcam")


@dataclass(frozen=True)
class OnDisk:
    """`version` is the one that runs, and `started` when it did, in epoch seconds."""

    version: str
    started: float
    folder: Path = HERE

    def newer(self) -> str:
        """The version on the disk, "" where it is the one that runs or can't be read just now."""
        found = version_of(self.folder)
        return found if found != self.version else ""

    def changed(self) -> float:
        """When a module was last written since the start, in epoch seconds; 0 where none was."""
        written = [module.stat().st_mtime for room in self._rooms() for module in room.rglob("*.py")]
        return max((at for at in written if at > self.started), default=0.0)

    def _rooms(self) -> list[Path]:
        """By a wheel other distributions have theirs beside them."""
        return [self.folder / name for name in ROOMS if (self.folder / name).is_dir()]


def version_of(folder: Path = HERE) -> str:
    """The version as it stands on the disk now; "" where none does."""
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
