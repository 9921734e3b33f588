"""A month's bill: thirty days like the simulated one."""

import math
from collections.abc import Mapping

from bench.scale.assumptions import Assumptions
from bench.scale.day import Day
from bench.scale.footprint import Footprint
from bench.scale.prices import FIXED, PRICES
from bench.scale.quotas import BY_API, KEY_S, seconds

DAYS = 30


def bill(given: Assumptions, day: Day, footprints: Mapping[str, Footprint], stored_b: float) -> dict[str, float]:
    """Dollars by item, the largest first."""
    amounts = _amounts(given, day, footprints, stored_b)
    dollars = {name: PRICES[name].of(amount) for name, amount in amounts.items()} | FIXED
    return dict(sorted(dollars.items(), key=lambda item: -item[1]))


def _amounts(given: Assumptions, day: Day, footprints: Mapping[str, Footprint], stored_b: float) -> dict[str, float]:
    done = {walk: DAYS * day.total(walk) for walk in day.minutes[0].served}

    def of(what: str) -> float:
        return sum(count * float(getattr(footprints[walk], what)) for walk, count in done.items())

    invoked = of("invoked")
    by_api = sum(count * footprints[walk].invoked for walk, count in done.items() if footprints[walk].entry in BY_API)
    busy_s = sum(count * seconds(given, footprints[walk]) for walk, count in done.items())
    hours = DAYS * day.live_hours
    processes = math.ceil(day.live / given.per_process)
    rows = given.links * stored_b
    return {
        "Lambda: requests": invoked,
        "Lambda: time": busy_s * given.memory_mb / 1024,
        "HTTP API": by_api,
        "SQS: requests": of("queued"),
        "DynamoDB: reads": of("reads"),
        "DynamoDB: writes": of("writes"),
        "DynamoDB: rows": rows,
        "DynamoDB: point-in-time recovery": rows,
        "CloudWatch: log lines": invoked * given.log_b + of("log_b"),
        "KMS: requests": busy_s / KEY_S,
        "Media: processes": hours / given.per_process,
        "Media: public addresses": float(processes and hours / given.per_process),
        "Media: pictures to the internet": hours * 3600 * given.mbit * 1e6 / 8,
    }
