"""Operators' calls of the deployed stack: the address that IAM opens, and the lines that calls leave."""

import json
from functools import partial

import pytest
import requests

from tests.cloud.conftest import Deployed, Linked
from tests.doubles.events import CALLER, operator_event
from tests.doubles.waiting import LONG_S, until

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20261201/eu-west-1/lambda/aws4_request, Signature=0"}


def address(deployed: Deployed) -> str:
    """The function's address, as the emulator serves it on this machine."""
    found = deployed.aws.client("lambda").get_function_url_config(FunctionName="showcam-local-operators")
    assert found["AuthType"] == "AWS_IAM"
    return f"{deployed.aws.url}/_aws/lambda-url/{found['FunctionUrl'].split('://')[1].split('.')[0]}/"


def test_a_request_without_a_signature_does_not_reach_the_function(deployed: Deployed) -> None:
    answer = requests.post(address(deployed), json={"call": "list"}, timeout=LONG_S)
    assert (answer.status_code, answer.json()) == (403, {"Message": "Forbidden"})


def test_a_request_whose_caller_aws_does_not_name_is_refused_by_the_function(deployed: Deployed) -> None:
    """The emulator names no caller: what a stack would do behind a door without IAM."""
    answer = requests.post(address(deployed), json={"call": "list"}, headers=SIGNED, timeout=LONG_S)
    assert (answer.status_code, answer.json()["title"]) == (403, "AWS does not say who calls")
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("call", "status", "outcome"),
    [({"call": "show", "household": "demo@example.com"}, 200, "done"), ({"call": "list", "most": 101}, 400, "refused")],
)
def test_a_call_leaves_a_line_in_the_log(
    deployed: Deployed, linked: Linked, call: dict[str, object], status: int, outcome: str
) -> None:
    answer = deployed.invoke("operators", operator_event(call))
    assert answer["statusCode"] == status
    until(partial(has_line, deployed, outcome))  # a function's log arrives after its answer
    assert "demo@example.com" not in "".join(deployed.lines("operators"))


def has_line(deployed: Deployed, outcome: str) -> bool:
    lines = [json.loads(line) for line in deployed.lines("operators") if '"audit"' in line]
    return any((line["caller"], line["outcome"]) == (CALLER, outcome) for line in lines)
