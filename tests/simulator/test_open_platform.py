"""The Open Platform: requests, states, and the codes or data of the answers."""

import time
from typing import Any

import pytest
import requests

from tests.doubles.cloud import Cloud
from tests.doubles.waiting import until

type Form = dict[str, str]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"appKey": "demo-key", "appSecret": "demo-secret"}, "200"),
        ({"appKey": "no-key", "appSecret": "demo-secret"}, "10017"),
        ({"appKey": "demo-key", "appSecret": "other-secret"}, "10030"),
        ({"appKey": "demo-key"}, "10001"),
        ({"appKey": "", "appSecret": "demo-secret"}, "10001"),
    ],
)
def test_a_token_request_is_answered_by_its_code(cloud: Cloud, form: Form, code: str) -> None:
    reply = cloud.post("/api/lapp/token/get", **form).json()
    assert reply["code"] == code
    assert ("data" in reply) == (code == "200")
    if code == "200":
        assert reply["data"]["areaDomain"] == f"https://{cloud.process.open_host}"
        assert reply["data"]["accessToken"].startswith("at.")
        # milliseconds
        assert reply["data"]["expireTime"] / 1000 == pytest.approx(time.time() + 7 * 86400, abs=60)


@pytest.mark.parametrize(("token", "code"), [("", "10001"), ("at.forged", "10002")])
def test_a_call_with_a_bad_token_is_refused(cloud: Cloud, token: str, code: str) -> None:
    assert cloud.open("device/list", token)["code"] == code


def test_a_token_runs_out(cloud: Cloud) -> None:
    cloud.configure(token_s=0.5)
    token = cloud.token()
    until(lambda: cloud.open("device/list", token)["code"] == "10002")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/api/lapp/device/nothing", 404),
        ("POST", "/api/lapp/", 404),
        ("POST", "/api/v3/device/nothing", 404),
        ("GET", "/api/lapp/device/list", 405),
        ("POST", "/v3/users/login/v5", 404),  # the app API is on another host
    ],
)
def test_an_unknown_path_or_method_is_refused(cloud: Cloud, method: str, path: str, status: int) -> None:
    url = f"https://{cloud.process.open_host}{path}"
    assert requests.request(method, url, verify=str(cloud.process.ca), timeout=30).status_code == status


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ({}, ["Garden", "Front Door", "Garage", "Nursery", "Attic", "Bedroom", "Pond"]),
        ({"pageSize": "3"}, ["Garden", "Front Door", "Garage"]),
        ({"pageSize": "3", "pageStart": "1"}, ["Nursery", "Attic", "Bedroom"]),  # an index of pages, not of rows
        ({"pageSize": "3", "pageStart": "2"}, ["Pond"]),
        ({"pageSize": "3", "pageStart": "3"}, []),
        ({"pageSize": "50"}, ["Garden", "Front Door", "Garage", "Nursery", "Attic", "Bedroom", "Pond"]),
    ],
)
def test_a_list_is_answered_in_pages(cloud: Cloud, form: Form, names: list[str]) -> None:
    token = cloud.token()
    size, page = int(form.get("pageSize", "10")), int(form.get("pageStart", "0"))
    for path, key in (("device/list", "deviceName"), ("camera/list", "channelName")):
        reply = cloud.open(path, token, **form)
        assert [row[key] for row in reply["data"]] == names
        assert reply["page"] == {"total": 7, "page": page, "size": size}


def test_a_list_has_the_state_and_sharing_of_every_camera(cloud: Cloud) -> None:
    def listed(key: str) -> dict[str, tuple[int, int, str]]:
        rows = cloud.open("camera/list", cloud.token(key))["data"]
        return {row["channelName"]: (row["status"], row["isEncrypt"], row["isShared"]) for row in rows}

    assert listed("demo") == {
        "Garden": (1, 0, "1"),
        "Front Door": (1, 0, "0"),
        "Garage": (1, 1, "0"),
        "Nursery": (1, 0, "0"),
        "Attic": (0, 0, "0"),
        "Bedroom": (1, 0, "0"),
        "Pond": (1, 0, "0"),
    }
    assert listed("other") == {"Study": (1, 0, "0"), "Garden": (1, 0, "2")}
    assert [row["deviceName"] for row in cloud.open("device/list", cloud.token("other"))["data"]] == ["Study"]


LIVE = {"protocol": "2"}

REFUSED: list[tuple[str, str, Form, str]] = [
    # operation, camera ("": in the form), further fields, code
    ("device/info", "Garden", {}, "200"),
    ("device/info", "Attic", {}, "200"),
    ("device/info", "", {}, "10001"),
    ("device/info", "", {"deviceSerial": "f00497201"}, "20014"),
    ("device/info", "", {"deviceSerial": "F0049720"}, "20014"),
    ("device/info", "", {"deviceSerial": "Z99999999"}, "20002"),
    ("device/info", "Study", {}, "20018"),
    ("device/status/get", "Garden", {"channelNo": "2"}, "20032"),
    ("device/status/get", "Garden", {"channelNo": "one"}, "10001"),
    ("device/list", "", {"pageSize": "51"}, "10001"),
    ("device/list", "", {"pageSize": "0"}, "10001"),
    ("camera/list", "", {"pageStart": "-1"}, "10001"),
    ("camera/video/sound/status", "Attic", {}, "20007"),
    ("camera/video/sound/set", "Garden", {}, "10001"),
    ("camera/video/sound/set", "Garden", {"enable": "true"}, "10001"),
    ("device/scene/switch/set", "Garden", {"enable": "0"}, "60022"),
    ("device/light/switch/set", "Garden", {"enable": "1"}, "60022"),
    ("device/encrypt/off", "Garage", {}, "10001"),
    ("device/encrypt/off", "Garage", {"validateCode": "WRONGS"}, "20010"),
    ("device/encrypt/off", "Garden", {"validateCode": "GKRTUV"}, "60016"),
    ("device/encrypt/off", "Attic", {"validateCode": "TTHJKL"}, "20007"),
    ("device/encrypt/on", "Garage", {}, "60019"),
    ("live/address/get", "Garden", LIVE, "200"),
    ("live/address/get", "Bedroom", LIVE, "200"),  # asleep: an address, and no picture
    ("live/address/get", "Garage", LIVE, "60019"),
    ("live/address/get", "Garage", LIVE | {"code": "ABCDEF"}, "60019"),
    ("live/address/get", "Attic", LIVE, "20007"),
    ("live/address/get", "Study", LIVE, "20018"),
    ("live/address/get", "Garden", LIVE | {"quality": "3"}, "10001"),
    ("live/address/get", "Garden", LIVE | {"expireTime": "29"}, "10001"),
    ("live/address/get", "Garden", LIVE | {"type": "2"}, "60020"),
    ("live/address/get", "Garden", {"protocol": "3"}, "60020"),
    ("live/address/get", "Garden", {"protocol": "hls"}, "10001"),
    ("v2/live/address/get", "Pond", LIVE | {"supportH265": "0"}, "200"),
    ("v2/live/address/get", "Garden", LIVE | {"supportH265": "no"}, "10001"),
    ("live/address/disable", "Study", {}, "20018"),
]


@pytest.mark.parametrize(("path", "name", "form", "code"), REFUSED)
def test_a_call_is_answered_by_its_code(cloud: Cloud, path: str, name: str, form: Form, code: str) -> None:
    form = form | ({"deviceSerial": cloud.serials[name]} if name else {})
    reply = cloud.open(path, cloud.token(), **form)
    assert reply["code"] == code, reply
    assert isinstance(reply["msg"], str)
    assert code == "200" or "data" not in reply


def test_a_call_about_a_shared_camera_is_refused(cloud: Cloud) -> None:
    token = cloud.token("other")
    for path, form in (("device/info", {}), ("live/address/get", LIVE), ("camera/video/sound/status", {})):
        assert cloud.open(path, token, deviceSerial=cloud.serials["Garden"], **form)["code"] == "20018"


def test_a_device_has_its_state(cloud: Cloud) -> None:
    token, serial = cloud.token(), cloud.serials["Garage"]
    info = cloud.open("device/info", token, deviceSerial=serial)["data"]
    assert (info["deviceName"], info["status"], info["isEncrypt"]) == ("Garage", 1, 1)
    assert "timeZone" not in info
    assert cloud.open("device/info", token, deviceSerial=serial, version="utc")["data"]["timeZone"] == "UTC+01:00"
    status = cloud.open("device/status/get", token, deviceSerial=serial)["data"]
    assert (status["privacyStatus"], status["battryStatus"]) == (0, -1)


def test_the_microphones_state_is_a_list_of_strings(cloud: Cloud) -> None:
    token, serial = cloud.token(), cloud.serials["Nursery"]

    def mic() -> Any:
        return cloud.open("camera/video/sound/status", token, deviceSerial=serial)["data"]

    assert mic() == [{"deviceSerial": serial, "channelNo": 1, "enable": "0"}]
    assert cloud.open("camera/video/sound/set", token, deviceSerial=serial, enable="1")["code"] == "200"
    assert mic() == [{"deviceSerial": serial, "channelNo": 1, "enable": "1"}]
    assert cloud.row("Nursery")["audio"] is True


def test_privacy_shows_in_every_api(cloud: Cloud) -> None:
    token, serial = cloud.token(), cloud.serials["Garden"]
    try:
        assert cloud.open("device/scene/switch/set", token, deviceSerial=serial, enable="1")["code"] == "200"
        assert cloud.open("live/address/get", token, deviceSerial=serial, **LIVE)["code"] == "60026"
        assert cloud.open("device/status/get", token, deviceSerial=serial)["data"]["privacyStatus"] == 1
        assert cloud.row("Garden")["privacy"] is True
    finally:
        assert cloud.open("device/scene/switch/set", token, deviceSerial=serial, enable="0")["code"] == "200"


def test_encryption_changes_after_a_while(cloud: Cloud) -> None:
    token, garage = cloud.token(), cloud.serials["Garage"]

    def mint() -> str:
        return str(cloud.open("live/address/get", token, deviceSerial=garage, **LIVE)["code"])

    for path, form, before, after in (
        ("device/encrypt/off", {"validateCode": "ABCDEF"}, "60019", "200"),
        ("device/encrypt/on", {}, "200", "60019"),
    ):
        cloud.configure(encryption_delay_s=3600)
        assert cloud.open(path, token, deviceSerial=garage, **form)["code"] == "200"
        assert mint() == before
        cloud.control(garage, encryption=before == "60019")
        cloud.configure(encryption_delay_s=0.5)
        assert cloud.open(path, token, deviceSerial=garage, **form)["code"] == "200"
        until(lambda after=after: mint() == after)  # type: ignore[misc]
        assert cloud.open("device/info", token, deviceSerial=garage)["data"]["isEncrypt"] == (after == "60019")


@pytest.mark.parametrize(
    ("name", "form", "code", "url"),
    [
        ("Garden", {}, "200", "ezopen://open.ys7.com/{serial}/1.hd.live"),
        ("Garden", {"quality": "2"}, "200", "ezopen://open.ys7.com/{serial}/1.live"),
        ("Garage", {}, "60019", None),
        ("Garage", {"code": "WRONGS"}, "20010", None),
        ("Garage", {"code": "ABCDEF"}, "200", "ezopen://ABCDEF@open.ys7.com/{serial}/1.hd.live"),
    ],
)
def test_the_vendors_own_scheme_is_the_default(cloud: Cloud, name: str, form: Form, code: str, url: str | None) -> None:
    serial = cloud.serials[name]
    reply = cloud.open("live/address/get", cloud.token(), deviceSerial=serial, **form)
    assert reply["code"] == code
    if url is not None:
        assert reply["data"] == {"id": None, "url": url.format(serial=serial), "expireTime": None}


def test_an_address_counts_as_a_viewer_until_it_is_disabled(cloud: Cloud) -> None:
    token, garden = cloud.token("demo"), cloud.serials["Garden"]
    cloud.open("live/address/disable", token, deviceSerial=garden)
    for name in ("Nursery", "Pond", "Bedroom", "Front Door", "Garage"):
        cloud.open("live/address/disable", token, deviceSerial=cloud.serials[name])
    cloud.configure(viewers=2)
    first, _second = cloud.live(token, "Garden"), cloud.live(token, "Nursery")
    assert cloud.open("live/address/get", token, deviceSerial=garden, **LIVE)["code"] == "9048"
    assert cloud.live(cloud.token("other"), "Study"), "another account has places of its own"
    cloud.open("live/address/disable", token, deviceSerial=garden, urlId=first["id"])
    assert cloud.live(token, "Garden")


def test_a_fault_is_met_by_calls_about_the_camera_and_its_list(cloud: Cloud) -> None:
    token, garage = cloud.token(), cloud.serials["Garage"]
    cloud.control(garage, fault="rate")
    for path, serial in (
        ("device/info", garage),
        ("live/address/get", garage),
        ("camera/list", ""),
        ("device/list", ""),
    ):
        assert cloud.open(path, token, deviceSerial=serial, **LIVE)["code"] == "10029"
    assert cloud.open("device/info", token, deviceSerial=cloud.serials["Garden"])["code"] == "200"
    cloud.control(garage, fault=None)
    assert cloud.open("camera/list", token)["code"] == "200"


def test_the_fault_expired_ends_with_a_new_token(cloud: Cloud) -> None:
    old = cloud.token()
    cloud.control(cloud.serials["Garage"], fault="expired")
    assert cloud.open("camera/list", old)["code"] == "10002"
    assert cloud.open("camera/list", cloud.token())["code"] == "200"


def test_faults_of_the_connection(cloud: Cloud) -> None:
    token, garage = cloud.token(), cloud.serials["Garage"]
    cloud.control(garage, fault="http500")
    assert cloud.post("/api/lapp/camera/list", accessToken=token).status_code == 500
    cloud.control(garage, fault="timeout")
    url = f"https://{cloud.process.open_host}/api/lapp/camera/list"
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, data={"accessToken": token}, verify=str(cloud.process.ca), timeout=0.5)


def test_a_body_that_is_no_form_is_refused(cloud: Cloud) -> None:
    url = f"https://{cloud.process.open_host}/api/lapp/device/list"
    for kind in ("application/x-www-form-urlencoded; charset=nonsense", "multipart/form-data"):
        reply = requests.post(
            url, data=b"\xff\xfe", headers={"Content-Type": kind}, verify=str(cloud.process.ca), timeout=30
        )
        assert (reply.status_code, reply.json()["code"]) == (200, "10001")
