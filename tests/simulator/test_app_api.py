"""The app API's contract with the public client library, unmodified."""

import json
from collections.abc import Callable
from hashlib import md5
from typing import Any

import pytest
import requests
from pyezvizapi.client import EzvizClient
from pyezvizapi.exceptions import EzvizAuthTokenExpired, EzvizAuthVerificationCode, HTTPError, PyEzvizError
from pyezvizapi.utils import return_password_hash

from showcam.simulator.state import Settings
from tests.doubles.cloud import Cloud
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "The simulated app account is like EZVIZ's",
    leans_on="second stack: pyezvizapi, unmodified",
    also=("tests/simulator/test_settings.py",),
)

DEMO, MFA, OTHER = "demo@example.com", "mfa@example.com", "other@example.com"
SOUND, SLEEP, PRIVACY = 22, 21, 7


@pytest.fixture
def client(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[..., EzvizClient]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.process.ca))

    def make(user: str = DEMO, password: str = "showcam-demo", *, login: bool = True, **more: Any) -> EzvizClient:
        made = EzvizClient(user, password, cloud.process.app_host, timeout=30, **more)
        if login:
            made.login()
        return made

    return make


def flags(client: EzvizClient, serial: str) -> dict[str, Any]:
    page = client._api_get_pagelist(page_filter="STATUS,SWITCH")
    switches = {row["type"]: row["enable"] for row in page["SWITCH"][serial]}
    encrypted = page["STATUS"][serial]["isEncrypt"]
    return {"sound": switches[SOUND], "asleep": switches[SLEEP], "privacy": switches[PRIVACY], "encrypted": encrypted}


def test_a_stored_token_signs_in_once_without_the_password(client: Callable[..., EzvizClient]) -> None:
    token = client().export_token()
    again = EzvizClient(token=dict(token), timeout=30)
    again.login()
    assert "Garden" in {row["deviceInfos"]["name"] for row in again.get_device_infos().values()}
    with pytest.raises(EzvizAuthTokenExpired):
        EzvizClient(token=token, timeout=30).login()  # the refresh id has rotated


@pytest.mark.parametrize(
    ("user", "password", "raised", "text"),
    [
        (DEMO, "wrong", PyEzvizError, "Incorrect Password"),
        ("nobody@example.com", "showcam-demo", PyEzvizError, "Incorrect Username"),
        (MFA, "showcam-demo", EzvizAuthVerificationCode, "MFA enabled"),
    ],
)
def test_a_refused_sign_in_raises_its_reason(
    client: Callable[..., EzvizClient], user: str, password: str, raised: type[Exception], text: str
) -> None:
    with pytest.raises(raised, match=text):
        client(user, password)


def test_a_code_completes_the_sign_in(client: Callable[..., EzvizClient]) -> None:
    made = client(MFA, login=False)
    sign_in: Callable[..., object] = made.login  # its type of a code is a number, which has no leading zero
    with pytest.raises(EzvizAuthVerificationCode):
        made.login()
    with pytest.raises(PyEzvizError, match="1011"):
        sign_in("111111")
    sign_in("012345")
    assert [row["deviceInfos"]["name"] for row in made.get_device_infos().values()] == ["Porch"]


def test_one_terminal_too_many_is_refused(
    cloud: Cloud, client: Callable[..., EzvizClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client()
    cloud.configure(terminals=1)
    monkeypatch.setattr("pyezvizapi.client.FEATURE_CODE", "d" * 32)
    with pytest.raises(PyEzvizError, match="1069"):
        client()


def test_a_sign_in_in_the_wrong_region_names_the_right_one(cloud: Cloud) -> None:
    """Over plain HTTP: the library takes a host without a dot, such as localhost, for a region's short name."""
    region = cloud.process.app_host.replace("127.0.0.1", "localhost")
    cloud.configure(region=region)
    form = {
        "account": DEMO,
        "password": md5(b"showcam-demo", usedforsecurity=False).hexdigest(),
        "featureCode": "a" * 32,
    }

    def login(host: str) -> dict[str, Any]:
        url = f"https://{host}/v3/users/login/v5"
        return dict(requests.post(url, data=form, verify=str(cloud.process.ca), timeout=30).json())

    wrong = login(cloud.process.app_host)
    assert (wrong["meta"]["code"], wrong["loginArea"]["apiDomain"]) == (1100, region)
    right = login(region)
    assert (right["meta"]["code"], right["loginArea"]["apiDomain"]) == (200, region)


def test_the_list_has_every_camera_of_the_household(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    devices = client().get_device_infos()
    assert {
        row["deviceInfos"]["name"]: (row["deviceInfos"]["status"], row["STATUS"]["isEncrypt"])
        for row in devices.values()
    } == {
        "Garden": (1, 0),
        "Front Door": (1, 0),
        "Garage": (1, 1),
        "Nursery": (1, 0),
        "Attic": (2, 0),
        "Bedroom": (1, 0),
        "Pond": (1, 0),
    }
    garden = devices[cloud.serials["Garden"]]
    assert garden["deviceInfos"]["supportExt"]["63"] == "1"
    assert garden["resourceInfos"][0] | {"resourceId": ""} == {
        "resourceId": "",
        "deviceSerial": cloud.serials["Garden"],
        "superDeviceSerial": cloud.serials["Garden"],
        "resourceName": "Garden",
        "resourceType": 50,
        "localIndex": "1",
        "shareType": 0,
        "permission": -1,
        "videoLevel": 2,
        "streamBizUrl": "biz=1",
        "isShow": 1,
        "groupId": -1,
    }


def test_every_camera_loads_with_its_last_message(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    cloud.control(cloud.serials["Front Door"], press=True)
    cameras = client().load_cameras()
    assert cameras[cloud.serials["Front Door"]]["name"] == "Front Door"
    assert cameras[cloud.serials["Front Door"]]["last_alarm_type_code"] == 2701
    assert len(cameras) == 7


def test_a_shared_camera_is_listed_and_can_not_be_changed(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    made = client(OTHER)
    rows = {row["resourceName"]: row["shareType"] for row in made.get_page_list()["resourceInfos"]}
    assert rows == {"Study": 0, "Garden": 2}
    with pytest.raises(PyEzvizError, match="10031"):
        made.switch_status(cloud.serials["Garden"], SOUND, 0)
    assert cloud.row("Garden")["audio"] is True


@pytest.mark.parametrize(("kind", "flag"), [(SOUND, "sound"), (SLEEP, "asleep"), (PRIVACY, "privacy")])
def test_a_switch_is_read_back(cloud: Cloud, client: Callable[..., EzvizClient], kind: int, flag: str) -> None:
    made, serial = client(), cloud.serials["Garden"]
    before = flags(made, serial)
    made.switch_status(serial, kind, not before[flag])
    assert flags(made, serial) == before | {flag: not before[flag]}
    made.set_switch_legacy(serial, kind, before[flag])
    assert flags(made, serial) == before


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [("Attic", SOUND, "2003"), ("Garden", 999, "2030"), ("Study", SOUND, "2000")],
)
def test_a_switch_that_can_not_be_set_raises_its_code(
    cloud: Cloud, client: Callable[..., EzvizClient], name: str, kind: int, code: str
) -> None:
    with pytest.raises(PyEzvizError, match=code):
        client().switch_status(cloud.serials[name], kind, 1)


def test_encryption_goes_off_by_the_code_and_not_at_once(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    made, serial = client(), cloud.serials["Garage"]
    cloud.configure(encryption_delay_s=3600)
    with pytest.raises(PyEzvizError, match="1011"):
        made.set_video_enc(serial, 0, camera_verification_code="WRONGS")
    with pytest.raises(PyEzvizError, match="1011"):
        made.set_video_enc(serial, 0)
    assert made.set_video_enc(serial, 0, camera_verification_code="ABCDEF")
    assert flags(made, serial)["encrypted"] == 1
    cloud.control(serial, encryption=True)
    cloud.configure(encryption_delay_s=0.5)
    assert made.set_video_enc(serial, 0, camera_verification_code="ABCDEF")
    until(lambda: flags(made, serial)["encrypted"] == 0)


def test_a_page_has_an_offset_and_only_the_requested_sections(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    made = client()
    first = made._request_json(
        "GET",
        "/v3/userdevices/v1/resources/pagelist",
        params={"groupId": -1, "limit": 5, "offset": 0, "filter": "STATUS, SWITCH"},
    )
    assert first["page"] == {"offset": 0, "limit": 5, "totalResults": 0, "hasNext": True}
    assert first.keys() == {"meta", "page", "deviceInfos", "resourceInfos", "STATUS", "SWITCH"}
    assert len(first["STATUS"]) == 5
    whole = made._api_get_pagelist(page_filter="WIFI", limit=5)
    assert len(whole["deviceInfos"]) == len(whole["WIFI"]) == 7


def test_the_label_code_can_be_checked_by_its_digest(client: Callable[..., EzvizClient], cloud: Cloud) -> None:
    page = client()._api_get_pagelist(page_filter="STATUS,CHANNEL,VIDEO_QUALITY,VTM")
    assert page["STATUS"][cloud.serials["Garage"]]["encryptPwd"] == return_password_hash("ABCDEF")
    resource = page["resourceInfos"][0]["resourceId"]
    assert page["CHANNEL"][resource]["deviceSerial"] == cloud.serials["Garden"]
    assert page["VIDEO_QUALITY"][resource][0]["streamType"] == 1
    assert page["VTM"].keys() == {row["resourceId"] for row in page["resourceInfos"]}
    codecs = {
        name: json.loads(page["STATUS"][cloud.serials[name]]["optionals"]["video_para"])["MainEncode"]
        for name in ("Garden", "Pond")
    }
    assert codecs == {"Garden": 0, "Pond": 1}


def test_a_session_that_ran_out_is_refreshed_by_the_library(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    made = client()
    cloud.configure(session_s=0.5)
    made.login()  # asks for another session and, unlike the first time, for nothing more
    before = made.export_token()
    until(lambda: session_over(cloud, before["session_id"]))
    cloud.configure(session_s=3600)
    assert made.get_device_infos()
    after = made.export_token()
    assert after["session_id"] != before["session_id"]
    assert after["rf_session_id"] != before["rf_session_id"]


def test_logging_out_ends_the_session(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    made = client()
    session = made.export_token()["session_id"]
    assert not session_over(cloud, session)
    assert made.logout()
    assert session_over(cloud, session)


@pytest.mark.parametrize(
    ("fault", "raised", "status"),
    [("rate", HTTPError, 429), ("http500", HTTPError, 500), ("timeout", requests.ReadTimeout, None)],
)
def test_a_fault_of_one_camera_is_met_at_its_list(
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    client: Callable[..., EzvizClient],
    fault: str,
    raised: type[Exception],
    status: int | None,
) -> None:
    made = client()
    cloud.control(cloud.serials["Garage"], fault=fault)
    with monkeypatch.context() as patch:
        patch.setattr(made, "_timeout", 0.5 if fault == "timeout" else LONG_S)
        with pytest.raises(raised) as caught:
            made.get_device_infos()
    if status is not None:
        assert caught.value.__cause__.response.status_code == status  # type: ignore[union-attr]
    porch = client(OTHER).get_device_infos()
    assert porch, "another household is not concerned"
    cloud.control(cloud.serials["Garage"], fault=None)
    assert made.get_device_infos()


def test_the_fault_expired_requires_a_new_sign_in(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    stored = client().export_token()
    cloud.control(cloud.serials["Garage"], fault="expired")
    with pytest.raises(EzvizAuthTokenExpired):
        EzvizClient(token=dict(stored), timeout=30).get_device_infos()
    assert client().get_device_infos()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v3/userdevices/v1/resources/pagelist?filter=STATUS", 401),
        ("GET", "/v3/configurations/system/info", 401),
        ("PUT", "/v3/devices/F00497201/1/1/22/switchStatus", 401),
        ("GET", "/v3/terminals", 404),
        ("GET", "/api/lapp/device/list", 404),  # the Open Platform is on another host
    ],
)
def test_a_request_without_a_session_is_refused(cloud: Cloud, method: str, path: str, status: int) -> None:
    url = f"https://{cloud.process.app_host}{path}"
    assert requests.request(method, url, verify=str(cloud.process.ca), timeout=30).status_code == status


@pytest.mark.parametrize("query", ["limit=51&filter=STATUS", "limit=0&filter=STATUS", "offset=-1&filter=STATUS", ""])
def test_a_list_request_with_wrong_parameters_is_refused(
    cloud: Cloud, client: Callable[..., EzvizClient], query: str
) -> None:
    session = {"sessionId": client().export_token()["session_id"]}
    url = f"https://{cloud.process.app_host}/v3/userdevices/v1/resources/pagelist?{query}"
    reply = requests.get(url, headers=session, verify=str(cloud.process.ca), timeout=30)
    assert (reply.status_code, reply.json()["meta"]["code"]) == (200, 1021)


def test_by_default_lists_are_lost_and_statuses_are_empty_now_and_then(
    cloud: Cloud, client: Callable[..., EzvizClient]
) -> None:
    default = Settings()
    session = {"sessionId": client().export_token()["session_id"]}  # every GET counts, also those of a sign-in
    cloud.process.configure(gateway_each=default.gateway_each, empty_each=default.empty_each)
    url = f"https://{cloud.process.app_host}/v3/userdevices/v1/resources/pagelist?filter=STATUS"
    with requests.Session() as http:
        replies = [http.get(url, headers=session, verify=str(cloud.process.ca), timeout=30) for _ in range(120)]
    pages = [reply.json() for reply in replies if reply.status_code == 200]
    empty = [page for page in pages if {} in page["STATUS"].values()]
    assert [reply.status_code for reply in replies if reply.status_code != 200] == [504] * 3
    assert len(pages) // default.empty_each <= len(empty) <= len(pages) // default.empty_each + 1


def session_over(cloud: Cloud, session: str) -> bool:
    url = f"https://{cloud.process.app_host}/v3/configurations/system/info"
    reply = requests.get(url, headers={"sessionId": session}, verify=str(cloud.process.ca), timeout=30)
    return reply.status_code == 401
