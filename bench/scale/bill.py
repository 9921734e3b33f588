"""A month's bill: thirty days like the simulated one."""

from collections.abc import Mapping

from bench.scale.assumptions import Assumptions
from bench.scale.day import Day
from bench.scale.fleet import sized
from bench.scale.footprint import Footprint
from bench.scale.prices import FIXED, PRICES
from bench.scale.quotas import BY_API, KEY_S, seconds

DAYS = 30


def bill(given: Assumptions, day: Day, footprints: Mapping[str, Footprint], stored_b: float) -> dict[str, float]:
    """Dollars by item, the largest first."""
    done = {walk: DAYS * day.total(walk) for walk in day.minutes[0].served}
    amounts = _of_requests(given, done, footprints) | _of_all(given, day, stored_b)
    dollars = {name: PRICES[name].of(amount) for name, amount in amounts.items()} | FIXED
    return dict(sorted(dollars.items(), key=lambda item: -item[1]))


def by_request(given: Assumptions, day: Day, footprints: Mapping[str, Footprint]) -> dict[str, float]:
    """Dollars by kind of request."""
    return {
        walk: sum(
            PRICES[name].of(amount)
            for name, amount in _of_requests(given, {walk: float(DAYS * day.total(walk))}, footprints).items()
        )
        for walk in day.minutes[0].served
    }


def _of_requests(
    given: Assumptions, done: Mapping[str, float], footprints: Mapping[str, Footprint]
) -> dict[str, float]:
    def of(what: str) -> float:
        return sum(count * float(getattr(footprints[walk], what)) for walk, count in done.items())

    invoked = of("invoked")
    by_api = sum(count * footprints[walk].invoked for walk, count in done.items() if footprints[walk].entry in BY_API)
    busy_s = sum(count * seconds(given, footprints[walk]) for walk, count in done.items())
    return {
        "Lambda: requests": invoked,
        "Lambda: time": busy_s * given.memory_mb / 1024,
        "HTTP API": by_api,
        "SQS: requests": of("queued"),
        "DynamoDB: reads": of("reads"),
        "DynamoDB: writes": of("writes"),
        "CloudWatch: log lines": invoked * given.log_b + of("log_b"),
        "KMS: requests": busy_s / KEY_S,
    }


def _of_all(given: Assumptions, day: Day, stored_b: float) -> dict[str, float]:
    rows = given.links * stored_b
    hours = DAYS * sized(given, day.pictures).hours
    return {
        "DynamoDB: rows": rows,
        "DynamoDB: point-in-time recovery": rows,
        "Media: processes": hours,
        "Media: public addresses": hours,
        "Media: pictures to the internet": DAYS * day.live_hours * 3600 * given.mbit * 1e6 / 8,
    }
