"""An engine costs its own imports only."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("store.sqlite", {"boto3", "botocore", "flask", "requests"}),
        ("store.dynamodb", {"sqlite3", "boto3", "flask", "requests"}),
        ("store.ports", {"sqlite3", "boto3", "botocore", "cryptography"}),
        ("accounts.tokens", {"sqlite3", "botocore", "flask", "authlib"}),
    ],
)
def test_what_an_import_brings(module: str, never: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": "."},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert set(run.stdout.split()) & never == set()
