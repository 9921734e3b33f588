"""The running demo's log: a line for each directive and intent, with its outcome, and no name, address or token."""

import json
import time
from typing import Any

import pytest

from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S, until


def lines(program: Program, since: int, name: str) -> list[dict[str, Any]]:
    """Those of that name behind the first `since` bytes of the log, once there is one."""
    until = time.monotonic() + LONG_S
    while True:
        told = program.log.read_bytes()[since:].decode().splitlines()
        read = [json.loads(line) for line in told if line.startswith("{") and line.endswith("}")]
        found = [line for line in read if line.get("name") == name]
        if found or time.monotonic() > until:
            return found
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("assistant", "what", "text", "name", "outcome", "reason"),
    [
        ("alexa", "watch", "show the garden", "Alexa.RTCSessionController.InitiateSessionWithOffer", "done", ""),
        ("google", "watch", "show the garage", "EXECUTE GetCameraStream", "refused", "encryption_on"),
        ("alexa", "say", "ask my cameras why I can't see the garage", "WhyIntent", "done", ""),
    ],
)
def test_each_has_its_line(
    demo: Program, assistant: str, what: str, text: str, name: str, outcome: str, reason: str
) -> None:
    found: list[dict[str, Any]] = []

    def has_its_line() -> bool:
        since = demo.log.stat().st_size
        demo.assistant(assistant, what, text=text)
        found[:] = lines(demo, since, name)
        return {(line["outcome"], line["reason"], line["status"]) for line in found} == {(outcome, reason, 200)}

    until(has_its_line)  # on a busy machine the vendor's answer may come too late, which is another outcome
    assert all(line["link"] and line["account"] and line["camera"].startswith("ezviz-") for line in found)
    told = json.dumps(found)
    assert not any(word in told for word in ("Garden", "Garage", "sca.", "://", "demo@example.com"))
