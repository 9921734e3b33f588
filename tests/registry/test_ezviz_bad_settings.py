"""Any answer of the vendor to a change: the right refusal, one request, no secret disclosed."""

import hashlib
import json
import logging
import re
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.drivers.camera import Camera, Flag, Ref
from showcam.drivers.errors import CameraSilent, DriverError, Refused, SetRefused, SignedOut, VendorBusy, VendorDown
from showcam.drivers.ezviz import answers, sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.sessions import Sessions
from showcam.store.records import Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.needs import CODES, CODES_FILE
from tests.doubles.tls_vendor import Vendors, answer
from tests.doubles.waiting import LONG_S

SERIAL = "F00497201"
CODE, PASSWORD, SESSION, SECRET = "QWERTY", "n3wpassw0rd", "session-of-the-account", "secret-of-the-key"
PAGELIST, LOGIN = "/v3/userdevices/v1/resources/pagelist", "/v3/apigateway/login"
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
        account = sessions.add_owner(self.store, "demo@example.com", open_key=own[0], open_secret=own[1])
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
    return Camera(Ref(source.id, SERIAL, 1), "Garden", id="", asleep="off", audio="on")


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


# each code by the one call that another may follow, by a switch, which the library tries in two ways, and by one of the
# rest
SWITCHES = [given for given in sorted(BY_ACCOUNT) if "switchStatus" in BY_ACCOUNT[given]]
OTHERS = [given for given in sorted(BY_ACCOUNT) if given not in SWITCHES and given != ("flip", "on")]
BY_TURNS = [
    (code, *given)
    for number, code in enumerate(sorted(APP_CODES))
    for given in (("flip", "on"), SWITCHES[number % len(SWITCHES)], OTHERS[number % len(OTHERS)])
]


@pytest.mark.parametrize(("code", "setting", "value"), BY_TURNS)
def test_every_code_of_the_apps_api(cloud: Cloud, setting: str, value: str, code: int) -> None:
    cloud.say = lambda path: app_answer(path, code)
    error = set_by_account(cloud, setting, value)

    kind, reason = APP_CODES[code]
    assert type(error) is kind
    assert word(error) == reason
    # the library tries a switch by its older call too, and a model that does not know the call that sets how its
    # picture stands may know the one that turns it over; nothing else is asked twice
    older = ["/api/device/switchStatus"] if "switchStatus" in BY_ACCOUNT[setting, value] else []
    if setting == "flip" and str(code) in answers.NO_SUCH_CALL:
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
    over = threading.Event()

    def hang(path: str) -> bytes:
        over.wait(LONG_S)
        return answer(b"{}")

    cloud.say = hang
    began = time.monotonic()
    assert isinstance(set_by_account(cloud, "alarm_notification", "off", 0.5), VendorDown)
    assert time.monotonic() - began < LONG_S / 2
    over.set()
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


def test_a_code_means_one_thing() -> None:
    assert not set(answers.OPEN) & answers.DONE
    assert set(answers.OPEN) >= answers.WRONG_CODE
    for code in ("", "x", "99999999", "39", "-1"):
        assert answers.kind(code) == "down"


# Documented codes of calls that are never made here: users and their passwords, invitations, friends, galleries, SDKs,
# steering, presets, subscriptions, recharge cards, devices behind a recorder; and "it went wrong", without more.
NEVER = re.compile(
    r"200|10\d\d|2004|5000|5001|7\d\d\d|100(09|19|20)|2000[345]|20(01[7]|02[0568]|030|033)|20[123]\d\d|"
    r"6000[2-57-9]|6001[0-2]|6002[345]|6003\d|6004[01235-9]|6005[0-47]"
)


@CODES.mark
def test_every_documented_code_is_classified() -> None:
    documented = set(json.loads(CODES_FILE.read_text()))
    known = set(answers.OPEN) | answers.DONE
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
