"""The AWS entry of directives answers spoken requests too, and loads ask-sdk only then."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
SKILL = "amzn1.ask.skill.11111111-1111-1111-1111-111111111111"


def run(event: dict[str, Any], folder: Path) -> dict[str, Any]:
    program = (
        "import json, pkgutil, sys\n"
        f"handler = pkgutil.resolve_name('lambda.directives:handler'); event = json.loads({json.dumps(event)!r})\n"
        "before = 'ask_sdk_core' in sys.modules\n"
        "try: answer = handler(event, None)\n"
        "except Exception as error: answer = {'raised': type(error).__name__}\n"
        "print(json.dumps({'answer': answer, 'before': before, 'after': 'ask_sdk_core' in sys.modules}))\n"
    )
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "SHOWCAM_DATA": str(folder / "data"),
        "SHOWCAM_ALEXA_SKILL_ID": SKILL,
    }
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def spoken(skill: str) -> dict[str, Any]:
    request = {"type": "LaunchRequest", "requestId": "r", "timestamp": "2026-11-25T02:00:00Z", "locale": "de-DE"}
    system = {"application": {"applicationId": skill}, "user": {"userId": "u"}}
    return {"version": "1.0", "context": {"System": system}, "request": request}


@pytest.mark.parametrize(
    ("event", "loads"),
    [
        ({"directive": {"header": {"namespace": "Alexa", "name": "ReportState"}, "payload": {}}}, False),
        (spoken(SKILL), True),
    ],
)
def test_the_library_is_loaded_for_what_is_spoken_alone(event: dict[str, Any], loads: bool, tmp_path: Path) -> None:
    result = run(event, tmp_path)
    assert result["before"] is False
    assert result["after"] is loads
    if loads:
        assert result["answer"]["response"]["card"] == {"type": "LinkAccount"}
        assert "Verknüpfe deine Kameras" in result["answer"]["response"]["outputSpeech"]["text"]


def test_another_skills_request_is_not_answered(tmp_path: Path) -> None:
    assert run(spoken("amzn1.ask.skill.other"), tmp_path)["answer"] == {"raised": "NotForUs"}
