"""A setting goes to the lens, the detector and the switch that a camera has, and to what the camera has of it."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from showcam.drivers.camera import Ref
from showcam.drivers.errors import VendorDown
from showcam.drivers.settings import BadValue
from tests.doubles.waiting import LONG_S
from tests.registry import test_ezviz_bad_settings
from tests.registry.test_ezviz_bad_settings import (
    FLIP,
    MIRROR,
    SERIAL,
    Cloud,
    app_answer,
    camera,
    json_answer,
    set_by_account,
)

cloud = test_ezviz_bad_settings.cloud


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
