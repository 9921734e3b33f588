"""A table that answers late or never: the caller gets an answer in time."""

import functools
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from scripts.deploy_local.emulator import Emulator
from showcam.app.aws import boto
from showcam.engine.grants import HEADER, Claims, Grants
from tests.doubles.aws_wire import AwsWire
from tests.doubles.events import directive, http_event, intent_event
from tests.doubles.runtime_api import Environment

ALEXA_S = 6.0  # for a camera's answer; its function has two more
TOKEN = "sca.abcdefgh.nothing"


@pytest.fixture(scope="module")
def hanging() -> Iterator[str]:
    """An address that is connected to, and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(scope="module")
def hung(environment: Callable[..., Environment], hanging: str) -> Callable[[str], Environment]:
    """Begins a function, once for all tests, whose table never answers."""
    return functools.cache(lambda function: environment(function, AWS_ENDPOINT_URL_DYNAMODB=hanging))


@pytest.fixture
def wire(aws: Emulator) -> Iterator[AwsWire]:
    wire = AwsWire(aws.url)
    yield wire
    wire.close()


def took(running: Environment) -> float:
    """Seconds, as the function's own line has them."""
    line = [line for line in running.lines if line["event"] == "request"][-1]
    assert line["StoreUnavailable"] == 1
    assert "InternalErrors" not in line
    return float(line["ms"]) / 1000


def question(stack: Any) -> dict[str, Any]:
    """Of a media process."""
    claims = Claims(stack.account.id, "link", "camera", "hls", "alexa", int(time.time()) + 60, "n")
    path, body = "/internal/sources/open", json.dumps({"claims": claims.as_json()}).encode()
    proof = Grants(stack.keys.grant).proof().make(path, body, time.time())
    return http_event(path, "POST", headers={"content-type": "application/json", HEADER.lower(): proof}, body=body)


def refreshing(_stack: Any) -> dict[str, Any]:
    form = {"grant_type": "refresh_token", "refresh_token": "scr.a.b", "client_id": "alexa", "client_secret": "x"}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return http_event("/oauth/token", "POST", headers=headers, body=urlencode(form).encode())


@pytest.mark.parametrize(
    ("function", "event", "expected"),
    [
        ("directives", lambda stack: directive(TOKEN), "BRIDGE_UNREACHABLE"),
        ("fulfillment", lambda stack: intent_event(TOKEN), "transientError"),
        ("web", refreshing, "503"),
        ("web", question, "503"),
        ("web", lambda stack: http_event("/readyz"), "503"),
    ],
)
def test_a_table_that_hangs(
    hung: Callable[[str], Environment],
    stack: Any,
    function: str,
    event: Callable[[Any], dict[str, Any]],
    expected: str,
) -> None:
    running = hung(function)
    assert expected in json.dumps(running.invoke(event(stack)))
    assert took(running) < ALEXA_S


def test_a_table_that_answers_each_request_late(
    environment: Callable[..., Environment], stack: Any, wire: AwsWire
) -> None:
    running = environment("directives", AWS_ENDPOINT_URL_DYNAMODB=wire.url)
    endpoint = {"endpointId": "ezviz-x", "scope": {"type": "BearerToken", "token": stack.token("alexa")}}
    stream = {"protocol": "HLS", "resolution": {"width": 1280, "height": 720}, "authorizationType": "NONE"}
    wanted = {"cameraStreams": [stream | {"videoCodec": "H264", "audioCodec": "AAC"}]}
    request = directive("", "Alexa.CameraStreamController", "InitializeCameraStreams")
    request["directive"] |= {"endpoint": endpoint, "payload": wanted}
    wire.slow_s = 0.9
    assert running.invoke(request)["event"]["payload"]["type"] == "BRIDGE_UNREACHABLE"
    assert took(running)
    assert len(wire.calls) <= 1 + boto.ASSISTANT_S / wire.slow_s, "it would make twice as many"
