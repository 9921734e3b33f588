"""The contract of the Open Platform's face: another public client, unmodified, finds what it expects."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from ezviz_openapi_utils import Client, EZVIZOpenAPI
from ezviz_openapi_utils.exceptions import EZVIZAPIError, EZVIZAuthError, EZVIZBaseError
from ezviz_openapi_utils.oauth import AccessToken

from tests.doubles.cloud import Cloud


@pytest.fixture
def make(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[..., EZVIZOpenAPI]:
    """It knows the vendor's hosts alone; where it asks for a token is the one thing that is changed."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.process.ca))
    monkeypatch.setattr(AccessToken, "_get_url", lambda self: f"https://{cloud.process.open_host}/api/lapp/token/get")

    def made(key: str = "demo-key", secret: str = "demo-secret") -> EZVIZOpenAPI:
        return EZVIZOpenAPI(Client(key, secret, region="eu"))

    return made


@pytest.mark.parametrize(
    ("key", "secret", "code"), [("demo-key", "wrong", "10030"), ("nobody", "x", "10017"), ("", "", "10001")]
)
def test_a_wrong_key_is_told_by_its_code(make: Callable[..., EZVIZOpenAPI], key: str, secret: str, code: str) -> None:
    with pytest.raises(EZVIZAuthError) as raised:
        make(key, secret)
    assert raised.value.code == code


def test_it_goes_where_the_token_is_valid(make: Callable[..., EZVIZOpenAPI], cloud: Cloud) -> None:
    assert make()._base_url == f"https://{cloud.process.open_host}"


def test_it_lists_devices_and_channels_with_what_is_shared(make: Callable[..., EZVIZOpenAPI], cloud: Cloud) -> None:
    api = make("other-key", "other-secret")
    rows = api.get_camera_list()["data"]
    assert {row["channelName"]: row["isShared"] for row in rows} == {"Study": "0", "Garden": "2"}
    own = api.get_device_camera_list(cloud.serials["Study"])["data"]
    assert [(row["deviceSerial"], row["channelNo"]) for row in own] == [(cloud.serials["Study"], 1)]


CALLS: dict[str, tuple[Callable[[EZVIZOpenAPI, str], dict[str, Any]], Callable[[Any], bool]]] = {
    "info": (lambda api, serial: api.get_device_info(serial), lambda data: data["isEncrypt"] == 1),
    "status": (lambda api, serial: api.get_device_status(serial), lambda data: data["battryStatus"] == -1),
    "capacity": (lambda api, serial: api.get_device_capacity(serial), lambda data: data["support_encrypt"] == "1"),
    "sound": (lambda api, serial: api.get_sound_status(serial), lambda data: data[0]["enable"] == "1"),
    "lens": (lambda api, serial: api.get_scene_switch_status(serial), lambda data: data["enable"] == 0),
}


@pytest.mark.parametrize("call", CALLS)
def test_it_reads_a_camera(make: Callable[..., EZVIZOpenAPI], cloud: Cloud, call: str) -> None:
    ask, right = CALLS[call]
    assert right(ask(make(), cloud.serials["Garage"])["data"])


def test_it_has_no_code_to_switch_encryption_off_with(make: Callable[..., EZVIZOpenAPI], cloud: Cloud) -> None:
    """It is made for the Chinese region, which asks for none; elsewhere a call without one lacks a parameter."""
    with pytest.raises(EZVIZAPIError) as raised:
        make().set_device_encrypt_off(cloud.serials["Garage"])
    assert raised.value.code == "10001"


@pytest.mark.parametrize(
    ("change", "serial", "code"),
    [
        ({"online": False}, "Garden", "20007"),
        ({"fault": "rate"}, "Garden", "10029"),
        ({"fault": "quota"}, "Garden", "10007"),
        ({}, "Study", "20018"),
    ],
)
def test_it_hears_why_a_switch_was_not_taken(
    make: Callable[..., EZVIZOpenAPI], cloud: Cloud, change: dict[str, Any], serial: str, code: str
) -> None:
    api = make()
    if change:
        cloud.control(cloud.serials[serial], **change)
    with pytest.raises(EZVIZBaseError) as raised:
        api.set_sound_status(cloud.serials[serial], 1)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("http500", requests.HTTPError),
        ("garbage", EZVIZBaseError),
        ("half", requests.exceptions.ChunkedEncodingError),
        ("html", EZVIZBaseError),
    ],
)
def test_a_spoiled_answer_is_an_error_to_it_too(
    make: Callable[..., EZVIZOpenAPI], cloud: Cloud, fault: str, error: type[Exception]
) -> None:
    api = make()
    cloud.control(cloud.serials["Garden"], fault=fault)
    with pytest.raises(error):
        api.get_device_info(cloud.serials["Garden"])
