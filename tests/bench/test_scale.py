"""The model of many links: it loses no request, grows as it should, and names the right limit first."""

import functools
import math
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bench.scale import __main__ as scale
from bench.scale import footprint, meter
from bench.scale.assumptions import Assumptions
from bench.scale.bill import bill, by_request
from bench.scale.day import AGAIN, MINUTES, Day, daily, shape, simulate
from bench.scale.fleet import sized
from bench.scale.footprint import Footprint, Measured
from bench.scale.limits import limits
from bench.scale.quotas import AT_ONCE, Quota, lifted, quotas, seconds
from bench.scale.reporting import WALKS
from showcam.drivers.ezviz.messages import ONCE_S, SKEW_S

DOCUMENT = (Path(__file__).parents[2] / "docs/integrator/scale.md").read_text()
STACK = (Path(__file__).parents[2] / "serverless.yml").read_text()
WALKS_OF = {
    "reports: a link whose report goes to Alexa": ["report to Alexa"],
    "reports: a link whose report goes to Google": ["report to Google"],
    "reports: a link without a change": ["look at a link"],
    "changes: ten records of the stream": ["records of the stream"],
    "sweep: what is overdue, each run": ["overdue links"],
    "sweep: a household, once a day": ["household looked at"],
    "the gate, while video lasts": ["gate check"],
    "a message of EZVIZ's webhook": ["webhook message"],
    "linking, five requests together": ["linking"],
    "a picture gets a process": ["part: a picture placed"],
    "the gate looks at its hold": ["part: a hold looked at"],
    "its hold is renewed, every half minute": ["part: a hold renewed"],
    "a media process reports itself, every 5 s": ["media process's report"],
    "an ask is kept for owners' pages": ["part: an ask kept"],
}
GIVEN = Assumptions(links=100_000)
LIST = {"hold#process/media": (10.0, 0.0)}
FOOTPRINTS = footprint.batched(
    {
        "Discover": Footprint("directives", 9, 9, 2, 1, 0, 5.0),
        "ReportState": Footprint("directives", 10, 10, 2, 1, 0, 5.0),
        "InitializeCameraStreams": Footprint("directives", 10, 10, 2, 1, 3, 7.0),
        "SYNC": Footprint("fulfillment", 9, 9, 2, 1, 0, 5.0),
        "QUERY": Footprint("fulfillment", 10, 10, 2, 1, 0, 5.0),
        "GetCameraStream": Footprint("fulfillment", 10, 10, 2, 1, 3, 7.0),
        "token refresh": Footprint("web", 3, 3, 4, 0, 0, 3.0, shared={"client#alexa": (1.0, 0.0)}),
        "gate check": Footprint("web", 10, 9, 2, 1, 0, 5.0),
        "webhook message": Footprint("web", 13, 9.5, 4, 1, 0, 6.0),
        "linking": Footprint("web", 43, 30, 25, 3, 0, 25.0, 5.0),
        "report to Alexa": Footprint("reports", 10, 13, 18, cpu_ms=8.0, told_calls=1.0, queued=2.0, listed=9.0),
        "report to Google": Footprint("reports", 10, 11, 8, cpu_ms=8.0, told_calls=1.0, google_calls=1.0, queued=2.0),
        "look at a link": Footprint("reports", 9, 11, 16, cpu_ms=8.0, queued=2.0),
        "records of the stream": Footprint("changes", 0, 0, 0, cpu_ms=0.5, queued=1.0),
        "overdue links": Footprint("sweep", 33, 16.5, 0, cpu_ms=6.0),
        "part: a picture placed": Footprint("directives", 3, 11, 1, cpu_ms=4.0, invoked=0.0, shared=LIST),
        "part: a hold looked at": Footprint("web", 1, 1, 0, cpu_ms=0.5, invoked=0.0),
        "part: a hold renewed": Footprint("web", 2, 1, 1, cpu_ms=1.0, invoked=0.0),
        "part: an ask kept": Footprint("directives", 1, 0, 4, cpu_ms=0.5, invoked=0.0),
        "media process's report": Footprint("web", 1, 0, 1, cpu_ms=1.0),
        "household looked at": Footprint("sweep", 3, 2, 9, cpu_ms=2.0),
    },
    24,
)


def hour_begins() -> bool:
    """Whether a message's id could still be in the hour before."""
    return time.time() % ONCE_S < 2 * SKEW_S


def documented() -> dict[str, list[float]]:
    """Read and write units and calls of each walk, from docs/integrator/scale.md."""
    rows = re.findall(r"^\| ([^|]+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \| (\d+) \|", DOCUMENT, re.MULTILINE)
    return {walk: list(map(float, taken)) for name, *taken in rows for walk in WALKS_OF.get(name, name.split(", "))}


@functools.cache
def played(given: Assumptions = GIVEN, *, free: bool = False) -> tuple[Day, list[Quota]]:
    today = quotas(given, FOOTPRINTS)
    return simulate(given, FOOTPRINTS, lifted(today) if free else today), today


def cost(given: Assumptions) -> dict[str, float]:
    return bill(given, played(given, free=True)[0], FOOTPRINTS, 3000.0)


def test_every_request_is_served_or_refused_and_half_of_the_refused_are_repeated() -> None:
    day, _ = played()
    assert day.refused("ReportState") > 0
    assert day.total("ReportState") > 0
    for before, after in zip(day.minutes, day.minutes[1:], strict=False):
        for walk in FOOTPRINTS:
            assert before.received(walk) == before.served[walk] + before.refused[walk]
            again = 0 if walk in AGAIN else math.floor(before.refused[walk] / 2)
            assert after.again[walk] == again


def test_nothing_is_refused_without_quotas() -> None:
    day, _ = played(free=True)
    for walk, wanted in daily(GIVEN).items():
        assert day.refused(walk) == 0
        assert day.total(walk) == pytest.approx(wanted, abs=6 * math.sqrt(wanted))


def test_no_minute_exceeds_a_quota() -> None:
    day, today = played()
    for quota in today:
        for minute in day.minutes:
            used = sum(minute.served[walk] * quota.use(footprint) for walk, footprint in FOOTPRINTS.items()) / 60
            assert used <= quota.per_s * (1 + 1e-9)


def test_the_busiest_minute_is_in_the_evening_and_tokens_are_refreshed_by_night_too() -> None:
    curve = shape(GIVEN.peak)
    assert sum(curve) == pytest.approx(1)
    assert max(curve) * MINUTES == pytest.approx(GIVEN.peak, rel=0.01)
    assert 18 <= curve.index(max(curve)) / 60 <= 21
    day, _ = played(free=True)
    night, evening = day.minutes[3 * 60], day.minutes[19 * 60]
    assert night.served["ReportState"] < evening.served["ReportState"] / 20
    assert night.served["token refresh"] == pytest.approx(evening.served["token refresh"], rel=0.5)


def test_tokens_of_an_hour_are_refreshed_twelve_times_as_often() -> None:
    assert daily(replace(GIVEN, token_s=3600))["token refresh"] == 12 * daily(GIVEN)["token refresh"]


def test_twice_the_links_cost_twice_as_much_beside_fixed_costs() -> None:
    once, twice = cost(GIVEN), cost(replace(GIVEN, links=2 * GIVEN.links))
    for item, dollars in once.items():
        if item.startswith(("Lambda", "DynamoDB", "HTTP", "SQS", "CloudWatch: log", "Media", "KMS: requests")):
            assert twice[item] == pytest.approx(2 * dollars, rel=0.02), item
        else:
            assert twice[item] == dollars


def test_pictures_that_the_vendor_serves_cost_nothing_and_need_no_gate_check() -> None:
    given = replace(GIVEN, passed=1.0)
    assert not any(dollars for item, dollars in cost(given).items() if item.startswith("Media"))
    assert played(given, free=True)[0].total("gate check") == 0


def test_what_is_placed_looked_at_and_kept_is_paid_for_and_waits_in_its_request() -> None:
    dollars = by_request(GIVEN, played(free=True)[0], FOOTPRINTS)
    kept = by_request(GIVEN, played(replace(GIVEN, history=1), free=True)[0], FOOTPRINTS)
    assert dollars["part: an ask kept"] == 0 < kept["part: an ask kept"]
    assert dollars["part: a hold looked at"] > dollars["part: a hold renewed"] > 0
    assert seconds(GIVEN, FOOTPRINTS["part: a picture placed"]) > 3 * GIVEN.store_ms / 1000
    passed = replace(GIVEN, passed=1.0)
    assert by_request(passed, played(passed, free=True)[0], FOOTPRINTS)["part: a picture placed"] == 0


def test_media_processes_are_paid_for_as_autoscaling_runs_them() -> None:
    flat = sized(GIVEN, [1400.0] * MINUTES)
    assert (flat.most, flat.hours, flat.short_s) == (100, 2400, 0)
    curve = [share * MINUTES * 1400 for share in shape(GIVEN.peak)]
    day = sized(GIVEN, curve)
    assert (day.most, day.short_s) == (math.ceil(max(curve) / GIVEN.wanted), 0)
    assert flat.hours < day.hours < 24 * day.most, "tasks are removed one after the other"


def test_a_rise_that_outruns_autoscaling_leaves_pictures_without_a_place() -> None:
    risen = [140.0] * 700 + [560.0] * 740
    assert sized(GIVEN, risen).short_s == 5 * 60 * (560 - 10 * GIVEN.per_process)
    assert sized(replace(GIVEN, rise_min=0), risen).short_s == 0


def test_the_same_seed_is_the_same_day() -> None:
    today = quotas(GIVEN, FOOTPRINTS)
    once, again, other = (simulate(GIVEN, FOOTPRINTS, today, seed=seed).minutes for seed in (4, 4, 5))
    assert once == again != other


@pytest.mark.parametrize("name", [quota.name for quota in quotas(GIVEN, FOOTPRINTS)])
def test_a_quota_that_is_set_low_is_the_first_to_be_named(name: str) -> None:
    known = quotas(GIVEN, FOOTPRINTS)
    low = [replace(quota, per_s=1e-6) if quota.name == name else quota for quota in known]
    found = limits(GIVEN, played(free=True)[0], low)
    assert found[0].quota.name == name
    assert [limit.links for limit in found] == sorted(limit.links for limit in found)


def test_a_limit_is_reached_at_the_links_it_names() -> None:
    first = limits(GIVEN, *played(free=True))[0]
    at_limit = replace(GIVEN, links=first.links)
    assert played(at_limit, free=True)[0].peaks[first.quota.name] == pytest.approx(first.quota.per_s, rel=0.05)


def test_a_function_runs_as_long_as_it_computes_and_waits() -> None:
    given = replace(GIVEN, store_ms=4, vendor_ms=100, memory_mb=1769)
    assert seconds(given, Footprint("web", 10, 0, 0, 1, 2, cpu_ms=5)) == pytest.approx((5 + 40 + 300) / 1000)
    assert seconds(replace(given, memory_mb=3538), Footprint("web", 0, 0, 0, cpu_ms=5)) == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"pk": {"S": "æ"}}, 4),
        ({"n": {"N": "-12345"}}, 5),
        ({"b": {"B": b"12345"}}, 6),
        ({"m": {"M": {"a": {"BOOL": True}}}}, 7),
        ({"l": {"L": [{"NULL": True}, {"S": "xy"}]}}, 9),
    ],
)
def test_an_items_size_is_counted_as_dynamodb_does(item: meter.Item, size: int) -> None:
    assert meter.size(item) == size


def test_what_is_reported_grows_with_the_changes_and_its_rows_are_paid_for() -> None:
    quiet, lively = cost(replace(GIVEN, told=0)), cost(GIVEN)
    for item in ("SQS: requests", "DynamoDB: writes", "DynamoDB: reads", "Lambda: requests"):
        assert quiet[item] < lively[item]
    records = daily(GIVEN)["records of the stream"] * 10
    turns = sum(daily(GIVEN)[walk] for walk in ("report to Alexa", "report to Google", "look at a link"))
    assert records == 2 * turns  # that it is due, and that it is claimed


def test_the_runs_of_reports_at_once_are_as_the_stack_has_them() -> None:
    assert f"maximumConcurrency: {AT_ONCE}\n" in STACK


def test_requests_are_measured_on_the_entries_themselves() -> None:
    early, found = hour_begins(), footprint.measure(4, times=1)
    if hour_begins() is not early:  # the hour changed meanwhile
        early, found = hour_begins(), footprint.measure(4, times=1)
    assert [*found.footprints] == [*WALKS]
    lists, stream = found.footprints["Discover"], found.footprints["InitializeCameraStreams"]
    assert (lists.app_calls, lists.open_calls) == (1, 0)
    assert stream.open_calls == 3  # the developer's token, the sub-account's, and the address
    refresh = found.footprints["token refresh"]
    assert (refresh.reads, refresh.writes) == (3, 4)  # client; link and token; then both in one transaction
    assert refresh.shared == {"client#alexa": (1.0, 0.0)}
    assert all(taken.cpu_ms > 0 for taken in found.footprints.values())
    unread = [walk for walk, taken in found.footprints.items() if not taken.reads]
    assert unread == ["records of the stream", "part: an ask kept", "media process's report"]
    assert 1000 < found.stored_b < 20_000
    taken = {
        walk: [known.reads, known.writes, known.app_calls, known.open_calls] for walk, known in found.footprints.items()
    }
    expected = documented()
    expected["webhook message"][0] += int(early)  # a message is searched in the hour before too
    assert expected == taken


def test_the_command_prints_the_cost_and_the_first_limits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(footprint, "measure", lambda cameras, *, app_account: Measured(dict(FOOTPRINTS), 3000.0))
    assert scale.main(["--links", "1e6", "--passed", "0.5"]) == 0
    text = capsys.readouterr().out
    assert "  together $" in text
    assert "What breaks first" in text
    assert "0.5  share of pictures that the vendor's own HLS serves" in text
    first = text.split("What breaks first, as links grow")[1].splitlines()[2]
    assert "EZVIZ: calls of the app's API" in first


def test_help_names_every_assumption(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        scale.main(["--help"])
    text = capsys.readouterr().out
    assert all(f"--{name.replace('_', '-')} N" in text for name in Assumptions.texts())
