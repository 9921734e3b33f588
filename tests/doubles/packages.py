"""The packages of scripts/package.py, for the architecture of this machine."""

import importlib.util
import platform
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from tests.doubles.made_once import made_once

ROOT = Path(__file__).parents[2]
ARCHITECTURE, OTHER = ("arm64", "x86_64") if platform.machine() == "aarch64" else ("x86_64", "arm64")


def script(name: str) -> ModuleType:
    """A script of scripts/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"scripts/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cutter() -> ModuleType:
    return script("package")


@made_once
def cut() -> dict[str, Path]:
    """The zip of each function; no two workers of a run cut them."""
    command = [sys.executable, str(ROOT / "scripts/package.py"), "--architecture", ARCHITECTURE]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {name: ROOT / "build/lambda" / f"{name}.zip" for name in cutter().FUNCTIONS}
