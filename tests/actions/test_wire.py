"""Intents and their answers, as they go over the wire."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from actions.fulfillment import Fulfillment
from actions.signalling import Signalling
from showcam.accounts.links import authenticate
from showcam.accounts.pins import Pins
from showcam.drivers.camera import Video
from showcam.engine.source import Card
from showcam.registry.adapter import adapt
from tests.doubles.alike import alike
from tests.doubles.household import MEDIA_URL, OFFER, Household

pytestmark = pytest.mark.proves(
    "Every answer to Google is valid",
    leans_on="published: Google's schemas of 2021",
    also=("tests/actions/test_sync.py",),
)

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[str, dict[str, Any]], None]

GET = "action.devices.commands.GetCameraStream"
HLS = {"cameraStreamProtocol": "hls", "cameraStreamAccessUrl": re.compile(rf"{MEDIA_URL}/s/[\w.-]+/master\.m3u8")}
WEBRTC = {
    "cameraStreamProtocol": "webrtc",
    "cameraStreamSignalingUrl": re.compile(r"https://home\.example/google/webrtc/[\w.-]+"),
    "cameraStreamAuthToken": re.compile(r"[\w.-]+"),
}


def params(*protocols: str, cast: bool = False) -> dict[str, Any]:
    return {"StreamToChromecast": cast, "SupportedStreamProtocols": list(protocols)}


def shown(stream: dict[str, Any]) -> dict[str, Any]:
    return {"status": "SUCCESS", "states": {"online": True, **stream}}


def failed(code: str, words: str, status: str = "ERROR") -> dict[str, Any]:
    return {"status": status, "errorCode": code, "debugString": re.compile(words)}


@dataclass(frozen=True)
class Get:
    """GetCameraStream of one camera."""

    says: str
    params: Any
    answer: dict[str, Any]
    camera: str = "Garden"


GETS = [
    Get("WebRTC first, where both have it", params("hls", "webrtc"), shown(WEBRTC)),
    Get("HLS to a Chromecast", params("hls", cast=True), shown(HLS)),
    Get("WebRTC to one that plays that too", params("hls", "dash", "webrtc", cast=True), shown(WEBRTC)),
    Get("WebRTC to one that lists nothing else of ours", params("webrtc", cast=True), shown(WEBRTC)),
    Get("what a phone asks for", params("hls", "dash", "smooth_stream", "progressive_mp4"), shown(HLS)),
    Get("HLS where no list is given", {}, shown(HLS)),
    Get("HLS where the list is empty", params(), shown(HLS)),
    Get("HLS where there are no params", None, shown(HLS)),
    Get("nothing in common", params("dash"), failed("functionNotSupported", ".*any protocol.*")),
    Get(
        "a list of nonsense",
        {"SupportedStreamProtocols": [1, None, {}]},
        failed("functionNotSupported", ".*any protocol.*"),
    ),
    Get("Image Encryption on", params("webrtc"), failed("streamUnplayable", ".*Image Encryption is on.*"), "Garage"),
    Get("Audio off", params("webrtc"), failed("deviceNotReady", "Audio is off for Nursery.*switch it on."), "Nursery"),
    Get("offline", params("webrtc"), failed("deviceOffline", "Attic is offline.*", "OFFLINE"), "Attic"),
    Get("asleep", params("hls"), failed("deviceTurnedOff", ".*Sleep Mode.*"), "Bedroom"),
    Get("H.265", params("hls"), failed("streamUnplayable", r".*H\.265.*"), "Pond"),
    Get("no such camera", params("hls"), failed("deviceNotFound", ".*no camera.*"), "ezviz-aaaaaaaaaaaaaaaaaaaa"),
]


@pytest.mark.parametrize("case", GETS, ids=lambda case: case.says)
def test_get_camera_stream_is_answered(case: Get, home: Household, send: Send, valid_if_known: Check) -> None:
    listed = home.owner.cameras(home.account.id).cameras
    device = next((camera.id for camera in listed if camera.name == case.camera), case.camera)
    execution = {"command": GET} | ({} if case.params is None else {"params": case.params})
    answered = send("EXECUTE", {"commands": [{"devices": [{"id": device}], "execution": [execution]}]})
    valid_if_known("EXECUTE", {"requestId": "1", "payload": answered})
    assert alike(answered, {"commands": [{"ids": [device], **case.answer}]})


@pytest.mark.proves("Google is given showcam's own TV page for HLS on a TV", leans_on="published: Google's schema")
@pytest.mark.parametrize(
    ("given", "own"),
    [
        (params("hls", cast=True), True),
        (params("hls"), False),
        (params("webrtc", "hls", cast=True), False),
        ({"SupportedStreamProtocols": ["hls"]}, False),
    ],
    ids=["HLS on a TV", "HLS elsewhere", "WebRTC", "not said where"],
)
def test_a_tv_is_told_of_the_receiver_that_was_registered(
    given: dict[str, Any], own: bool, home: Household, valid_if_known: Check
) -> None:
    garden = home.id("Garden")
    door = Fulfillment(
        partial(authenticate, home.store, assistant="google"),
        home.registry,
        lambda link: None,
        "https://home.example",
        Pins(home.store),
        "0123ABCD",
    )
    commands = [{"devices": [{"id": garden}], "execution": [{"command": GET, "params": given}]}]
    asked = {"requestId": "1", "inputs": [{"intent": "action.devices.EXECUTE", "payload": {"commands": commands}}]}
    answered = json.loads(door.answer(json.dumps(asked).encode(), home.token())[1])
    valid_if_known("EXECUTE", answered)
    states = answered["payload"]["commands"][0]["states"]
    assert states.get("cameraStreamReceiverAppId") == ("0123ABCD" if own else None)


UHD, SMALL, MIXED = Video("h264", 3840, 2160), Video("h264", 640, 360), Video("h264", 1280, 720, b_frames=True)


@pytest.mark.parametrize(
    ("given", "whole", "sub", "expected"),
    [
        (params("hls", cast=True), UHD, SMALL, ("hls", "sub")),
        (params("webrtc", "hls"), UHD, SMALL, ("webrtc", "sub")),
        (params("hls", cast=True), UHD, None, "streamUnplayable"),
        (params("webrtc", "hls"), MIXED, SMALL, ("hls", "main")),
        (params("webrtc"), MIXED, SMALL, ("webrtc", "sub")),
        (params("webrtc"), MIXED, None, "functionNotSupported"),
    ],
)
def test_a_display_gets_a_picture_that_it_decodes(
    given: dict[str, Any], whole: Video, sub: Video | None, expected: Any, home: Household, send: Send
) -> None:
    home.driver.change("Garden", video=whole, sub=sub)
    commands = [{"devices": [{"id": home.id("Garden")}], "execution": [{"command": GET, "params": given}]}]
    [command] = send("EXECUTE", {"commands": commands})["commands"]
    shown = [(claim.protocol, claim.picture) for claim, _ in home.pictures.warmed if claim.protocol != "snapshot"]
    assert (shown or [command.get("errorCode")]) == [expected]


@dataclass(frozen=True)
class Query:
    says: str
    camera: str
    answer: dict[str, Any]
    state: dict[str, Any] = field(default_factory=dict)


EVERY = ("online", "status", "errorCode", "debugString")  # keys of every camera, whatever its traits
QUERIES = [
    Query("all well", "Garden", {"online": True, "status": "SUCCESS"}),
    Query("offline", "Attic", {"online": False, **failed("deviceOffline", "Attic is offline.*", "OFFLINE")}),
    Query("not ours", "ezviz-aaaa", {"online": False, **failed("deviceNotFound", ".*no camera.*")}),
    Query("asleep is not offline", "Bedroom", {"online": True, "status": "SUCCESS", "debugString": re.compile(".+")}),
    Query(
        "nor is a camera that can't be shown",
        "Garage",
        {"online": True, "status": "SUCCESS", "debugString": re.compile("Image Encryption is on for Garage.*")},
    ),
    Query(
        "nor one of which nobody knows",
        "Garden",
        {"online": True, "status": "SUCCESS", "debugString": re.compile(".+")},
        {"online": "unknown"},
    ),
]


@pytest.mark.parametrize("case", QUERIES, ids=lambda case: case.says)
def test_query_is_answered(case: Query, home: Household, send: Send, valid_if_known: Check) -> None:
    if case.state:
        home.driver.change(case.camera, **case.state)
    listed = home.owner.cameras(home.account.id).cameras
    device = next((camera.id for camera in listed if camera.name == case.camera), case.camera)
    answered = send("QUERY", {"devices": [{"id": device, "customData": {"x": 1}}]})
    valid_if_known("QUERY", {"requestId": "1", "payload": answered})
    health = {key: value for key, value in answered["devices"][device].items() if key in EVERY}
    assert alike({**answered, "devices": {device: health}}, {"devices": {device: case.answer}})


def test_the_grant_is_the_same_in_the_address_and_the_token_and_for_that_camera(home: Household, send: Send) -> None:
    states = stream_of(home, send, "Garden", params("webrtc"))
    grant = states["cameraStreamAuthToken"]
    assert states["cameraStreamSignalingUrl"] == f"https://home.example/google/webrtc/{grant}"
    assert home.offers.camera(grant) == home.id("Garden")


def stream_of(home: Household, send: Send, name: str, given: dict[str, Any]) -> dict[str, Any]:
    commands = [{"devices": [{"id": home.id(name)}], "execution": [{"command": GET, "params": given}]}]
    [command] = send("EXECUTE", {"commands": commands})["commands"]
    return dict(command["states"])


def test_every_device_of_every_command_is_answered_once(home: Household, send: Send, valid_if_known: Check) -> None:
    garden, door, attic = ({"id": home.id(name)} for name in ("Garden", "Front Door", "Attic"))
    get = {"command": GET, "params": params("hls")}
    on = {"command": "action.devices.commands.BrightnessAbsolute", "params": {"brightness": 65}}
    commands = [
        {"devices": [garden, attic, garden], "execution": [get]},
        {"devices": [door], "execution": [on]},
        {"devices": [garden], "execution": [get, get]},
        {"devices": [{"id": "ezviz-nobody"}], "execution": []},
    ]
    answered = send("EXECUTE", {"commands": commands})
    valid_if_known("EXECUTE", {"requestId": "1", "payload": answered})
    results = [(command["ids"], command["status"], command.get("errorCode")) for command in answered["commands"]]
    assert results == [
        ([garden["id"]], "SUCCESS", None),
        ([attic["id"]], "OFFLINE", "deviceOffline"),
        ([door["id"]], "ERROR", "functionNotSupported"),
        (["ezviz-nobody"], "ERROR", "functionNotSupported"),
    ]
    assert home.driver.calls["mint"] == 1


def test_devices_get_streams_of_their_own(home: Household, send: Send) -> None:
    urls = {
        stream_of(home, send, name, params("hls", cast=True))["cameraStreamAccessUrl"]
        for name in ("Garden", "Front Door")
    }
    assert len(urls) == 2


def test_when_time_runs_out_the_rest_is_a_transient_error(home: Household, send: Send, valid_if_known: Check) -> None:
    commands = [{"devices": [{"id": home.id("Garden")}], "execution": [{"command": GET}]}]
    answered = send("EXECUTE", {"commands": commands}, waited_s=60.0)
    valid_if_known("EXECUTE", {"requestId": "1", "payload": answered})
    assert answered["commands"][0]["errorCode"] == "transientError"
    assert home.driver.calls["mint"] == 0


@pytest.mark.parametrize(
    ("camera", "shown_for"), [("Garage", "Image Encryption is on"), ("Attic", "offline"), ("Nursery", "Audio is off")]
)
def test_with_explain_a_refused_camera_is_answered_with_a_card(
    camera: str,
    shown_for: str,
    home: Household,
    make_fulfillment: Callable[[Household], Fulfillment],
    valid_if_known: Check,
) -> None:
    rules = replace(home.rules, explain="picture", web_url="https://home.example")
    home.adapter = adapt(home.store, {"ezviz": home.driver}, home.pictures, home.grants, rules)
    execution = {"command": GET, "params": params("webrtc", "hls")}
    commands = [{"devices": [{"id": home.id(camera)}], "execution": [execution]}]
    request = {"requestId": "1", "inputs": [{"intent": "action.devices.EXECUTE", "payload": {"commands": commands}}]}
    answer = json.loads(make_fulfillment(home).answer(json.dumps(request).encode(), home.token())[1])
    valid_if_known("EXECUTE", answer)
    [command] = answer["payload"]["commands"]
    assert alike(command, {"ids": [home.id(camera)], "status": "SUCCESS", "states": WEBRTC})  # not online: a card
    [(_, source)] = home.pictures.warmed
    assert (type(source), source.card[0]) == (Card, camera)
    assert shown_for in " ".join(source.card)
    answered = Signalling(home.offers).answer(
        "POST",
        command["states"]["cameraStreamAuthToken"],
        None,
        None,
        json.dumps({"action": "offer", "sdp": OFFER}).encode(),
    )
    assert (answered[0], json.loads(answered[2])["action"]) == (200, "answer")


def test_disconnect_ends_that_link_alone_and_is_answered_empty(
    home: Household, fulfillment: Fulfillment, valid_if_known: Check
) -> None:
    other, token = home.another_link("google"), home.token()
    body = b'{"requestId":"1","inputs":[{"intent":"action.devices.DISCONNECT"}]}'
    assert fulfillment.answer(body, token) == (200, b"{}")
    valid_if_known("DISCONNECT", {})
    assert fulfillment.answer(body, token)[0] == 401
    assert (home.link.id, "") in home.pictures.ended
    sync = b'{"requestId":"1","inputs":[{"intent":"action.devices.SYNC"}]}'
    assert fulfillment.answer(sync, home.token(other))[0] == 200


def test_keys_of_real_requests_that_the_schema_lacks_are_accepted(home: Household, fulfillment: Fulfillment) -> None:
    execution = {"command": GET, "params": params("hls") | {"x": 1}, "challenge": {"pin": "1234"}}
    payload = {"commands": [{"devices": [{"id": home.id("Garden"), "customData": {}}], "execution": [execution]}]}
    given = {
        "requestId": "ff36a3cc-ec34-11e6-b1a0-64510650abcf",
        "inputs": [
            {
                "intent": "action.devices.EXECUTE",
                "context": {"locale_country": "NO", "locale_language": "nb"},
                "payload": payload | {"structureData": {}},
            }
        ],
    }
    status, body = fulfillment.answer(json.dumps(given).encode(), home.token())
    answer = json.loads(body)
    assert (status, answer["requestId"]) == (200, given["requestId"])
    assert answer["payload"]["commands"][0]["status"] == "SUCCESS"
