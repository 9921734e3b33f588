"""Malformed requests from anybody get a clear answer."""

import json
import socket
import time
from typing import Any

import pytest
import requests

from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S, until

JSON = {"Content-Type": "application/json"}


def directive(namespace: str, name: str, *, token: str | None, endpoint: str | None, payload: Any = None) -> bytes:
    body: dict[str, Any] = {
        "header": {
            "namespace": namespace,
            "name": name,
            "payloadVersion": "3",
            "messageId": "m-1",
            "correlationToken": "c-1",
        },
        "payload": payload or {},
    }
    if endpoint is not None:
        body["endpoint"] = {"scope": {"type": "BearerToken", "token": token}, "endpointId": endpoint, "cookie": {}}
    return json.dumps({"directive": body}).encode()


DISCOVER = directive(
    "Alexa.Discovery", "Discover", token=None, endpoint=None, payload={"scope": {"type": "BearerToken", "token": "x"}}
)
REPORT = directive("Alexa", "ReportState", token="sca.abc.def", endpoint="ezviz-aaaaaaaaaaaaaaaaaaaa")

# path · headers · body · status · a text of the answer
REQUESTS: list[tuple[str, dict[str, str], bytes, int, str]] = [
    ("/alexa/smart-home", JSON, b"{", 200, "INVALID_DIRECTIVE"),
    ("/alexa/smart-home", JSON, b"[]", 200, "INVALID_DIRECTIVE"),
    ("/alexa/smart-home", JSON, b"\xff\xfe", 200, "INVALID_DIRECTIVE"),
    ("/alexa/smart-home", {"Content-Type": "text/plain"}, DISCOVER, 415, "JSON is wanted here"),
    ("/alexa/smart-home", JSON, b" " * (256 * 1024 + 1), 413, "At most"),
    ("/alexa/smart-home", JSON, DISCOVER, 200, "INVALID_AUTHORIZATION_CREDENTIAL"),
    ("/alexa/smart-home", JSON, REPORT, 200, "INVALID_AUTHORIZATION_CREDENTIAL"),
    (
        "/alexa/smart-home",
        JSON,
        directive("Alexa.Toaster", "Toast", token="sca.abc.def", endpoint="x"),
        200,
        "INVALID_",
    ),
    ("/alexa/smart-home", JSON, directive("Alexa", "ReportState", token=None, endpoint=None), 200, "INVALID_"),
    ("/google/fulfillment", JSON, b"{", 401, ""),
    ("/google/fulfillment", JSON, b'{"requestId":"1","inputs":[]}', 401, ""),
    ("/google/fulfillment", {"Content-Type": "text/html"}, b"{}", 401, ""),
    ("/google/fulfillment", JSON, b" " * (256 * 1024 + 1), 200, "hardError"),
    ("/internal/sources/open", JSON, b"{}", 404, "nothing here"),
    (
        "/oauth/token",
        {},
        b"grant_type=authorization_code&code=x&client_id=alexa&client_secret=wrong",
        401,
        "invalid_client",
    ),
    (
        "/oauth/token",
        {},
        b"grant_type=password&username=a&password=b&client_id=alexa&client_secret=alexa-secret",
        400,
        "unsupported_grant_type",
    ),
]


@pytest.mark.parametrize(("path", "headers", "body", "status", "expected"), REQUESTS, ids=lambda value: str(value)[:30])
def test_it_is_answered_clearly(
    demo: Program, path: str, headers: dict[str, str], body: bytes, status: int, expected: str
) -> None:
    sent = {"Content-Type": "application/x-www-form-urlencoded"} | headers
    answer = requests.post(demo.web + path, body, headers=sent, timeout=LONG_S)
    assert (answer.status_code, expected in answer.text) == (status, True), answer.text
    assert "Traceback" not in answer.text
    json.loads(answer.text or "{}")


@pytest.mark.parametrize(
    ("path", "status"), [("/google/fulfillment", 401), ("/alexa/smart-home", 200), ("/google/webrtc/x", 400)]
)
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_without_end_takes_nothing_down(demo: Program, path: str, status: int, opening: bytes) -> None:
    for _ in range(3):
        answer = requests.post(demo.web + path, opening * 40_000, headers=JSON, timeout=LONG_S)
        assert answer.status_code == status
    assert b"a process died" not in demo.log.read_bytes()


@pytest.mark.parametrize("nested", [b"[" * 20_000 + b"]" * 20_000, b'{"a":' * 20_000 + b"1" + b"}" * 20_000])
def test_a_directive_that_nests_too_deeply_is_answered_as_that_question(demo: Program, nested: bytes) -> None:
    body = REPORT.replace(b'"payload": {}', b'"payload": ' + nested)
    event = requests.post(f"{demo.web}/alexa/smart-home", body, headers=JSON, timeout=LONG_S).json()["event"]
    assert (event["payload"]["type"], event["header"]["correlationToken"]) == ("INVALID_DIRECTIVE", "c-1")
    assert event["endpoint"] == {"endpointId": "ezviz-aaaaaaaaaaaaaaaaaaaa"}


def test_senders_who_never_finish_do_not_stop_the_others(demo: Program) -> None:
    held = []
    try:
        for number in range(130):
            slow = socket.create_connection(("127.0.0.1", demo.port), timeout=5)
            path = ("/oauth/token", "/google/fulfillment")[number % 2]
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{demo.port}\r\nContent-Type: application/json\r\n"
            slow.sendall((head + "Content-Length: 1000\r\n\r\n").encode())
            held.append(slow)
        assert requests.get(f"{demo.web}/readyz", timeout=5).status_code == 200
        assert requests.get(f"{demo.web}/", timeout=5).status_code == 200
    finally:
        for connection in held:
            connection.close()
    # their places fall free once the server has seen them go
    end = time.monotonic() + LONG_S
    while (status := requests.post(f"{demo.web}/oauth/token", b"x", timeout=5).status_code) == 503:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert status == 400


def tokens(demo: Program, assistant: str, user: str = "demo@example.com") -> str:
    """An access token got as the assistant gets it, by walking the pages."""
    from tests.doubles.linking import link

    return link(demo.web, assistant, user, "showcam-demo")


def test_a_token_of_the_other_assistant_opens_nothing(demo: Program) -> None:
    alexa, google = tokens(demo, "alexa"), tokens(demo, "google")
    sync = b'{"requestId":"1","inputs":[{"intent":"action.devices.SYNC"}]}'
    headers = JSON | {"Authorization": f"Bearer {alexa}"}
    assert requests.post(f"{demo.web}/google/fulfillment", sync, headers=headers, timeout=LONG_S).status_code == 401
    discover = directive(
        "Alexa.Discovery",
        "Discover",
        token=None,
        endpoint=None,
        payload={"scope": {"type": "BearerToken", "token": google}},
    )
    answer = requests.post(f"{demo.web}/alexa/smart-home", discover, headers=JSON, timeout=LONG_S)
    assert answer.json()["event"]["payload"]["type"] == "INVALID_AUTHORIZATION_CREDENTIAL"


def test_another_households_camera_is_not_found(demo: Program) -> None:
    mine, theirs = tokens(demo, "google"), tokens(demo, "google", "other@example.com")

    def asked(token: str, body: bytes, wanted: str) -> dict[str, Any]:
        """The first payload with that text: Google asks again if a busy machine takes longer than it waits."""
        headers, answers = JSON | {"Authorization": f"Bearer {token}"}, list[requests.Response]()

        def is_had() -> bool:
            answers.append(requests.post(f"{demo.web}/google/fulfillment", body, headers=headers, timeout=LONG_S))
            return wanted in answers[-1].text

        until(is_had)
        return dict(answers[-1].json()["payload"])

    def sync(token: str) -> set[str]:
        body = b'{"requestId":"1","inputs":[{"intent":"action.devices.SYNC"}]}'
        return {device["id"] for device in asked(token, body, '"devices"')["devices"]}

    study = next(iter(sync(theirs) - sync(mine)))
    params = {"StreamToChromecast": True, "SupportedStreamProtocols": ["hls"]}
    execute = {
        "requestId": "1",
        "inputs": [
            {
                "intent": "action.devices.EXECUTE",
                "payload": {
                    "commands": [
                        {
                            "devices": [{"id": study}],
                            "execution": [{"command": "action.devices.commands.GetCameraStream", "params": params}],
                        }
                    ]
                },
            }
        ],
    }
    [answer] = asked(mine, json.dumps(execute).encode(), "deviceNotFound")["commands"]
    assert (answer["status"], answer["errorCode"]) == ("ERROR", "deviceNotFound")


@pytest.mark.parametrize("what", ["master.m3u8", "snapshot.jpg", "whep"])
@pytest.mark.parametrize("grant", ["x", "WyJhIl0.AAAA", "é", "." * 40, "a" * 3000])
def test_a_forged_grant_opens_nothing(demo: Program, grant: str, what: str) -> None:
    url = f"http://127.0.0.1:{demo.media_port}/s/{grant}/{what}"
    method = "POST" if what == "whep" else "GET"
    headers = {"Content-Type": "application/sdp"} if what == "whep" else {}
    answer = requests.request(method, url, data=b"v=0" if what == "whep" else None, headers=headers, timeout=LONG_S)
    assert answer.status_code == 403
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_forged_grant_gets_no_signalling(demo: Program) -> None:
    answer = requests.post(
        f"{demo.web}/google/webrtc/forged", json={"action": "offer", "deviceId": "x", "sdp": "v=0"}, timeout=LONG_S
    )
    assert answer.status_code == 403


def test_an_offer_that_is_none_is_refused(demo: Program) -> None:
    token = tokens(demo, "alexa")
    scope = {"type": "BearerToken", "token": token}
    discover = directive("Alexa.Discovery", "Discover", token=None, endpoint=None, payload={"scope": scope})
    found = requests.post(f"{demo.web}/alexa/smart-home", discover, headers=JSON, timeout=LONG_S).json()
    garden = next(
        endpoint for endpoint in found["event"]["payload"]["endpoints"] if endpoint["friendlyName"] == "Garden"
    )
    for sdp in ("", "v=0", "hello", "v=0\r\nm=video 1 RTP/AVP 0\r\n" * 3):
        offer = directive(
            "Alexa.RTCSessionController",
            "InitiateSessionWithOffer",
            token=token,
            endpoint=garden["endpointId"],
            payload={"sessionId": "s-1", "offer": {"format": "SDP", "value": sdp}},
        )
        answer = requests.post(f"{demo.web}/alexa/smart-home", offer, headers=JSON, timeout=LONG_S).json()
        assert answer["event"]["payload"]["type"] == "INVALID_VALUE", sdp
        assert answer["event"]["header"]["correlationToken"] == "c-1"
