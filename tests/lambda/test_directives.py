"""The directives function: Smart Home, spoken requests, and its lines for CloudWatch."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from tests.doubles.emf import metrics_of
from tests.doubles.events import directive, spoken
from tests.doubles.runtime_api import Environment, InvocationFailed

SKILL = "amzn1.ask.skill.6d0c4b5e-93a1-4f7e-8c52-0b1f6a9d27e3"


@pytest.fixture(scope="module")
def running(environment: Callable[..., Environment]) -> Environment:
    return environment("directives")


def request_line(running: Environment) -> dict[str, Any]:
    """The last one."""
    return [line for line in running.lines if line["event"] == "request"][-1]


def metrics(line: dict[str, Any]) -> list[str]:
    """Those by function."""
    found = {key: value for key, value in metrics_of(line).items() if key[0] == "showcam"}
    assert all(key[2:] == ("showcam-test",) for key in found)
    assert all(value == 1 for value in found.values())
    return [name for _, name, _ in found]


def test_cameras_are_discovered_from_the_table(environment: Callable[..., Environment], stack: Any) -> None:
    running = environment("directives")
    token = stack.token("alexa")
    found = running.invoke(directive(token))["event"]["payload"]["endpoints"]
    assert [endpoint["friendlyName"] for endpoint in found] == ["Garden"]
    again = running.invoke(directive(token))["event"]["payload"]["endpoints"]
    assert again == found
    lines = [line for line in running.lines if line["event"] == "request"]
    assert [line["cold"] for line in lines] == [True, False]
    assert [line["request"] for line in lines] == ["aws-request-1", "aws-request-2"]
    # the vendor is away, and the list is the one that was known
    assert metrics(lines[0]) == ["VendorUnavailable"]
    assert token not in running.log


def test_a_token_of_nobody(running: Environment) -> None:
    event = running.invoke(directive("sca.nobody.nothing"))["event"]
    assert event["payload"]["type"] == "INVALID_AUTHORIZATION_CREDENTIAL"
    assert metrics(request_line(running)) == ["Refusals"]


def test_a_picture_that_no_vendor_brings(running: Environment, stack: Any) -> None:
    token = stack.token("alexa")
    garden = running.invoke(directive(token))["event"]["payload"]["endpoints"][0]["endpointId"]
    endpoint = {"endpointId": garden, "scope": {"type": "BearerToken", "token": token}}
    stream = {"protocol": "HLS", "resolution": {"width": 1280, "height": 720}, "authorizationType": "NONE"}
    wanted = {"cameraStreams": [stream | {"videoCodec": "H264", "audioCodec": "AAC"}]}
    request = directive(token, "Alexa.CameraStreamController", "InitializeCameraStreams")
    request["directive"] |= {"endpoint": endpoint, "payload": wanted}
    assert running.invoke(request)["event"]["payload"]["type"] == "BRIDGE_UNREACHABLE"
    assert metrics(request_line(running)) == ["Refusals", "VendorUnavailable"]
    table = stack.environ["SHOWCAM_TABLE"]
    assert {key: value for key, value in metrics_of(request_line(running)).items() if key[0] == table} == {
        (table, "Asks", "alexa"): 1,
        (table, "NotShown", "alexa", "vendor_down"): 1,
    }


@pytest.mark.parametrize(
    "event", [{"directive": None}, {"directive": {"header": {}}}, {"directive": {"header": {"namespace": 5}}}], ids=str
)
def test_what_is_no_directive(running: Environment, event: Any) -> None:
    assert running.invoke(event)["event"]["payload"]["type"] == "INVALID_DIRECTIVE"


def test_a_missing_table_is_answered_and_counted(environment: Callable[..., Environment]) -> None:
    running = environment("directives", SHOWCAM_TABLE=f"none-{secrets.token_hex(4)}")
    assert running.init_error is None
    event = running.invoke(directive("sca.abcdefgh.nothing"))["event"]
    assert event["payload"]["type"] == "BRIDGE_UNREACHABLE"
    assert metrics(request_line(running)) == ["StoreUnavailable"]
    assert "Traceback" not in running.log


class TestSpoken:
    def test_an_unlinked_user_is_asked_to_link(self, running: Environment) -> None:
        answered = running.invoke(spoken(SKILL))
        assert answered["response"]["card"] == {"type": "LinkAccount"}

    def test_who_is_linked_hears_of_the_cameras(self, running: Environment, stack: Any) -> None:
        answer = running.invoke(spoken(SKILL, {"accessToken": stack.token("alexa")}))
        assert "LinkAccount" not in str(answer)
        assert answer["response"]["outputSpeech"]

    @pytest.mark.parametrize("event", [spoken("amzn1.ask.skill.other"), {}, {"context": {"System": None}}], ids=str)
    def test_another_skills_request_ends_as_an_error_of_the_function(self, running: Environment, event: Any) -> None:
        with pytest.raises(InvocationFailed) as caught:
            running.invoke(event)
        assert caught.value.kind == "NotForUs"
        assert request_line(running)["status"] == "raised"
        assert metrics(request_line(running)) == []  # AWS counts it itself
        assert running.invoke(spoken(SKILL))["response"]  # and the environment goes on
