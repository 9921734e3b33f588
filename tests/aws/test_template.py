"""The stack's template as osls packages it: what outlives the stack, its functions and its doors."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from showcam.app.process.settings_sources import load
from showcam.app.settings import SECRETS
from tests.aws.conftest import ARCHITECTURE, ELSEWHERE, MEDIA, PYTHON, SKILL, Packaged, Template
from tests.doubles.aws import REGION, in_process
from tests.doubles.dynamodb_table import create_table

pytestmark = pytest.mark.proves(
    "The template for AWS is valid", leans_on="second stack: cfn-lint", also=("tests/aws/test_alarms.py",)
)

# and their timeouts
FUNCTIONS = {"directives": 8, "fulfillment": 8, "web": 15, "changes": 15, "reports": 30, "sweep": 300, "operators": 120}
ROWS = {"BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem"}
FORGETS = {"DeleteItem"}
OF_SETTINGS = {
    "SettingsSecret": "settings",
    "DirectivesSecret": "directives",
    "WebSecret": "web",
    "GoogleSecret": "google",
}


def of(template: Template, kind: str) -> dict[str, Any]:
    """Properties of the resources of a kind, by logical id."""
    return {
        name: resource["Properties"] for name, resource in template["Resources"].items() if resource["Type"] == kind
    }


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
        descriptions = {name: f"Secret settings that {of_whom} alone uses" for name, of_whom in OF_SETTINGS.items()}
        descriptions["SettingsSecret"] = "Settings that are secret"
        descriptions["GoogleSecret"] = "Secret settings that fulfillment and reports alone use"
        for name, of_whom in OF_SETTINGS.items():
            assert secrets[name] == {
                "Name": f"showcam/prod/{of_whom}",
                "Description": f"{descriptions[name]}, as JSON; see docs/integrator/aws.md",
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
                    arns = f"{ELSEWHERE['settingsSecret']},{ELSEWHERE['directivesSecret']}"
                    assert environ["SHOWCAM_SETTINGS_SECRET"] == arns
                    environ["SHOWCAM_SETTINGS_SECRET"] = f"{secret},{own['directives']}"
                name = function["FunctionName"].rpartition("-")[2]
                wakes, vendor = name in ("changes", "sweep"), "" if name == "operators" else "s"
                settings = load(environ=environ)
                assert settings.reports_queue == ("https://queue" if wakes else "")
                if wakes:
                    continue  # it answers nobody
                assert settings.all_on_aws
                assert settings.has_console
                assert (settings.table, settings.table_region) == ("showcam-prod", "eu-west-1")
                assert (settings.alexa_skill_id, settings.ezviz_secret) == (SKILL, vendor)
                assert settings.public_url.startswith("https://")
                assert list(settings.media_urls) == MEDIA.split(",")
                assert settings.pictures == "plane"
                assert settings.grant_secret == (ELSEWHERE["grantSecret"] if stack == "elsewhere" else "arn:grant")


class TestOperators:
    def test_its_address_is_opened_by_iam_alone_and_to_nobody_of_the_stack(self, home: Template) -> None:
        (address,) = of(home, "AWS::Lambda::Url").values()
        function = {"Fn::GetAtt": ["OperatorsLambdaFunction", "Arn"]}
        assert address == {"AuthType": "AWS_IAM", "TargetFunctionArn": function}
        permitted = [each["FunctionName"] for each in of(home, "AWS::Lambda::Permission").values()]
        assert function not in permitted
        assert "OperatorsLambdaFunction" not in str(of(home, "AWS::IAM::Role"))


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

    def test_its_own_address_is_closed_where_another_serves(self, home: Template, bare: Packaged) -> None:
        closed = [
            of(template, "AWS::ApiGatewayV2::Api")["HttpApi"].get("DisableExecuteApiEndpoint")
            for template in (home, bare.template)
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


def test_cfn_lint_finds_nothing(at_home: Packaged, elsewhere: Packaged, fleet: Packaged, listeners: Packaged) -> None:
    lint = Path(sys.executable).with_name("cfn-lint")
    files = [str(packaged.file) for packaged in (at_home, elsewhere, fleet, listeners)]
    # W3005: osls repeats dependencies that CloudFormation derives by itself
    done = subprocess.run([lint, "-i", "W3005", "-t", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout


def resolved(value: Any, known: dict[str, str]) -> str:
    """The value as CloudFormation would fill it in."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return known[value["Ref"]]
    if "Fn::Join" in value:
        mark, parts = value["Fn::Join"]
        return str(mark).join(resolved(item, known) for item in parts)
    assert value == {"Fn::Sub": "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}
    return "https://abc123.execute-api.eu-west-1.amazonaws.com"
