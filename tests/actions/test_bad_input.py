"""Improper requests: an answer with an error code, 401 for the token alone, and never an exception."""

import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.fulfillment import Fulfillment
from actions.request import MOST_DEVICES, MOST_EXECUTIONS
from showcam.accounts.links import authenticate, mint
from showcam.accounts.pins import Pins
from showcam.drivers.camera import Camera
from showcam.engine.source import SourceSpec
from showcam.registry.preferences import Preferences
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Source
from tests.doubles.household import Household, household

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[str, dict[str, Any]], None]

DO = "action.devices.commands"
GET = f"{DO}.GetCameraStream"
TWICE = b'{"intent":"action.devices.SYNC"},{"intent":"action.devices.SYNC"}'
SYNC = b'{"requestId":"1","inputs":[{"intent":"action.devices.SYNC"}]}'


def executed(device: Any, execution: Any) -> dict[str, Any]:
    return {"commands": [{"devices": [device], "execution": [execution]}]}


# the body (with a good token), the payload's error code, the request id that could be read
NO_INTENT: list[tuple[bytes, str, str]] = [
    (b"", "hardError", ""),
    (b"{", "hardError", ""),
    (b"null", "hardError", ""),
    (b"[]", "hardError", ""),
    (b"\xff", "hardError", ""),
    (b"[" * 100_000, "hardError", ""),
    (b'{"requestId":"7","inputs":' + b"[" * 100_000, "hardError", "7"),
    (b'{"inputs":' + b"[" * 1000 + b"]" * 1000 + b',"requestId":"7"}', "hardError", "7"),
    (b'{"inputs":{"requestId":"6","deep":' + b"[" * 70 + b"]" * 70 + b'},"requestId":"7"}', "hardError", "7"),
    (b'[{"requestId":"7","deep":' + b"[" * 70 + b"]" * 70 + b"}]", "hardError", ""),
    (b'{"requestId":{"a":' + b"[" * 70 + b"]" * 70 + b"}}", "hardError", ""),
    (b'{"requestId":"7","inputs":[{"intent":"action.devices.SYNC"', "hardError", "7"),
    (b'{"requestId":"7","inputs":[{"intent":"\\ud800"}]}', "hardError", "7"),
    (b'{"requestId":"7","inputs":[{"intent":"\xff"}]}', "hardError", "7"),
    (b'{"requestId":"7', "hardError", ""),
    (b'{"requestId":"7"}', "hardError", "7"),
    (b'{"requestId":"7","inputs":{}}', "hardError", "7"),
    (b'{"requestId":"7","inputs":[]}', "hardError", "7"),
    (b'{"requestId":"7","inputs":[{}]}', "hardError", "7"),
    (b'{"requestId":"7","inputs":[{"intent":4}]}', "hardError", "7"),
    (b'{"requestId":"7","inputs":["action.devices.SYNC"]}', "hardError", "7"),
    (
        b'{"requestId":"7","inputs":[{"intent":"action.devices.SYNC"},{"intent":"action.devices.SYNC"}]}',
        "hardError",
        "7",
    ),
    (b'{"requestId":7,"inputs":[{"intent":"action.devices.TOAST"}]}', "functionNotSupported", "7"),
    (b'{"requestId":6894439706274654512000,"inputs":[]}', "hardError", "6894439706274654512000"),
    (b'{"requestId":true,"inputs":[]}', "hardError", ""),
    (b'{"requestId":"7","inputs":[{"intent":"action.devices.IDENTIFY"}]}', "functionNotSupported", "7"),
    (b'{"requestId":"7","inputs":[{"intent":""}]}', "functionNotSupported", "7"),
]


@pytest.mark.parametrize(("body", "code", "request_id"), NO_INTENT, ids=lambda value: str(value)[:60])
def test_a_body_without_intent_is_an_error(
    body: bytes, code: str, request_id: str, home: Household, fulfillment: Fulfillment
) -> None:
    status, answered = fulfillment.answer(body, home.token())
    answer = json.loads(answered)
    assert (status, answer["requestId"], answer["payload"]["errorCode"]) == (200, request_id, code)


WRONG: list[tuple[str, Any, str]] = [
    ("QUERY", None, "hardError"),
    ("QUERY", [], "hardError"),
    ("QUERY", {"devices": "x"}, "hardError"),
    ("QUERY", {"devices": ["x"]}, "hardError"),
    ("QUERY", {"devices": [{"id": 4}]}, "hardError"),
    ("QUERY", {"devices": [{"id": str(number)} for number in range(MOST_DEVICES + 1)]}, "hardError"),
    ("EXECUTE", None, "hardError"),
    ("EXECUTE", {"commands": {}}, "hardError"),
    ("EXECUTE", {"commands": [{}]}, "hardError"),
    ("EXECUTE", executed({"id": None}, {"command": GET}), "hardError"),
    ("EXECUTE", executed({"id": "x"}, {"command": 3}), "hardError"),
    ("EXECUTE", {"commands": [{"devices": [{"id": "x"}] * (MOST_EXECUTIONS + 1), "execution": []}]}, "hardError"),
]


@pytest.mark.parametrize(("intent", "payload", "code"), WRONG, ids=lambda value: str(value)[:60])
def test_a_wrong_payload_is_an_error(intent: str, payload: Any, code: str, send: Send, valid_if_known: Check) -> None:
    answered = send(intent, payload)
    valid_if_known(intent, {"requestId": "1", "payload": answered})
    assert answered["errorCode"] == code


@pytest.mark.parametrize("command", ["action.devices.commands.Dock", "GetCameraStream", ""])
def test_an_unknown_command_is_not_supported(command: str, home: Household, send: Send, valid_if_known: Check) -> None:
    answered = send("EXECUTE", executed({"id": home.id("Garden")}, {"command": command, "params": {}}))
    valid_if_known("EXECUTE", {"requestId": "1", "payload": answered})
    assert answered["commands"][0]["errorCode"] == "functionNotSupported"


@pytest.mark.parametrize(
    "odd", ["hls", [], {"SupportedStreamProtocols": "hls"}, {"StreamToChromecast": "yes"}], ids=str
)
def test_odd_params_are_read_as_none(odd: Any, home: Household, send: Send) -> None:
    answered = send("EXECUTE", executed({"id": home.id("Garden")}, {"command": GET, "params": odd}))
    assert answered["commands"][0]["states"]["cameraStreamProtocol"] == "hls"


def ended(home: Household) -> str:
    token = home.token(link := home.another_link("google"))
    assert home.store.end_link(link.id, 1.0)
    return token


def expired(home: Household) -> str:
    text, row = mint(home.link.id, "access", "cameras", 1.0)
    assert home.store.add_tokens([row])
    return text


TOKENS: list[tuple[str, Callable[[Household], str | None]]] = [
    ("none", lambda home: None),
    ("an empty one", lambda home: ""),
    ("none of ours", lambda home: "ya29.something"),
    ("an invented one", lambda home: f"sca.{home.link.id}.invented"),
    ("one of the other assistant", lambda home: home.token(home.another_link("alexa"))),
    ("one of a link that has ended", ended),
    ("one that is over", expired),
]


@pytest.mark.parametrize("body", [SYNC, b"{"], ids=["SYNC", "nonsense"])
@pytest.mark.parametrize(("says", "token"), TOKENS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_token_alone_is_answered_with_401(
    says: str, token: Callable[[Household], str | None], body: bytes, home: Household, fulfillment: Fulfillment
) -> None:
    assert fulfillment.answer(body, token(home)) == (401, b'{"error":"invalid_token"}')


def test_a_thousand_devices_are_answered_each_once(home: Household, send: Send, valid_if_known: Check) -> None:
    garden = home.id("Garden")
    ids = [garden, *(f"ezviz-{number:020}" for number in range(MOST_DEVICES - 1))]
    answered = send("QUERY", {"devices": [{"id": device_id} for device_id in [*ids, *ids]]})
    valid_if_known("QUERY", {"requestId": "1", "payload": answered})
    assert list(answered["devices"]) == ids
    assert {device.get("errorCode") for device in answered["devices"].values()} == {None, "deviceNotFound"}
    assert answered["devices"][garden]["status"] == "SUCCESS"


@pytest.mark.parametrize("depth", [10, 450, 100_000])
@pytest.mark.parametrize("place", ["customData", "params", "challenge", "structureData"])
def test_deep_nesting_is_answered(
    place: str, depth: int, home: Household, fulfillment: Fulfillment, valid_if_known: Check
) -> None:
    deep = '{"a":[' * depth + "1" + "]}" * depth
    device = f'{{"id":"{home.id("Garden")}","customData":{deep if place == "customData" else "{}"}}}'
    rest = "".join(f',"{key}":{deep}' for key in ("params", "challenge") if key == place)
    execution = f'{{"command":"action.devices.commands.OnOff"{rest}}}'
    payload = f'{{"commands":[{{"devices":[{device}],"execution":[{execution},{execution}]}}]'
    payload += f',"structureData":{deep}}}' if place == "structureData" else "}"
    body = f'{{"requestId":"1","inputs":[{{"intent":"action.devices.EXECUTE","payload":{payload}}}]}}'
    status, answered = fulfillment.answer(body.encode(), home.token())
    answer = json.loads(answered)
    assert (status, answer["requestId"]) == (200, "1")
    valid_if_known("EXECUTE" if "commands" in answer["payload"] else "SYNC", answer)


def test_another_households_camera_is_not_found(home: Household, send: Send, tmp_path: Any) -> None:
    other = household(tmp_path, user="other@example.com", store=home.store)
    device = {"id": other.id("Garden")}
    answered = send("EXECUTE", executed(device, {"command": GET}))
    assert answered["commands"][0]["errorCode"] == "deviceNotFound"
    assert send("QUERY", {"devices": [device]})["devices"][device["id"]]["errorCode"] == "deviceNotFound"


def test_a_store_failure_is_logged_once_with_the_request(
    home: Household, fulfillment: Fulfillment, caplog: pytest.LogCaptureFixture
) -> None:
    token = home.token()
    home.store.close()
    with caplog.at_level(logging.INFO):
        status, answered = fulfillment.answer(SYNC.replace(b'"1"', b'"question-1"'), token)
    answer = json.loads(answered)
    assert (status, answer["requestId"], answer["payload"]["errorCode"]) == (200, "question-1", "transientError")
    [record] = [record for record in caplog.records if record.name == "actions.fulfillment"]
    assert "question-1" in record.getMessage()
    assert token not in caplog.text


def test_an_exception_is_a_hard_error_logged_once(
    home: Household, fulfillment: Fulfillment, caplog: pytest.LogCaptureFixture
) -> None:
    token = home.token()
    home.driver.error = ZeroDivisionError("a fault")  # type: ignore[assignment]
    with caplog.at_level(logging.INFO):
        status, answered = fulfillment.answer(SYNC.replace(b'"1"', b'"m\\nforged"'), token)
    assert (status, json.loads(answered)["payload"]["errorCode"]) == (200, "hardError")
    assert b"a fault" not in answered
    assert len([record for record in caplog.records if record.name == "actions.fulfillment"]) == 1
    assert "forged" not in caplog.text


@pytest.mark.proves(
    "What fails with one camera of an EXECUTE leaves the others their answers", leans_on="published: Google's schema"
)
@pytest.mark.parametrize(
    ("error", "code"),
    [(StoreUnavailable("away"), "transientError"), (ZeroDivisionError("a fault"), "hardError")],
    ids=["store", "fault"],
)
@pytest.mark.parametrize("others", [(), ("Front Door",)], ids=["alone", "beside another"])
def test_what_fails_with_one_device_is_its_answer_and_leaves_the_others_theirs(
    error: Exception,
    code: str,
    others: tuple[str, ...],
    home: Household,
    send: Send,
    valid_if_known: Check,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    its_own = home.driver.mint

    def mint(source: Source, camera: Camera, *given: Any, **named: Any) -> SourceSpec:
        if camera.name == "Garden":
            raise error
        return its_own(source, camera, *given, **named)

    monkeypatch.setattr(home.driver, "mint", mint)
    ids = [home.id(name) for name in ("Garden", *others)]
    devices, params = [{"id": camera} for camera in ids], {"SupportedStreamProtocols": ["hls"]}
    with caplog.at_level(logging.WARNING):
        execution = [{"command": GET, "params": params}]
        answered = send("EXECUTE", {"commands": [{"devices": devices, "execution": execution}]})
    valid_if_known("EXECUTE", {"requestId": "1", "payload": answered})
    assert [command["ids"] for command in answered["commands"]] == [[camera] for camera in ids]
    failed, *rest = answered["commands"]
    assert (failed["status"], failed["errorCode"]) == ("ERROR", code)
    assert [command["status"] for command in rest] == ["SUCCESS" for _ in others]
    assert "a fault" not in json.dumps(answered)
    assert [record.name for record in caplog.records] == ["actions.executions"]


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Household, Fulfillment, str]]:
    home = household(tmp_path_factory.mktemp("home"), assistant="google", opens_per_minute=1_000_000)
    home.driver.change("Garden", night_vision="colour", can_restart=True, battery=50)
    may = Preferences(voice_may=("sleep", "audio", "night_vision", "restart"))
    home.owner.prefer(home.account.id, home.id("Garden"), may)
    Pins(home.store).set(home.account.id, "2468")
    door = Fulfillment(
        partial(authenticate, home.store, assistant="google"),
        home.registry,
        lambda link: None,
        "https://home.example",
        Pins(home.store),
    )
    yield home, door, home.token()
    home.store.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def proper(home: Household) -> list[dict[str, Any]]:
    device = {"id": home.id("Garden"), "customData": {}}
    params = {"StreamToChromecast": False, "SupportedStreamProtocols": ["webrtc", "hls"]}
    toggle = {"updateToggleSettings": {"audio": True}}
    mode = {"updateModeSettings": {"night_vision": "smart"}}
    payloads: list[tuple[str, Any]] = [
        ("SYNC", {}),
        ("QUERY", {"devices": [device, {"id": home.id("Attic")}]}),
        ("EXECUTE", executed(device, {"command": GET, "params": params})),
        ("EXECUTE", executed(device, {"command": f"{DO}.OnOff", "params": {"on": False}, "challenge": {"pin": "1"}})),
        ("EXECUTE", executed(device, {"command": f"{DO}.SetToggles", "params": toggle, "challenge": {"ack": True}})),
        ("EXECUTE", executed(device, {"command": f"{DO}.SetModes", "params": mode, "challenge": {"ack": True}})),
        ("EXECUTE", executed(device, {"command": f"{DO}.Reboot", "params": {}, "challenge": {"ack": True}})),
        ("DISCONNECT", {}),
    ]
    return [
        {"requestId": "1", "inputs": [{"intent": f"action.devices.{intent}", "payload": payload}]}
        for intent, payload in payloads
    ]


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def changed(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with one place replaced, or removed where the value is `...`."""
    if not path:
        return None if value is ... else value
    copy = dict(node) if isinstance(node, dict) else list(node)
    if len(path) == 1 and value is ...:
        del copy[path[0]]
    else:
        copy[path[0]] = changed(copy[path[0]], path[1:], value)
    return copy


@settings(max_examples=400, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_request_wrong_in_any_place_gets_an_answer_valid_by_the_schema(
    data: st.DataObject, open_house: tuple[Household, Fulfillment, str], valid_if_known: Check
) -> None:
    home, door, token = open_house
    request = data.draw(st.sampled_from(proper(home)))
    intent = request["inputs"][0]["intent"].removeprefix("action.devices.")
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.sampled_from(list(places(request))))
        request = changed(request, place, data.draw(JSON | st.just(...)))
    status, answered = door.answer(json.dumps(request).encode(), token)
    answer = json.loads(answered)
    assert status == 200
    assert token.encode() not in answered
    if "errorCode" in answer.get("payload", {}):
        intent = "SYNC"  # an error of the whole payload has the same shape for every intent
    valid_if_known(intent, answer)


@settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary() | JSON.map(lambda value: json.dumps(value).encode()), bearer=st.none() | st.text())
def test_any_bytes_are_answered(
    body: bytes, bearer: str | None, open_house: tuple[Household, Fulfillment, str]
) -> None:
    _, door, token = open_house
    assert door.answer(body, bearer)[0] == 401
    assert isinstance(json.loads(door.answer(body, token)[1]), dict)
