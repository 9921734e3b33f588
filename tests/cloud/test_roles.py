"""Each function's role permits exactly the calls that the function makes, and a listener's what it asks for, judged by
IAM's evaluator."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.deploy_local import stack
from scripts.deploy_local.doorbell import BELL, connections
from scripts.deploy_local.owner import owners_pages, switch
from scripts.deploy_local.processes import Listener
from scripts.deploy_local.walk import walk
from tests.cloud import seldom
from tests.cloud.conftest import Deployed, Linked
from tests.doubles.aws_wire import AwsWire
from tests.doubles.waiting import until

pytestmark = pytest.mark.proves(
    "Each function's role on AWS allows what it does and nothing else; a listener's allows what it does",
    leans_on="second stack: an evaluator of IAM; double: AWS, by ministack",
    also=("tests/aws/test_roles.py",),
)

REGION, ACCOUNT = "eu-west-1", "000000000000"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/showcam-local"
OTHER_TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/showcam-prod"
SECRETS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"
DYNAMODB, SECRETS_MANAGER, QUEUES = "DynamoDB_20120810", "secretsmanager", "AmazonSQS"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
ANSWERING = ("directives", "fulfillment", "web", "operators")  # the others are called by AWS itself
READING = (*ANSWERING, "reports")
VIA = [f"{service}.{REGION}.amazonaws.com" for service in ("dynamodb", "secretsmanager")]
BY_OTHERS = ("logs", "kms")  # called by Lambda for its function; by DynamoDB and Secrets Manager
type Pair = tuple[str, str]


@pytest.fixture(scope="session")
def requested(wired: Deployed, linked: Linked) -> dict[str, set[Pair]]:
    """By function, action and resource of all its calls during set-up, the walk and `seldom.exercise`."""
    walk(wired.place)
    owners_pages(wired.place)
    seldom.exercise(wired, linked)
    return {
        name: {pair for service, operation, request, _ in wire.calls for pair in pairs(service, operation, request)}
        for name, wire in wired.wires.items()
    }


@pytest.fixture(scope="session")
def listened(wired: Deployed, requested: dict[str, set[Pair]], tmp_path_factory: pytest.TempPathFactory) -> AwsWire:
    """AWS as a listener reached it, from its start to its end, with a ring meanwhile."""
    assert requested, "assistants have taken reports about the household"
    wire, before = AwsWire(wired.aws.url), connections(wired.control)
    environ = stack.listener_environ(wired.aws) | {"AWS_ENDPOINT_URL": wire.url}
    listener = Listener(tmp_path_factory.mktemp("listened"), environ)
    try:
        until(lambda: connections(wired.control) > before)
        switch(wired.control, BELL, person=True, press=True)
        until(lambda: any("#doorbell" in json.dumps(request) for request in written(wire)))
    finally:
        listener.stop()
        wire.close()
    return wire


def written(wire: AwsWire) -> Iterator[dict[str, Any]]:
    yield from (request for _, operation, request, _ in wire.calls if operation == "TransactWriteItems")


def pairs(service: str, operation: str, request: dict[str, Any]) -> Iterator[Pair]:
    """The actions and resources of a request that IAM judges: of a transaction, those of each item."""
    if service == SECRETS_MANAGER:
        yield f"secretsmanager:{operation}", request["SecretId"]
        return
    if service == QUEUES:
        yield f"sqs:{operation.removesuffix('Batch')}", f"{QUEUE_ARN}{request['QueueUrl'].rpartition('/')[2]}"
        return
    assert service == DYNAMODB
    if operation == "TransactWriteItems":
        for part in request["TransactItems"]:
            ((kind, wanted),) = part.items()
            yield (
                f"dynamodb:{kind.removesuffix('Item')}Item"
                if kind != "ConditionCheck"
                else "dynamodb:ConditionCheckItem",
                arn(wanted),
            )
    elif operation == "BatchGetItem":
        yield from (("dynamodb:BatchGetItem", arn({"TableName": name})) for name in request["RequestItems"])
    else:
        yield f"dynamodb:{operation}", arn(request)


def arn(request: dict[str, Any]) -> str:
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{request['TableName']}"
    return f"{table}/index/{request['IndexName']}" if "IndexName" in request else table


def policies(deployed: Deployed, name: str) -> list[dict[str, Any]]:
    """The documents of the function's deployed role. It has no other: nothing is attached to it."""
    found = deployed.aws.client("lambda").get_function_configuration(FunctionName=stack.full_name(name))
    return documents_of(deployed, found["Role"])


def documents_of(deployed: Deployed, role_arn: str) -> list[dict[str, Any]]:
    role, iam = role_arn.rpartition("/")[2], deployed.aws.client("iam")
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    named = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return [iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"] for policy in named]


def verdict(deployed: Deployed, name: str, pair: Pair, documents: list[dict[str, Any]] | None = None) -> str:
    """By the function's own policies, or by the ones given."""
    answer = deployed.aws.client("iam").simulate_custom_policy(
        PolicyInputList=[json.dumps(document) for document in documents or policies(deployed, name)],
        ActionNames=[pair[0]],
        ResourceArns=[pair[1]],
    )
    (result,) = answer["EvaluationResults"]
    return str(result["EvalDecision"])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def deleting_all(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the condition on what is deleted, since the evaluator here takes no context and no condition holds."""
    for document in documents:
        for statement in document["Statement"]:
            if listed(statement["Action"]) == ["dynamodb:DeleteItem"]:
                del statement["Condition"]
    return documents


FUNCTIONS = pytest.mark.parametrize("name", stack.FUNCTIONS)
OF_THOSE_THAT_ANSWER = pytest.mark.parametrize("name", ANSWERING)


@OF_THOSE_THAT_ANSWER
def test_what_it_asks_it_may(wired: Deployed, requested: dict[str, set[Pair]], name: str) -> None:
    actions = {action for action, _ in requested[name]}
    assert {"dynamodb:BatchGetItem", "dynamodb:UpdateItem", "secretsmanager:GetSecretValue"} <= actions
    documents = deleting_all(policies(wired, name))
    refused = {pair for pair in requested[name] if verdict(wired, name, pair, documents) != "allowed"}
    assert refused == set()


@OF_THOSE_THAT_ANSWER
def test_it_deletes_what_it_must_and_nothing_else(wired: Deployed, requested: dict[str, set[Pair]], name: str) -> None:
    conditions = [
        statement["Condition"]
        for document in policies(wired, name)
        for statement in document["Statement"]
        if "dynamodb:DeleteItem" in listed(statement["Action"])
    ]
    assert {operator for condition in conditions for operator in condition} == {"ForAllValues:StringLike"}
    permitted = [
        key for condition in conditions for key in condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    ]
    assert len(permitted) == len({*permitted})
    assert {f"{key.partition('#')[0]}#*" for key in deleted(wired.wires[name])} == {*permitted}


def deleted(wire: AwsWire) -> Iterator[str]:
    """Partition keys of what was deleted by this wire."""
    for _, operation, request, _ in wire.calls:
        if operation == "DeleteItem":
            yield str(request["Key"]["pk"]["S"])
        elif operation == "TransactWriteItems":
            yield from (str(part["Delete"]["Key"]["pk"]["S"]) for part in request["TransactItems"] if "Delete" in part)


@pytest.mark.parametrize(
    ("secret", "readers"),
    [
        ("Keys", {*READING}),
        ("Grant", {*READING}),
        ("Settings", {*READING} - {"operators"}),
        ("Cookie", {"web"}),
        ("Web", {"web"}),
        ("Directives", {"directives", "reports"}),
        ("Google", {"fulfillment", "reports"}),
    ],
)
def test_a_secret_is_read_by_those_who_use_it_alone(
    wired: Deployed, requested: dict[str, set[Pair]], secret: str, readers: set[str]
) -> None:
    made = wired.aws.client("cloudformation").list_stack_resources(StackName="showcam-local")["StackResourceSummaries"]
    (found,) = (
        resource["PhysicalResourceId"] for resource in made if resource["LogicalResourceId"] == f"{secret}Secret"
    )
    pair = ("secretsmanager:GetSecretValue", found)
    assert {name for name in READING if pair in requested[name]} == readers
    may = readers | ({"sweep"} if secret in ("Keys", "Settings") else set())
    assert {name for name in stack.FUNCTIONS if verdict(wired, name, pair) == "allowed"} == may


@OF_THOSE_THAT_ANSWER
def test_what_it_may_it_asks(wired: Deployed, requested: dict[str, set[Pair]], name: str) -> None:
    granted = {
        (action, resource)
        for document in policies(wired, name)
        for statement in document["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if action.partition(":")[0] not in BY_OTHERS
    }
    assert granted - requested[name] == set()


@FUNCTIONS
def test_the_key_opens_through_the_table_and_the_secrets_alone(wired: Deployed, name: str) -> None:
    (key,) = (
        resource["PhysicalResourceId"]
        for resource in wired.aws.client("cloudformation").list_stack_resources(StackName="showcam-local")[
            "StackResourceSummaries"
        ]
        if resource["ResourceType"] == "AWS::KMS::Key"
    )
    pair = ("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}")
    documents = policies(wired, name)
    # the evaluator here takes no context, so a condition on it never holds: the statement is judged without it too
    assert verdict(wired, name, pair, documents) == "implicitDeny"
    (statement,) = (
        statement
        for document in documents
        for statement in document["Statement"]
        if "kms:Decrypt" in statement["Action"]
    )
    assert statement.pop("Condition") == {"StringEquals": {"kms:ViaService": VIA}}
    assert verdict(wired, name, pair, documents) == "allowed"


FORBIDDEN = [
    ("dynamodb:Scan", TABLE),
    ("dynamodb:DeleteTable", TABLE),
    ("dynamodb:UpdateTable", TABLE),
    ("dynamodb:UpdateTimeToLive", TABLE),
    ("dynamodb:BatchWriteItem", TABLE),
    ("dynamodb:PartiQLSelect", TABLE),
    ("dynamodb:ExportTableToPointInTime", TABLE),
    ("dynamodb:GetRecords", f"{TABLE}/stream/2026-01-01T00:00:00.000"),
    ("dynamodb:GetItem", OTHER_TABLE),
    ("dynamodb:PutItem", OTHER_TABLE),
    ("dynamodb:Query", f"{OTHER_TABLE}/index/gsi1"),
    ("secretsmanager:GetSecretValue", f"{SECRETS}showcam/prod/keys-AbCdEf"),
    ("secretsmanager:ListSecrets", "*"),
    ("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"),
    ("logs:CreateLogGroup", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/other"),
    ("logs:GetLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/showcam-local-web:log-stream:x"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:showcam-local-web"),
    ("lambda:UpdateFunctionConfiguration", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:showcam-local-directives"),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/any"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/any"),
    ("s3:GetObject", "arn:aws:s3:::any/thing"),
]


@FUNCTIONS
def test_what_none_needs_none_may(wired: Deployed, name: str) -> None:
    documents = policies(wired, name)
    allowed = {
        pair for pair in FORBIDDEN if verdict(wired, name, pair, documents) not in ("implicitDeny", "explicitDeny")
    }
    assert allowed == set()


@OF_THOSE_THAT_ANSWER
def test_secrets_are_read_and_never_written(wired: Deployed, name: str) -> None:
    environ = wired.environ(name)
    documents = policies(wired, name)
    settings = environ["SHOWCAM_SETTINGS_SECRET"]  # "" if the function has none
    for resource in (environ["SHOWCAM_KEYS_SECRET"], *(settings.split(",") if settings else ())):
        assert verdict(wired, name, ("secretsmanager:GetSecretValue", resource), documents) == "allowed"
        for action in ("PutSecretValue", "UpdateSecret", "DeleteSecret", "RotateSecret"):
            assert verdict(wired, name, (f"secretsmanager:{action}", resource), documents) == "implicitDeny"


@FUNCTIONS
def test_households_are_listed_by_web_sweep_and_operators_alone(wired: Deployed, name: str) -> None:
    may = "allowed" if name in ("web", "sweep", "operators") else "implicitDeny"
    assert verdict(wired, name, ("dynamodb:Query", f"{TABLE}/index/gsi1")) == may


@pytest.mark.parametrize("name", ["changes", "reports", "sweep"])
def test_what_aws_calls_asks_nothing_that_it_may_not(
    wired: Deployed, requested: dict[str, set[Pair]], name: str
) -> None:
    documents = deleting_all(policies(wired, name))
    assert requested[name]
    assert {pair for pair in requested[name] if verdict(wired, name, pair, documents) != "allowed"} == set()


def test_a_listener_asks_nothing_that_it_may_not(wired: Deployed, listened: AwsWire) -> None:
    documents = deleting_all(documents_of(wired, stack.listener_task(wired.aws)["taskRoleArn"]))
    asked = {pair for service, operation, request, _ in listened.calls for pair in pairs(service, operation, request)}
    assert {"dynamodb:Query", "dynamodb:UpdateItem", "secretsmanager:GetSecretValue"} <= {action for action, _ in asked}
    assert ("dynamodb:Query", f"{TABLE}/index/gsi1") in asked
    assert {pair for pair in asked if verdict(wired, "listener", pair, documents) != "allowed"} == set()
    assert {pair for pair in FORBIDDEN if verdict(wired, "listener", pair, documents) == "allowed"} == set()
    assert {key.partition("#")[0] for key in deleted(listened)} <= {"account", "link"}


@FUNCTIONS
def test_each_writes_its_own_log_alone(wired: Deployed, name: str) -> None:
    documents = policies(wired, name)
    for function in stack.FUNCTIONS:
        stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{stack.full_name(function)}:log-stream:x"
        assert (verdict(wired, name, ("logs:PutLogEvents", stream), documents) == "allowed") is (function == name)
