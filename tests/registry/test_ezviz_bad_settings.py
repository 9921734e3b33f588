"""Any answer of the vendor to a change: the right refusal, one request, no secret disclosed."""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from registry.camera import Camera, Flag, Ref
from registry.drivers.ezviz import codes, households
from registry.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from registry.drivers.ezviz.sessions import Sessions
from registry.errors import CameraSilent, DriverError, Refused, SetRefused, SignedOut, VendorBusy, VendorDown
from registry.settings import BadValue
from store.records import Source
from store.sqlite import SqliteStore
from tests.doubles.tls_vendor import Vendors, answer

SERIAL = "F00497201"
CODE, PASSWORD, SESSION, SECRET = "QWERTY", "n3wpassw0rd", "session-of-the-account", "secret-of-the-key"
PAGELIST, LOGIN = "/v3/userdevices/v1/resources/pagelist", "/v3/apigateway/login"
LONG_S = 20.0
CODES = Path(__file__).parents[2] / ".." / "shared" / "data" / "ezviz" / "open_platform_codes.json"
HTML = b"<html>gateway</html>"

FLIP = f"/v3/iot-feature/feature/{SERIAL}/Video/1/VideoAdjustment/ImageFlip"
MIRROR = f"/v3/basics/v1/devices/{SERIAL}/1/CENTER/mirror"

# setting, value: the call that sets it
BY_ACCOUNT: dict[tuple[str, str], str] = {
    ("audio", "off"): f"/v3/devices/{SERIAL}/0/0/22/switchStatus",
    ("sleep", "on"): f"/v3/devices/{SERIAL}/0/1/21/switchStatus",
    ("status_light", "off"): f"/v3/devices/{SERIAL}/0/0/3/switchStatus",
    ("alarm_notification", "off"): f"/v3/devices/{SERIAL}/1/changeDefenceStatusReq",
    ("offline_notification", "on"): "/api/device/notify/switch",
    ("phone_mute", "on"): f"/v3/alarms/{SERIAL}/1/nodisturb",
    ("sensitivity", "2"): "/api/device/configAlgorithm",
    ("flip", "on"): FLIP,
    ("night_vision", "colour"): f"/v3/devconfig/v1/keyValue/{SERIAL}/1/op",
    ("encryption", "on"): "/v3/devices/encryptedInfo/risk",
}
OLD_STYLE = ("/api/device/notify/switch", "/api/device/switchStatus", "/api/device/configAlgorithm")


def json_answer(data: Any, status: str = "200 OK") -> bytes:
    return answer(json.dumps(data).encode(), status)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Cloud:
    """Both faces at one address. `say` answers the calls that set something; what they are is in `sets`."""

    def __init__(self, vendors: Vendors, store: SqliteStore) -> None:
        self.say: Callable[[str], bytes] = lambda path: json_answer({"meta": {"code": 200}, "code": "200"})
        self.switches: Any = []  # rows of the list
        self.page: dict[str, Any] = {}  # sections of the list in place of its own
        self.password = ""  # of encrypted pictures; "": the list does not tell its digest
        self.vendor = vendors.answering(self._reply)
        hosts = EzvizHosts.of("eu", api=self.vendor.host, open_platform=self.vendor.host)
        self.driver = EzvizDriver(store, hosts, ca_file=self.vendor.ca_file, demo=True)
        self.store = store

    def source(self, *, key: bool = False) -> Source:
        own = ("key", SECRET) if key else (None, None)
        account = households.add_owner(self.store, "demo@example.com", open_key=own[0], open_secret=own[1])
        (source,) = self.store.sources(account.id)
        session = {
            "session_id": SESSION,
            "rf_session_id": "refresh-of-the-account",
            "username": "demo",
            "api_url": self.vendor.host,
            "service_urls": {"sysConf": []},
        }
        Sessions(self.store).signed_in(source, "demo@example.com", session)
        return source

    @property
    def sets(self) -> list[str]:
        quiet = (PAGELIST, LOGIN, "/api/lapp/token/get")
        return [path for path in self.vendor.paths() if path not in quiet]

    def _reply(self, requested: str, _body: bytes, _headers: dict[str, str]) -> bytes:
        path = requested.partition(" ")[2].partition("?")[0]
        if path == PAGELIST:
            night = json.dumps({"graphicType": 2, "luminance": 40, "duration": 30})
            status: dict[str, Any] = {SERIAL: {"isEncrypt": 0, "optionals": {"NightVision_Model": night}}}
            if self.password:
                status[SERIAL]["encryptPwd"] = _md5(_md5(self.password))
            page = {"meta": {"code": 200}, "page": {"hasNext": False}, "deviceInfos": [], "resourceInfos": []}
            return json_answer(page | {"STATUS": status, "SWITCH": {SERIAL: self.switches}} | self.page)
        if path == LOGIN:
            return json_answer({"meta": {"code": 403}})
        if path == "/api/lapp/token/get":
            return json_answer({"code": "200", "data": {"accessToken": "at.1", "expireTime": int(4e12)}})
        return self.say(path)


@pytest.fixture
def cloud(vendors: Vendors, store: SqliteStore) -> Cloud:
    return Cloud(vendors, store)


def camera(source: Source) -> Camera:
    """A camera whose list holds all of its settings."""
    return replace(
        bare(source),
        status_light="on",
        alarm_notification="on",
        offline_notification="off",
        flip="off",
        night_vision="smart",
    )


def bare(source: Source) -> Camera:
    """A camera whose list holds only the settings that every camera has."""
    return Camera("", Ref(source.id, SERIAL, 1), "Garden", asleep="off", audio="on")


def word(error: DriverError | SetRefused | None) -> str:
    """The reason of a refusal, "" for none."""
    return getattr(error, "why", "") or getattr(error, "reason", "")


def app_answer(path: str, code: int) -> bytes:
    if path in OLD_STYLE:
        return json_answer({"resultCode": str(code), "resultDes": SECRET})
    return json_answer({"meta": {"code": code, "message": SECRET, "moreInfo": None}})


def set_by_account(
    cloud: Cloud, setting: str, value: str, seconds: float = LONG_S, code: str = ""
) -> DriverError | SetRefused | None:
    source = cloud.source()
    try:
        cloud.driver.apply(source, camera(source), setting, value, seconds, code=code)  # type: ignore[arg-type]
    except (DriverError, SetRefused) as error:
        return error
    return None


# code: error, its reason or why
APP_CODES: dict[int, tuple[type[Exception], str]] = {
    2000: (Refused, "not_found"),
    2003: (Refused, "offline"),
    2009: (CameraSilent, CameraSilent.reason),
    2030: (SetRefused, "unsupported"),
    10031: (SetRefused, "not_permitted"),
    20002: (Refused, "not_found"),
    20007: (Refused, "offline"),
    60020: (SetRefused, "unsupported"),
    1041: (VendorBusy, "vendor_busy"),
    504: (VendorDown, "vendor_down"),
    500: (VendorDown, "vendor_down"),
    -1: (VendorDown, "vendor_down"),
}


@pytest.mark.parametrize(("setting", "value"), sorted(BY_ACCOUNT))
@pytest.mark.parametrize("code", sorted(APP_CODES))
def test_every_code_of_the_apps_api(cloud: Cloud, setting: str, value: str, code: int) -> None:
    cloud.say = lambda path: app_answer(path, code)
    error = set_by_account(cloud, setting, value)

    kind, reason = APP_CODES[code]
    assert type(error) is kind
    assert word(error) == reason
    # the library tries a switch by its older call too, and a model that does not know the call that sets how its
    # picture stands may know the one that turns it over; nothing else is asked twice
    older = ["/api/device/switchStatus"] if "switchStatus" in BY_ACCOUNT[setting, value] else []
    if setting == "flip" and str(code) in codes.NO_SUCH_CALL:
        older = [MIRROR]
    assert cloud.sets == [BY_ACCOUNT[setting, value], *older]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("status_light", "off"),
        ("alarm_notification", "off"),
        ("offline_notification", "on"),
        ("flip", "on"),
        ("flip", "off"),
        ("night_vision", "colour"),
    ],
)
def test_a_setting_missing_in_the_list_sends_no_request(cloud: Cloud, setting: str, value: str) -> None:
    """The vendor accepts some of them all the same, and would turn over a picture that nobody can check."""
    source = cloud.source()
    with pytest.raises(SetRefused, match="unsupported"):
        cloud.driver.apply(source, bare(source), setting, value, LONG_S)  # type: ignore[arg-type]
    assert cloud.sets == []


def test_a_picture_that_may_stand_either_way_is_not_turned_over(cloud: Cloud) -> None:
    cloud.say = lambda path: app_answer(path, 2030)
    source = cloud.source()
    with pytest.raises(VendorDown):
        cloud.driver.apply(source, replace(camera(source), flip="unknown"), "flip", "on", LONG_S)
    assert cloud.sets == [FLIP]


@pytest.mark.parametrize("listed", ["on", "unknown"])
def test_how_a_picture_stands_is_set_whatever_the_list_said_which_may_be_old(cloud: Cloud, listed: Flag) -> None:
    source = cloud.source()
    cloud.driver.apply(source, replace(camera(source), flip=listed), "flip", "on", LONG_S)
    assert cloud.sets == [FLIP]


FROM_2 = {  # setting, value: the path of the call for the second lens of a camera
    ("alarm_notification", "off"): f"/v3/devices/{SERIAL}/2/changeDefenceStatusReq",
    ("phone_mute", "on"): f"/v3/alarms/{SERIAL}/2/nodisturb",
    ("flip", "on"): FLIP.replace("/1/", "/2/"),
    ("night_vision", "colour"): f"/v3/devconfig/v1/keyValue/{SERIAL}/2/op",
}


@pytest.mark.parametrize(("setting", "value"), sorted(FROM_2))
def test_what_a_lens_has_of_its_own_is_set_for_that_lens(cloud: Cloud, setting: str, value: str) -> None:
    source = cloud.source()
    lens = replace(camera(source), ref=Ref(source.id, SERIAL, 2))
    cloud.driver.apply(source, lens, setting, value, LONG_S)  # type: ignore[arg-type]
    assert cloud.sets == [FROM_2[setting, value]]


def test_the_picture_of_a_lens_is_turned_over_alone(cloud: Cloud) -> None:
    cloud.say = lambda path: app_answer(path, 200 if "mirror" in path else 2030)
    source = cloud.source()
    cloud.driver.apply(source, replace(camera(source), ref=Ref(source.id, SERIAL, 2)), "flip", "on", LONG_S)
    assert cloud.sets == [FLIP.replace("/1/", "/2/"), MIRROR.replace("/1/", "/2/")]


@pytest.mark.parametrize(("battery", "kind", "finest"), [(None, "0", 6), (80, "3", 100)])
def test_the_sensitivity_of_the_detector_that_a_camera_has_is_read_and_set(
    cloud: Cloud, battery: int | None, kind: str, finest: int
) -> None:
    listed = [{"type": each, "value": f"{each}{channel}", "channel": channel} for each in (0, 3) for channel in (1, 2)]
    cloud.page = {
        "deviceInfos": [{"deviceSerial": SERIAL, "supportExt": json.dumps({"61": "1"})}],
        "resourceInfos": [{"deviceSerial": SERIAL, "resourceType": 50, "localIndex": "2"}],
        "STATUS": {SERIAL: {"optionals": {} if battery is None else {"powerRemaining": str(battery)}}},
    }
    cloud.say = lambda path: json_answer({"resultCode": "0", "algorithmConfig": {"algorithmList": listed}})
    source = cloud.source()
    lens = replace(camera(source), ref=Ref(source.id, SERIAL, 2), battery=battery)
    assert cloud.driver.settings(source, lens, LONG_S)["sensitivity"].value == f"{kind}2"
    cloud.driver.apply(source, lens, "sensitivity", str(finest), LONG_S)
    body = parse_qs(cloud.vendor.requests[-1][1].decode())
    assert {name: body[name] for name in ("type", "channelNo", "value")} == {
        "type": [kind],
        "channelNo": ["2"],
        "value": [str(finest)],
    }
    with pytest.raises(BadValue, match=f"from 1 to {finest}"):
        cloud.driver.apply(source, lens, "sensitivity", str(finest + 1), LONG_S)


def supports(**features: str) -> list[dict[str, str]]:
    return [
        {
            "deviceSerial": SERIAL,
            "version": "V1",
            "supportExt": json.dumps({name[1:]: each for name, each in features.items()}),
        }
    ]


def guided(link: str) -> dict[str, Any]:
    return {"deviceInfos": [supports(_62="1")[0] | {"instructionBook": link}]}


def newer(needed: int) -> dict[str, Any]:
    return {SERIAL: {"isNeedUpgrade": needed, "upgradePackageInfo": {"version": "V2"}}}


def optionals(**more: Any) -> dict[str, Any]:
    return {SERIAL: {"optionals": {"NightVision_Model": json.dumps({"graphicType": 2})} | more}}


ON_OFF, SIX = ("on", "off"), ("1", "2", "3", "4", "5", "6")
NOT = "not_this_way"


@pytest.mark.parametrize(
    ("setting", "page", "view"),
    [
        ("sensitivity", {"deviceInfos": supports(_62="1")}, (None, False, (), NOT)),
        ("sensitivity", {"deviceInfos": supports(_61="1")}, (None, True, SIX, "")),
        (
            "sensitivity",
            {"deviceInfos": supports(_61="1"), "STATUS": optionals(powerRemaining="80")},
            (None, True, (), ""),
        ),
        ("night_vision", {"deviceInfos": supports(_274="1")}, ("smart", True, ("black_and_white", "smart"), "")),
        ("night_vision", {"deviceInfos": supports(_62="1")}, ("smart", False, (), NOT)),
        ("night_vision", {"STATUS": {SERIAL: {"optionals": {}}}}, (None, False, (), NOT)),
        ("flip", {}, (None, True, ON_OFF, "")),
        ("flip", {"FEATURE_INFO": {}}, (None, False, (), NOT)),
        ("encryption", {}, (None, True, ON_OFF, "")),
        ("wifi", {}, (None, False, (), NOT)),
        ("user_guide", guided("https://support.ezviz.com/C8W"), ("https://support.ezviz.com/C8W", False, (), NOT)),
        ("user_guide", guided("http://support.ezviz.com/C8W"), (None, False, (), NOT)),
        ("user_guide", guided("https://support.ezviz.com/a b"), (None, False, (), NOT)),
        ("user_guide", guided("https://support.ezviz.com/" + "a" * 300), (None, False, (), NOT)),
        ("version", {"UPGRADE": newer(0)}, ("V1", False, (), NOT)),
        ("version", {"UPGRADE": newer(1)}, ("V1, V2 is there", False, (), NOT)),
        ("version", {"UPGRADE": newer(2)}, ("V1", False, (), NOT)),
        ("version", {"UPGRADE": newer(3)}, ("V1, V2 is there", False, (), NOT)),
        ("storage", {"STATUS": {SERIAL: {"diskState": "00--"}}}, ("ok", False, (), NOT)),
        ("storage", {"STATUS": {SERIAL: {"diskState": "01--"}}}, ("ok, faulty", False, (), NOT)),
        ("storage", {"STATUS": {SERIAL: {"diskState": "9---"}}}, (None, False, (), NOT)),
    ],
)
def test_what_a_camera_has_can_be_set_to_what_it_has(cloud: Cloud, setting: str, page: Any, view: Any) -> None:
    cloud.page = {
        "deviceInfos": supports(_62="1"),
        "resourceInfos": [{"deviceSerial": SERIAL, "resourceType": 50, "localIndex": "1"}],
        "STATUS": optionals(),
        **page,
    }
    source = cloud.source()
    shown = cloud.driver.settings(source, camera(source), LONG_S)[setting]  # type: ignore[index]
    assert (shown.value, shown.can_set, shown.choices, shown.why_not) == view


@pytest.mark.parametrize(
    ("modes", "takes"),
    [((), True), (("colour", "smart"), True), (("black_and_white", "smart"), False), (("smart",), False)],
)
def test_night_vision_is_set_to_what_the_camera_has(cloud: Cloud, modes: tuple[str, ...], takes: bool) -> None:
    source = cloud.source()
    one = replace(camera(source), night_modes=modes)
    if not takes:
        with pytest.raises(BadValue, match=f"night_vision of this camera is {' or '.join(modes)}"):
            cloud.driver.apply(source, one, "night_vision", "colour", LONG_S)
    else:
        cloud.driver.apply(source, one, "night_vision", "colour", LONG_S)
    assert len(cloud.sets) == takes


@pytest.mark.parametrize("optionals", [{}, {"NightVision_Model": ""}, {"NightVision_Model": "?"}])
def test_night_vision_that_is_not_listed_is_not_set(cloud: Cloud, optionals: dict[str, str]) -> None:
    """How bright its light is would be lost."""
    cloud.page = {"STATUS": {SERIAL: {"optionals": optionals}}}
    assert isinstance(set_by_account(cloud, "night_vision", "colour"), VendorDown)
    assert cloud.sets == []


def test_night_vision_keeps_how_bright_its_light_is_and_for_how_long(cloud: Cloud) -> None:
    assert set_by_account(cloud, "night_vision", "colour") is None
    bodies = [body.decode() for request, body in cloud.vendor.requests if request.endswith("/op")]
    assert [json.loads(parse_qs(body)["value"][0]) for body in bodies] == [
        {"graphicType": 1, "luminance": 40, "duration": 30}
    ]


@pytest.mark.parametrize(
    ("rows", "channel"),
    [
        ([], 0),
        ([{"type": 22, "channelNo": 0, "enable": True}], 0),
        ([{"type": 22, "channelNo": 0, "enable": True}, {"type": 22, "channelNo": 1, "enable": True}], 1),
        ([{"type": 22, "channelNo": 2, "enable": True}], 0),
        ([{"type": 303, "channelNo": 1, "enable": True}, {"type": 22, "channelNo": 0, "enable": True}], 0),
        ("?", 0),
    ],
)
def test_a_switch_goes_to_the_device_unless_the_channel_has_a_row_of_that_type(
    cloud: Cloud, rows: Any, channel: int
) -> None:
    cloud.switches = rows
    assert set_by_account(cloud, "audio", "off") is None
    assert cloud.sets == [f"/v3/devices/{SERIAL}/{channel}/0/22/switchStatus"]


def row(kind: int, *, on: bool = True, channel: int = 0) -> dict[str, Any]:
    return {"type": kind, "channelNo": channel, "enable": on}


@pytest.mark.parametrize(
    ("rows", "device", "off"),
    [
        ([], {}, [21]),
        ([row(21, on=False), row(7, on=False)], {}, [21]),  # the list may be old
        ([row(21)], {}, [21]),
        ([row(7), row(21, on=False)], {}, [7]),
        ([row(21), row(7)], {}, [21, 7]),
        ([row(21), row(7)], {"supportExt": '{"62": "0"}'}, [7]),
        ([row(7, channel=2)], {"deviceCategory": "XVR"}, [21]),  # another camera's shutter
    ],
)
def test_a_camera_is_woken_by_what_is_on(cloud: Cloud, rows: Any, device: dict[str, str], off: list[int]) -> None:
    cloud.switches, cloud.page = rows, {"deviceInfos": [{"deviceSerial": SERIAL, **device}]}
    assert set_by_account(cloud, "sleep", "off") is None
    assert cloud.sets == [f"/v3/devices/{SERIAL}/0/0/{kind}/switchStatus" for kind in off]


@pytest.mark.parametrize(
    "body",
    [
        HTML,
        b"",
        b"{",
        b"[]",
        b"null",
        b"12",
        b'{"meta":null}',
        b'{"meta":{}}',
        b'{"meta":{"code":null}}',
        b'{"meta":{"code":"?"}}',
        b'{"meta":[200]}',
        b'{"resultCode":null}',
        b'{"resultCode":{}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"meta":{"code":' + b"9" * 5000 + b"}}",
    ],
)
@pytest.mark.parametrize(("setting", "value"), [("audio", "off"), ("offline_notification", "on"), ("encryption", "on")])
def test_answers_that_are_none(cloud: Cloud, setting: str, value: str, body: bytes) -> None:
    cloud.say = lambda path: answer(body)
    error = set_by_account(cloud, setting, value)
    assert isinstance(error, VendorDown)
    assert len(cloud.sets) <= 2


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("429 Too Many Requests", VendorBusy),
        ("500 Internal Server Error", VendorDown),
        ("502 Bad Gateway", VendorDown),
        ("403 Forbidden", VendorDown),
        ("302 Found", VendorDown),
        ("401 Unauthorized", SignedOut),  # and the refresh id is dead too: only a person mends that
    ],
)
def test_http_errors(cloud: Cloud, status: str, expected: type[DriverError]) -> None:
    cloud.say = lambda path: answer(HTML, status, "Location: http://10.0.0.1/")
    assert type(set_by_account(cloud, "alarm_notification", "off")) is expected
    assert len(cloud.sets) == 1


def test_a_vendor_that_hangs_is_left_at_the_deadline(cloud: Cloud) -> None:
    def hang(path: str) -> bytes:
        time.sleep(4)
        return answer(b"{}")

    cloud.say = hang
    began = time.monotonic()
    assert isinstance(set_by_account(cloud, "alarm_notification", "off", 0.5), VendorDown)
    assert time.monotonic() - began < 3.5
    assert len(cloud.sets) == 1


def test_an_answer_without_end(cloud: Cloud) -> None:
    cloud.say = lambda path: answer(b" " * 10_000_000)
    assert isinstance(set_by_account(cloud, "alarm_notification", "off"), VendorDown)
    assert len(cloud.sets) == 1


def test_a_code_goes_out_once(cloud: Cloud) -> None:
    """1011 is a wrong code or one that firmware no longer takes: a repeated try would count against the owner."""
    cloud.say = lambda path: app_answer(path, 1011)
    error = set_by_account(cloud, "encryption", "off", code=CODE)
    assert isinstance(error, SetRefused)
    assert error.why == "wrong_code"
    assert cloud.sets == [BY_ACCOUNT["encryption", "on"]]


# what switching it off without a code, by the label's and by a mailed one comes to, by the vendor's code
OFF_CODES: dict[int, tuple[str, str, str]] = {
    1011: ("code_mailed", "wrong_code", "wrong_mailed_code"),
    1012: ("old", "old", "old"),
    1041: ("too_often", "too_often", "too_often"),
    1043: ("guessed", "guessed", "guessed"),
    2009: ("silent", "silent", "silent"),
    2030: ("unsupported", "unsupported", "unsupported"),
    5002: ("code_wanted", "wrong_code", "wrong_code"),
    10001: ("too_soon", "too_soon", "too_soon"),
    2003: ("offline", "offline", "offline"),
    2031: ("not_taken", "not_taken", "not_taken"),  # in no public list
    50000: ("vendor_down", "vendor_down", "vendor_down"),
}
MAILS = "/v3/users/checkcode/mt"


@pytest.mark.parametrize("code", sorted(OFF_CODES))
@pytest.mark.parametrize(("given", "which"), [("", 0), (CODE, 1), ("0123", 2), ("01234567", 2)])
def test_every_code_of_switching_encryption_off(cloud: Cloud, code: int, given: str, which: int) -> None:
    cloud.say = lambda path: app_answer(path, 200 if path == MAILS else code)
    assert word(set_by_account(cloud, "encryption", "off", code=given)) == OFF_CODES[code][which]
    # one is mailed for a person who has none, and never otherwise
    assert cloud.sets == [BY_ACCOUNT["encryption", "on"], *[MAILS] * (OFF_CODES[code][which] == "code_mailed")]


@pytest.mark.parametrize("password", [CODE, "123456", "01234567"])
def test_for_a_right_code_that_firmware_takes_no_longer_another_is_mailed(cloud: Cloud, password: str) -> None:
    """A password of digits looks as a mailed code does, and the list says which it is."""
    cloud.password = password
    cloud.say = lambda path: app_answer(path, 200 if path == MAILS else 1011)
    assert word(set_by_account(cloud, "encryption", "off", code=password)) == "code_mailed"
    assert cloud.sets == [BY_ACCOUNT["encryption", "on"], MAILS]


def test_a_wrong_code_is_not_sent_where_the_list_tells_that_it_is_one(cloud: Cloud) -> None:
    cloud.password = PASSWORD
    source = cloud.source()
    with pytest.raises(SetRefused, match="wrong_code"):
        cloud.driver.apply(source, camera(source), "encryption", "off", LONG_S, code=CODE)
    with pytest.raises(SetRefused, match="wrong_code"):
        cloud.driver.change_password(source, camera(source), CODE, "another1", LONG_S)
    assert cloud.sets == []


@pytest.mark.parametrize(("code", "sent"), [("", []), ("0123", ["0123"]), (CODE, [CODE])])
def test_the_code_that_was_given_is_sent_and_no_empty_one(cloud: Cloud, code: str, sent: list[str]) -> None:
    assert set_by_account(cloud, "encryption", "off", code=code) is None
    bodies = [body.decode() for request, body in cloud.vendor.requests if BY_ACCOUNT["encryption", "on"] in request]
    query = parse_qs(bodies[0], keep_blank_values=True)
    assert (query["isEncrypt"], query.get("validateCode", [])) == (["0"], sent)


@pytest.mark.parametrize("value", ["on", "off"])
def test_encryption_of_a_shared_camera_is_not_asked_to_change(cloud: Cloud, value: str) -> None:
    source = cloud.source()
    with pytest.raises(SetRefused, match="not_permitted"):
        cloud.driver.apply(source, replace(camera(source), owner="shared"), "encryption", value, LONG_S)
    assert cloud.sets == []


@pytest.mark.parametrize(
    ("code", "why"), [(1041, "too_often"), (10001, "too_soon"), (1043, "guessed"), (500, "vendor_down")]
)
def test_a_code_that_is_not_mailed(cloud: Cloud, code: int, why: str) -> None:
    cloud.say = lambda path: app_answer(path, code if path == MAILS else 1011)
    assert word(set_by_account(cloud, "encryption", "off")) == why


def test_a_code_means_one_thing() -> None:
    assert not set(codes.OPEN) & codes.DONE
    assert set(codes.OPEN) >= codes.WRONG_CODE
    for code in ("", "x", "99999999", "39", "-1"):
        assert codes.kind(code) == "down"


# Documented codes of calls that are never made here: users and their passwords, invitations, friends, galleries, SDKs,
# steering, presets, subscriptions, recharge cards, devices behind a recorder; and "it went wrong", without more.
NEVER = re.compile(
    r"200|10\d\d|2004|5000|5001|7\d\d\d|100(09|19|20)|2000[345]|20(01[7]|02[0568]|030|033)|20[123]\d\d|"
    r"6000[2-57-9]|6001[0-2]|6002[345]|6003\d|6004[01235-9]|6005[0-47]"
)


@pytest.mark.skipif(not CODES.exists(), reason="the vendor's list of codes is not beside the project")
def test_every_documented_code_is_classified() -> None:
    documented = set(json.loads(CODES.read_text()))
    known = set(codes.OPEN) | codes.DONE
    assert {code for code in documented - known if not NEVER.fullmatch(code)} == set()


def test_no_secret_is_logged_or_raised(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    raised_texts = []
    source = cloud.source(key=True)
    acts: list[Callable[[], None]] = [
        lambda: cloud.driver.apply(source, camera(source), "encryption", "off", LONG_S, code=CODE),
        lambda: cloud.driver.change_password(source, camera(source), CODE, PASSWORD, LONG_S),
    ]
    kinds: dict[int, type[Exception]] = {1011: SetRefused, 2003: Refused, 500: VendorDown}
    for code, kind in kinds.items():
        cloud.say = partial(app_answer, code=code)
        for act in acts:
            with pytest.raises(kind) as raised:
                act()
            raised_texts.append(repr(raised.value) + str(raised.value) + repr(raised.value.__cause__))
    logged = "\n".join(record.getMessage() + str(record.__dict__) for record in caplog.records)
    for secret in (CODE, PASSWORD, SESSION, SECRET, "refresh-of-the-account", SERIAL):
        assert secret not in logged
        assert secret not in "\n".join(raised_texts)
