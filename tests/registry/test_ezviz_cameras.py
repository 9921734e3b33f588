"""Cameras from a page of the app API's device list, row by row; a missing flag is unknown."""

import json
from typing import Any

import pytest

from registry.camera import Camera, Video
from registry.drivers.ezviz.cameras import cameras

SERIAL = "F00000001"
WITH_AUDIO = json.dumps({"9": "1", "63": "1"})


def page(*devices: tuple[dict[str, Any], list[dict[str, Any]]], **sections: Any) -> dict[str, Any]:
    return {
        "deviceInfos": [device for device, _ in devices],
        "resourceInfos": [row for _, rows in devices for row in rows],
        **sections,
    }


def device(serial: str = SERIAL, **changes: Any) -> dict[str, Any]:
    given = {
        "deviceSerial": serial,
        "deviceCategory": "IPC",
        "deviceSubCategory": "C3TN",
        "deviceType": "CS-C3TN-A0",
        "name": "From the factory",
        "status": 1,
        "version": "V5.3.0",
        "supportExt": WITH_AUDIO,
    }
    return given | changes


def row(serial: str = SERIAL, **changes: Any) -> dict[str, Any]:
    given = {"deviceSerial": serial, "resourceName": "Garden", "resourceType": 50, "localIndex": "1", "shareType": 0}
    return given | changes


def switch(kind: int, on: Any, channel: int = 0) -> dict[str, Any]:
    return {"type": kind, "enable": on, "channelNo": channel}


ALL_OFF = [switch(7, False), switch(21, False), switch(22, False)]


def one(
    device_row: dict[str, Any] | None = None,
    resource: dict[str, Any] | None = None,
    status: Any = None,
    switches: Any = ALL_OFF,
) -> Camera:
    sections: dict[str, Any] = {"STATUS": {SERIAL: {"isEncrypt": 0} if status is None else status}}
    if switches is not None:
        sections["SWITCH"] = {SERIAL: switches}
    (found,) = cameras([page((device_row or device(), [resource or row()]), **sections)], "source", ("open",))
    return found


@pytest.mark.parametrize(
    ("status", "expected"), [(1, "on"), (2, "off"), (0, "unknown"), (None, "unknown"), ("1", "on"), ("x", "unknown")]
)
def test_online(status: Any, expected: str) -> None:
    assert one(device(status=status)).online == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"isEncrypt": 0}, "off"),
        ({"isEncrypt": 1}, "on"),
        ({"isEncrypt": "1"}, "on"),
        ({"isEncrypt": 2}, "unknown"),
        ({"isEncrypt": None}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_encryption(status: Any, expected: str) -> None:
    assert one(status=status).encryption == expected


@pytest.mark.parametrize(
    ("switches", "status", "expected"),
    [
        (ALL_OFF, {}, "off"),
        ([switch(21, True)], {}, "on"),
        ([switch(21, False), switch(7, True)], {}, "on"),
        ([switch(21, "1")], {}, "on"),
        ([switch(21, 0)], {}, "off"),
        (ALL_OFF, {"privacyStatus": 1}, "on"),
        (ALL_OFF, {"privacyStatus": -1}, "off"),
        ([switch(22, True)], {}, "none"),
        ([{"type": 21}], {}, "unknown"),
        ([switch(21, None), switch(7, False)], {}, "unknown"),
        ([switch(21, None), switch(7, True)], {}, "on"),
        (None, {}, "unknown"),
        (None, {"privacyStatus": 1}, "on"),
    ],
)
def test_asleep_by_sleep_mode_or_the_shutter(switches: Any, status: Any, expected: str) -> None:
    assert one(status=status, switches=switches).asleep == expected


@pytest.mark.parametrize(("supports", "expected"), [("1", "unknown"), ("0", "off"), (None, "off")])
def test_sleep_mode_that_the_model_has_and_the_vendor_does_not_list(supports: str | None, expected: str) -> None:
    listed = device(supportExt=json.dumps({"62": supports} if supports else {"9": "1"}))

    assert one(listed, switches=[switch(7, False)]).asleep == expected


@pytest.mark.parametrize(
    ("supports", "switches", "expected"),
    [
        (WITH_AUDIO, [switch(22, True)], "on"),
        (WITH_AUDIO, [switch(22, False)], "off"),
        (WITH_AUDIO, [switch(21, True)], "unknown"),
        (WITH_AUDIO, None, "unknown"),
        (json.dumps({"63": "0"}), [switch(22, False)], "none"),
        (json.dumps({"9": "1"}), [switch(22, False)], "none"),
        ("", [switch(22, False)], "off"),
        ("not json", [switch(22, True)], "on"),
        (None, None, "unknown"),
    ],
)
def test_audio_where_the_model_has_it(supports: Any, switches: Any, expected: str) -> None:
    assert one(device(supportExt=supports), switches=switches).audio == expected


@pytest.mark.parametrize(
    ("optionals", "video", "battery"),
    [
        ({"video_para": json.dumps({"MainEncode": 1})}, "h264", None),
        ({"video_para": json.dumps({"MainEncode": 2})}, "h265", None),
        ({"video_para": "?"}, "unknown", None),
        ({"powerRemaining": "55"}, "unknown", 55),
        ({"powerRemaining": "-1"}, "unknown", None),
        ({"powerRemaining": "200"}, "unknown", None),
        ("no object", "unknown", None),
        (None, "unknown", None),
    ],
)
def test_codec_and_battery(optionals: Any, video: str, battery: int | None) -> None:
    found = one(status={"isEncrypt": 0, "optionals": optionals})

    assert (found.video, found.battery) == (Video(video), battery)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ({"MainEncode": 2, "SubEncode": 1}, Video("h264")),
        ({"MainEncode": 1, "SubEncode": 2}, Video("h265")),
        ({"MainEncode": 1, "SubEncode": "?"}, Video()),
        ({"MainEncode": 1}, None),
        ({}, Video()),  # its streams are not listed: most cameras have a smaller one
    ],
)
def test_the_smaller_picture_is_as_the_list_has_it(listed: dict[str, Any], expected: Video | None) -> None:
    assert one(status={"isEncrypt": 0, "optionals": {"video_para": json.dumps(listed)}}).sub == expected


@pytest.mark.parametrize(
    ("share", "owner", "ways"), [(0, "own", ("open",)), (1, "own", ("open",)), (2, "shared", ()), ("2", "shared", ())]
)
def test_a_camera_shared_with_the_account_has_owner_shared(share: Any, owner: str, ways: tuple[str, ...]) -> None:
    found = one(resource=row(shareType=share))

    assert (found.owner, found.ways) == (owner, ways)


@pytest.mark.parametrize(
    ("category", "kind"), [("IPC", "camera"), ("BDoorBell", "doorbell"), ("CatEye", "doorbell"), (None, "camera")]
)
def test_doorbells(category: Any, kind: str) -> None:
    assert one(device(deviceCategory=category)).kind == kind


def test_the_name_people_speak_is_the_channels() -> None:
    assert one().name == "Garden"
    assert one(resource=row(resourceName="")).name == "From the factory"
    assert one(device(name=None), row(resourceName=None)).name == SERIAL
    assert one(resource=row(resourceName=" Garden \n\ud83c")).name == "Garden"
    assert one(resource=row(resourceName="\ud83c\x00")).name == "From the factory"


def test_each_lens_is_a_camera_with_its_own_switches() -> None:
    rows = [row(resourceType=0, localIndex="0", resourceName="Both")]
    rows += [row(localIndex=str(number), resourceName=f"Lens {number}") for number in (1, 2)]
    switches = [switch(21, False, 0), switch(21, True, 2), switch(22, True, 1)]
    found = cameras(
        [page((device(channelNumber=2), rows), STATUS={SERIAL: {"isEncrypt": 0}}, SWITCH={SERIAL: switches})], "s", ()
    )

    assert [(camera.name, camera.ref.channel, camera.asleep, camera.audio) for camera in found] == [
        ("Lens 1", 1, "off", "on"),
        ("Lens 2", 2, "on", "on"),  # the microphone is the device's
    ]


def test_a_recorders_channels_are_cameras_of_their_own_and_its_empty_ones_none() -> None:
    rows = [row(localIndex="1", resourceName="Gate"), row(localIndex="2", resourceName="Yard")]
    rows += [row(localIndex="3", resourceName=f"{SERIAL}-3"), row(localIndex="4", resourceName=SERIAL)]
    switches = [switch(22, True, 1)]
    found = cameras([page((device(deviceCategory="XVR"), rows), SWITCH={SERIAL: switches})], "s", ())

    assert [(camera.name, camera.audio, camera.encryption) for camera in found] == [
        ("Gate", "on", "unknown"),
        ("Yard", "unknown", "unknown"),
    ]


@pytest.mark.parametrize(("category", "expected"), [("IPC", 1), ("Socket", 0), ("IGateWay", 0), ("lighting", 0)])
def test_a_device_without_channels_is_a_camera_if_its_category_is(category: str, expected: int) -> None:
    listed = page((device(deviceCategory=category), [row(resourceType=0, localIndex="0")]))

    found = cameras([listed], "s", ())

    assert len(found) == expected
    assert all(camera.ref.channel == 1 for camera in found)


def test_rows_without_their_device_are_left_out() -> None:
    assert cameras([page((device(), [row("F99999999")]))], "s", ()) == ()


def test_pages_are_one_list() -> None:
    pages = [
        page(
            (device(f"F{number}"), [row(f"F{number}", resourceName=f"Camera {number}")]),
            STATUS={f"F{number}": {"isEncrypt": number % 2}},
        )
        for number in range(70)
    ]

    found = cameras(pages, "s", ())

    assert [camera.name for camera in found] == [f"Camera {number}" for number in range(70)]
    assert [camera.encryption for camera in found][:2] == ["off", "on"]
