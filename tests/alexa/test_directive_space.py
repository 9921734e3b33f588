"""Every directive of the reference with anything in it missing, of the wrong type or enormous, and its right error."""

import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from showcam.accounts.links import authenticate
from showcam.alexa.gateway import Amazon, Gateway
from showcam.alexa.interfaces import household_interfaces, interfaces
from showcam.alexa.smart_home import SmartHome
from showcam.registry.preferences import Preferences
from showcam.registry.scenes import scenes_of
from showcam.simulator import authority
from tests.doubles.household import OFFER, Household, household
from tests.doubles.ready_screens import ReadyScreens
from tests.doubles.tls_vendor import Vendors, answer

type Check = Callable[[dict[str, Any]], None]
type Path = tuple[Any, ...]

TOKENS = {"access_token": "Atza|one", "refresh_token": "Atzr|one", "token_type": "bearer", "expires_in": 3600}
SESSIONS = "Alexa.RTCSessionController"
SCOPE = {"type": "BearerToken", "token": "here"}  # stands for the link's token
STREAM = {
    "protocol": "HLS",
    "resolution": {"width": 1920, "height": 1080},
    "authorizationType": "NONE",
    "videoCodec": "H264",
    "audioCodec": "AAC",
}
BY_ID = {"identifiers": ["a"]}
GRANT = {"type": "OAuth2.AuthorizationCode", "code": "A1"}
OFFERED = {"sessionId": "s", "offer": {"format": "SDP", "value": OFFER}}

# namespace, name, instance, payload, the answer to it unchanged: an event, or the error where it is not advertised
DIRECTIVES: list[tuple[str, str, str, Any, str]] = [
    ("Alexa", "ReportState", "", {}, "StateReport"),
    ("Alexa.Authorization", "AcceptGrant", "", {"grant": GRANT, "grantee": SCOPE}, "AcceptGrant.Response"),
    ("Alexa.CameraStreamController", "InitializeCameraStreams", "", {"cameraStreams": [STREAM]}, "Response"),
    ("Alexa.Discovery", "Discover", "", {"scope": SCOPE}, "Discover.Response"),
    ("Alexa.ModeController", "AdjustMode", "Camera.NightVision", {"modeDelta": 1}, "INVALID_DIRECTIVE"),
    ("Alexa.ModeController", "SetMode", "Camera.NightVision", {"mode": "NightVision.Smart"}, "Response"),
    ("Alexa.PowerController", "TurnOff", "", {}, "Response"),
    ("Alexa.PowerController", "TurnOn", "", {}, "Response"),
    ("Alexa.RangeController", "AdjustRangeValue", "Camera.Pan", {"rangeValueDelta": 1}, "INVALID_DIRECTIVE"),
    ("Alexa.RangeController", "SetRangeValue", "Camera.Pan", {"rangeValue": 1}, "INVALID_DIRECTIVE"),
    ("Alexa.SceneController", "Activate", "", {}, "ActivationStarted"),
    ("Alexa.SceneController", "Deactivate", "", {}, "DeactivationStarted"),
    (SESSIONS, "InitiateSessionWithOffer", "", OFFERED, "AnswerGeneratedForSession"),
    (SESSIONS, "SessionConnected", "", {"sessionId": "s"}, "SessionConnected"),
    (SESSIONS, "SessionDisconnected", "", {"sessionId": "s"}, "SessionDisconnected"),
    (SESSIONS, "UpdateSessionWithOffer", "", OFFERED, "INVALID_DIRECTIVE"),
    ("Alexa.DataController", "DeleteData", "Camera.SmartVisionData", BY_ID, "INVALID_DIRECTIVE"),
    ("Alexa.DataController", "ReportData", "Camera.SmartVisionData", BY_ID, "INVALID_DIRECTIVE"),
    ("Alexa.SmartVision.ObjectDetectionSensor", "SetObjectDetectionClasses", "", {
        "objectDetectionClasses": [{"imageNetClass": "person"}]}, "Response"),
    ("Alexa.SmartVision.SnapshotProvider", "GetSnapshot", "", {"preferOnDemandSnapshot": True}, "Snapshot"),
    ("Alexa.ToggleController", "TurnOff", "Camera.ImageEncryption", {}, "NOT_SUPPORTED_IN_CURRENT_MODE"),
    ("Alexa.ToggleController", "TurnOff", "Camera.StatusLight", {}, "Response"),
    ("Alexa.ToggleController", "TurnOn", "Camera.StatusLight", {}, "Response"),
]  # fmt: skip
TVS = ("Living room TV",)
NO_ENDPOINT = ("AcceptGrant", "Discover")

LONG = "é" * 20_000
DEEP = json.loads("[" * 70 + "]" * 70)
# `...`: removed
WIDE: list[Any] = [[]] * 10_000
SPOILT = [..., None, True, 7, 1 << 70, -1e308, "", "x", LONG, "\ud800", [], WIDE, DEEP, {}, {LONG: LONG}]

# the wrong place and its possible errors; of two places that fit, the longer. "": the place is not read
RIGHT: dict[Path, set[str]] = {
    (): {"INVALID_DIRECTIVE"},
    ("header",): {"INVALID_DIRECTIVE", ""},
    ("header", "namespace"): {"INVALID_DIRECTIVE"},
    ("header", "name"): {"INVALID_DIRECTIVE"},
    ("endpoint",): {"INVALID_DIRECTIVE"},
    ("endpoint", "cookie"): {"INVALID_DIRECTIVE", ""},
    ("endpoint", "endpointId"): {"INVALID_DIRECTIVE", "NO_SUCH_ENDPOINT"},
    ("endpoint", "scope"): {"INVALID_DIRECTIVE", "INVALID_AUTHORIZATION_CREDENTIAL", ""},
    ("endpoint", "scope", "token"): {"INVALID_DIRECTIVE", "INVALID_AUTHORIZATION_CREDENTIAL"},
    ("payload",): {"INVALID_DIRECTIVE", "INVALID_VALUE", "INVALID_AUTHORIZATION_CREDENTIAL", ""},
    ("payload", "scope"): {"INVALID_DIRECTIVE", "INVALID_AUTHORIZATION_CREDENTIAL", ""},
    ("payload", "scope", "token"): {"INVALID_DIRECTIVE", "INVALID_AUTHORIZATION_CREDENTIAL"},
    ("payload", "grantee"): {"INVALID_DIRECTIVE", "ACCEPT_GRANT_FAILED", ""},
}
ANY = {"NOT_SUPPORTED_IN_CURRENT_MODE", *(error for right in RIGHT.values() for error in right)}


class House(NamedTuple):
    home: Household
    skill: SmartHome
    token: str

    def proper(self, namespace: str, name: str, instance: str, payload: Any) -> dict[str, Any]:
        """The valid directive for the Garden, or for its scene."""
        header = {"namespace": namespace, "name": name, "messageId": "m", "correlationToken": "c+/=1"}
        directive = {"header": header | ({"instance": instance} if instance else {}), "payload": payload}
        if name not in NO_ENDPOINT:
            camera = self.home.id("Garden")
            scene = scenes_of(camera, TVS)[0].id
            endpoint = scene if namespace == "Alexa.SceneController" else camera
            directive["endpoint"] = {"scope": SCOPE, "endpointId": endpoint, "cookie": {}}
        return dict(json.loads(json.dumps({"directive": directive}).replace('"here"', json.dumps(self.token))))

    def answer(self, message: Any, valid: Check) -> str:
        """The error's type, or "" for an answer. Checks what holds for every answer."""
        answered = self.skill.answer(json.dumps(message).encode())
        reply = json.loads(answered)
        valid(reply)
        assert reply["event"]["header"].get("correlationToken") == echoed(message)
        assert self.token.encode() not in answered
        return str(reply["event"]["payload"]["type"]) if reply["event"]["header"]["name"] == "ErrorResponse" else ""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("home")
    vendors = Vendors(folder / "ca.pem", authority.server_context(folder))
    login = vendors.answering(
        lambda request_line, body, headers: answer(
            json.dumps(TOKENS if request_line.startswith("POST") else {"endpoints": [login.url]}).encode()
        )
    )
    home = household(folder, opens_per_minute=1_000_000)
    decided = Preferences(voice_may=("sleep", "status_light", "night_vision"), tv_scenes=TVS)
    home.owner.prefer(home.account.id, home.id("Garden"), decided)
    home.registry.scenes.cast_with(ReadyScreens())
    gateway = Gateway(home.store, Amazon(login.host, login.ca_file), "amzn1.application-oa2-client.x", "its-secret")
    yield House(
        home, SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry, gateway), home.token()
    )
    vendors.end()
    home.store.close()


@pytest.fixture
def awake(house: House) -> House:
    house.home.driver.change("Garden", status_light="on", night_vision="smart", motion="off", person="off")
    house.home.driver.change("Garden", asleep="off")
    return house


def echoed(message: Any) -> str | None:
    """The correlation token that an answer must carry: any text without half a surrogate pair."""
    for key in ("directive", "header", "correlationToken"):
        message = message.get(key) if isinstance(message, dict) else None
    if not isinstance(message, str) or any("\ud800" <= character <= "\udfff" for character in message):
        return None
    return message or None


def places(node: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(inner)[:4]:
        yield from places(value, (*path, key))


def changed(node: Any, path: Path, value: Any) -> Any:
    """A copy with one place replaced, or removed where the value is `...`."""
    if not path:
        return None if value is ... else value
    copy = dict(node) if isinstance(node, dict) else list(node)
    if len(path) == 1 and value is ...:
        del copy[path[0]]
    else:
        copy[path[0]] = changed(copy[path[0]], path[1:], value)
    return copy


def right(path: Path) -> set[str]:
    while path not in RIGHT:
        path = path[:-1]
    return RIGHT[path]


def test_every_directive_of_every_interface_is_covered(house: House) -> None:
    table = interfaces(house.home.registry, snapshots=True)
    of_household = household_interfaces(
        house.home.registry, lambda token: house.home.link, None, table, lambda link: False, lambda link: None
    )
    taken = {(interface.name, name) for interface in table for name in interface.directives()}
    taken |= {(interface.name, name) for interface in of_household for name in interface.directives()}
    assert taken == {
        (namespace, name) for namespace, name, *_, expected in DIRECTIVES if expected != "INVALID_DIRECTIVE"
    }


@pytest.mark.parametrize(("namespace", "name", "instance", "payload", "expected"), DIRECTIVES)
def test_a_valid_directive_gets_its_answer(
    namespace: str, name: str, instance: str, payload: Any, expected: str, awake: House, valid_if_known: Check
) -> None:
    message = awake.proper(namespace, name, instance, payload)
    kind = awake.answer(message, valid_if_known)
    reply = json.loads(awake.skill.answer(json.dumps(message).encode()))["event"]
    assert (kind or reply["header"]["name"]) == expected


@pytest.mark.parametrize(("namespace", "name", "instance", "payload", "expected"), DIRECTIVES)
def test_a_directive_wrong_in_one_place_gets_that_places_error(
    namespace: str,
    name: str,
    instance: str,
    payload: Any,
    expected: str,
    awake: House,
    valid_if_known: Check,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    message = awake.proper(namespace, name, instance, payload)
    # a directive refused unchanged may be refused for the same cause
    otherwise = {expected} if expected.isupper() else set()
    for path in places(message):
        for value in SPOILT:
            kind = awake.answer(changed(message, path, value), valid_if_known)
            assert kind in right(path[1:]) | otherwise, (path, str(value)[:40])
    assert not caplog.records


# several at once have fewer brackets than are looked through for what an answer repeats (showcam.net.text)
JSON = st.recursive(
    st.sampled_from([WIDE[:1000] if value is WIDE else value for value in SPOILT[1:]])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=3), st.integers(1, 50_000)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
MANY = settings(
    max_examples=400, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@MANY
@given(data=st.data())
def test_a_directive_wrong_in_several_places_gets_one_of_their_errors(
    data: st.DataObject, house: House, valid_if_known: Check
) -> None:
    namespace, name, instance, payload, _ = data.draw(st.sampled_from(DIRECTIVES))
    message: Any = house.proper(namespace, name, instance, payload)
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.sampled_from(list(places(message))))
        message = changed(message, place, data.draw(JSON | st.just(...)))
    assert house.answer(message, valid_if_known) in ANY


@MANY
@given(body=st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_body_that_is_no_directive_is_invalid(body: bytes, house: House, valid_if_known: Check) -> None:
    message = json.loads(house.skill.answer(body))
    valid_if_known(message)
    assert message["event"]["payload"]["type"] == "INVALID_DIRECTIVE"
