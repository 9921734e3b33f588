"""WebRTC signalling as Google's player does it, from a page of another origin."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.signalling import Signalling
from showcam.drivers.camera import Stream, StreamRequest
from showcam.engine.messages import MediaBusy, MediaUnavailable
from tests.doubles.household import OFFER, Household

GSTATIC = "https://www.gstatic.com"
PRACTICE = "http://127.0.0.1:8082"
ANSWER = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n"


@pytest.fixture
def signalling(home: Household) -> Signalling:
    return Signalling(home.offers, (GSTATIC, PRACTICE))


def opened(home: Household, name: str = "Garden") -> Stream:
    stream = home.registry.open_stream(home.link, home.id(name), StreamRequest("google", ("webrtc",)))
    assert isinstance(stream, Stream)
    return stream


def post(
    signalling: Signalling, body: Any, grant: str, authorization: str | None = None
) -> tuple[int, dict[str, str], Any]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, headers, answered = signalling.answer("POST", grant, GSTATIC, authorization, sent)
    received_headers = dict(headers)
    assert received_headers["Access-Control-Allow-Origin"] == GSTATIC
    assert received_headers["Vary"] == "Origin"
    kind = "application/json" if status == 200 else "application/problem+json"
    assert received_headers["Content-Type"] == kind
    answer = json.loads(answered)
    if status != 200:
        assert answer.keys() == {"type", "title", "status", "detail"}
        assert answer["status"] == status
    return status, received_headers, answer


SHAPES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("as documented", {"action": "offer", "deviceId": "ID", "sdp": OFFER}, {"action": "answer", "sdp": ANSWER}),
    ("a session description", {"type": "offer", "sdp": OFFER}, {"type": "answer", "sdp": ANSWER}),
    ("an offer alone", {"offer": OFFER}, {"answer": ANSWER}),
    ("one within", {"offer": {"type": "offer", "sdp": OFFER}, "deviceId": "ID"}, {"answer": ANSWER}),
    ("an answer, which nobody waits for", {"action": "answer", "deviceId": "ID", "sdp": OFFER}, {}),
    ("the end", {"action": "end", "deviceId": "ID"}, {}),
    ("the end, without a device", {"action": "end"}, {}),
]


@pytest.mark.parametrize(
    ("says", "body", "expected"), SHAPES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_offer_is_answered_in_the_shape_it_came_in(
    says: str, body: dict[str, Any], expected: dict[str, Any], home: Household, signalling: Signalling
) -> None:
    sent = {key: home.id("Garden") if value == "ID" else value for key, value in body.items()}
    status, _, answer = post(signalling, sent, opened(home).grant)
    assert (status, answer) == (200, expected)


def test_the_offer_goes_to_the_camera_and_the_end_ends_it(home: Household, signalling: Signalling) -> None:
    grant = opened(home).grant
    post(signalling, {"action": "offer", "deviceId": home.id("Garden"), "sdp": OFFER}, grant)
    post(signalling, {"action": "end", "deviceId": home.id("Garden")}, grant)
    [(claims, _, offer, session)] = home.pictures.answered
    assert (claims.camera, offer) == (home.id("Garden"), OFFER)
    assert home.pictures.ended == [(home.link.id, session)]


PLACES: list[tuple[str, Callable[[str, str], tuple[str, str | None]], int]] = [
    ("in the path", lambda mine, other: (mine, None), 200),
    ("in the header", lambda mine, other: ("", f"Bearer {mine}"), 200),
    ("in both", lambda mine, other: (mine, f"bearer  {mine}"), 200),
    ("nowhere", lambda mine, other: ("", None), 401),
    ("nowhere, with another scheme", lambda mine, other: ("", f"Basic {mine}"), 401),
    ("of another camera", lambda mine, other: (other, None), 403),
    ("of another camera in the header", lambda mine, other: (mine, f"Bearer {other}"), 403),
    ("of another camera in the path", lambda mine, other: (other, f"Bearer {mine}"), 403),
    ("forged", lambda mine, other: (f"{mine[:-4]}AAAA", None), 403),
    ("forged in the header", lambda mine, other: (mine, "Bearer sca.link.secret"), 403),
    ("of nobody", lambda mine, other: ("x", None), 403),
    ("not even text", lambda mine, other: ("é" * 2000, None), 403),
]


@pytest.mark.parametrize("action", ["offer", "answer", "end"])
@pytest.mark.parametrize(
    ("says", "place", "expected"), PLACES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_grant_must_be_for_the_device(
    says: str,
    place: Callable[[str, str], tuple[str, str | None]],
    expected: int,
    action: str,
    home: Household,
    signalling: Signalling,
) -> None:
    grant, authorization = place(opened(home).grant, opened(home, "Front Door").grant)
    body = {"action": action, "deviceId": home.id("Garden"), "sdp": OFFER}
    status, _, _ = post(signalling, body, grant, authorization)
    assert status == expected
    if expected != 200:
        assert (home.pictures.answered, home.pictures.ended) == ([], [])


@pytest.mark.parametrize("device", ["", 5, {}, ["x"], "ezviz-aaaaaaaaaaaaaaaaaaaa"], ids=str)
def test_a_message_for_another_device_is_refused(device: Any, home: Household, signalling: Signalling) -> None:
    status, _, _ = post(signalling, {"action": "offer", "deviceId": device, "sdp": OFFER}, opened(home).grant)
    assert status == 403


def old_grant(home: Household, protocol: Any = "webrtc", now: float | None = None) -> str:
    grant, _ = home.grants.issue(
        account=home.account.id,
        link=home.link.id,
        camera=home.id("Garden"),
        protocol=protocol,
        surface="google",
        now=time.time() - 3600 if now is None else now,
        life_s=60,
    )
    return grant


def test_an_expired_grant_starts_no_stream_and_can_still_end_one(home: Household, signalling: Signalling) -> None:
    body = {"deviceId": home.id("Garden"), "sdp": OFFER}
    assert post(signalling, {"action": "offer", **body}, old_grant(home))[0] == 410
    assert home.pictures.answered == []
    assert post(signalling, {"action": "end", **body}, old_grant(home))[0] == 200
    assert len(home.pictures.ended) == 1


def test_a_grant_for_another_protocol_opens_nothing(home: Household, signalling: Signalling) -> None:
    for protocol in ("hls", "snapshot", "session"):
        assert post(signalling, {"action": "offer", "sdp": OFFER}, old_grant(home, protocol, time.time()))[0] == 403


BODIES: list[Any] = [
    b"",
    b"{",
    b"\xff",
    b"[" * 100_000,
    [],
    None,
    "offer",
    {},
    {"action": "dance"},
    {"action": ["offer"]},
]
NO_OFFERS: list[Any] = [None, 5, "", "hello", "v=0", "v=0\r\nm=audio 9 RTP/AVP 0", {"sdp": 5}, OFFER * 1000]


@pytest.mark.parametrize("body", BODIES, ids=lambda value: str(value)[:30])
def test_a_body_that_is_no_message_is_a_problem(body: Any, home: Household, signalling: Signalling) -> None:
    assert post(signalling, body, opened(home).grant)[0] == 400


@pytest.mark.parametrize("sdp", NO_OFFERS, ids=lambda value: str(value)[:30])
def test_sdp_that_is_no_offer_is_a_problem(sdp: Any, home: Household, signalling: Signalling) -> None:
    body = {"action": "offer", "deviceId": home.id("Garden"), "sdp": sdp}
    assert post(signalling, body, opened(home).grant)[0] == 400


# the change between stream and offer, the status, words of the detail
SINCE: list[tuple[str, Callable[[Household], Any], int, str]] = [
    (
        "encryption",
        lambda home: home.driver.change("Garden", encryption="on"),
        409,
        "Image Encryption is on for Garden",
    ),
    ("audio", lambda home: home.driver.change("Garden", audio="off"), 409, "Audio is off"),
    ("gone", lambda home: home.driver.set([]), 404, "no camera"),
    ("unlinked", lambda home: home.store.end_link(home.link.id, 1.0), 404, "no camera"),
    ("full", lambda home: setattr(home.pictures, "error", MediaBusy()), 429, "household already watches"),
    ("media", lambda home: setattr(home.pictures, "error", MediaUnavailable()), 503, "could not be started"),
    ("too large", lambda home: setattr(home.pictures, "unplayed", "beyond_displays"), 409, "1920×1080"),
    ("store", lambda home: home.store.close(), 503, "Try again"),
    ("fault", lambda home: setattr(home.pictures, "error", ZeroDivisionError("a fault")), 500, "log"),
]


@pytest.mark.parametrize(("says", "happens", "expected", "words"), SINCE, ids=lambda value: str(value)[:12])
def test_the_gate_runs_again_at_the_offer(
    says: str,
    happens: Callable[[Household], Any],
    expected: int,
    words: str,
    home: Household,
    signalling: Signalling,
) -> None:
    grant, device = opened(home).grant, home.id("Garden")
    happens(home)
    status, _, problem = post(signalling, {"action": "offer", "deviceId": device, "sdp": OFFER}, grant)
    assert status == expected
    assert words in problem["detail"]
    assert "a fault" not in str(problem)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (GSTATIC, GSTATIC),
        (PRACTICE, PRACTICE),
        ("https://evil.example", GSTATIC),
        ("https://www.gstatic.com.evil.example", GSTATIC),
        ("null", GSTATIC),
        ("*", GSTATIC),
        (None, GSTATIC),
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "POST", "GET"])
def test_only_the_players_origin_may_read_any_answer(
    method: str, origin: str | None, allowed: str, signalling: Signalling
) -> None:
    status, headers, _ = signalling.answer(method, "x", origin, None, b"{}")
    received_headers = dict(headers)
    assert status == {"OPTIONS": 204, "POST": 400, "GET": 405}[method]
    assert received_headers["Access-Control-Allow-Origin"] == allowed
    assert received_headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"
    assert received_headers["Access-Control-Allow-Headers"] == "Authorization, Authentication, Content-Type"


def test_the_preflight_needs_no_grant_and_opens_nothing(home: Household, signalling: Signalling) -> None:
    assert signalling.answer("OPTIONS", "", GSTATIC, None, b"")[0] == 204
    assert home.driver.calls == {}


WORDS = st.text() | st.integers()


@settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["POST", "OPTIONS", "GET", "FOO"]),
    grant=st.text(),
    origin=st.none() | st.text(),
    bearer=st.none() | st.text(),
    message=st.binary()
    | st.dictionaries(st.sampled_from(["sdp", "deviceId"]), WORDS)
    | st.fixed_dictionaries({"offer": WORDS}, optional={"sdp": WORDS, "deviceId": WORDS}),
)
def test_any_body_is_answered_and_opens_nothing(
    method: str,
    grant: str,
    origin: str | None,
    bearer: str | None,
    message: bytes | dict[str, str | int],
    home: Household,
    signalling: Signalling,
) -> None:
    authorization = None if bearer is None else f"Bearer {bearer}"
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    status, headers, _ = signalling.answer(method, grant, origin, authorization, body)
    if method != "POST":
        expected = 204 if method == "OPTIONS" else 405
    elif isinstance(message, bytes) or "offer" not in message:
        expected = 400
    else:
        expected = 403 if grant or (bearer or "").strip() else 401
    assert status == expected
    assert dict(headers)["Access-Control-Allow-Origin"] == GSTATIC
    assert home.pictures.answered == []
