"""`make deploy-local`: the packaged stack on an AWS on this machine, after the walk, and with faults."""

import html
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.deploy_local import dashboard
from scripts.deploy_local.steps import USER, StepFailed
from scripts.deploy_local.walk import REFUSED, RENAMED, SHOWN
from tests.cloud.conftest import WITHIN_S, Deployed, Linked
from tests.doubles.emf import metrics_of
from tests.doubles.listening import below, listening, runs
from tests.doubles.program import ROOT
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "A rename is reported on AWS, through stream, queue and function",
    leans_on="second stack: ministack, awslambdaric and osls",
    also=("tests/showcam/test_wakes.py",),
)

STEPS = [
    "Cut the packages, deploy the stack",
    "showcam clients add alexa",
    "showcam owner add demo@example.com",
    "Sign in on the linking page",
    "Agree, and be led back with a code",
    "Change the code for tokens",
    "Discover",
    "Show Garden",
    "Grant Alexa's events",
    "Rename Garden at EZVIZ, and list the cameras again",
    "Ask for Garage, whose Image Encryption is on",
    "Show the household to support",
    "SYNC",
    "QUERY",
    "Revoke Alexa's tokens",
    "Ask as Alexa once more",
    "Disconnect Google",
    "Ask as Google once more",
    "Show Study, by the account's own cloud stream",
    "Ask for Study in a stack without media processes",
    "Sweep",
    "Study was renamed at EZVIZ before the sweep",
    "Revoke the only link, and be signed out at EZVIZ",
    "Delete everything",
    "Deploy the stack of media processes, with a listener",
    "Start a listener, with the environment of its task",
    "Wait until it listens to the household's messages",
    "Ring at Front Door",
    "Sign in at /home",
    "Read there why Garage is not shown",
    "Switch its Image Encryption off, by the code on its label",
    "Read what the assistants asked for",
    "End that link on its page, and refresh it once more",
    "Delete everything of that household",
    "Draw it from the walk's log",
]


def test_every_step_is_printed_with_what_it_found(deployed: Deployed) -> None:
    output = deployed.said()
    for step in STEPS:
        assert f"  ✓  {step}" in output
    assert "✗" not in output
    assert re.search(r"Show Garden: \d+ frames of \d+×\d+ decoded", output)
    shown = r"Garage, whose Image Encryption is on: the reason is shown, \d+ frames of 1280×720"
    assert len(re.findall(shown, output)) == 2
    assert "refused, INVALID_AUTHORIZATION_CREDENTIAL" in output


@pytest.mark.proves(
    "A press at a doorbell of a household with only an app account comes by a listener to Alexa and Google, once",
    leans_on="second stack: ministack, awslambdaric and osls; double: EZVIZ",
    also=("tests/whole/test_listeners.py",),
)
def test_a_press_is_told_to_both_assistants_once(deployed: Deployed) -> None:
    assert re.search(r"Ring at Front Door: after [\d.]+ s .* have it, once", deployed.said())


def test_the_walk_is_on_the_dashboard(deployed: Deployed) -> None:
    found = [metrics_of(line) for line in dashboard.embedded(deployed.aws)]
    by_assistant = Counter[tuple[str, ...]]()
    for metrics in found:
        by_assistant.update({key[1:]: 1 for key in metrics if key[0] == "showcam-local"})
    for assistant in ("alexa", "google"):
        assert by_assistant["Asks", assistant] >= 2
        assert by_assistant["NotShown", assistant, "encryption_on"] == by_assistant["Cards", assistant] == 1
        assert by_assistant["Pictures", assistant] == by_assistant["HandedOut", assistant] >= 1
    assert by_assistant["ReportLag", "alexa"] >= 1
    assert by_assistant["FirstPicture", "alexa"] >= 1
    page = dashboard.PAGE.read_text()
    for widget in dashboard.widgets(deployed.aws):
        assert f"<figcaption>{html.escape(widget['title'])}</figcaption>" in page
    for drawn in ("Asks that became a live picture", "Why not: alexa", "From a change to its report (s)"):
        assert f"<figcaption>{drawn}</figcaption><svg" in page


def test_no_part_of_it_listens_beyond_loopback(deployed: Deployed) -> None:
    pids = [deployed.process.pid, *below(deployed.process.pid)]
    assert len(pids) >= 6  # the program, AWS, three functions, simulator and media
    assert {address for pid in pids for address in listening(pid)} <= {"127.0.0.1", "::1"}


def test_no_secret_name_or_address_is_in_a_log(deployed: Deployed) -> None:
    lines = "\n".join(dashboard.lines(deployed.aws))
    for written in ('"route"', '"name": "report"', '"name": "first picture"', '"assistant": "google"'):
        assert written in lines
    for secret in (*deployed.place.secrets.values(), "showcam-demo", "demo-secret"):
        assert secret not in lines
    for name in (SHOWN, REFUSED, RENAMED, USER, "://"):
        assert name not in lines
    assert not re.search(r"sc[ar]\.[a-z2-7]+\.[\w-]{8,}|/s/[\w-]{20}", lines)


def test_a_throttling_table_is_answered_in_each_protocol_and_counted(wired: Deployed, linked: Linked) -> None:
    echo, display = linked.echo, linked.display
    for wire in wired.wires.values():
        wire.throttled = "ProvisionedThroughputExceededException"
    try:
        assert echo.ask("Alexa.Discovery", "Discover", {"scope": echo.scope})["payload"]["type"] == "BRIDGE_UNREACHABLE"
        assert display.ask("SYNC").json()["payload"]["errorCode"] == "transientError"
        refused = linked.to_google.refresh(linked.google["refresh_token"])
        assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
    finally:
        for wire in wired.wires.values():
            wire.heal()
    # the metric that the alarm "could not use the table" watches
    for name in ("directives", "fulfillment", "web"):
        until(partial(counts_store_unavailable, wired, name))  # a function's log arrives after its answer
    # a function waits a second for the table, which a busy machine may take longer than
    until(lambda: "endpoints" in echo.ask("Alexa.Discovery", "Discover", {"scope": echo.scope})["payload"])
    # nothing was lost by it
    assert len(echo.discover()) == len(display.sync()) == 7
    assert linked.to_google.refresh(linked.google["refresh_token"]).status_code == 200


def counts_store_unavailable(deployed: Deployed, name: str) -> bool:
    lines = [line for line in deployed.lines(name) if "StoreUnavailable" in line and "_aws" in line]
    return any(json.loads(line).get("StoreUnavailable") for line in lines)


@pytest.mark.parametrize(
    ("name", "event"),
    [("directives", {"directive": {}}), ("fulfillment", {"body": "{}"}), ("web", {"rawPath": "/"})],
)
def test_a_missing_secret_is_named_and_fails_the_function(deployed: Deployed, name: str, event: Any) -> None:
    before = deployed.environ(name)
    secret = before["SHOWCAM_KEYS_SECRET"].replace("keys", "lost")
    straight = {name: value for name, value in before.items() if name != "AWS_ENDPOINT_URL"}
    deployed.set_environ(name, straight | {"SHOWCAM_KEYS_SECRET": secret})
    try:
        # the media process calls `web` too, and of several that wait for a start the emulator tells only one the error
        until(partial(fails_for_want_of, secret, deployed, name, event))
    finally:
        deployed.set_environ(name, before)


def fails_for_want_of(secret: str, deployed: Deployed, name: str, event: Any) -> bool:
    with pytest.raises(StepFailed) as failed:
        deployed.invoke(name, event)
    return f"{secret} can't be read: there is none of that name" in str(failed.value)


def test_a_request_for_another_skill_is_not_answered(deployed: Deployed) -> None:
    application = {"applicationId": "amzn1.ask.skill.ffffffff-93a1-4f7e-8c52-0b1f6a9d27e3"}
    event = {
        "version": "1.0",
        "session": {"new": True, "sessionId": "s", "application": application, "user": {"userId": "u"}},
        "context": {"System": {"application": application, "user": {"userId": "u"}}},
        "request": {"type": "LaunchRequest", "requestId": "r", "timestamp": "2026-01-01T00:00:00Z", "locale": "en-US"},
    }
    with pytest.raises(StepFailed, match="a request of another skill"):
        deployed.invoke("directives", event)


def test_an_unknown_caller_is_refused(deployed: Deployed) -> None:
    place = deployed.place
    answer = requests.post(
        f"{place.web}/alexa/smart-home", json={"directive": {}}, verify=str(place.authorities), timeout=LONG_S
    )
    assert answer.status_code == 404


def test_ctrl_c_in_the_middle_ends_everything(tmp_path: Path) -> None:
    output = tmp_path / "said"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SHOWCAM_"))}
    with output.open("wb") as out:
        words = [sys.executable, "-P", "-m", "scripts.deploy_local", "--folder", str(tmp_path)]
        process = subprocess.Popen(words, cwd=ROOT, env=environ, stdout=out, stderr=out)
    log = tmp_path / "deploy.log"
    end = time.monotonic() + WITHIN_S
    while not log.exists() or not log.stat().st_size:
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < end
        time.sleep(0.05)
    started = below(process.pid)
    assert len(started) >= 3
    process.send_signal(signal.SIGINT)
    assert process.wait(LONG_S) == 130
    until(lambda: not any(runs(pid) for pid in started))
    assert "Everything is ended." in output.read_text()
