"""The Open Platform's contract with another public client, unmodified."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from ezviz_openapi_utils import Client, EZVIZOpenAPI
from ezviz_openapi_utils.exceptions import EZVIZAPIError, EZVIZAuthError, EZVIZBaseError
from ezviz_openapi_utils.oauth import AccessToken

from tests.doubles.cloud import Cloud

pytestmark = pytest.mark.proves(
    "The simulated Open Platform is like EZVIZ's", leans_on="second stack: ezviz-openapi-utils, unmodified"
)


@pytest.fixture
def make(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[..., EZVIZOpenAPI]:
    """The client, whose address of token requests is replaced: it knows only the vendor's hosts."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.process.ca))
    monkeypatch.setattr(AccessToken, "_get_url", lambda self: f"https://{cloud.process.open_host}/api/lapp/token/get")

    def made(key: str = "demo-key", secret: str = "demo-secret") -> EZVIZOpenAPI:
        return EZVIZOpenAPI(Client(key, secret, region="eu"))

    return made


@pytest.mark.parametrize(
    ("key", "secret", "code"), [("demo-key", "wrong", "10030"), ("nobody", "x", "10017"), ("", "", "10001")]
)
def test_a_wrong_key_raises_its_code(make: Callable[..., EZVIZOpenAPI], key: str, secret: str, code: str) -> None:
    with pytest.raises(EZVIZAuthError) as raised:
        make(key, secret)
    assert raised.value.code == code


def test_the_client_uses_the_host_of_its_token(make: Callable[..., EZVIZOpenAPI], cloud: Cloud) -> None:
    assert make()._base_url == f"https://{cloud.process.open_host}"


def test_the_client_lists_own_and_shared_channels(make: Callable[..., EZVIZOpenAPI]) -> None:
    rows = make("other-key", "other-secret").get_camera_list()["data"]
    assert {row["channelName"]: row["isShared"] for row in rows} == {"Study": "0", "Garden": "2"}


CALLS: dict[str, tuple[Callable[[EZVIZOpenAPI, str], dict[str, Any]], Callable[[Any], bool]]] = {
    "info": (lambda api, serial: api.get_device_info(serial), lambda data: data["isEncrypt"] == 1),
    "status": (lambda api, serial: api.get_device_status(serial), lambda data: data["battryStatus"] == -1),
    "sound": (lambda api, serial: api.get_sound_status(serial), lambda data: data[0]["enable"] == "1"),
}


@pytest.mark.parametrize("call", CALLS)
def test_the_client_reads_a_camera(make: Callable[..., EZVIZOpenAPI], cloud: Cloud, call: str) -> None:
    read, right = CALLS[call]
    assert right(read(make(), cloud.serials["Garage"])["data"])


def test_switching_encryption_off_without_a_code_is_refused(make: Callable[..., EZVIZOpenAPI], cloud: Cloud) -> None:
    """The client is made for the Chinese region, whose call has no code; elsewhere the code is required."""
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
def test_a_switch_that_can_not_be_set_raises_its_code(
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
def test_a_spoiled_answer_raises_an_error(
    make: Callable[..., EZVIZOpenAPI], cloud: Cloud, fault: str, error: type[Exception]
) -> None:
    api = make()
    cloud.control(cloud.serials["Garden"], fault=fault)
    with pytest.raises(error):
        api.get_device_info(cloud.serials["Garden"])
