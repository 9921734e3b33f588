"""The owner's forwarder against showcam at home and against failing servers, and its template."""

import ast
import base64
import json
import logging
import pkgutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import yaml

from showcam.app.edge.machines import HEADER, Signatures
from showcam.app.http_types import Request
from showcam.app.setup import forwarder
from showcam.store.sqlite import SqliteStore

SKILL = "amzn1.ask.skill.11111111-1111-1111-1111-111111111111"
OLD, NEW, STRANGE = ("k1", b"1" * 32), ("k2", b"2" * 32), ("k3", b"3" * 32)
forward = sys.modules[pkgutil.resolve_name("lambda.forward:handler").__module__]


def directive(namespace: str = "Alexa", name: str = "ReportState", **header: str) -> dict[str, Any]:
    head = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": "m-1", **header}
    scope = {"type": "BearerToken", "token": "sca.secret.token"}
    return {"directive": {"header": head, "endpoint": {"endpointId": "ezviz-a", "scope": scope}, "payload": {}}}


ASKED = directive(correlationToken="c+/=1")
EVENT = {"event": {"header": {"namespace": "Alexa", "name": "StateReport"}, "payload": {}}}


@dataclass
class Home:
    """Settable: `status`, `body`, `slow_s`; with `keys` it takes only what they signed, as the real door does."""

    store: SqliteStore
    keys: list[tuple[str, bytes]] = field(default_factory=list)
    status: int = 200
    body: bytes = json.dumps(EVENT).encode()
    drip_s: float = 0.0
    port: int = 0
    asked: list[Request] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def home(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    home = Home(store)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            environ = {"HTTP_" + HEADER.upper().replace("-", "_"): self.headers[HEADER]}
            request = Request("r", "POST", self.path, "", text, environ)
            home.asked.append(request)
            known = not home.keys or Signatures(home.keys, home.store).good(request)
            body = home.body if known else b"{}"
            self.send_response(home.status if known else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for byte in body if home.drip_s else ():
                if home.over.wait(home.drip_s):
                    return
                self.wfile.write(bytes((byte,)))
            if not home.drip_s:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    home.port = server.server_port
    monkeypatch.setenv("URL", f"http://127.0.0.1:{home.port}")
    monkeypatch.setenv("KEY", forwarder.key_text([NEW]))
    yield home
    home.over.set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("has", "takes", "requests"),
    [
        ([NEW], [NEW], 1),
        ([NEW], [STRANGE, NEW], 1),  # home has rotated, and still takes the one before
        ([NEW, OLD], [OLD], 2),  # the forwarder is ahead
        ([OLD], [NEW, OLD], 1),
    ],
)
def test_home_takes_what_the_forwarder_signs(
    has: list[tuple[str, bytes]],
    takes: list[tuple[str, bytes]],
    requests: int,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KEY", forwarder.key_text(has))
    home.keys = takes
    assert forward.handler(ASKED, None) == EVENT
    assert len(home.asked) == requests
    assert json.loads(home.asked[-1].body) == ASKED
    assert home.asked[-1].path == "/alexa/smart-home"


def test_each_message_is_signed_again(home: Home) -> None:
    home.keys = [NEW]
    assert [forward.handler(ASKED, None) for _ in range(3)] == [EVENT] * 3


def set_to(**changes: Any) -> Callable[[Home], None]:
    return lambda home: home.__dict__.update(changes)


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (set_to(status=500), "BRIDGE_UNREACHABLE", "can't be reached."),
        (set_to(status=502, body=b"<html>"), "BRIDGE_UNREACHABLE", "can't be reached."),
        (set_to(status=301), "BRIDGE_UNREACHABLE", "can't be reached."),
        (set_to(body=b"not json"), "BRIDGE_UNREACHABLE", "can't be reached."),
        (set_to(body=b"[]"), "BRIDGE_UNREACHABLE", "can't be reached."),
        (set_to(body=b"{}"), "BRIDGE_UNREACHABLE", "can't be reached."),
        (set_to(drip_s=0.2), "BRIDGE_UNREACHABLE", "can't be reached."),
        (set_to(keys=[STRANGE]), "INTERNAL_ERROR", "refuses the forwarder's key."),
        (set_to(status=413), "INVALID_DIRECTIVE", "finds the directive too long."),
        (set_to(status=429), "RATE_LIMIT_EXCEEDED", "is too busy."),
    ],
)
def test_what_goes_wrong_is_an_error_with_the_questions_token(
    fault: Callable[[Home], None],
    kind: str,
    says: str,
    home: Home,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault(home)
    with caplog.at_level(logging.DEBUG):
        event = forward.handler(ASKED, None, left=1.0)["event"]
    assert (event["header"]["namespace"], event["header"]["name"]) == ("Alexa", "ErrorResponse")
    assert event["header"]["correlationToken"] == "c+/=1"
    assert event["header"]["messageId"] != "m-1"
    assert event["endpoint"] == {"endpointId": "ezviz-a"}
    assert event["payload"] == {"type": kind, "message": f"showcam at home {says}"}
    for secret in ("sca.secret.token", "ezviz-a", "c+/=1", base64.b64encode(NEW[1]).decode()):
        assert secret not in caplog.text
    assert "home answered" in caplog.text


def test_an_unreachable_or_silent_home_is_given_up_in_time(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.drip_s = 30.0
    began = time.monotonic()
    assert forward.handler(ASKED, None, left=1.0)["event"]["payload"]["type"] == "BRIDGE_UNREACHABLE"
    assert time.monotonic() - began < 20, "the answer would take half a minute"
    monkeypatch.setenv("URL", "http://127.0.0.1:9")
    assert forward.handler(ASKED, None)["event"]["payload"]["type"] == "BRIDGE_UNREACHABLE"


@pytest.mark.parametrize(
    ("message", "token", "endpoint"),
    [
        (None, None, None),
        ({}, None, None),
        ([1], None, None),
        ({"header": None, "endpoint": None}, None, None),
        ({"header": "x", "endpoint": "y"}, None, None),
        ({"header": {"name": None, "correlationToken": 7}, "endpoint": {"endpointId": {}}}, None, None),
        ({"header": {"correlationToken": "c1"}, "endpoint": {}}, "c1", None),
        ({"endpoint": {"endpointId": "ezviz-a"}}, None, "ezviz-a"),
    ],
)
def test_a_broken_directive_gets_its_error_too(
    message: Any, token: str | None, endpoint: str | None, home: Home
) -> None:
    home.status = 500
    event = forward.handler({"directive": message}, None)["event"]
    assert (event["header"]["namespace"], event["header"]["name"]) == ("Alexa", "ErrorResponse")
    assert event["payload"]["type"] == "BRIDGE_UNREACHABLE"
    assert event["header"].get("correlationToken") == token
    assert event.get("endpoint") == ({"endpointId": endpoint} if endpoint else None)


def test_a_grant_that_does_not_reach_home_is_not_accepted(home: Home) -> None:
    home.status = 500
    message = directive("Alexa.Authorization", "AcceptGrant")
    del message["directive"]["endpoint"]
    event = forward.handler(message, None)["event"]
    assert event["header"]["namespace"] == "Alexa.Authorization"
    assert event["payload"]["type"] == "ACCEPT_GRANT_FAILED"
    assert "correlationToken" not in event["header"]
    assert "endpoint" not in event


def test_only_directives_are_forwarded(home: Home) -> None:
    with pytest.raises(ValueError, match="not a directive"):
        forward.handler({"version": "1.0", "request": {"type": "LaunchRequest", "locale": "de-DE"}}, None)
    assert not home.asked


def test_it_needs_the_standard_library_alone() -> None:
    tree = ast.parse(forwarder.CODE.read_text())
    named = {node.names[0].name for node in ast.walk(tree) if isinstance(node, ast.Import)}
    named |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {module.split(".")[0] for module in named} <= sys.stdlib_module_names


def resources(text: str) -> dict[str, Any]:
    return dict(yaml.safe_load(text)["Resources"])


def test_the_template_holds_the_code_and_no_key() -> None:
    text = forwarder.template("https://cam.example.org", SKILL)
    function = resources(text)["Forward"]["Properties"]
    assert function["Code"]["ZipFile"] == forwarder.CODE.read_text()
    assert len(function["Code"]["ZipFile"]) <= 4096
    assert function["Handler"] == "index.handler"
    assert callable(getattr(forward, function["Handler"].removeprefix("index.")))
    assert function["Timeout"] > forward.BUDGET_S
    assert function["Environment"]["Variables"] == {
        "URL": "https://cam.example.org",
        "KEY": {"Ref": "Key"},
    }
    key = yaml.safe_load(text)["Parameters"]["Key"]
    assert key["NoEcho"] is True
    assert "Default" not in key
    assert resources(text)["Log"]["Properties"]["RetentionInDays"] == 7
    assert len(text) < 51_200


def test_only_alexa_for_this_skill_may_call_it() -> None:
    found = {
        resource["Properties"]["Principal"]: resource["Properties"]
        for resource in resources(forwarder.template("https://cam.example.org", SKILL)).values()
        if resource["Type"] == "AWS::Lambda::Permission"
    }
    assert set(found) == {"alexa-connectedhome.amazon.com"}
    for permission in found.values():
        assert permission["EventSourceToken"] == SKILL
        assert permission["Action"] == "lambda:InvokeFunction"


@pytest.mark.parametrize(
    ("language", "region"),
    [
        ("en-US", "us-east-1"),
        ("pt-BR", "us-east-1"),
        ("en-GB", "eu-west-1"),
        ("de-DE", "eu-west-1"),
        ("ja-JP", "us-west-2"),
        ("en-AU", "us-west-2"),
    ],
)
def test_the_region_is_the_languages(language: str, region: str) -> None:
    assert forwarder.region(language) == region
