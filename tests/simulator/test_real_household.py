"""The household as unkind as life, by the public client library, unmodified; its types are held to a real list."""

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from pyezvizapi.client import EzvizClient
from pyezvizapi.exceptions import EzvizAuthVerificationCode, PyEzvizError
from pyezvizapi.utils import return_password_hash

from showcam.simulator.households import CODE
from showcam.simulator.products import PRODUCTS
from tests.doubles import real_list
from tests.doubles.cloud import Cloud
from tests.doubles.needs import REAL_LIST
from tests.doubles.waiting import until

pytestmark = pytest.mark.proves(
    "The simulated household that is as unkind as life is read by a public client",
    leans_on="second stack: pyezvizapi, unmodified; published: a real account's list",
)

REAL = "real@example.com"
SOUND, PRIVACY = 22, 7
LAG_S = 0.4  # in place of an hour


@pytest.fixture
def client(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> EzvizClient:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.process.ca))
    made = EzvizClient(REAL, "showcam-demo", cloud.process.app_host, timeout=30)
    made._session.verify = str(cloud.process.ca)  # its prepared requests pass the environment over
    made.login()
    return made


@pytest.fixture
def driveway(cloud: Cloud) -> Iterator[str]:
    serial = cloud.serials["Driveway"]
    yield serial
    cloud.control(serial, encryption=True, audio=True, online=True, rtsp=False)


def page(client: EzvizClient) -> dict[str, Any]:
    return dict(
        client._api_get_pagelist(page_filter="STATUS,SWITCH,CONNECTION,WIFI,CHANNEL,FEATURE_INFO,VTM,VIDEO_QUALITY")
    )


def switch(client: EzvizClient, serial: str, kind: int) -> bool:
    return next(bool(row["enable"]) for row in page(client)["SWITCH"][serial] if row["type"] == kind)


def flips(client: EzvizClient, serial: str) -> tuple[bool, int]:
    """By FEATURE_INFO, and by inverse_mode."""
    listed = page(client)
    feature = listed["FEATURE_INFO"][serial]["1"]["Video"]["VideoAdjustment"]["ImageFlip"]["enabled"]
    return feature, json.loads(listed["STATUS"][serial]["optionals"]["inverse_mode"])["enable"]


def test_most_cameras_are_shared_and_all_but_one_encrypted(client: EzvizClient) -> None:
    listed = page(client)
    channels = {row["resourceName"]: row for row in listed["resourceInfos"] if row["resourceType"] == 50}
    assert {name for name, row in channels.items() if row["shareType"] == 0} == {"Terrace", "Driveway", "Shed"}
    assert {name for name, row in channels.items() if row["shareType"] == 2} == {
        *("Boathouse", "Hall", "Courtyard Wide", "Courtyard Close", "Workshop"),
        *("Greenhouse", "Loft", "Pantry", "Cellar"),
    }
    assert {name for name, row in channels.items() if not listed["STATUS"][row["deviceSerial"]]["isEncrypt"]} == {
        "Terrace"
    }
    assert {status["encryptPwd"] for status in listed["STATUS"].values()} == {return_password_hash(CODE)}


def test_the_practice_page_names_its_cameras(cloud: Cloud) -> None:
    page = " ".join(requests.get(f"{cloud.process.url}/", timeout=30).text.split())
    row = page.partition("real@example.com")[2].partition("</tr>")[0]
    names = [name for name, camera in cloud.process.cameras().items() if camera["owner"].startswith(("real", "family"))]
    assert [name for name in names if name not in row] == []
    assert CODE in row


def test_a_device_of_several_channels_or_a_row_of_its_own_has_no_dispatcher(client: EzvizClient) -> None:
    listed = page(client)
    kinds = {row["resourceId"]: (row["resourceName"], row["resourceType"]) for row in listed["resourceInfos"]}
    assert {kinds[name][1] for name in listed["VTM"]} == {50}
    assert sorted(name for name, kind in kinds.values() if kind == 0) == ["Courtyard", "Shed"]
    assert len(listed["VTM"]) == len(listed["CHANNEL"]) == len(listed["VIDEO_QUALITY"]) == 12


def test_the_library_loads_every_camera(client: EzvizClient) -> None:
    cameras = client.load_cameras()
    assert len(cameras) == 11
    assert {row["encrypted"] for row in cameras.values()} == {True, False}


def test_a_switch_is_listed_late(cloud: Cloud, client: EzvizClient, driveway: str) -> None:
    cloud.configure(lag_s=3600)
    client.switch_status(driveway, SOUND, 0)
    assert cloud.row("Driveway")["audio"] is False
    assert switch(client, driveway, SOUND) is True
    cloud.configure(lag_s=LAG_S)
    began = time.monotonic()
    client.switch_status(driveway, SOUND, 0)
    until(lambda: not switch(client, driveway, SOUND))
    assert time.monotonic() - began > LAG_S / 2


def test_a_shutter_shows_among_the_switches_alone(cloud: Cloud, client: EzvizClient) -> None:
    serial = cloud.serials["Greenhouse"]
    assert switch(client, serial, PRIVACY) is True
    assert page(client)["STATUS"][serial]["privacyStatus"] == 0


CHANGES: dict[str, Callable[[EzvizClient, str], object]] = {
    "a switch": lambda client, serial: client.switch_status(serial, SOUND, 0),
    "encryption": lambda client, serial: client.set_video_enc(serial, 0, camera_verification_code=CODE),
    "flip": lambda client, serial: client.set_image_flip_iot(serial, enabled=True),
    "the password": lambda client, serial: client.get_cam_key(serial),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_shared_camera_is_not_to_be_changed(cloud: Cloud, client: EzvizClient, what: str) -> None:
    with pytest.raises(PyEzvizError, match="10031"):
        CHANGES[what](client, cloud.serials["Boathouse"])


def test_newer_firmware_refuses_the_labels_code_and_takes_a_mailed_one(
    cloud: Cloud, client: EzvizClient, driveway: str
) -> None:
    with pytest.raises(PyEzvizError, match="1011"):
        client.set_video_enc(driveway, 0, camera_verification_code=CODE)
    client.get_2fa_check_code("DEVICE_ENCRYPTION", REAL)
    first = cloud.row("Driveway")["mailed"]
    second = first
    while second == first:
        client.get_2fa_check_code("DEVICE_ENCRYPTION", REAL)
        second = cloud.row("Driveway")["mailed"]
    with pytest.raises(PyEzvizError, match="1011"):  # void since the second was mailed
        client.set_video_enc(driveway, 0, camera_verification_code=first)
    assert client.set_video_enc(driveway, 0, camera_verification_code=second)


def test_only_to_ask_for_the_password_mails_a_code(cloud: Cloud, client: EzvizClient, driveway: str) -> None:
    with pytest.raises(EzvizAuthVerificationCode):
        client.get_cam_key(driveway)
    with pytest.raises(PyEzvizError, match="10001"):
        client.get_cam_key(driveway)
    mailed = cloud.row("Driveway")["mailed"]
    with pytest.raises(PyEzvizError, match="1011"):
        client.get_cam_key(driveway, "none")
    assert client.get_cam_key(driveway, mailed) == CODE
    assert client.get_cam_key(driveway) == CODE, "the session is elevated by that"


def test_a_renewed_session_is_asked_for_a_code_again(cloud: Cloud, client: EzvizClient, driveway: str) -> None:
    client.get_2fa_check_code("DEVICE_ENCRYPTION", REAL)
    assert client.get_cam_key(driveway, cloud.row("Driveway")["mailed"]) == CODE
    client.login()
    with pytest.raises(PyEzvizError):
        client.get_cam_key(driveway)


def test_five_wrong_codes_void_the_mail(cloud: Cloud, client: EzvizClient, driveway: str) -> None:
    client.get_2fa_check_code("DEVICE_ENCRYPTION", REAL)
    for _ in range(5):
        with pytest.raises(PyEzvizError, match="1011"):
            client.get_cam_key(driveway, "none")
    with pytest.raises(PyEzvizError, match="1043"):
        client.get_cam_key(driveway, cloud.row("Driveway")["mailed"])


def test_a_session_that_was_signed_in_by_a_code_is_handed_keys_at_once(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list has another digest for two of them: only the vendor knows their keys."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.process.ca))
    client = EzvizClient("keys@example.com", "showcam-demo", cloud.process.app_host, timeout=30)
    client._session.verify = str(cloud.process.ca)
    with pytest.raises(EzvizAuthVerificationCode):
        client.login()
    client.login("012345")  # type: ignore[arg-type]  # it begins with a zero
    names = ("Carport", "Balcony", "Stairs", "Mailbox")
    keys = {name: client.get_cam_key(cloud.serials[name]) for name in names}
    listed = page(client)["STATUS"]
    fit = {name: listed[cloud.serials[name]]["encryptPwd"] == return_password_hash(key) for name, key in keys.items()}
    assert fit == {"Carport": True, "Balcony": False, "Stairs": False, "Mailbox": True}
    assert {row["isEncrypt"] for row in listed.values()} == {1}


@pytest.mark.parametrize(
    "turn",
    [
        lambda client, serial: client.set_image_flip_iot(serial, enabled=True),
        lambda client, serial: client.flip_image(serial),
    ],
)
def test_which_way_up_a_picture_is_shows_in_one_of_two_places(
    client: EzvizClient, driveway: str, turn: Callable[[EzvizClient, str], object]
) -> None:
    assert flips(client, driveway) == (False, 0)
    turn(client, driveway)
    assert flips(client, driveway) == (True, 0)
    client.set_image_flip_iot(driveway, enabled=False)
    assert flips(client, driveway) == (False, 0)


def test_an_older_type_has_no_row_of_features(cloud: Cloud, client: EzvizClient) -> None:
    listed, loft, pantry = page(client), cloud.serials["Loft"], cloud.serials["Pantry"]
    assert loft not in listed["FEATURE_INFO"]
    assert json.loads(listed["STATUS"][loft]["optionals"]["inverse_mode"])["enable"] == 1
    assert flips(client, pantry) == (False, 1), "the two places contradict each other"


def test_rtsp_at_home_is_shut_until_somebody_opens_it_and_after_a_restart(
    cloud: Cloud, client: EzvizClient, driveway: str
) -> None:
    assert (
        page(client)["CONNECTION"][driveway] | {"localIp": "127.0.0.1", "localRtspPort": 0}
        == page(client)["CONNECTION"][driveway]
    )
    cloud.control(driveway, rtsp=True)
    until(lambda: page(client)["CONNECTION"][driveway]["localRtspPort"])
    port = page(client)["CONNECTION"][driveway]["localRtspPort"]
    assert cloud.process.ports()[f"rtsp/{driveway}"] == port
    assert _opens(port)
    cloud.configure(restart_s=0.5)
    client.reboot_camera(driveway)
    until(lambda: not _opens(port))
    assert page(client)["CONNECTION"][driveway]["localRtspPort"] == 0
    until(lambda: cloud.row("Driveway")["online"])  # not amid another test


def test_a_camera_that_is_away_says_nothing_at_home(cloud: Cloud, driveway: str) -> None:
    cloud.control(driveway, rtsp=True, online=False)
    until(lambda: cloud.process.ports().get(f"rtsp/{driveway}"))
    port = cloud.process.ports()[f"rtsp/{driveway}"]
    with socket.create_connection(("127.0.0.1", port), 5) as door:
        door.sendall(b"OPTIONS rtsp://127.0.0.1/ RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        door.settimeout(0.3)
        with pytest.raises(TimeoutError):
            door.recv(1)


def _opens(port: int) -> bool:
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False


KEYS = (
    *("9", "14", "16", "46", "61", "62", "63", "154", "206"),
    *("224", "244", "274", "302", "450", "452", "465", "507", "519"),
)


@REAL_LIST.mark
@pytest.mark.parametrize("name", PRODUCTS)
def test_a_type_is_listed_as_in_life(name: str) -> None:
    product, listed = PRODUCTS[name], real_list.page(owned=False)
    device = next(row for row in listed["deviceInfos"] if row["deviceType"] == product.type)
    serial = device["deviceSerial"]
    support = json.loads(device["supportExt"])
    assert dict(product.support) == {key: support[key] for key in KEYS if key in support}
    assert (product.sub_category, product.category) == (device["deviceSubCategory"], device["deviceCategory"])
    rows = [row for row in listed["resourceInfos"] if row["deviceSerial"] == serial]
    assert [product.resource(int(row["localIndex"])).get("resourceIdentifier") for row in rows] == [
        row.get("resourceIdentifier") for row in rows
    ]
    channel = next(row["resourceId"] for row in rows if row["localIndex"] == "1")
    assert product.levels() == listed["VIDEO_QUALITY"][channel]
    optionals = listed["STATUS"][serial]["optionals"]
    assert product.video_para() == json.loads(optionals["video_para"])
    assert product.features == (serial in listed["FEATURE_INFO"])
    flip = listed["FEATURE_INFO"].get(serial, {}).get("1", {}).get("Video", {})
    assert product.flip_feature == ("ImageFlip" in flip.get("VideoAdjustment", {}))
