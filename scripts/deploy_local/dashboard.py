"""Draws the stack's dashboard as one page of diagrams, from the metrics in the functions' logs.

CloudWatch makes metrics of such log lines by itself. The emulator does not, so this module puts them there first.
"""

import ast
import html
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.deploy_local.emulator import PAUSE_S, ROOT, START_S, Aws
from scripts.deploy_local.stack import STAGE
from scripts.deploy_local.steps import StepFailed
from showcam.app.aws.cloudwatch import NOT_SHOWN, UNITS

PAGE = ROOT / "build/deploy-local/dashboard.html"
SPAN_S, PERIOD_S = 3600, 10  # a walk lasts a minute or two, which would be one point of the dashboard's own period
WIDTH, HEIGHT, EDGE = 440, 130, 40
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f")
_SEARCH = re.compile(r"""SEARCH\('\{"([\w-]+)",([\w,]+)\} MetricName="(\w+)" (\w+)="(\w+)"', '(\w+)', \d+\)""")

type Points = dict[float, float]  # by epoch seconds


@dataclass(frozen=True)
class Diagram:
    """`series` by their labels; those without a point are left out."""

    title: str
    series: dict[str, Points]


def draw(aws: Aws, page: Path = PAGE) -> list[Diagram]:
    """Draws the page, once for each emulator. Raises StepFailed if a metric by assistant was not written."""
    _publish(aws, _walked(aws))
    diagrams = [_read(aws, widget) for widget in widgets(aws)]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(_page(diagrams))
    return diagrams


def _walked(aws: Aws) -> list[dict[str, Any]]:
    """Returns the log lines with metrics, once each metric that the walk causes is there: logs arrive after answers."""
    late = time.monotonic() + START_S
    while True:
        found = embedded(aws)
        missing = {*UNITS, NOT_SHOWN} - {name for line in found for name in line}
        if not missing:
            return found
        if time.monotonic() > late:
            raise StepFailed(f"no function wrote {', '.join(sorted(missing))} into its log")
        time.sleep(PAUSE_S)


def widgets(aws: Aws) -> list[dict[str, Any]]:
    """The properties of the deployed dashboard's widgets, in their order."""
    body = aws.client("cloudwatch").get_dashboard(DashboardName=f"showcam-{STAGE}")["DashboardBody"]
    return [widget["properties"] for widget in json.loads(body)["widgets"]]


def embedded(aws: Aws) -> list[dict[str, Any]]:
    """Every log line with metrics embedded in it, of all log groups."""
    return [json.loads(text) for text in lines(aws) if text.startswith("{") and '"_aws"' in text]


def lines(aws: Aws) -> Iterator[str]:
    """Every line of every log group."""
    logs = aws.client("logs")
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                yield from (event["message"].strip() for event in page["events"])


def _publish(aws: Aws, found: list[dict[str, Any]]) -> None:
    client, known = aws.client("cloudwatch"), dict[str, list[dict[str, Any]]]()
    for line in found:
        for described in line["_aws"]["CloudWatchMetrics"]:
            for dimensions in described["Dimensions"]:
                named = [{"Name": name, "Value": line[name]} for name in dimensions]
                known.setdefault(described["Namespace"], []).extend(
                    {
                        "MetricName": metric["Name"],
                        "Dimensions": named,
                        "Timestamp": line["_aws"]["Timestamp"] / 1000,
                        "Value": line[metric["Name"]],
                        "Unit": metric["Unit"],
                    }
                    for metric in described["Metrics"]
                )
    for namespace, data in known.items():
        for first in range(0, len(data), 100):
            client.put_metric_data(Namespace=namespace, MetricData=data[first : first + 100])


def _read(aws: Aws, properties: dict[str, Any]) -> Diagram:
    by_id: dict[str, Points] = {}
    series: dict[str, Points] = {}
    for row in properties["metrics"]:
        options = row[-1] if isinstance(row[-1], dict) else {}
        if "expression" in options:
            series |= _of_expression(aws, options, by_id)
            continue
        namespace, metric, *dimensions = row[:-1] if options else row
        named = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
        points = _points(aws, namespace, metric, named, options.get("stat", properties["stat"]))
        by_id[options.get("id", "")] = points
        if options.get("visible", True):
            series[options.get("label", metric)] = points
    return Diagram(properties["title"], {label: points for label, points in series.items() if points})


def _of_expression(aws: Aws, options: dict[str, Any], by_id: dict[str, Points]) -> dict[str, Points]:
    if found := _SEARCH.fullmatch(options["expression"]):
        namespace, dimensions, metric, name, value, stat = found.groups()
        pages = aws.client("cloudwatch").get_paginator("list_metrics")
        wanted = {"Namespace": namespace, "MetricName": metric, "Dimensions": [{"Name": name, "Value": value}]}
        named = [
            {each["Name"]: each["Value"] for each in one["Dimensions"]}
            for page in pages.paginate(**wanted)
            for one in page["Metrics"]
        ]
        return {
            each[dimensions.split(",")[-1]]: _points(aws, namespace, metric, each, stat)
            for each in named
            if set(each) == set(dimensions.split(","))
        }
    tree = ast.parse(options["expression"], mode="eval").body
    times = sorted({at for points in by_id.values() for at in points})
    values = {at: _value(tree, by_id, at) for at in times}
    return {options["label"]: {at: value for at, value in values.items() if value is not None}}


def _value(node: ast.expr, by_id: dict[str, Points], at: float) -> float | None:
    """Computes an expression of CloudWatch's metric math. None if a metric in the expression has no value."""
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return by_id[name].get(at)
        case ast.Call(func=ast.Name(id="FILL"), args=[of, ast.Constant(value=int(otherwise))]):
            found = _value(of, by_id, at)
            return otherwise if found is None else found
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            one, two = _value(left, by_id, at), _value(right, by_id, at)
            if one is None or two is None:
                return None
            return one * two if isinstance(op, ast.Mult) else one / two
    raise ValueError(f"CloudWatch may know {ast.unparse(node)}, this page does not")


def _points(aws: Aws, namespace: str, metric: str, named: dict[str, str], stat: str) -> Points:
    of = {
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in named.items()],
    }
    query = {"Id": "m", "MetricStat": {"Metric": of, "Period": PERIOD_S, "Stat": stat}}
    now = time.time()
    (found,) = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=[query], StartTime=now - SPAN_S, EndTime=now + PERIOD_S
    )["MetricDataResults"]
    times = [at.timestamp() for at in found["Timestamps"]]
    return dict(sorted(zip(times, found["Values"], strict=True)))


def _page(diagrams: list[Diagram]) -> str:
    times = [at for diagram in diagrams for points in diagram.series.values() for at in points] or [0.0]
    drawn = "\n".join(_drawn(diagram, min(times), max(times)) for diagram in diagrams)
    style = (
        "body{font:13px sans-serif;margin:16px;display:flex;flex-wrap:wrap;gap:12px}"
        f"figure{{margin:0;width:{WIDTH + EDGE}px;border:1px solid #ccc;padding:8px}}figcaption{{font-weight:bold}}"
        "p{margin:4px 0;color:#555}"
    )
    head = f'<meta charset="utf-8"><title>showcam</title><style>{style}</style>'
    return f'<!doctype html><html lang="en">{head}{drawn}</html>'


def _drawn(diagram: Diagram, first: float, last: float) -> str:
    title = html.escape(diagram.title)
    if not diagram.series:
        return f"<figure><figcaption>{title}</figcaption><p>nothing</p></figure>"
    highest = max(max(points.values()) for points in diagram.series.values()) or 1.0
    shapes, legend = [], []
    for number, (label, points) in enumerate(diagram.series.items()):
        colour = COLOURS[number % len(COLOURS)]
        at = [
            (EDGE + (WIDTH - 10) * (when - first) / (last - first or 1), HEIGHT - (HEIGHT - 15) * value / highest)
            for when, value in points.items()
        ]
        shapes.append(
            f'<polyline fill="none" stroke="{colour}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in at)}"/>'
        )
        shapes += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at]
        values = ", ".join(f"{value:g}" for value in list(points.values())[-8:])
        legend.append(f'<span style="color:{colour}">■</span> {html.escape(label)}: {values}')
    axis = f'<path d="M{EDGE} 10V{HEIGHT}H{EDGE + WIDTH - 10}" fill="none" stroke="#999"/>'
    scale = f'<text x="0" y="18" font-size="11">{highest:.3g}</text><text x="0" y="{HEIGHT}" font-size="11">0</text>'
    picture = f'<svg width="{WIDTH + EDGE}" height="{HEIGHT + 8}">{axis}{scale}{"".join(shapes)}</svg>'
    return f"<figure><figcaption>{title}</figcaption>{picture}<p>{'<br>'.join(legend)}</p></figure>"
