"""Finds the settings file and the folder of the data for an installation that no option and no variable places.

The folders of a systemd service (systemd.exec(5), RuntimeDirectory=) and `/etc/showcam/showcam.toml` come first. Then
comes the current folder, if it belongs to a checkout of showcam or holds a `showcam.toml`. The user's own folders come
last (XDG Base Directory Specification 0.8).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MACHINE = Path("/etc/showcam/showcam.toml")
MACHINE_DATA = Path("/var/lib/showcam")
FILE = "showcam.toml"

type Rule = Literal["machine", "folder", "user"]


@dataclass(frozen=True)
class Places:
    """`file`: the settings file, which need not exist. `demo` is the folder of the demo's data."""

    rule: Rule
    file: Path
    data: Path
    demo: Path


def find(environ: Mapping[str, str], stands_in: Path | None = None, machine: Path = MACHINE) -> Places:
    """`environ`: the variables of the process. `stands_in`: a folder; None is the current one."""
    mine = _of_user(environ)
    if environ.get("STATE_DIRECTORY") or environ.get("CONFIGURATION_DIRECTORY") or machine.exists():
        given = environ.get("CONFIGURATION_DIRECTORY", "")
        state = environ.get("STATE_DIRECTORY", "")
        file = _first(given) / FILE if given else machine
        data = _first(state) if state else MACHINE_DATA
        return Places("machine", file, data, data / "demo" if state else mine.demo)
    try:
        here = stands_in or Path.cwd()
    except FileNotFoundError:  # it was removed meanwhile
        return mine
    for folder in (here, *here.parents):
        if _is_checkout(folder) or (folder == here and (folder / FILE).exists()):
            return Places("folder", folder / FILE, folder / "var" / "showcam", folder / "var" / "demo")
    return mine


def _of_user(environ: Mapping[str, str]) -> Places:
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises for a user who has none

    def folder(variable: str, otherwise: Path) -> Path:
        text = environ.get(variable, "")
        return Path(text) if text.startswith("/") else otherwise  # a relative one is ignored, says the specification

    data = folder("XDG_DATA_HOME", home / ".local" / "share")
    config = folder("XDG_CONFIG_HOME", home / ".config")
    return Places("user", config / "showcam" / FILE, data / "showcam", data / "showcam-demo")


def _first(folders: str) -> Path:
    """systemd separates several folders by colons."""
    return Path(folders.split(":")[0])


def _is_checkout(folder: Path) -> bool:
    try:
        return '\nname = "showcam"\n' in (folder / "pyproject.toml").read_text(errors="replace")
    except OSError:
        return False
