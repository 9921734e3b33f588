"""`make clean` removes what make made, and nothing of an owner's."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
MADE = (
    ".venv/app",
    ".venv/all",
    ".venv-cloud/made",
    "node_modules/x",
    "build/x",
    "dist/x",
    ".serverless/x",
    "var/demo/DEMO",
)
OWNED = ("var/showcam/showcam.sqlite3", "var/showcam/keys/seal", "var/backups/showcam.backup", "showcam.toml")


def test_only_what_make_made_goes(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (*MADE, *OWNED):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    subprocess.run(["make", "-s", "-C", tmp_path, "clean"], check=True)
    assert {name for name in (*MADE, *OWNED) if (tmp_path / name).exists()} == set(OWNED)
