"""The dashboards, as osls packages them: each diagram has a source, and each of showcam's metrics has a diagram."""

import json
import re
from typing import Any

from showcam.app.aws.cloudwatch import COUNTED, NOT_SHOWN, REFUSED, UNITS
from tests.aws.conftest import Packaged, Template
from tests.aws.test_template import of

OURS = re.compile(
    'SEARCH\\(\'{"(showcam-prod)",assistant,reason} MetricName="(\\w+)" assistant="\\w+"\', \'Sum\', 300\\)'
)
# what AWS counts by itself
OF_AWS = {
    ("AWS/Lambda", "Errors"),
    ("AWS/Lambda", "Throttles"),
    ("AWS/Lambda", "IteratorAge"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
    ("AWS/ApiGateway", "5xx"),
    ("AWS/DynamoDB", "ReadThrottleEvents"),
    ("AWS/DynamoDB", "WriteThrottleEvents"),
}
BY_FUNCTION = {("showcam", name) for name in (*COUNTED.values(), REFUSED)}
BY_ASSISTANT = {("showcam-prod", name) for name in UNITS}
BY_REASON = {("showcam-prod", NOT_SHOWN)}
OF_LISTENERS = {("showcam/prod", "FreeListenerPlaces")}  # made by aws/listeners.cjs


def widgets(template: Template) -> list[dict[str, Any]]:
    [dashboard] = of(template, "AWS::CloudWatch::Dashboard").values()
    return list(json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"])


def rows(template: Template) -> list[list[Any]]:
    return [row for widget in widgets(template) for row in widget["properties"]["metrics"]]


def named(template: Template) -> set[tuple[str, str]]:
    """Namespace and name of each metric that a diagram shows."""
    found = [OURS.fullmatch(row[0]["expression"]) for row in rows(template) if len(row) == 1]
    return {(row[0], row[1]) for row in rows(template) if len(row) > 1} | {(one[1], one[2]) for one in found if one}


def test_each_diagram_has_a_source_and_each_source_a_diagram(home: Template) -> None:
    assert named(home) == OF_AWS | BY_FUNCTION | BY_ASSISTANT | BY_REASON | OF_LISTENERS


def test_another_region_shows_what_its_function_writes(elsewhere: Packaged) -> None:
    shown = named(elsewhere.template)
    assert shown < OF_AWS | BY_FUNCTION | BY_ASSISTANT | BY_REASON
    assert {("showcam-prod", "Asks"), *BY_REASON, ("AWS/Lambda", "Errors")} < shown
    assert {row[3] for row in rows(elsewhere.template) if len(row) > 1} == {"alexa", "${DirectivesLambdaFunction}"}


def test_metrics_by_assistant_have_these_dimensions_and_no_other(home: Template) -> None:
    """Each set of values is billed as a metric of its own."""
    dimensions = {(row[2], row[3]) for row in rows(home) if row[0] == "showcam-prod"}
    assert dimensions == {("assistant", "alexa"), ("assistant", "google")}


def test_every_function_is_on_it(home: Template) -> None:
    functions = {f"${{{name}}}" for name in of(home, "AWS::Lambda::Function")}
    for metric in ("Errors", "Throttles"):
        assert {row[3] for row in rows(home) if row[:2] == ["AWS/Lambda", metric]} == functions


def test_what_it_names_is_in_the_stack(each_stack: Packaged) -> None:
    body = json.dumps(widgets(each_stack.template))
    filled_in = {name.partition(".")[0] for name in re.findall(r"\$\{([\w.:]+)\}", body)}
    assert filled_in - each_stack.template["Resources"].keys() == {"AWS::Region"}


def test_each_has_a_name_of_its_own_in_the_account(home: Template, elsewhere: Packaged) -> None:
    names = [
        dashboard["DashboardName"]
        for template in (home, elsewhere.template)
        for dashboard in of(template, "AWS::CloudWatch::Dashboard").values()
    ]
    assert names == ["showcam-prod", "showcam-prod-us-east-1"]


def test_no_diagram_covers_another(each_stack: Packaged) -> None:
    taken = [
        (x, y)
        for each in widgets(each_stack.template)
        for x in range(each["x"], each["x"] + each["width"])
        for y in range(each["y"], each["y"] + each["height"])
    ]
    assert len(taken) == len({*taken})
    assert max(x for x, _ in taken) < 24
