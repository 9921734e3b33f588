"""Settings: the public client library, unmodified, changes each, and both APIs show it."""

import hashlib
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from pyezvizapi.client import EzvizClient
from pyezvizapi.exceptions import PyEzvizError

from tests.doubles.cloud import Cloud

DEMO = "demo@example.com"


@pytest.fixture
def client(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> EzvizClient:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.process.ca))
    made = EzvizClient(DEMO, "showcam-demo", cloud.process.app_host, timeout=30)
    made.login()
    return made


@pytest.fixture
def garden(cloud: Cloud) -> str:
    return str(cloud.serials["Garden"])


class Platform:
    """The Open Platform, called with a developer's key."""

    def __init__(self, cloud: Cloud, key: str = "demo") -> None:
        self._base, self._ca = f"https://{cloud.process.open_host}", str(cloud.process.ca)
        form = {"appKey": f"{key}-key", "appSecret": f"{key}-secret"}
        self.token = self.call("token/get", token="", **form)["data"]["accessToken"]

    def call(self, path: str, token: str | None = None, **form: str) -> dict[str, Any]:
        sent = form | {"accessToken": self.token if token is None else token}
        answer = requests.post(f"{self._base}/api/lapp/{path}", data=sent, verify=self._ca, timeout=30)
        assert answer.status_code == 200
        return dict(answer.json())

    def v3(self, method: str, path: str, serial: str, **form: str) -> tuple[int, dict[str, Any]]:
        headers = {"accessToken": self.token, "deviceSerial": serial}
        answer = requests.request(
            method,
            f"{self._base}/api/v3/{path}",
            params=form if method == "GET" else None,
            data=None if method == "GET" else form,
            headers=headers,
            verify=self._ca,
            timeout=30,
        )
        return answer.status_code, dict(answer.json())


@pytest.fixture
def platform(cloud: Cloud) -> Platform:
    return Platform(cloud)


def row(cloud: Cloud, name: str = "Garden") -> dict[str, Any]:
    return dict(cloud.process.cameras()[name])


SETS: dict[str, tuple[Callable[[EzvizClient, str], object], dict[str, object]]] = {
    "arming": (lambda client, serial: client.set_camera_defence(serial, 0), {"armed": False}),
    "offline notice": (lambda client, serial: client.set_offline_notification(serial, 1), {"offline_notify": True}),
    "night vision": (lambda client, serial: client.set_night_vision_mode(serial, 0), {"night_vision": 0}),
    "flip": (lambda client, serial: client.flip_image(serial), {"flipped": True}),
    "status light": (lambda client, serial: client.switch_status(serial, 3, 0), {"light": False}),
    "restart": (lambda client, serial: client.reboot_camera(serial), {"online": False}),
}


@pytest.mark.parametrize("what", sorted(SETS))
def test_the_library_changes_a_setting(cloud: Cloud, client: EzvizClient, garden: str, what: str) -> None:
    act, expected = SETS[what]
    before = row(cloud)
    act(client, garden)
    after = row(cloud)
    try:
        assert {name: after[name] for name in expected} == expected
        assert any(before[name] != value for name, value in expected.items())
    finally:
        _undo(cloud, client, garden)


def _undo(cloud: Cloud, client: EzvizClient, garden: str) -> None:
    cloud.process.control(garden, online=True)
    client.set_camera_defence(garden, 1)
    client.set_offline_notification(garden, 0)
    client.set_night_vision_mode(garden, 2)
    client.switch_status(garden, 3, 1)
    if row(cloud)["flipped"]:
        client.flip_image(garden)


def test_the_storage_status_is_read(cloud: Cloud, client: EzvizClient, garden: str) -> None:
    cloud.process.control(garden, storage="uninitialised")
    assert client.get_storage_status(garden)[0]["status"] == 2
    cloud.process.control(garden, storage="none")
    assert client.get_storage_status(garden) == []
    cloud.process.control(garden, storage="ok")


def test_firmware_that_rejects_the_label_code_accepts_a_mailed_one_once(
    cloud: Cloud, client: EzvizClient, garden: str
) -> None:
    cloud.process.control(garden, rejects_label_code=True, encryption=True)
    with pytest.raises(PyEzvizError, match="1011"):
        client.set_video_enc(garden, 0, camera_verification_code="GKRTUV")
    assert client.get_2fa_check_code("DEVICE_ENCRYPTION", DEMO)["contact"]["type"] == "EMAIL"
    mailed = row(cloud)["mailed"]
    with pytest.raises(PyEzvizError, match="1011"):
        client.set_video_enc(garden, 0, camera_verification_code="none")
    assert client.set_video_enc(garden, 0, camera_verification_code=mailed)
    with pytest.raises(PyEzvizError, match="1011"):  # good once
        client.set_video_enc(garden, 0, camera_verification_code=mailed)
    cloud.process.control(garden, rejects_label_code=False, encryption=False)


def test_the_encryption_password_is_the_code_until_it_is_changed(cloud: Cloud, client: EzvizClient) -> None:
    pond = cloud.serials["Pond"]
    with pytest.raises(PyEzvizError, match="1011"):
        client.set_video_enc(pond, 2, old_password="WRONGX", new_password="secret12")
    assert client.set_video_enc(pond, 2, old_password="PQWSXC", new_password="secret12")
    digest = client._api_get_pagelist(page_filter="STATUS")["STATUS"][pond]["encryptPwd"]
    once = hashlib.md5(b"secret12", usedforsecurity=False).hexdigest()
    assert digest == hashlib.md5(once.encode(), usedforsecurity=False).hexdigest()
    assert client.set_video_enc(pond, 2, old_password="secret12", new_password="PQWSXC")


def test_a_change_by_one_api_shows_in_the_other(
    cloud: Cloud, client: EzvizClient, platform: Platform, garden: str
) -> None:
    form = {"deviceSerial": garden, "timezone": "108", "timeFormat": "1", "daylightSaving": "0"}
    assert platform.call("device/timezone/set", **form)["code"] == "200"
    assert platform.v3("POST", "device/fillLight/mode/set", garden, mode="1")[0] == 200
    optionals = client._api_get_pagelist(page_filter="STATUS")["STATUS"][garden]["optionals"]
    values = [optionals[name] for name in ("timeZone", "tzCode", "timeFormat", "daylightSavingTime")]
    assert values == ["UTC+02:00", "108", "1", "0"]
    assert '"graphicType": 1' in optionals["NightVision_Model"]
    client.set_camera_defence(garden, 0)
    assert platform.call("device/info", deviceSerial=garden)["data"]["defence"] == 0
    _undo(cloud, client, garden)
    back = {"timezone": "138", "timeFormat": "0", "daylightSaving": "1"}
    assert platform.call("device/timezone/set", deviceSerial=garden, **back)["code"] == "200"


@pytest.mark.parametrize("path", ["device/notify/switch"])
def test_a_call_of_the_chinese_platform_is_refused_elsewhere(
    cloud: Cloud, platform: Platform, garden: str, path: str
) -> None:
    assert platform.call(path, deviceSerial=garden, enable="1")["code"] == "60020"
    status, body = platform.v3("POST", "device/systemOperate", garden, systemOperation="reboot")
    assert (status, body["meta"]["code"]) == (422, 60020)
    cloud.process.configure(china=True)
    assert platform.call(path, deviceSerial=garden, enable="0")["code"] == "200"
    cloud.process.configure(china=False)


@pytest.mark.parametrize(
    ("method", "path", "form", "status", "code"),
    [
        ("GET", "device/fillLight/mode/get", {}, 200, 200),
        ("POST", "device/fillLight/mode/set", {"mode": "9"}, 400, 10001),
        ("POST", "device/fillLight/mode/set", {}, 400, 10001),
        ("PUT", "device/format/disk", {"diskIndex": "7"}, 422, 60020),
        ("GET", "device/format/status", {}, 200, 200),
    ],
)
def test_a_call_of_version_three_has_its_status_and_code(
    platform: Platform, garden: str, method: str, path: str, form: dict[str, str], status: int, code: int
) -> None:
    answered, body = platform.v3(method, path, garden, **form)
    assert (answered, body["meta"]["code"]) == (status, code)
    assert platform.v3(method, path, "F99999999")[1]["meta"]["code"] == 20002


class TestSubAccounts:
    @pytest.fixture
    def sub(self, platform: Platform, cloud: Cloud) -> str:
        password = hashlib.md5(f"{time.time()}".encode(), usedforsecurity=False).hexdigest()
        made = platform.call("ram/account/create", accountName=f"home-{password[:8]}", password=password)
        account = str(made["data"]["accountId"])
        policy = f'{{"Statement":[{{"Permission":"GET,REAL","Resource":["dev:{cloud.serials["Garden"]}"]}}]}}'
        assert platform.call("ram/policy/set", accountId=account, policy=policy)["code"] == "200"
        return account

    def test_a_sub_account_sees_only_the_cameras_it_was_given(self, cloud: Cloud, platform: Platform, sub: str) -> None:
        token = platform.call("ram/token/get", accountId=sub)["data"]["accessToken"]
        assert token.startswith("ra")
        listed = platform.call("camera/list", token=token)["data"]
        assert [row["channelName"] for row in listed] == ["Garden"]
        pond = platform.call("device/info", token=token, deviceSerial=cloud.serials["Pond"])
        assert pond["code"] == "10031"
        assert platform.call("ram/token/get", token=token, accountId=sub)["code"] == "10031"

    def test_a_deleted_sub_account_ends_its_tokens(self, platform: Platform, sub: str) -> None:
        token = platform.call("ram/token/get", accountId=sub)["data"]["accessToken"]
        assert platform.call("ram/account/delete", accountId=sub)["code"] == "200"
        assert platform.call("camera/list", token=token)["code"] == "10002"
        assert platform.call("ram/token/get", accountId=sub)["code"] == "10032"

    @pytest.mark.parametrize(
        ("path", "form", "code"),
        [
            ("ram/account/create", {"accountName": "abc", "password": "0" * 32}, "10001"),
            ("ram/account/create", {"accountName": "abcd", "password": "plain"}, "10001"),
            ("ram/policy/set", {"accountId": "nobody", "policy": '{"Statement":[]}'}, "10032"),
        ],
    )
    def test_a_wrong_sub_account_call_is_refused(
        self, platform: Platform, path: str, form: dict[str, str], code: str
    ) -> None:
        assert platform.call(path, **form)["code"] == code
