"""The rights of the stack's roles, as osls packages them."""

import json
from collections.abc import Iterator
from typing import Any

from showcam.registry.reporting.sender import EVERY_S
from tests.aws.conftest import ELSEWHERE, Packaged, Template
from tests.aws.test_template import FORGETS, FUNCTIONS, ROWS, of

CHECKS = {"ConditionCheckItem"}
QUEUE = {"Fn::GetAtt": ["ReportQueue", "Arn"]}
READS = {
    "DirectivesRole": ["KeysSecret", "GrantSecret", "SettingsSecret", "DirectivesSecret"],
    "FulfillmentRole": ["KeysSecret", "GrantSecret", "SettingsSecret", "GoogleSecret"],
    "SweepRole": ["KeysSecret", "SettingsSecret"],
    "ReportsRole": ["KeysSecret", "GrantSecret", "SettingsSecret", "DirectivesSecret", "GoogleSecret"],
    "OperatorsRole": ["KeysSecret", "GrantSecret"],
    "WebRole": ["KeysSecret", "GrantSecret", "CookieSecret", "SettingsSecret", "WebSecret"],
}


class TestRoles:
    def test_each_function_has_one_of_its_own(self, template: Template) -> None:
        functions = of(template, "AWS::Lambda::Function")
        roles = [function["Role"]["Fn::GetAtt"][0] for function in functions.values()]
        assert sorted(roles) == sorted({*of(template, "AWS::IAM::Role")} - {"SchedulerRole"})

    def test_none_may_do_everything_or_to_everything(self, template: Template) -> None:
        for _, statement in statements(template):
            assert statement["Effect"] == "Allow"
            assert not [action for action in listed(statement["Action"]) if "*" in action]
            assert "*" not in listed(statement["Resource"])

    def test_each_may_do_what_its_work_asks(self, home: Template) -> None:
        table = {"Fn::GetAtt": ["Table", "Arn"]}
        for name in ("Directives", "Fulfillment", "Web", "Reports", "Operators"):
            role = f"{name}Role"
            granted = granted_to(home, role)
            assert granted.pop("logs") == (
                {"CreateLogStream", "PutLogEvents"},
                [{"Fn::GetAtt": [f"{name}LogGroup", "Arn"]}],
            )
            checks = set() if name == "Operators" else CHECKS
            assert granted.pop("dynamodb") == (ROWS | FORGETS | checks, [table])
            assert granted.pop("secretsmanager") == (
                {"GetSecretValue"},
                [{"Ref": resource} for resource in READS[role]],
            )
            actions, resources = granted.pop("kms")
            assert "Decrypt" in actions
            assert resources == [{"Fn::GetAtt": ["DataKey", "Arn"]}]
            index = ({"Query"}, [{"Fn::Sub": "${Table.Arn}/index/gsi1"}])
            receives = ({"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"}, [QUEUE])
            assert granted == {
                "Web": {"dynamodb index": index},
                "Operators": {"dynamodb index": index},
                "Reports": {"sqs": receives},
            }.get(name, {})

    def test_changes_reads_the_stream_and_sweep_reads_and_deletes_households(self, home: Template) -> None:
        changes, sweep = granted_to(home, "ChangesRole"), granted_to(home, "SweepRole")
        for granted in (changes, sweep):
            assert granted.pop("sqs") == ({"SendMessage"}, [QUEUE])
            assert granted.pop("logs")
            assert granted.pop("kms")[1] == [{"Fn::GetAtt": ["DataKey", "Arn"]}]
        stream = {"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"}
        assert changes == {"dynamodb": (stream, [{"Fn::GetAtt": ["Table", "StreamArn"]}])}
        assert sweep == {
            "dynamodb": (ROWS | FORGETS | CHECKS, [{"Fn::GetAtt": ["Table", "Arn"]}]),
            "dynamodb index": ({"Query"}, [{"Fn::Sub": "${Table.Arn}/index/gsi1"}]),
            "secretsmanager": ({"GetSecretValue"}, [{"Ref": name} for name in READS["SweepRole"]]),
        }

    def test_the_scheduler_may_call_sweep_alone(self, home: Template) -> None:
        (policy,) = home["Resources"]["SchedulerRole"]["Properties"]["Policies"]
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert (statement["Action"], statement["Resource"]) == (
            "lambda:InvokeFunction",
            {"Fn::GetAtt": ["SweepLambdaFunction", "Arn"]},
        )


class TestReporting:
    def test_the_stream_wakes_for_links_with_something_to_tell(self, home: Template) -> None:
        mappings = of(home, "AWS::Lambda::EventSourceMapping").values()
        (stream,) = (mapping for mapping in mappings if "StartingPosition" in mapping)
        assert stream["EventSourceArn"] == {"Fn::GetAtt": ["Table", "StreamArn"]}
        (only,) = stream["FilterCriteria"]["Filters"]
        image = json.loads(only["Pattern"])["dynamodb"]["NewImage"]
        assert image == {"kind": {"S": ["telling"]}, "wanted": {"N": [{"exists": True}]}}

    def test_what_fails_is_delivered_again_and_in_the_end_laid_aside(self, home: Template) -> None:
        queues = of(home, "AWS::SQS::Queue")
        redrive = queues["ReportQueue"]["RedrivePolicy"]
        assert redrive == {"deadLetterTargetArn": {"Fn::GetAtt": ["ReportDeadLetters", "Arn"]}, "maxReceiveCount": 5}
        assert queues["ReportQueue"]["VisibilityTimeout"] >= 6 * FUNCTIONS["reports"]
        assert all(queue["SqsManagedSseEnabled"] is True for queue in queues.values())
        mappings = of(home, "AWS::Lambda::EventSourceMapping").values()
        (messages,) = (mapping for mapping in mappings if mapping["EventSourceArn"] == QUEUE)
        assert (messages["BatchSize"], messages["FunctionResponseTypes"]) == (1, ["ReportBatchItemFailures"])

    def test_the_sweep_runs_as_often_as_it_shares_out_the_day(self, home: Template) -> None:
        (schedule,) = of(home, "AWS::Scheduler::Schedule").values()
        assert schedule["ScheduleExpression"] == "rate(5 minutes)"
        assert EVERY_S == 5 * 60
        assert json.loads(schedule["Target"]["Input"]) == {"reads_per_second": 5}

    def test_elsewhere_it_reaches_the_table_and_the_secrets_at_home(self, elsewhere: Packaged) -> None:
        granted = granted_to(elsewhere.template, "DirectivesRole")
        arn = "arn:${AWS::Partition}:dynamodb:eu-west-1:${AWS::AccountId}:table/showcam-prod"
        assert granted["dynamodb"] == (ROWS | FORGETS | CHECKS, [{"Fn::Sub": arn}])
        assert granted["secretsmanager"][1] == [
            ELSEWHERE[name] for name in ("keysSecret", "grantSecret", "settingsSecret", "directivesSecret")
        ]
        assert granted["kms"][1] == [ELSEWHERE["dataKey"]]

    def test_only_what_is_a_households_may_be_deleted(self, template: Template) -> None:
        deletes = [
            (role, statement["Condition"])
            for role, statement in statements(template)
            if "dynamodb:DeleteItem" in listed(statement["Action"])
        ]
        removes = ("WebRole", "SweepRole", "OperatorsRole")
        more = {role: ["owner_name#*", "vendor#*", "visit#*"] for role in removes}
        found: dict[str, list[str]] = {}
        for role, condition in deletes:
            [(kind, keys)] = condition.items()
            assert (kind, [*keys]) == ("ForAllValues:StringLike", ["dynamodb:LeadingKeys"])
            found.setdefault(role, []).extend(keys["dynamodb:LeadingKeys"])
        assert found
        assert found == {role: ["account#*", "link#*", *more.get(role, [])] for role in found}

    def test_only_web_has_the_cookies_secret(self, home: Template) -> None:
        given = {
            name
            for name, function in of(home, "AWS::Lambda::Function").items()
            if "SHOWCAM_COOKIE_SECRET" in function["Environment"]["Variables"]
        }
        assert given == {"WebLambdaFunction"}

    def test_the_key_serves_the_table_and_the_secrets_alone(self, template: Template) -> None:
        given = [
            statement["Condition"]["StringEquals"]["kms:ViaService"]
            for _, statement in statements(template)
            if any(action.startswith("kms:") for action in listed(statement["Action"]))
        ]
        assert given
        for services in given:
            assert [service["Fn::Join"][1][0] for service in services] == ["dynamodb", "secretsmanager"]

    def test_the_keys_own_policy_leaves_it_to_the_accounts_roles(self, home: Template) -> None:
        (statement,) = home["Resources"]["DataKey"]["Properties"]["KeyPolicy"]["Statement"]
        assert statement["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, role in of(template, "AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in role
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def granted_to(template: Template, role: str) -> dict[str, tuple[set[str], list[Any]]]:
    """Actions and resources by service; those of the table's index apart."""
    granted: dict[str, tuple[set[str], list[Any]]] = {}
    for name, statement in statements(template):
        if name == role:
            actions, resources = listed(statement["Action"]), listed(statement["Resource"])
            (service,) = {action.split(":")[0] for action in actions}
            key = f"{service} index" if "/index/" in str(resources) else service
            before, same = granted.get(key, (set(), resources))
            assert same == resources
            granted[key] = (before | {action.split(":")[1] for action in actions}, resources)
    return granted
