"""Each call of the vendor's, answered as badly as can be: the right refusal, in time, and no storm of tries."""

import json
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.drivers.camera import Camera, Ref, Video
from showcam.drivers.errors import DriverError, Refused, VendorBusy, VendorDown
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.answers import ahead_s, kind_of
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.messages import register
from showcam.drivers.ezviz.open_platform import Key
from showcam.engine.grants import Picture
from showcam.engine.source import Hls
from showcam.store.records import Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.tls_vendor import Vendor, Vendors, answer, request_of
from tests.doubles.waiting import LONG_S

ANSWERED_S, HUNG_S = LONG_S, 3.0  # for a vendor that answers, and for one that does not
SESSION = {"session_id": "s", "rf_session_id": "r", "username": "u", "feature_code": "f"}
FAR_FUTURE_MS = 4_102_444_800_000


@dataclass
class Ezviz:
    driver: EzvizDriver
    source: Source
    vendor: Vendor

    @property
    def camera(self) -> Camera:
        return Camera(Ref(self.source.id, "F00497201", 1), "Garden", id="", ways=("open",))


# what is asked of the driver, and what of the vendor's paths the bad answer stands at
CALLS: dict[str, tuple[Callable[[Ezviz, float], Any], str]] = {
    "list": (lambda it, within_s: it.driver.read(it.source, within_s), "/v3/userdevices/v1/resources/pagelist"),
    "messages": (lambda it, within_s: it.driver.happened(it.source, 0.0, within_s), "/v3/unifiedmsg/list"),
    "wake": (lambda it, within_s: it.driver.account.wake(it.source, it.camera, within_s), "/v3/specialBizs"),
    "urls": (
        lambda it, within_s: it.driver.account.push_session(it.source, within_s),
        "/v3/configurations/system/info",
    ),
    "register": (
        lambda it, within_s: register(it.driver._http, it.driver.account.push_session(it.source, within_s), within_s),
        "/v1/getClientId",
    ),
    "start": (
        lambda it, within_s: register(it.driver._http, it.driver.account.push_session(it.source, within_s), within_s),
        "/api/push/start",
    ),
    "token": (lambda it, within_s: it.driver.mint(it.source, it.camera, "open", within_s), "/api/lapp/token/get"),
    "address": (
        lambda it, within_s: it.driver.mint(it.source, it.camera, "open", within_s),
        "/api/lapp/v2/live/address/get",
    ),
}

# what comes in the place of a right answer
BODIES: dict[str, bytes] = {
    "nothing": answer(b""),
    "html": answer(b"<html><body>maintenance</body></html>"),
    "no UTF-8": answer(b"\xff\xfe\x00"),
    "half": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n" + b'{"meta":{"code":',
    "null": answer(b"null"),
    "list": answer(b"[]"),
    "empty": answer(b"{}"),
    "nulls": answer(b'{"meta":null,"code":null,"data":null,"status":null,"deviceInfos":null,"message":null}'),
    "words": answer(b'{"meta":{"code":"x"},"code":"x","data":"x","status":"x","deviceInfos":"x"}'),
    "deep": answer(b"[" * 100_000),
    "500": answer(b"oops", "500 Internal Server Error"),
    "503": answer(b"", "503 Service Unavailable"),
    "too long": answer(b'{"a":"' + b"x" * 10_000_000 + b'"}'),
    "moved to a private address": answer(b"", "302 Found", "Location: https://169.254.169.254/latest/meta-data"),
    "moved to itself": answer(b"", "307 Temporary Redirect", "Location: /v3/userdevices/v1/resources/pagelist"),
}


def right(vendor: Vendor, path: str) -> bytes:
    """As the vendor answers where nothing is wrong."""
    ok: dict[str, Any] = {"meta": {"code": 200}}
    if path == "/v3/configurations/system/info":
        ok |= {"systemConfigInfo": {"pushAddr": vendor.host, "sysConf": "0|0"}}
    elif path == "/v1/getClientId":
        ok = {"status": 200, "data": {"clientId": "c"}}
    elif path in ("/api/lapp/token/get", "/api/lapp/ram/token/get"):
        data = {"accessToken": "at.x", "expireTime": FAR_FUTURE_MS, "areaDomain": vendor.url}
        ok = {"code": "200", "data": data}
    return answer(json.dumps(ok).encode())


@pytest.fixture
def make(vendors: Vendors, store: SqliteStore) -> Callable[[Vendor], Ezviz]:
    def made(vendor: Vendor) -> Ezviz:
        hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
        driver = EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True)
        driver.load()
        account = sessions.add_owner(store, "demo@example.com", open_key="k", open_secret="s")
        source = store.sources(account.id)[0]
        driver.sessions.signed_in(source, "demo@example.com", SESSION | {"api_url": vendor.host})
        return Ezviz(driver, source, vendor)

    return made


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("call", CALLS)
def test_a_bad_answer_is_vendor_down_and_is_not_requested_again(
    vendors: Vendors, make: Callable[[Vendor], Ezviz], call: str, body: str
) -> None:
    ask, path = CALLS[call]

    def reply(requested: str, _body: bytes, _headers: dict[str, str]) -> bytes:
        at = requested.partition(" ")[2].partition("?")[0]
        return BODIES[body] if at.startswith(path) else right(vendor, at)

    vendor = vendors.answering(reply)
    it = make(vendor)
    with pytest.raises(VendorDown):
        ask(it, HUNG_S if body == "half" else ANSWERED_S)
    assert sum(requested.startswith(path) for requested in vendor.paths()) <= 2, vendor.paths()
    assert not any("latest" in requested for requested in vendor.paths())


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("how", ["hangs", "drips"])
def test_a_vendor_that_takes_its_time_is_not_waited_for(
    vendors: Vendors, make: Callable[[Vendor], Ezviz], call: str, how: str
) -> None:
    ask, path = CALLS[call]
    paths: list[str] = []

    def speak(connection: ssl.SSLSocket, over: threading.Event) -> None:
        while True:
            what, _body, _headers = request_of(connection)
            at = what.partition(" ")[2].partition("?")[0]
            if not what:
                return
            paths.append(at)
            if not at.startswith(path):
                connection.sendall(right(vendor, at))
                continue
            if how == "drips":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not over.wait(0.2):
                if how == "drips":
                    connection.sendall(b" ")

    vendor = vendors.speaking(speak)
    it, began = make(vendor), time.monotonic()
    with pytest.raises(VendorDown):
        ask(it, HUNG_S)
    assert time.monotonic() - began < HUNG_S + 30  # a wide margin: it is about not waiting for ever
    assert sum(requested.startswith(path) for requested in paths) == 1


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"code": "10029"}, VendorBusy),
        ({"code": 10029}, VendorBusy),
        ({"code": "60019", "data": None}, Refused),
        ({"code": "200"}, VendorDown),
        ({"code": "200", "data": []}, VendorDown),
        ({"code": "200", "data": {"url": None}}, VendorDown),
        ({"code": "200", "data": {"url": 7}}, VendorDown),
        ({"code": "200", "data": {"url": "http://127.0.0.1/x.m3u8"}}, Refused),
        ({"code": "200", "data": {"url": "https://169.254.169.254/x.m3u8"}}, Refused),
        ({"code": "200", "data": {"url": "https://user:x@open.ezvizlife.com/x"}}, Refused),
        ({"code": "no such code"}, VendorDown),
    ],
)
def test_an_invalid_address_from_the_vendor_raises(
    vendors: Vendors, make: Callable[[Vendor], Ezviz], body: dict[str, Any], error: type[DriverError]
) -> None:
    def reply(requested: str, _body: bytes, _headers: dict[str, str]) -> bytes:
        at = requested.partition(" ")[2]
        return answer(json.dumps(body).encode()) if "live" in at else right(vendor, at)

    vendor = vendors.answering(reply)
    it = make(vendor)
    with pytest.raises(error):
        it.driver.mint(it.source, it.camera, "open", ANSWERED_S)
    assert len(vendor.paths()) <= 3


@pytest.mark.parametrize("taken", [{}, {"captureInfo": None}, {"captureInfo": {"picUrl": ""}}, {"picUrl": None}])
def test_a_still_without_an_address_is_none_and_is_not_requested_again(
    vendors: Vendors, make: Callable[[Vendor], Ezviz], taken: dict[str, Any]
) -> None:
    made = answer(json.dumps({"meta": {"code": 200}} | taken).encode())
    it = make(vendors.answering(lambda requested, body, headers: made))
    on_battery = replace(it.camera, battery=80)
    for _ in range(2):
        assert it.driver.still(it.source, on_battery, ANSWERED_S, deciphers=False) is None
    assert it.vendor.paths() == ["/v3/devconfig/v1/F00497201/1/capture"]


@pytest.mark.parametrize(
    ("video", "sub", "picture", "comes"),
    [
        (Video(), None, "main", True),
        (Video("h264", 640, 360), None, "main", True),
        (Video("h265", 640, 360), None, "main", False),
        (Video("h265", 640, 360), Video("h264", 320, 180), "sub", True),
        (Video("h264", 640, 360), Video("h265", 320, 180), "sub", False),
    ],
)
def test_a_picture_known_to_be_h265_is_not_asked_for_where_a_film_may_come_in_its_place(
    vendors: Vendors, make: Callable[[Vendor], Ezviz], video: Video, sub: Video | None, picture: Picture, comes: bool
) -> None:
    """The region has only the first version of the call."""

    def reply(requested: str, _body: bytes, _headers: dict[str, str]) -> bytes:
        at = requested.partition(" ")[2]
        if at == "/api/lapp/live/address/get":
            return answer(json.dumps({"code": "200", "data": {"id": "7", "url": f"{vendor.url}/x.m3u8"}}).encode())
        return answer(b"", "404 Not Found") if "live" in at else right(vendor, at)

    vendor = vendors.answering(reply)
    it = make(vendor)
    camera = replace(it.camera, listed_video=video, listed_sub=sub)
    if comes:
        assert isinstance(it.driver.mint(it.source, camera, "open", ANSWERED_S, picture=picture), Hls)
        return
    with pytest.raises(Refused) as refused:
        it.driver.mint(it.source, camera, "open", ANSWERED_S, picture=picture)
    assert refused.value.reason == "no_way"


CUT = "\ud83c"  # half of an emoji
APP = {
    "meta": {"code": 200},
    "deviceInfos": [{"deviceSerial": "F1", "status": 1, "deviceSubCategory": f"C3{CUT}TN", "version": f"V5 {CUT}"}],
    "resourceInfos": [{"deviceSerial": "F1", "resourceName": f"Garden {CUT}", "resourceType": 50, "localIndex": "1"}],
    "STATUS": {"F1": {"isEncrypt": 0, "optionals": json.dumps({CUT: 1})}},
    "WIFI": {"F1": {"ssid": f"At 🌳{CUT} home"}},
}
LISTS = {
    "/v3/userdevices/v1/resources/pagelist": APP,
    "/api/lapp/device/list": {
        "code": "200",
        "data": [{"deviceSerial": "F1", "deviceType": f"C3{CUT}TN", "deviceVersion": f"V5 {CUT}"}],
    },
    "/api/lapp/camera/list": {
        "code": "200",
        "data": [{"deviceSerial": "F1", "channelNo": 1, "channelName": f"Garden {CUT}", "status": 0, "isEncrypt": 0}],
    },
}


@pytest.mark.parametrize("written", [b"\\ud83c", b"\xed\xa0\xbc", b"\xf0\x9f\x8c"], ids=["escaped", "raw", "short"])
@pytest.mark.parametrize("way", ["account", "open"])
def test_half_a_surrogate_pair_costs_only_that_character(
    vendors: Vendors, store: SqliteStore, way: str, written: bytes
) -> None:
    def reply(requested: str, _body: bytes, _headers: dict[str, str]) -> bytes:
        at = requested.partition(" ")[2].partition("?")[0]
        if at not in LISTS:
            return right(vendor, at)
        listed = json.dumps(LISTS[at]).encode()
        return answer(listed.replace(f' {CUT}"'.encode("unicode_escape"), b" " + written + b'"'))

    vendor = vendors.answering(reply)
    hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
    driver = EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True, developer=Key("k", "s"))
    account = sessions.add_owner(store, "demo@example.com")
    source = store.sources(account.id)[0]
    if way == "account":
        driver.sessions.signed_in(source, "demo@example.com", SESSION | {"api_url": vendor.host})
    else:
        sessions.keep_of(store, "demo@example.com", sub_account="sub")
    (camera,) = driver.read(source, LONG_S)
    assert (camera.name, camera.model, camera.firmware) == ("Garden", "C3TN", "V5")
    if way == "account":
        assert driver.settings(source, Camera.of(camera), LONG_S)["wifi"].value == "At 🌳 home"


@pytest.mark.parametrize(
    "rows",
    [
        [None],
        ["text"],
        [{}],
        [{"deviceSerial": None, "time": 1}],
        [{"deviceSerial": "F", "time": "soon"}],
        [{"deviceSerial": "F", "time": None, "ext": "x"}],
        [{"deviceSerial": 7, "time": 1}],
    ],
)
def test_messages_that_are_none_are_passed_over(
    vendors: Vendors, make: Callable[[Vendor], Ezviz], rows: list[Any]
) -> None:
    good = {"deviceSerial": "F00497201", "time": "1582821945396", "channel": "x", "subType": 10002, "ext": None}
    listed = json.dumps({"meta": {"code": 200}, "message": [*rows, good]}).encode()
    it = make(vendors.answering(lambda requested, body, headers: answer(listed)))
    (hint,) = it.driver.happened(it.source, 0.0, ANSWERED_S)
    assert (hint.serial, hint.channel, hint.kind, hint.at) == ("F00497201", 0, "motion", 1582821945.396)


# a bell's message as it was captured (AidenShaw2020/ha-ezviz-doorbell, README), and what other models may make of it
CALL: dict[str, Any] = {"subType": 2701, "title": "Your doorbell is ringing", "picCrypt": 1}
CALL_EXT: dict[str, Any] = {
    "callingStatus": 1,
    "text": "somebody there ring the door",
    "preTime": 5,
    "delayTime": 25,
}


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (CALL | {"ext": CALL_EXT}, "doorbell"),
        (CALL | {"ext": {}}, "doorbell"),
        (CALL | {"ext": None, "subType": "2701"}, "doorbell"),
        ({"subType": 2702, "ext": CALL_EXT}, "doorbell"),
        ({"subType": 2702, "ext": {"callingStatus": "1"}}, "doorbell"),
        ({"subType": 2702, "ext": {"callingStatus": 0}}, "read"),
        ({"subType": 0, "ext": {"alarmType": "0"}}, "read"),  # a call by push only
        ({"subType": 9904, "ext": {"alarmType": "10120"}}, "person"),
        ({"subType": 9904, "ext": {"alarmType": 10131}}, "motion"),
        ({"subType": "10079", "ext": {}}, "motion"),
    ],
)
def test_what_a_listed_message_means(
    vendors: Vendors, make: Callable[[Vendor], Ezviz], message: dict[str, Any], kind: str
) -> None:
    row = {"deviceSerial": "F00497201", "time": 1582821945396, "channel": 1, "msgId": "m1"} | message
    listed = json.dumps({"meta": {"code": 200}, "message": [row]}).encode()
    it = make(vendors.answering(lambda requested, body, headers: answer(listed)))
    (hint,) = it.driver.happened(it.source, 0.0, ANSWERED_S)
    assert (hint.serial, hint.channel, hint.kind, hint.message) == ("F00497201", 1, kind, "m1")


def test_a_ring_is_found_while_the_list_of_cameras_hangs(vendors: Vendors, make: Callable[[Vendor], Ezviz]) -> None:
    row = {"deviceSerial": "F00497201", "time": 1582821945396, "channel": 1, "msgId": "m1"} | CALL
    listed = json.dumps({"meta": {"code": 200}, "message": [row]}).encode()
    asked, over = threading.Event(), threading.Event()

    def respond(requested: str, body: bytes, headers: dict[str, str]) -> bytes:
        if "unifiedmsg" not in requested:
            asked.set()
            over.wait(ANSWERED_S)
        return answer(listed)

    it = make(vendors.answering(respond))
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(it.driver.read, it.source, ANSWERED_S)
        assert asked.wait(ANSWERED_S)
        (hint,) = it.driver.happened(it.source, 0.0, ANSWERED_S)
        assert not reading.done()
        over.set()
        assert isinstance(reading.exception(), VendorDown)
    assert hint.kind == "doorbell"


@pytest.mark.parametrize(("asked", "after_s"), [("Retry-After: 40", 40.0), ("", 0.0)])
def test_how_long_the_vendor_asks_to_wait_is_known(
    vendors: Vendors, make: Callable[[Vendor], Ezviz], asked: str, after_s: float
) -> None:
    it = make(vendors.answering(lambda requested, body, headers: answer(b"{}", "429 Too Many Requests", asked)))
    with pytest.raises(VendorBusy) as busy:
        it.driver.happened(it.source, 0.0, ANSWERED_S)
    assert busy.value.after_s == after_s


def test_an_unknown_code_is_logged_once_and_only_as_a_number(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for code in (765432, "765432", " 765431", "Klingel bei Müller", "7654321", 10002, None, "²"):
        assert kind_of(code) == ("motion" if code == 10002 else "read")
    assert caplog.messages == [
        "EZVIZ sent a message with the unknown code 765432",
        "EZVIZ sent a message with the unknown code 765431",
    ]


@pytest.mark.parametrize(
    "off_s",
    [0.0, 50.0, 600.0, -600.0],
    ids=["right", "50 seconds fast", "ten minutes fast", "ten minutes slow"],
)
def test_a_message_is_as_old_as_the_vendors_clock_says(
    vendors: Vendors, make: Callable[[Vendor], Ezviz], off_s: float
) -> None:
    theirs = time.time() - off_s
    rung = {"deviceSerial": "F00497201", "time": int((theirs - 20.0) * 1000), "channel": 1, "subType": 10016}
    listed = json.dumps({"meta": {"code": 200}, "message": [rung]}).encode()
    date = f"Date: {formatdate(theirs, usegmt=True)}"
    it = make(vendors.answering(lambda requested, body, headers: answer(listed, "200 OK", date)))
    (hint,) = it.driver.happened(it.source, time.time() - 60.0, ANSWERED_S)
    assert time.time() - hint.at == pytest.approx(20.0, abs=10.0)
    assert [seen.at for seen in it.driver.happened(it.source, time.time() - 60.0, ANSWERED_S)] == [hint.at]
    assert it.driver.happened(it.source, time.time(), ANSWERED_S) == ()


@pytest.mark.parametrize(
    "date",
    [
        "",
        "soon",
        "Thu, 01 Jan 9999999 00:00:00 GMT",
        "Fri, 27 Nov 2026 25:61:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Thu, 01 Jan 2099 00:00:00 GMT",
    ],
)
def test_a_date_that_is_none_moves_no_message(date: str) -> None:
    assert ahead_s(date, 1_800_000_000.0, 600.0) == 0.0
