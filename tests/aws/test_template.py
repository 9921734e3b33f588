"""The stack's template as osls packages it: what outlives the stack, the roles' rights, the alarms."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from bench.scale.prices import FIXED
from registry.telling.reconciling import EVERY_S
from showcam.process.settings_sources import load
from showcam.settings import SECRETS
from store.dynamodb import create_table
from tests.aws.conftest import ARCHITECTURE, ELSEWHERE, HOME, MEDIA, PYTHON, SKILL, Osls, Packaged, Template
from tests.doubles.aws import REGION, in_process
from tests.doubles.packages import ROOT

# and their timeouts
FUNCTIONS = {"directives": 8, "fulfillment": 8, "web": 15, "changes": 15, "reports": 30, "sweep": 300}
ROWS = {"BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem"}
FORGETS = {"DeleteItem"}
CHECKS = {"ConditionCheckItem"}
QUEUE = {"Fn::GetAtt": ["ReportQueue", "Arn"]}
OF_SETTINGS = {
    "SettingsSecret": "settings",
    "DirectivesSecret": "directives",
    "WebSecret": "web",
    "GoogleSecret": "google",
}
READS = {
    "DirectivesRole": ["KeysSecret", "GrantSecret", "SettingsSecret", "DirectivesSecret"],
    "FulfillmentRole": ["KeysSecret", "GrantSecret", "SettingsSecret", "GoogleSecret"],
    "ReportsRole": ["KeysSecret", "GrantSecret", "SettingsSecret", "DirectivesSecret", "GoogleSecret"],
    "WebRole": ["KeysSecret", "GrantSecret", "CookieSecret", "SettingsSecret", "WebSecret"],
}
WATCHED = {
    ("AWS/Lambda", "Errors"),
    ("AWS/Lambda", "Throttles"),
    ("AWS/Lambda", "Duration"),
    ("showcam", "InternalErrors"),
    ("showcam", "StoreUnavailable"),
}


def of(template: Template, kind: str) -> dict[str, Any]:
    """Properties of the resources of a kind, by logical id."""
    return {
        name: resource["Properties"] for name, resource in template["Resources"].items() if resource["Type"] == kind
    }


@pytest.fixture
def home(at_home: Packaged) -> Template:
    return at_home.template


@pytest.fixture
def template(each_stack: Packaged) -> Template:
    return each_stack.template


class TestTable:
    def test_it_is_the_one_the_store_makes_for_itself(self, home: Template, monkeypatch: pytest.MonkeyPatch) -> None:
        with in_process(monkeypatch):
            client = boto3.client("dynamodb", region_name=REGION)
            create_table(client, "showcam")
            made = client.describe_table(TableName="showcam")["Table"]
            expiry = client.describe_time_to_live(TableName="showcam")["TimeToLiveDescription"]
        table = home["Resources"]["Table"]["Properties"]
        assert table["KeySchema"] == made["KeySchema"]
        assert table["AttributeDefinitions"] == made["AttributeDefinitions"]
        assert table["BillingMode"] == made["BillingModeSummary"]["BillingMode"]
        parts = ("IndexName", "KeySchema", "Projection")
        indexes = [{part: index[part] for part in parts} for index in made["GlobalSecondaryIndexes"]]
        assert table["GlobalSecondaryIndexes"] == indexes
        assert table["TimeToLiveSpecification"] == {"AttributeName": expiry["AttributeName"], "Enabled": True}

    def test_it_is_kept_encrypted_and_can_be_had_back(self, home: Template) -> None:
        table = home["Resources"]["Table"]["Properties"]
        key = {"Fn::GetAtt": ["DataKey", "Arn"]}
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
        assert table["DeletionProtectionEnabled"] is True
        assert home["Resources"]["DataKey"]["Properties"]["EnableKeyRotation"] is True

    @pytest.mark.parametrize("name", ["Table", "DataKey", "KeysSecret", "GrantSecret", *OF_SETTINGS])
    def test_what_cannot_be_made_again_outlives_the_stack(self, home: Template, name: str) -> None:
        resource = home["Resources"][name]
        # but not a creation that was taken back: what stood there then would be in the way of the next
        policies = (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
        assert policies == ("RetainExceptOnCreate", "Retain")


class TestSecrets:
    def test_their_values_are_aws_s_and_the_integrators(self, home: Template) -> None:
        secrets = of(home, "AWS::SecretsManager::Secret")
        # a change of these would make another root, with which nothing kept can be opened
        generated: dict[str, object] = {"SecretStringTemplate": "{}", "GenerateStringKey": "root"}
        generated |= {"PasswordLength": 48, "ExcludePunctuation": True}
        for name in ("KeysSecret", "GrantSecret", "CookieSecret"):
            assert secrets[name]["GenerateSecretString"] == generated
            assert "SecretString" not in secrets[name]
        # all of it: AWS does not say whether a change of anything else would put this value back
        told = {name: f"Secret settings that {of_whom} alone uses" for name, of_whom in OF_SETTINGS.items()}
        told["SettingsSecret"] = "Settings that are secret"
        told["GoogleSecret"] = "Secret settings that fulfillment and reports alone use"
        for name, of_whom in OF_SETTINGS.items():
            assert secrets[name] == {
                "Name": f"showcam/prod/{of_whom}",
                "Description": f"{told[name]}, as JSON; see docs/integrator/aws.md",
                "KmsKeyId": {"Fn::GetAtt": ["DataKey", "Arn"]},
                "SecretString": "{}",
            }
        for secret in secrets.values():
            assert secret["KmsKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}

    def test_no_function_is_given_one(self, template: Template) -> None:
        for function in of(template, "AWS::Lambda::Function").values():
            assert not {f"SHOWCAM_{name.upper()}" for name in SECRETS} & function["Environment"]["Variables"].keys()


class TestFunctions:
    def test_there_are_these(self, home: Template) -> None:
        functions = of(home, "AWS::Lambda::Function").values()
        assert {function["FunctionName"]: function["Timeout"] for function in functions} == {
            f"showcam-prod-{name}": timeout for name, timeout in FUNCTIONS.items()
        }
        for function in functions:
            name = function["FunctionName"].rpartition("-")[2]
            assert (function["Handler"], function["Runtime"]) == (f"lambda/{name}.handler", f"python{PYTHON}")
            assert (function["Architectures"], function["MemorySize"]) == ([ARCHITECTURE], 1024)
            assert function["Code"]["S3Key"].endswith(f"/{name}.zip")

    def test_directives_and_web_have_reserved_concurrency(self, home: Template) -> None:
        kept = {
            function["FunctionName"]: function["ReservedConcurrentExecutions"]
            for function in of(home, "AWS::Lambda::Function").values()
            if "ReservedConcurrentExecutions" in function
        }
        assert kept == {"showcam-prod-directives": 100, "showcam-prod-web": 50}

    def test_another_region_has_the_directives_function_alone(self, elsewhere: Packaged) -> None:
        kinds = {resource["Type"] for resource in elsewhere.template["Resources"].values()}
        assert list(of(elsewhere.template, "AWS::Lambda::Function")) == ["DirectivesLambdaFunction"]
        assert not {
            kind for kind in kinds if kind.split("::")[1] in ("DynamoDB", "SecretsManager", "KMS", "ApiGatewayV2")
        }

    @pytest.mark.parametrize(("stack", "region"), [("at_home", "eu-west-1"), ("elsewhere", "us-east-1")])
    def test_their_environment_is_settings(
        self, stack: str, region: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        template = request.getfixturevalue(stack).template
        with in_process(monkeypatch) as cloud:
            secret = cloud.secret("showcam/prod/settings", {"ezviz_secret": "s"})
            own = {name: cloud.secret(f"showcam/prod/{name}", {}) for name in ("directives", "web", "google")}
            known = {"AWS::Region": region, "Table": "showcam-prod", "SettingsSecret": secret, "KeysSecret": "arn:keys"}
            known |= {"GrantSecret": "arn:grant", "CookieSecret": "arn:cookie"}
            known |= {f"{name.title()}Secret": arn for name, arn in own.items()} | {"ReportQueue": "https://queue"}
            for function in of(template, "AWS::Lambda::Function").values():
                environ = {name: resolved(value, known) for name, value in function["Environment"]["Variables"].items()}
                if stack == "elsewhere":
                    told = f"{ELSEWHERE['settingsSecret']},{ELSEWHERE['directivesSecret']}"
                    assert environ["SHOWCAM_SETTINGS_SECRET"] == told
                    environ["SHOWCAM_SETTINGS_SECRET"] = f"{secret},{own['directives']}"
                wakes = function["FunctionName"].rpartition("-")[2] in ("changes", "sweep")
                settings = load(environ=environ | {"SHOWCAM_EZVIZ_KEY": "" if wakes else "k"})
                assert settings.reports_queue == ("https://queue" if wakes else "")
                if wakes:
                    continue  # it answers nobody
                assert settings.all_on_aws
                assert (settings.table, settings.table_region) == ("showcam-prod", "eu-west-1")
                assert (settings.alexa_skill_id, settings.ezviz_secret) == (SKILL, "s")
                assert settings.public_url.startswith("https://")
                assert list(settings.media_urls) == MEDIA.split(",")
                assert settings.pictures == "plane"
                assert settings.grant_secret == (ELSEWHERE["grantSecret"] if stack == "elsewhere" else "arn:grant")


class TestAlexa:
    def test_only_alexa_with_this_skill_may_call(self, template: Template) -> None:
        permissions = [
            permission
            for permission in of(template, "AWS::Lambda::Permission").values()
            if permission["FunctionName"] == {"Fn::GetAtt": ["DirectivesLambdaFunction", "Arn"]}
        ]
        assert sorted(permission["Principal"] for permission in permissions) == [
            "alexa-appkit.amazon.com",
            "alexa-connectedhome.amazon.com",
        ]
        for permission in permissions:
            assert permission["EventSourceToken"] == SKILL
            assert permission["Action"] == "lambda:InvokeFunction"


class TestHttp:
    def test_google_has_a_route_of_its_own_and_web_the_rest(self, home: Template) -> None:
        routes = {}
        for route in of(home, "AWS::ApiGatewayV2::Route").values():
            integration = home["Resources"][route["Target"]["Fn::Join"][1][1]["Ref"]]["Properties"]
            assert integration["PayloadFormatVersion"] == "2.0"
            routes[route["RouteKey"]] = integration["IntegrationUri"]["Fn::GetAtt"][0]
        assert routes == {
            "POST /google/fulfillment": "FulfillmentLambdaFunction",
            "$default": "WebLambdaFunction",
        }

    def test_its_own_address_is_closed_where_another_serves(self, home: Template, osls: Osls) -> None:
        own = osls("serverless.yml", "eu-west-1", HOME | {"publicUrl": "https://cameras.example.com"}).template
        closed = [
            of(template, "AWS::ApiGatewayV2::Api")["HttpApi"].get("DisableExecuteApiEndpoint")
            for template in (home, own)
        ]
        assert closed == [False, True]

    def test_it_is_throttled(self, home: Template) -> None:
        limits = home["Resources"]["HttpApiStage"]["Properties"]["DefaultRouteSettings"]
        assert limits == {"ThrottlingRateLimit": 500, "ThrottlingBurstLimit": 1000}

    def test_its_log_holds_neither_path_nor_query_nor_who(self, home: Template) -> None:
        form = home["Resources"]["HttpApiStage"]["Properties"]["AccessLogSettings"]["Format"]
        fields = set(json.loads(form).values())
        assert {"$context.requestId", "$context.routeKey", "$context.status"} < fields
        assert not [field for field in fields if "path" in field.lower() or "identity" in field or "query" in field]


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
        for name in ("Directives", "Fulfillment", "Web", "Reports"):
            role = f"{name}Role"
            granted = granted_to(home, role)
            assert granted.pop("logs") == (
                {"CreateLogStream", "PutLogEvents"},
                [{"Fn::GetAtt": [f"{name}LogGroup", "Arn"]}],
            )
            checks = set() if name == "Fulfillment" else CHECKS
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
            assert granted == {"Web": {"dynamodb index": index}, "Reports": {"sqs": receives}}.get(name, {})

    def test_changes_reads_the_stream_and_sweep_updates_rows(self, home: Template) -> None:
        changes, sweep = granted_to(home, "ChangesRole"), granted_to(home, "SweepRole")
        for granted in (changes, sweep):
            assert granted.pop("sqs") == ({"SendMessage"}, [QUEUE])
            assert granted.pop("logs")
            assert granted.pop("kms")[1] == [{"Fn::GetAtt": ["DataKey", "Arn"]}]
        stream = {"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"}
        assert changes == {"dynamodb": (stream, [{"Fn::GetAtt": ["Table", "StreamArn"]}])}
        assert sweep == {
            "dynamodb": ({"BatchGetItem", "Query", "UpdateItem"}, [{"Fn::GetAtt": ["Table", "Arn"]}]),
            "dynamodb index": ({"Query"}, [{"Fn::Sub": "${Table.Arn}/index/gsi1"}]),
            "secretsmanager": ({"GetSecretValue"}, [{"Ref": "KeysSecret"}]),
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
        keys = {role: ["account#*", "link#*", *(["visit#*"] if role == "WebRole" else [])] for role, _ in deletes}
        assert keys
        assert deletes == [
            (role, {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys[role]}}) for role, _ in deletes
        ]

    def test_only_web_has_the_cookies_secret(self, home: Template) -> None:
        told = {
            name
            for name, function in of(home, "AWS::Lambda::Function").items()
            if "SHOWCAM_COOKIE_SECRET" in function["Environment"]["Variables"]
        }
        assert told == {"WebLambdaFunction"}

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
        assert (len(alarms), len(secrets)) == (45, 7)
        assert len(of(elsewhere.template, "AWS::CloudWatch::Alarm")) == 5
        assert FIXED["CloudWatch: forty-five alarms"] == pytest.approx(0.10 * 45)
        assert FIXED["Secrets Manager: seven secrets"] == pytest.approx(0.40 * 7)
        assert "seven secrets and 45 alarms" in (ROOT / "docs/integrator/aws.md").read_text()

    def test_every_function_is_watched(self, template: Template) -> None:
        functions, watched = (
            of(template, "AWS::Lambda::Function"),
            list(of(template, "AWS::CloudWatch::Alarm").values()),
        )
        for name, function in functions.items():
            dimensions = [{"Name": "FunctionName", "Value": {"Ref": name}}]
            own = [alarm for alarm in watched if alarm.get("Dimensions") == dimensions]
            more = {"ChangesLambdaFunction": {("AWS/Lambda", "IteratorAge")}}
            more["ReportsLambdaFunction"] = {("showcam", "ReportsLaidDown")}
            assert {(alarm["Namespace"], alarm["MetricName"]) for alarm in own} == WATCHED | more.get(name, set())
            (slow,) = (alarm for alarm in own if alarm["MetricName"] == "Duration")
            assert slow["ExtendedStatistic"] == "p90"
            assert slow["Threshold"] < function["Timeout"] * 1000

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


def test_cfn_lint_finds_nothing(each_stack: Packaged) -> None:
    # W3005: osls repeats dependencies that CloudFormation derives by itself
    command = [str(Path(sys.executable).with_name("cfn-lint")), "-i", "W3005", "-t", str(each_stack.file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def resolved(value: Any, known: dict[str, str]) -> str:
    """As CloudFormation would fill it in."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return known[value["Ref"]]
    if "Fn::Join" in value:
        mark, parts = value["Fn::Join"]
        return str(mark).join(resolved(item, known) for item in parts)
    assert value == {"Fn::Sub": "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}
    return "https://abc123.execute-api.eu-west-1.amazonaws.com"


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
