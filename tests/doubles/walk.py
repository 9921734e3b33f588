"""Which files of showcam run code, in its web app and its engine, while something is done."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.doubles.program import AS_INSTALLED, ROOT
from tests.doubles.waiting import until


class Walk:
    """Start the program with `environ`; what ran `during` is in `files`, by their paths in the project."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        shutil.copy(Path(__file__).with_name("traced") / "sitecustomize.py", folder)
        self.environ: dict[str, Any] = {"PYTHONPATH": os.pathsep.join((str(folder), AS_INSTALLED["PYTHONPATH"]))}
        self.files: list[str] = []

    @contextmanager
    def during(self) -> Iterator[None]:
        (self.folder / "begin").touch()
        until(lambda: self._all("begun"))
        yield
        (self.folder / "end").touch()
        until(lambda: self._all("ran"))
        ran = {Path(line) for part in self.folder.glob("*.ran") for line in part.read_text().splitlines()}
        of_project = {path.relative_to(ROOT) for path in ran if path.is_relative_to(ROOT)}
        self.files = sorted(str(path) for path in of_project if path.parts[0] not in (".venv", "tests"))

    def _all(self, state: str) -> bool:
        """Whether all that are up have come so far."""
        up, come = ({path.stem for path in self.folder.glob(f"*.{each}")} for each in ("up", state))
        return bool(up) and up == come
