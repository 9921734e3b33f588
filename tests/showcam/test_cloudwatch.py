"""A function's log lines: one for each request, metrics for what happened in it, and no secret."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from showcam.app.aws.cloudwatch import CloudWatch
from showcam.registry import outcomes
from showcam.registry.outcomes import Outcome, collected
from tests.doubles.runtime_api import Context

log = logging.getLogger("registry.somewhere")
SECRET = "sca.abcdefgh.q1w2e3r4t5y6u7i8o9p0"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], CloudWatch]:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "showcam-prod-web")

    def install(least: str) -> CloudWatch:
        made = CloudWatch(least, collected)
        made.install()
        return made

    return install


def fail() -> None:
    try:
        raise RuntimeError(f"with {SECRET}")
    except RuntimeError:
        log.exception("it failed")


@pytest.mark.parametrize(
    ("happens", "counted"),
    [
        ([lambda: None], []),
        ([lambda: log.warning("the store", extra={"reason": "store"})], ["StoreUnavailable"]),
        ([lambda: log.warning("down", extra={"reason": "vendor_down"})] * 3, ["VendorUnavailable"]),
        ([lambda: log.warning("busy", extra={"reason": "vendor_busy"})], ["VendorUnavailable"]),
        ([lambda: log.warning("signed out", extra={"reason": "signed_out"})], []),
        ([lambda: outcomes.add(Outcome("Discover", "refused")), fail], ["InternalErrors", "Refusals"]),
        ([lambda: log.warning("no way out", extra={"reason": "no_internet"})], ["InternalErrors"]),
    ],
    ids=lambda value: str(value) if value and isinstance(value[0], str) else "",
)
@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_what_happened_is_a_metric_at_every_level(
    watch: Callable[[str], CloudWatch],
    lines: Callable[[], list[dict[str, Any]]],
    happens: list[Callable[[], None]],
    counted: list[str],
    level: str,
) -> None:
    def answer(_event: Any, _context: Any) -> dict[str, Any]:
        for event in happens:
            event()
        return {"statusCode": 200}

    watch(level).watched(answer)({"requestContext": {"requestId": "api-1"}}, Context)
    logged = [line for line in lines() if line["event"] == "request"]
    if not counted:
        assert len(logged) == (level in ("debug", "info"))
        assert not any("_aws" in line for line in logged)
        return
    (line,) = logged
    assert (line["request"], line["api_request"], line["status"], line["cold"]) == (
        "aws-request-1",
        "api-1",
        200,
        True,
    )
    (described,) = line["_aws"]["CloudWatchMetrics"]
    assert described == {
        "Namespace": "showcam",
        "Dimensions": [["FunctionName"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in counted],
    }
    assert line["FunctionName"] == "showcam-prod-web"
    assert [line[name] for name in counted] == [1] * len(counted)


def test_the_next_request_begins_again(
    watch: Callable[[str], CloudWatch], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    handler = watch("info").watched(lambda event, _: fail() if event["fail"] else None)  # type: ignore[arg-type,return-value]
    for fails in (True, False):
        handler({"fail": fails}, Context)
    first, second = [line for line in lines() if line["event"] == "request"]
    assert ("_aws" in first, "_aws" in second) == (True, False)
    assert (first["cold"], second["cold"]) == (True, False)


def test_an_exception_is_logged_and_raised_on(
    watch: Callable[[str], CloudWatch], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    def answer(_event: Any, _context: Any) -> dict[str, Any]:
        raise ValueError("not for us")

    with pytest.raises(ValueError, match="not for us"):
        watch("info").watched(answer)({}, Context)
    (line,) = lines()
    assert line["status"] == "raised"
    assert "_aws" not in line  # AWS counts it itself


def test_no_logger_writes_a_secret(
    watch: Callable[[str], CloudWatch], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    watch("debug")
    log.warning("token %s used at %s", SECRET, "https://x.example/s/WyJhIiwiYiJd.c2lnbmF0dXJlLXRhZw/master.m3u8")
    logging.getLogger("botocore").info("the whole request")
    fail()
    logged = lines()
    assert [line["event"] for line in logged] == ["token … used at https://x.example/s/…/master.m3u8", "it failed"]
    assert SECRET not in json.dumps(logged)
    assert logged[1]["exception"].count("\n") > 2
