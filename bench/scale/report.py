"""The model's results as text."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields

from bench.scale.assumptions import Assumptions
from bench.scale.bill import by_request
from bench.scale.day import Day
from bench.scale.fleet import sized
from bench.scale.footprint import Measured
from bench.scale.limits import Limit
from bench.scale.quotas import seconds
from showcam.engine.gate import VERDICT_S


def render(
    given: Assumptions, measured: Measured, day: Day, held: Day, dollars: Mapping[str, float], first: list[Limit]
) -> str:
    """`day` is the day without refusals, which is paid for; `held` is the same day with today's quotas."""
    sections = (
        _requests(given, measured, day, held),
        _busiest(given, measured, day),
        _bill(given, dollars),
        _limits(first),
        _assumed(given),
    )
    return "\n\n".join("\n".join(section) for section in sections)


def _requests(given: Assumptions, measured: Measured, day: Day, held: Day) -> list[str]:
    head = (
        "request",
        "a day",
        "reads",
        "writes",
        "app",
        "open",
        "CPU ms",
        "runs ms",
        "log B",
        "$ a month",
        "refused by quotas",
    )
    costs = by_request(given, day, measured.footprints)
    rows = [
        (
            walk,
            f"{day.total(walk):,}",
            f"{footprint.reads:g}",
            f"{footprint.writes:g}",
            f"{footprint.app_calls:g}",
            f"{footprint.open_calls:g}",
            f"{footprint.cpu_ms:.1f}",
            f"{1000 * seconds(given, footprint):,.0f}",
            f"{footprint.log_b:,.0f}",
            f"{costs[walk]:,.0f}",
            f"{_share(held.refused(walk), held.refused(walk) + held.total(walk))}",
        )
        for walk, footprint in measured.footprints.items()
    ]
    return ["One request of each kind: units of the table, calls of the vendor, time", *_table(head, rows)]


def _busiest(given: Assumptions, measured: Measured, day: Day) -> list[str]:
    minute = max(day.minutes, key=lambda row: sum(row.served.values()))
    walks = measured.footprints
    busy = sum(minute.served[walk] * seconds(given, known) for walk, known in walks.items()) / 60
    received = sum(minute.received(walk) * known.invoked for walk, known in walks.items()) / 60
    tasks = sized(given, day.pictures)
    batch = given.per_process * seconds(given, walks["gate check"]) if "gate check" in walks else 0.0
    refreshes = minute.received("token refresh") / 60 if "token refresh" in walks else 0.0
    return [
        "The busiest minute",
        f"  {received:,.0f} requests a second, {busy:,.0f} functions at work, {day.live:,.0f} pictures live",
        f"  {refreshes:,.0f} of them token refreshes, which come by night too",
        f"  {day.live * given.mbit / 1000:,.1f} Gbit/s of pictures,"
        f" {math.ceil(day.live / given.per_process):,} media processes",
        f"  autoscaling runs {tasks.most:,} at the most and {tasks.hours / 24:,.0f} in the mean of the day;"
        f" {tasks.short_s:,.0f} seconds of pictures have no place",
        f"  one media process with {given.per_process:g} households asks the gate for {batch:.1f} s of work"
        f" each {given.gate_s:g} s; it waits {VERDICT_S:g} s",
    ]


def _bill(given: Assumptions, dollars: Mapping[str, float]) -> list[str]:
    total = sum(dollars.values())
    rows = [(name, f"${amount:,.2f}", f"{amount / total:.1%}") for name, amount in dollars.items()]
    head = ("a month", "cost", "share")
    last = f"  together ${total:,.2f}, ${total / given.links:.5f} a link"
    return ["What it costs, at prices that are to be checked", *_table(head, rows), last]


def _limits(first: list[Limit]) -> list[str]:
    head = ("at links", "quota", "a second", "used now", "number is", "then")
    rows = [
        (
            f"{limit.links:,.0f}",
            limit.quota.name,
            f"{limit.quota.per_s:,.0f}",
            f"{limit.used:,.1f}",
            limit.quota.mark,
            limit.quota.remedy,
        )
        for limit in first
    ]
    return ["What breaks first, as links grow", *_table(head, rows)]


def _assumed(given: Assumptions) -> list[str]:
    texts = given.texts()
    return ["Assumed", *(f"  {getattr(given, known.name):>12,g}  {texts[known.name]}" for known in fields(given))]


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A table with figures aligned right and words left."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    right = [all(_figure(row[column]) for row in rows) for column in range(len(head))]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if figures else cell.ljust(width)
            for cell, width, figures in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]


def _share(count: float, whole: float) -> str:
    return f"{count / whole:.0%}" if whole else "0%"


def _figure(text: str) -> bool:
    return text.strip("$%").replace(",", "").replace(".", "").isdigit()
