"""A request pays only for what it needs."""

import subprocess
import sys
from pathlib import Path

NEVER = ("flask", "authlib", "av", "aiortc", "aiohttp", "requests", "boto3", "ask_sdk_core", "pyezvizapi", "structlog")


def test_the_door_loads_no_web_no_media_and_no_vendor_library() -> None:
    program = "import sys, actions.fulfillment, actions.signalling; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "actions" in loaded
    assert loaded.isdisjoint(NEVER)
