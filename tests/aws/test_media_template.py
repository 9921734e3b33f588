"""The media processes' template: one name, as many tasks as what is live needs, no rights on AWS, no path in a log."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench.scale.assumptions import Assumptions
from bench.scale.prices import PRICES
from showcam.app.compose.media import DRAIN_S, MOST_LIVE
from showcam.app.process.settings_sources import load
from showcam.engine.settings import PlaneSettings
from tests.aws.conftest import FLEET, HOST, IMAGE, Osls, Packaged, Template, faults

ROOT = Path(__file__).parents[2]
NETWORK = "10.74.0.0/16"
METRICS = {"LivePictures": "$.live", "FreePlaces": "$.places"}
PORTS = ("IpProtocol", "FromPort", "ToPort")


@pytest.fixture
def template(fleet: Packaged) -> Template:
    return fleet.template


def of(template: Template, kind: str) -> dict[str, Any]:
    found = {
        name: resource["Properties"] for name, resource in template["Resources"].items() if resource["Type"] == kind
    }
    assert found, kind
    return found


def test_one_name_leads_to_all_tasks_and_is_the_only_address_of_the_main_stack(template: Template) -> None:
    (rule,) = of(template, "AWS::ElasticLoadBalancingV2::ListenerRule").values()
    (condition,), (action,) = rule["Conditions"], rule["Actions"]
    assert condition["HostHeaderConfig"]["Values"] == [HOST]
    (service,) = of(template, "AWS::ECS::Service").values()
    (balanced,) = service["LoadBalancers"]
    (target,) = of(template, "AWS::ElasticLoadBalancingV2::TargetGroup")
    assert action["TargetGroupArn"]["Ref"] == balanced["TargetGroupArn"]["Ref"] == target
    assert [record["Name"] for record in of(template, "AWS::Route53::RecordSet").values()] == [HOST]
    url = template["Outputs"]["MediaUrls"]["Value"]
    assert load(environ={"SHOWCAM_MEDIA_URLS": url}).fleet_url == f"https://{HOST}"


def test_tasks_follow_what_is_live_and_one_of_the_least_number_is_replaced_at_a_time(template: Template) -> None:
    (service,) = of(template, "AWS::ECS::Service").values()
    assert "DesiredCount" not in service, "a redeploy would end what autoscaling has started"
    deployment = service["DeploymentConfiguration"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 134)  # 3 tasks, and one more
    (tasks,) = of(template, "AWS::ApplicationAutoScaling::ScalableTarget").values()
    assert (tasks["MinCapacity"], tasks["MaxCapacity"]) == (3, 40)
    (policy,) = of(template, "AWS::ApplicationAutoScaling::ScalingPolicy").values()
    follows = policy["TargetTrackingScalingPolicyConfiguration"]
    assert follows["TargetValue"] < MOST_LIVE
    told = {
        made["MetricName"]: (made["MetricNamespace"], made["MetricValue"])
        for log in of(template, "AWS::Logs::MetricFilter").values()
        for made in log["MetricTransformations"]
    }
    metric = follows["CustomizedMetricSpecification"]
    assert told == {name: (metric["Namespace"], value) for name, value in METRICS.items()}
    assert metric["MetricName"] in told


def test_a_full_task_stays_and_one_that_drains_has_its_time(template: Template) -> None:
    (target,) = of(template, "AWS::ElasticLoadBalancingV2::TargetGroup").values()
    # ECS replaces what its load balancer calls unhealthy
    assert target["Matcher"] == {"HttpCode": "200,429"}
    (task,) = of(template, "AWS::ECS::TaskDefinition").values()
    (container,) = task["ContainerDefinitions"]
    assert DRAIN_S < container["StopTimeout"] <= 120


def test_what_comes_under_no_name_ends_at_the_door(template: Template) -> None:
    (listener,) = of(template, "AWS::ElasticLoadBalancingV2::Listener").values()
    assert (listener["Port"], listener["Protocol"]) == (443, "HTTPS")
    assert listener["Certificates"] == [{"CertificateArn": FLEET["certificate"]}]
    (action,) = listener["DefaultActions"]
    assert action["FixedResponseConfig"]["StatusCode"] == "404"


def test_only_https_and_webrtc_come_in(template: Template) -> None:
    groups = of(template, "AWS::EC2::SecurityGroup")
    doors = {
        (name, rule.get("CidrIp") or rule["SourceSecurityGroupId"]["Ref"], *(rule[field] for field in PORTS))
        for name, group in groups.items()
        for rule in group["SecurityGroupIngress"]
    }
    assert doors == {
        ("FrontGroup", "0.0.0.0/0", "tcp", 443, 443),
        ("MediaGroup", "FrontGroup", "tcp", 8081, 8081),
        ("MediaGroup", NETWORK, "tcp", 8081, 8081),
        ("MediaGroup", "0.0.0.0/0", "udp", 32768, 60999),
    }
    for service in of(template, "AWS::ECS::Service").values():
        assert service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "ENABLED"


def test_the_container_writes_nothing_and_is_nobody(template: Template) -> None:
    (task,) = of(template, "AWS::ECS::TaskDefinition").values()
    (container,) = task["ContainerDefinitions"]
    assert container["Image"] == IMAGE
    assert container["ReadonlyRootFilesystem"] is True
    assert container["User"] == "10001:10001"
    assert container["LinuxParameters"] == {"InitProcessEnabled": True, "Capabilities": {"Drop": ["ALL"]}}


def test_its_environment_is_settings_and_its_secrets_are_handed_to_it(template: Template) -> None:
    (task,) = of(template, "AWS::ECS::TaskDefinition").values()
    (container,) = task["ContainerDefinitions"]
    environ = {variable["Name"]: variable["Value"] for variable in container["Environment"]}
    handed = {secret["Name"]: secret["ValueFrom"] for secret in container["Secrets"]}
    assert handed == {"SHOWCAM_GRANT_ROOTS": FLEET["grantSecret"], "SHOWCAM_TURN_SECRET": FLEET["turnSecret"]}
    settings = load(environ=environ | {"SHOWCAM_GRANT_ROOTS": "{}", "SHOWCAM_TURN_SECRET": "s"})
    assert settings.internal_web_url == FLEET["webUrl"]
    assert settings.fleet_url == f"https://{HOST}"
    assert (settings.bind, settings.media_port) == ("0.0.0.0", 8081)  # noqa: S104
    (network,) = of(template, "AWS::EC2::VPC").values()
    assert settings.trusted_proxies == (network["CidrBlock"],)
    assert (settings.stun, settings.turn) == ((FLEET["stun"],), FLEET["turn"])


def test_it_has_as_much_as_docs_scale_md_prices_for_what_it_may_show(template: Template) -> None:
    (task,) = of(template, "AWS::ECS::TaskDefinition").values()
    assert "1 vCPU and 2 GB" in PRICES["Media: processes"].unit
    assert (task["Cpu"], task["Memory"]) == ("1024", "2048")
    assert Assumptions().per_process == MOST_LIVE
    assert Assumptions().gate_s == PlaneSettings().gate_check_s


def test_a_task_may_ask_aws_for_nothing_and_its_start_for_its_secrets_alone(template: Template) -> None:
    roles = of(template, "AWS::IAM::Role")
    (task,) = of(template, "AWS::ECS::TaskDefinition").values()
    own, start = task["TaskRoleArn"]["Fn::GetAtt"][0], task["ExecutionRoleArn"]["Fn::GetAtt"][0]
    assert not {"Policies", "ManagedPolicyArns"} & roles[own].keys()
    (policy,) = roles[start]["Policies"]
    granted: dict[str, Any] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        assert not [action for action in actions if "*" in action]
        granted |= dict.fromkeys(actions, statement["Resource"])
    assert granted.pop("ecr:GetAuthorizationToken") == "*"  # it takes no other
    assert "*" not in json.dumps(granted)
    assert granted["secretsmanager:GetSecretValue"] == [FLEET["grantSecret"], FLEET["turnSecret"]]
    assert granted["kms:Decrypt"] == FLEET["dataKey"]
    assert {action.partition(":")[0] for action in granted} == {"ecr", "kms", "logs", "secretsmanager"}


def test_logs_end_and_hold_no_path(template: Template) -> None:
    (log,) = of(template, "AWS::Logs::LogGroup").values()
    assert log["RetentionInDays"] == 30
    (front,) = of(template, "AWS::ElasticLoadBalancingV2::LoadBalancer").values()
    attributes = {attribute["Key"]: attribute["Value"] for attribute in front["LoadBalancerAttributes"]}
    # an access log of a load balancer is of addresses, and under /s/ those hold grants
    assert attributes["access_logs.s3.enabled"] == "false"


def test_media_processes_have_alarms_with_a_topic(template: Template) -> None:
    alarms = of(template, "AWS::CloudWatch::Alarm")
    assert {alarm["MetricName"] for alarm in alarms.values()} == {
        "HealthyHostCount",
        "HTTPCode_Target_5XX_Count",
        "CPUUtilization",
        "MemoryUtilization",
        "FreePlaces",
    }
    assert len(alarms) == 5
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == [FLEET["alarmTopic"]]
        assert alarm["TreatMissingData"] == ("breaching" if name.endswith("Gone") else "notBreaching")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {
                "image": "showcam-media:latest",
                "host": "https://a.example",
                "certificate": FLEET["certificate"].replace("eu-west-1", "us-east-1"),
                "webUrl": "http://cam.example/",
                "ezvizOpen": "-.example",
                "turnSecret": "",
                "least": "4",
                "most": "3",
                "logLevel": "warning",
                "cpu": "300",
                "logRetention": "8",
            },
            [
                'image is "showcam-media:latest": an image by its digest',
                'host is "https://a.example"',
                "certificate stands in us-east-1, the media processes in eu-west-1",
                'webUrl is "http://cam.example/"',
                'ezvizOpen is "-.example"',
                "turn and turnSecret go together",
                "least is 4 and most is 3",
                'logLevel is "warning": info or debug',
                'cpu is "300"',
                'logRetention is "8"',
            ],
        ),
        (
            {
                "host": "",
                "grantSecret": "",
                "turn": "turns:turn.example:5349?transport=udp",
                "most": "201",
                "memory": "1024",
                "alarmTopic": "",
            },
            [
                "host is missing",
                "grantSecret is missing",
                'turn is "turns:turn.example:5349?transport=udp"',
                'most is "201": a whole number from 1 to 200',
                'memory is "1024"',
                "alarmTopic is missing",
            ],
        ),
    ],
    ids=["malformed", "missing or out of range"],
)
def test_wrong_parameters_are_named(packages: dict[str, Path], given: dict[str, str], expected: list[str]) -> None:
    found = faults(packages, "media stack", "eu-west-1", FLEET | given)
    assert len(found) == len(expected)
    assert [text for text in expected if not any(fault.startswith(text) for fault in found)] == []


def test_with_a_wrong_parameter_nothing_is_packaged(osls: Osls) -> None:
    packaged = osls("serverless.media.yml", "eu-west-1", FLEET | {"cpu": "300"})
    assert packaged.file is None
    assert '  - cpu is "300"' in packaged.said


def test_the_image_listens_on_the_templates_port(template: Template) -> None:
    containerfile = (ROOT / "ship/Containerfile").read_text()
    [target] = re.findall(r"^FROM system AS media\n((?:(?!FROM).*\n)*)", containerfile, re.MULTILINE)
    assert re.search(r"SHOWCAM_MEDIA_PORT=8081\b", target)
    assert re.search(r"^USER 10001:10001$", target, re.MULTILINE)
    assert {group["Port"] for group in of(template, "AWS::ElasticLoadBalancingV2::TargetGroup").values()} == {8081}


def test_the_main_stack_has_no_media_until_some_is_configured(bare: Packaged) -> None:
    template = bare.template
    for role in of(template, "AWS::IAM::Role").values():
        assert "GrantSecret" not in str(role)
        assert "DirectivesSecret" not in str(role)
    functions = of(template, "AWS::Lambda::Function")
    for name in ("DirectivesLambdaFunction", "WebLambdaFunction"):
        assert functions[name]["ReservedConcurrentExecutions"] == {"Ref": "AWS::NoValue"}
    for function in functions.values():
        variables = function["Environment"]["Variables"]
        assert (variables["SHOWCAM_PICTURES"], variables["SHOWCAM_MEDIA_URLS"], variables["SHOWCAM_GRANT_SECRET"]) == (
            "vendor",
            "",
            "",
        )
