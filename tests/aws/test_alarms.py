"""The stack's logs and alarms, as osls packages them."""

import pytest

from bench.scale.prices import FIXED
from showcam.app.aws.cloudwatch import COUNTED
from showcam.registry.reporting.sender import EVERY_S
from tests.aws.conftest import ELSEWHERE, HOME, Packaged, Template
from tests.aws.test_template import FORGETS, ROWS, of
from tests.doubles.packages import ROOT

WATCHED = {
    ("AWS/Lambda", "Errors"),
    ("AWS/Lambda", "Throttles"),
    ("AWS/Lambda", "Duration"),
    ("showcam", "InternalErrors"),
    ("showcam", "StoreUnavailable"),
}


class TestWatching:
    def test_every_log_ends(self, template: Template) -> None:
        groups = of(template, "AWS::Logs::LogGroup")
        assert len(groups) >= len(of(template, "AWS::Lambda::Function"))
        assert {group["RetentionInDays"] for group in groups.values()} == {30}

    def test_every_alarm_has_a_topic(self, each_stack: Packaged) -> None:
        given = HOME if "HttpApi" in each_stack.template["Resources"] else ELSEWHERE
        for alarm in of(each_stack.template, "AWS::CloudWatch::Alarm").values():
            assert alarm["AlarmActions"] == [given["alarmTopic"]]
            assert alarm["AlarmDescription"]
            assert alarm["TreatMissingData"] == "notBreaching"

    def test_their_number_is_the_documented_one(self, home: Template, elsewhere: Packaged) -> None:
        alarms, secrets = of(home, "AWS::CloudWatch::Alarm"), of(home, "AWS::SecretsManager::Secret")
        assert (len(alarms), len(secrets)) == (51, 7)
        assert len(of(elsewhere.template, "AWS::CloudWatch::Alarm")) == 5
        assert FIXED["CloudWatch: fifty-one alarms"] == pytest.approx(0.10 * 51)
        assert FIXED["Secrets Manager: seven secrets"] == pytest.approx(0.40 * 7)
        assert "seven secrets and 51 alarms" in (ROOT / "docs/integrator/aws.md").read_text()

    def test_every_function_is_watched(self, template: Template) -> None:
        functions, watched = (
            of(template, "AWS::Lambda::Function"),
            list(of(template, "AWS::CloudWatch::Alarm").values()),
        )
        for name, function in functions.items():
            dimensions = [{"Name": "FunctionName", "Value": {"Ref": name}}]
            own = [alarm for alarm in watched if alarm.get("Dimensions") == dimensions]
            more = {"ChangesLambdaFunction": {("AWS/Lambda", "IteratorAge")}}
            more["SweepLambdaFunction"] = {("showcam", "SweepsCutShort")}
            more["ReportsLambdaFunction"] = {("showcam", "ReportsLaidDown")}
            assert {(alarm["Namespace"], alarm["MetricName"]) for alarm in own} == WATCHED | more.get(name, set())
            (slow,) = (alarm for alarm in own if alarm["MetricName"] == "Duration")
            assert slow["ExtendedStatistic"] == "p90"
            assert slow["Threshold"] < function["Timeout"] * 1000

    def test_an_hour_in_which_most_runs_of_sweep_were_cut_short_is_an_alarm(self, home: Template) -> None:
        alarm = of(home, "AWS::CloudWatch::Alarm")["SweepCutShort"]
        assert alarm["MetricName"] in COUNTED.values()
        assert (alarm["Period"], alarm["Threshold"]) == (3600, 3600 / EVERY_S / 2)

    def test_so_are_the_table_and_the_api(self, home: Template) -> None:
        alarms = of(home, "AWS::CloudWatch::Alarm").values()
        seen = {
            (alarm["MetricName"], *sorted(dimension["Name"] for dimension in alarm["Dimensions"]))
            for alarm in alarms
            if alarm["Namespace"] in ("AWS/DynamoDB", "AWS/ApiGateway")
        }
        assert seen == {
            ("ReadThrottleEvents", "TableName"),
            ("WriteThrottleEvents", "TableName"),
            ("WriteThrottleEvents", "GlobalSecondaryIndexName", "TableName"),
            ("SystemErrors", "Operation", "TableName"),
            ("5xx", "ApiId"),
        }
        faults = [alarm["Dimensions"][1]["Value"] for alarm in alarms if alarm["MetricName"] == "SystemErrors"]
        assert sorted(faults) == sorted(ROWS | FORGETS | {"TransactWriteItems"})
