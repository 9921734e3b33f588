"""The variables and settings that each process is handed."""

import ast
import base64
import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from showcam.app import keys
from showcam.app.cli import run
from showcam.app.process import handover
from showcam.app.settings import Settings

pytestmark = pytest.mark.proves("A media process is given no key but the one for streams")

ROOT = Path(__file__).parents[2]
OUTER = {
    "PATH": "/usr/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/home/me",
    "HTTPS_PROXY": "http://me:word@proxy:3128",
    "AWS_SECRET_ACCESS_KEY": "aws",
    "SHOWCAM_EZVIZ_SECRET": "vendor",
    "SHOWCAM_CONFIG": "x",
    "DATABASE_PASSWORD": "another",
    "PYTHONPATH": "/a::b:.:/c",
}
GIVEN = Settings(
    ezviz_key="key",
    ezviz_secret="vendor-secret",
    ezviz_webhook_key="webhook-secret",
    lwa_client_secret="lwa-secret",
    google_service_account="google-key",
    turn="turn:t:1",
    turn_secret="turn-secret",
    metrics_token="metrics-token",
    alexa_skill_id="skill",
)
ROOTS = json.dumps({"root": "a root of the tests, of at least 32 characters"})


@pytest.mark.parametrize(
    ("part", "more", "variables"),
    [
        ("simulator", {}, set()),
        ("media", {}, {"SHOWCAM_SETTINGS"}),
        ("media", {"grant_roots": ROOTS}, {"SHOWCAM_SETTINGS", "SHOWCAM_GRANT_KEYS"}),
        ("worker", {}, {"SHOWCAM_SETTINGS"}),
        ("web", {}, {"SHOWCAM_SETTINGS"}),
        ("web", {"store": "dynamodb"}, {"SHOWCAM_SETTINGS", "AWS_SECRET_ACCESS_KEY", "HOME", "HTTPS_PROXY"}),
    ],
)
def test_variables(part: str, more: dict[str, Any], variables: set[str]) -> None:
    given = handover.environment(part, msgspec.structs.replace(GIVEN, **more), OUTER)
    assert {*given} == {"PATH", "LC_ALL", "PYTHONPATH", "PYTHONSAFEPATH"} | variables
    assert given["PYTHONPATH"] == "/a:/c"
    assert given["PYTHONSAFEPATH"] == "1"


@pytest.mark.parametrize(
    ("part", "secrets"),
    [
        ("media", {"turn-secret"}),
        ("worker", {"vendor-secret", "webhook-secret", "lwa-secret", "google-key"}),
        ("web", {"vendor-secret", "webhook-secret", "lwa-secret", "google-key", "metrics-token"}),
    ],
)
def test_secret_settings(part: str, secrets: set[str]) -> None:
    text = handover.environment(part, GIVEN, OUTER)["SHOWCAM_SETTINGS"]
    every = {"vendor-secret", "webhook-secret", "lwa-secret", "google-key", "turn-secret", "metrics-token"}
    assert {secret for secret in every if secret in text} == secrets


def test_a_root_is_not_handed_to_media_but_the_grant_keys_made_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = msgspec.structs.replace(GIVEN, grant_roots=ROOTS)
    given = handover.environment("media", settings, OUTER)
    assert "root of the tests" not in "".join(given.values())
    assert [base64.b64decode(key) for key in given["SHOWCAM_GRANT_KEYS"].split()] == keys.grant_of(settings)
    monkeypatch.setenv("SHOWCAM_GRANT_KEYS", given["SHOWCAM_GRANT_KEYS"])
    assert keys.grant_of(Settings()) == keys.derived([json.loads(ROOTS)["root"]]).grant


def test_all_parts_started_with_their_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is started again later: its code on the disk may then be newer than the others'."""
    first, later = ({process.name: process.environ for process in run.processes(Settings())} for _ in range(2))
    monkeypatch.setenv(handover.STARTED, later["web"][handover.STARTED])
    assert handover.started() == float(first["web"][handover.STARTED]) <= time.time()


def test_media_is_handed_every_setting_that_it_reads() -> None:
    tree = ast.parse((ROOT / "showcam/app/compose/media.py").read_text())
    read = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "settings"
    }
    computed = {
        "internal_web_url": {"web_internal_url", "bind", "port"},
        "keys": {"data"},
        "vendor_is_here": {"demo", "ezviz_at"},
        "ezviz_open": {"ezviz_at"},
        "webrtc_range": {"webrtc_ports"},
        "is_exposed": {"public_url"},
        "fleet_url": {"media_urls"},
        "is_one_house": {"sign_up", "store", "web_internal_url"},
    }
    by_its_log = {"log_level", "data"}  # showcam.app.process.logs.start
    fields = {setting for name in read for setting in computed.get(name, {name})}
    assert fields | by_its_log == handover.MEDIA
