"""The web process's metrics, in the format that Prometheus reads."""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from showcam.app.edge.edge import Answered
from showcam.app.edge.metrics import Metrics
from showcam.app.http_types import Refuse, Request
from showcam.net.addresses import PEER


def request(**more: str) -> Request:
    environ: dict[str, Any] = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8080", "SERVER_PROTOCOL": "HTTP/1.1"}
    environ |= more
    return Request("r", "GET", "/metrics", "", b"", environ)


def samples_of(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """By sample name, route, and status or bucket."""
    text = metrics.answer(request()).body.decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    names = ("route", "status", "le")
    return {
        (sample.name, *(sample.labels[name] for name in names if name in sample.labels)): sample.value
        for sample in samples
    }


def test_each_answer_counts_by_route_and_status_and_its_time_once() -> None:
    metrics = Metrics(exposed=False)
    for route, status, seconds in (("alexa", 200, 0.0005), ("alexa", 200, 0.003), ("alexa", 403, 9.0)):
        metrics.count(Answered("r", route, "POST", status, seconds))
    got = samples_of(metrics)
    assert got["showcam_requests_total", "alexa", "200"] == 2
    assert got["showcam_requests_total", "alexa", "403"] == 1
    within = [got["showcam_request_seconds_bucket", "alexa", bound] for bound in ("0.001", "0.003", "3.0", "+Inf")]
    assert within == [1, 2, 2, 3]
    assert got["showcam_request_seconds_count", "alexa"] == 3
    assert got["showcam_request_seconds_sum", "alexa"] == pytest.approx(9.0035)
    histogram = {f"showcam_request_seconds_{suffix}" for suffix in ("bucket", "count", "sum")}
    assert {name for name, *_ in got} == {"showcam_requests_total"} | histogram


def test_no_request_is_lost_when_threads_count_at_once() -> None:
    metrics, switching, done = Metrics(exposed=False), sys.getswitchinterval(), Answered("r", "google", "POST", 200, 1)
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(metrics.count, [done] * 4000))
    finally:
        sys.setswitchinterval(switching)
    assert samples_of(metrics)["showcam_requests_total", "google", "200"] == 4000
    assert samples_of(metrics)["showcam_request_seconds_sum", "google"] == 4000


@pytest.mark.parametrize(
    "more",
    [
        {"REMOTE_ADDR": "203.0.113.5"},
        {"HTTP_HOST": "home.example"},
        {"HTTP_X_FORWARDED_FOR": "203.0.113.5"},
        {"HTTP_FORWARDED": "for=203.0.113.5"},
        {"HTTP_VIA": "1.1 proxy"},
        {"HTTP_X_REAL_IP": "203.0.113.5"},
        {"SERVER_PROTOCOL": "HTTP/1.0"},
        {PEER: "127.0.0.1"},
    ],
)
def test_other_machines_get_404(more: dict[str, str]) -> None:
    with pytest.raises(Refuse) as refused:
        Metrics(exposed=False).answer(request(**more))
    assert refused.value.response.status == 404
