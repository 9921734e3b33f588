"""The line of each directive and intent: who asked what of which camera, and how it ended; never a name or a secret."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from msgspec.structs import replace

from actions.errors import Malformed
from actions.fulfillment import Fulfillment, unread
from showcam.accounts.links import authenticate
from showcam.accounts.pins import Pins
from showcam.alexa.smart_home import SmartHome
from showcam.app.aws.cloudwatch import CloudWatch
from showcam.app.compose.reports import note_outcome
from showcam.app.edge.edge import Answered, Edge, EdgeRules, RequestLines
from showcam.app.edge.metrics import Metrics
from showcam.app.http_types import Request, Response, Route
from showcam.registry.outcomes import Outcome, add, collected
from showcam.registry.readings.judge import Rules
from tests.doubles.emf import metrics_of
from tests.doubles.household import OFFER, Household, household
from tests.doubles.runtime_api import Context
from tests.doubles.spoken_echo import Echo, spoken_of

pytestmark = pytest.mark.proves(
    "Each request has one log line with its outcome, and nothing in it was written by a stranger",
    leans_on="double: the assistants",
    also=("tests/whole/test_outcome_lines.py",),
)

SECRET = "sca.abcdefgh.q1w2e3r4t5y6u7i8o9p0"
CARDS = Rules(explain="picture", web_url="https://cam.example")


@pytest.fixture(autouse=True)
def function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "showcam-prod-directives")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    made = household(tmp_path, rules=CARDS)
    yield made
    made.store.close()


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Household]:
    made = household(tmp_path, assistant="google", rules=CARDS)
    yield made
    made.store.close()


def directive(home: Household, kind: str, camera: str = "", token: str = "", **payload: Any) -> bytes:
    namespace, _, name = kind.rpartition(".")
    scope = {"type": "BearerToken", "token": token or home.token()}
    header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": "m", "correlationToken": "c"}
    given: dict[str, Any] = {"header": header, "payload": payload or {"scope": scope}}
    if camera:
        given["endpoint"] = {"scope": scope, "endpointId": camera}
    return json.dumps({"directive": given}).encode()


def streams(protocol: str = "HLS") -> dict[str, Any]:
    return {"cameraStreams": [{"protocol": protocol, "audioCodec": "AAC", "videoCodec": "H264"}]}


def of_alexa(home: Household, body: bytes) -> list[Outcome]:
    with collected() as outcomes:
        SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry).answer(body)
    return outcomes


def of_google(home: Household, intent: str, token: str = "", **payload: Any) -> list[Outcome]:
    fulfillment = Fulfillment(
        partial(authenticate, home.store, assistant="google"),
        home.registry,
        lambda link: None,
        "https://cam.example",
        Pins(home.store),
    )
    given = {"intent": f"action.devices.{intent}"} | ({"payload": payload} if payload else {})
    with collected() as outcomes:
        fulfillment.answer(json.dumps({"requestId": "1", "inputs": [given]}).encode(), token or home.token())
    return outcomes


def execute(home: Household, command: str, params: dict[str, Any], *cameras: str) -> list[Outcome]:
    return of_google(home, "EXECUTE", **payload(home, command, params, *cameras))


def payload(home: Household, command: str, params: dict[str, Any], *cameras: str) -> dict[str, Any]:
    execution = [{"command": f"action.devices.commands.{command}", "params": params}]
    devices = [{"id": home.id(camera)} for camera in cameras]
    return {"commands": [{"devices": devices, "execution": execution}]}


STREAM = {"StreamToChromecast": False, "SupportedStreamProtocols": ["hls"]}
INITIATE = "Alexa.RTCSessionController.InitiateSessionWithOffer"
INITIALIZE = "Alexa.CameraStreamController.InitializeCameraStreams"


@pytest.mark.parametrize(
    ("kind", "camera", "outcome", "reason", "way", "picture"),
    [
        (INITIALIZE, "Garden", "done", "", "open", "shown"),
        # the display was shown a picture: of the reason
        (INITIALIZE, "Garage", "refused", "encryption_on", "card", "card"),
        ("Alexa.ReportState", "Garden", "done", "", "", ""),
        ("Alexa.PowerController.TurnOff", "Garden", "refused", "voice_may_not", "", ""),
    ],
)
def test_a_directive_has_one(
    home: Household, kind: str, camera: str, outcome: Any, reason: str, way: str, picture: Any
) -> None:
    found = of_alexa(home, directive(home, kind, home.id(camera), **(streams() if kind == INITIALIZE else {"x": 1})))
    ids = home.id(camera), home.link.id, home.account.id
    assert found == [Outcome(kind, outcome, reason, way, *ids, "alexa", picture)]


@pytest.mark.parametrize(("sdp", "picture"), [(OFFER, "shown"), ("no offer", "none")])
def test_an_offer_of_alexas_is_answered_with_a_picture_or_is_refused_one(
    home: Household, sdp: str, picture: str
) -> None:
    given: dict[str, Any] = {"sessionId": "s", "offer": {"format": "SDP", "value": sdp}}
    found = of_alexa(home, directive(home, INITIATE, home.id("Garden"), **given))
    assert [one.picture for one in found] == [picture]


def test_a_camera_that_the_registry_refuses_without_a_card_is_a_refusal_too(home: Household) -> None:
    found = of_alexa(home, directive(home, INITIALIZE, home.id("Garden"), **streams("RTSP")))
    assert [(one.outcome, one.reason, one.way, one.picture) for one in found] == [
        ("refused", "no_common_protocol", "", "none")
    ]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"{}", Outcome("unknown", "refused", "INVALID_DIRECTIVE", assistant="alexa")),
        (b"[]" * 9, Outcome("unknown", "refused", "INVALID_DIRECTIVE", assistant="alexa")),
    ],
)
def test_what_can_not_be_read_has_one_without_a_word_of_it(home: Household, body: bytes, found: Outcome) -> None:
    assert of_alexa(home, body) == [found]


@pytest.mark.parametrize("kind", [f"Alexa.{SECRET}", f"{SECRET}.TurnOn"])
def test_nothing_that_a_stranger_wrote_is_in_it(home: Household, kind: str) -> None:
    [found] = of_alexa(home, directive(home, kind, SECRET, token=SECRET))
    assert found == Outcome("unknown", "refused", "INVALID_DIRECTIVE", assistant="alexa")


def test_a_token_of_nobody_is_refused(home: Household) -> None:
    [found] = of_alexa(home, directive(home, INITIALIZE, home.id("Garden"), token=SECRET))
    reason = "INVALID_AUTHORIZATION_CREDENTIAL"
    assert found == Outcome(INITIALIZE, "refused", reason, camera=home.id("Garden"), assistant="alexa", picture="none")


def test_a_store_that_is_away_is_no_refusal(home: Household) -> None:
    body = directive(home, INITIALIZE, home.id("Garden"), **streams())
    home.store.close()
    [found] = of_alexa(home, body)
    assert (found.outcome, found.reason, found.picture) == ("failed", "store", "none")


def test_a_store_that_is_away_is_no_refusal_of_googles_ask_either(google: Household) -> None:
    given = payload(google, "GetCameraStream", STREAM, "Garden")
    token = google.token()
    google.store.close()
    [found] = of_google(google, "EXECUTE", token, **given)
    assert (found.outcome, found.reason, found.picture) == ("failed", "store", "none")


@pytest.mark.parametrize(
    ("intent", "outcome", "reason"),
    [
        ("SYNC", "done", ""),
        ("QUERY", "done", ""),
        ("DISCONNECT", "done", ""),
        (SECRET, "refused", "functionNotSupported"),
    ],
)
def test_an_intent_has_one(google: Household, intent: str, outcome: Any, reason: str) -> None:
    payload: dict[str, Any] = {"devices": [{"id": google.id("Garden")}]} if intent == "QUERY" else {}
    [found] = of_google(google, intent, **payload)
    name = "unknown" if intent == SECRET else intent
    ids = google.link.id, google.account.id
    assert found == Outcome(name, outcome, reason, "", "", *ids, "google")


def test_a_wrong_token_of_googles_is_refused(google: Household) -> None:
    assert of_google(google, "EXECUTE", SECRET) == [Outcome("EXECUTE", "refused", "invalid_token", assistant="google")]


@pytest.mark.parametrize(
    ("cameras", "protocol", "found"),
    [
        (("Garden",), "hls", [("done", "", "open", "shown")]),
        (("Garden",), "webrtc", [("done", "", "open", "awaited")]),  # the display has yet to send its offer
        (("Garage",), "hls", [("refused", "encryption_on", "card", "card")]),
        (("Garden",), "none", [("refused", "no_common_protocol", "", "none")]),
        (
            ("Garden", "Garage", "Attic"),
            "hls",
            [
                ("done", "", "open", "shown"),
                ("refused", "encryption_on", "card", "card"),
                ("refused", "offline", "card", "card"),
            ],
        ),
    ],
)
def test_each_device_of_an_execute_has_one(
    google: Household, cameras: tuple[str, ...], protocol: str, found: list[tuple[str, str, str, str]]
) -> None:
    outcomes = execute(google, "GetCameraStream", STREAM | {"SupportedStreamProtocols": [protocol]}, *cameras)
    assert [(one.name, one.camera) for one in outcomes] == [
        ("EXECUTE GetCameraStream", google.id(camera)) for camera in cameras
    ]
    assert [(one.outcome, one.reason, one.way, one.picture) for one in outcomes] == found
    assert {(one.link, one.account) for one in outcomes} == {(google.link.id, google.account.id)}


def test_a_command_that_no_trait_takes_is_not_named(google: Household) -> None:
    [found] = execute(google, SECRET, {}, "Garden")
    assert (found.name, found.outcome, found.reason) == ("EXECUTE", "refused", "functionNotSupported")


def test_a_body_that_was_not_even_read_has_one() -> None:
    with collected() as outcomes:
        unread(Malformed(SECRET))
    assert outcomes == [Outcome("unknown", "refused", "hardError", assistant="google")]


@pytest.mark.parametrize(
    ("intent", "heard", "outcome", "reason", "way", "picture"),
    [
        ("ShowIntent", "garden", "refused", "too_large", "", "none"),
        ("ShowIntent", "garage", "refused", "encryption_on", "card", "card"),
        ("WhyIntent", "garage", "done", "", "", ""),
        ("SoundOnIntent", "nursery", "refused", "voice_may_not", "", ""),
    ],
)
def test_what_is_spoken_has_one(
    home: Household, intent: str, heard: str, outcome: Any, reason: str, way: str, picture: Any
) -> None:
    echo = Echo(spoken_of(home), home.token())
    with collected() as outcomes:
        echo.intent(intent, heard)
    ids = home.id(heard.capitalize()), home.link.id, home.account.id
    assert outcomes == [Outcome(intent, outcome, reason, way, *ids, "alexa", picture)]


def test_who_is_not_linked_is_refused_by_voice(home: Household) -> None:
    echo = Echo(spoken_of(home), None)
    with collected() as outcomes:
        echo.intent("ShowIntent", "garage")
    assert outcomes == [Outcome("ShowIntent", "refused", "not_linked", assistant="alexa", picture="none")]


def test_what_an_owner_tries_on_the_console_has_none(home: Household) -> None:
    link = replace(home.link, id="home-of-a-browser")
    with collected() as outcomes:
        SmartHome(lambda token: link, home.registry).answer(directive(home, INITIALIZE, home.id("Garden"), **streams()))
    assert outcomes == []


def edge_of(home: Household, report: Callable[[Answered], None]) -> Edge:
    skill = SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry)

    def smart_home(request: Request) -> Response:
        return Response(200, skill.answer(request.body, request.received))

    return Edge(
        [Route("alexa", "/alexa/smart-home", ("POST",), smart_home)],
        lambda environ, start: [],
        EdgeRules(65_536),
        (report,),
    )


def posted(edge: Edge, body: bytes) -> None:
    from io import BytesIO

    environ: dict[str, Any] = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    environ |= {"REQUEST_METHOD": "POST", "PATH_INFO": "/alexa/smart-home", "CONTENT_TYPE": "application/json"}
    setup_testing_defaults(environ)
    list(edge(environ, lambda status, headers, exc_info=None: lambda data: None))


def test_the_requests_line_is_the_directives(home: Household) -> None:
    written: list[bytes] = []
    lines = RequestLines("web", "info", written.append)
    body = directive(home, INITIALIZE, home.id("Garage"), **streams())
    posted(edge_of(home, lines.write), body)
    [line] = [json.loads(text) for text in b"".join(written).splitlines()]
    assert {key: line[key] for key in ("event", "route", "status", "level")} == {
        "event": "request",
        "route": "alexa",
        "status": 200,
        "level": "info",
    }
    assert {key: line[key] for key in ("name", "link", "account", "camera", "way", "outcome", "reason")} == {
        "name": INITIALIZE,
        "link": home.link.id,
        "account": home.account.id,
        "camera": home.id("Garage"),
        "way": "card",
        "outcome": "refused",
        "reason": "encryption_on",
    }
    told = b"".join(written).decode()
    assert not any(secret in told for secret in ("Garage", home.token(), "cam.example", "://"))


def test_refusals_are_counted_by_route_and_reason(home: Household) -> None:
    metrics = Metrics(exposed=False)
    edge = edge_of(home, metrics.count)
    for camera in ("Garage", "Garden", "Garage"):
        posted(edge, directive(home, INITIALIZE, home.id(camera), **streams()))
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8080", "SERVER_PROTOCOL": "HTTP/1.1"}
    counted = metrics.answer(Request("1", "GET", "/metrics", "", b"", environ)).body.decode()
    assert 'showcam_outcomes_total{outcome="refused",reason="encryption_on",route="alexa"} 2.0' in counted
    assert 'showcam_outcomes_total{outcome="done",reason="",route="alexa"} 1.0' in counted


def on_aws(home: Household, body: bytes, level: str = "info") -> None:
    """Writes the lines of the function for Alexa, of the installation whose table is showcam-prod."""
    watch = CloudWatch(level, collected, "showcam-prod")
    skill = SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry)
    watch.watched(lambda event, _: json.loads(skill.answer(json.dumps(event).encode())))(json.loads(body), Context)


@pytest.mark.parametrize("level", ["info", "error"])
@pytest.mark.parametrize(
    ("camera", "protocol", "by_assistant", "reason"),
    [
        ("Garden", "HLS", {"Asks", "Pictures"}, ""),
        ("Garage", "HLS", {"Asks", "Cards"}, "encryption_on"),
        ("Garden", "RTSP", {"Asks"}, "no_common_protocol"),
    ],
)
def test_an_ask_is_counted_by_assistant_and_why_nothing_was_shown_by_reason(
    home: Household,
    capsys: pytest.CaptureFixture[str],
    level: str,
    camera: str,
    protocol: str,
    by_assistant: set[str],
    reason: str,
) -> None:
    on_aws(home, directive(home, INITIALIZE, home.id(camera), **streams(protocol)), level)
    [line] = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    wanted: dict[tuple[str, ...], float] = {("showcam-prod", name, "alexa"): 1.0 for name in by_assistant}
    if reason:
        wanted["showcam-prod", "NotShown", "alexa", reason] = 1
    else:
        wanted["showcam-prod", "HandedOut", "alexa"] = line["ms"]
    assert {key: value for key, value in metrics_of(line).items() if key[0] == "showcam-prod"} == wanted


def test_what_asks_for_no_picture_is_not_counted(home: Household, capsys: pytest.CaptureFixture[str]) -> None:
    on_aws(home, directive(home, "Alexa.ReportState", home.id("Garden"), x=1))
    [line] = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert metrics_of(line) == {}


def lines_of(outcomes: list[Outcome], capsys: pytest.CaptureFixture[str], level: str = "error") -> list[dict[str, Any]]:
    def answer(_event: Any, _context: Any) -> dict[str, Any]:
        for one in outcomes:
            add(one)
        return {}

    CloudWatch(level, collected, "showcam-prod").watched(answer)({}, Context)
    return [json.loads(text) for text in capsys.readouterr().out.splitlines()]


def test_an_offer_is_the_second_half_of_an_ask(capsys: pytest.CaptureFixture[str]) -> None:
    ask = Outcome("EXECUTE GetCameraStream", "done", assistant="google", picture="awaited")
    offer = Outcome("offer", "done", assistant="google", picture="shown")
    first, second = (metrics_of(line) for line in lines_of([ask, offer], capsys))
    assert [*first] == [("showcam-prod", "Asks", "google")]
    assert {key[1] for key in second} == {"Pictures", "HandedOut"}


def test_a_failure_without_a_reason_has_one_in_its_metric(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = lines_of([Outcome(INITIALIZE, "failed", assistant="alexa", picture="none")], capsys)
    assert ("showcam-prod", "NotShown", "alexa", "failed") in metrics_of(line)


@pytest.mark.parametrize(
    ("outcome", "ending", "reason", "lag"),
    [
        ("told", "done", "", {("showcam-prod", "ReportLag", "google"): 2.5}),
        ("first", "done", "", {("showcam-prod", "ReportLag", "google"): 2.5}),
        ("retried", "pending", "retried", {}),
        ("laid_down", "refused", "laid_down", {}),
    ],
)
def test_a_report_has_a_line_with_its_lag(
    home: Household, capsys: pytest.CaptureFixture[str], outcome: Any, ending: str, reason: str, lag: dict[Any, float]
) -> None:
    home.store.look(home.account.id, 1.0)
    claim = home.store.claim(home.account.id, home.link.id, 2.0, 3.0, 9)
    assert claim is not None
    with collected() as outcomes:
        note_outcome("google", claim, outcome, 2.5)
    [line] = lines_of(outcomes, capsys, "info")
    assert (line["name"], line["outcome"], line["reason"]) == ("report", ending, reason)
    assert (line["link"], line["account"]) == (home.link.id, home.account.id)
    assert {key: value for key, value in metrics_of(line).items() if key[0] == "showcam-prod"} == lag


def test_a_function_on_aws_writes_the_same_line_and_counts_a_card_as_a_refusal(
    home: Household, capsys: pytest.CaptureFixture[str]
) -> None:
    watch = CloudWatch("info", collected)
    skill = SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry)
    answer = watch.watched(lambda event, _: json.loads(skill.answer(json.dumps(event).encode())))
    answer(json.loads(directive(home, INITIALIZE, home.id("Garage"), **streams())), Context)
    [line] = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert (line["name"], line["camera"], line["link"]) == (INITIALIZE, home.id("Garage"), home.link.id)
    assert (line["outcome"], line["reason"], line["way"], line["Refusals"]) == ("refused", "encryption_on", "card", 1)
    assert (home.token() in json.dumps(line), "Garage" in json.dumps(line)) == (False, False)
