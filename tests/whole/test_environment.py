"""The secrets that running processes can read in /proc/PID/environ."""

import contextlib
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.listening import below, words_of
from tests.doubles.program import running
from tests.doubles.waiting import until

pytestmark = pytest.mark.process

SECRETS: dict[str, Any] = {
    "SHOWCAM_EZVIZ_KEY": "appkey-of-ours",
    "SHOWCAM_EZVIZ_SECRET": "vendor-secret",
    "SHOWCAM_EZVIZ_WEBHOOK_KEY": "webhook-secret",
    "SHOWCAM_LWA_CLIENT_SECRET": "lwa-secret",
    "AWS_SECRET_ACCESS_KEY": "aws-secret",
    "SOMEBODYS_PASSWORD": "somebodys-secret",
    "SHOWCAM_TURN": "turn:127.0.0.1:3478",
    "SHOWCAM_TURN_SECRET": "turn-secret",
}
OF_WEB = {"vendor-secret", "webhook-secret", "appkey-of-ours", "lwa-secret"}
READS = {"media": {"turn-secret"}, "worker": OF_WEB, "serve": OF_WEB}


def read(supervisor: int, words: set[str]) -> dict[str, set[str]]:
    """Returns which of the words stand in the environment of each process below the supervisor."""
    found: dict[str, set[str]] = {}
    for pid in below(supervisor):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            environ = Path(f"/proc/{pid}/environ").read_text()
            part = words_of(pid)[-1:] or ["that ends"]
            found.setdefault(part[0], set()).update(word for word in words if word in environ)
    return found


def test_each_part_has_the_secrets_it_needs_and_no_others(tmp_path: Path) -> None:
    words = {secret for name, secret in SECRETS.items() if name != "SHOWCAM_TURN"}
    with running(tmp_path, forked=False, demo=False, **SECRETS) as program:
        assert program.process is not None
        supervisor = program.process.pid
        until(
            lambda: read(supervisor, words).keys() == READS.keys()
        )  # a part that starts has its parent's name at first
        assert read(supervisor, words) == READS
