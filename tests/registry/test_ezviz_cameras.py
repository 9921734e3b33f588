"""Cameras from a page of the app API's device list, row by row; a missing flag is unknown."""

import json
from typing import Any

import pytest

from showcam.drivers.camera import Listed, Video
from showcam.drivers.ezviz.cameras import cameras
from tests.doubles.needs import REAL_LIST, REAL_LIST_FILE

SERIAL = "F00000001"
WITH_AUDIO = json.dumps({"9": "1", "62": "1", "63": "1"})


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
) -> Listed:
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
        ([switch(22, True)], {}, "unknown"),
        ([{"type": 21}], {}, "unknown"),
        ([switch(21, None), switch(7, False)], {}, "unknown"),
        ([switch(21, None), switch(7, True)], {}, "on"),
        (None, {}, "unknown"),
        (None, {"privacyStatus": 1}, "on"),
    ],
)
def test_asleep_by_sleep_mode_or_the_shutter(switches: Any, status: Any, expected: str) -> None:
    assert one(status=status, switches=switches).asleep == expected


@pytest.mark.parametrize(
    ("supports", "switches", "expected"),
    [
        ({"62": "1"}, [switch(7, False)], "unknown"),
        ({"62": "1"}, [switch(7, False), switch(21, True)], "on"),
        ({"62": "0"}, [switch(7, False), switch(21, True)], "none"),  # the switch is listed all the same
        ({"62": "0"}, [switch(21, True)], "none"),
        ({"62": "0"}, [switch(7, True), switch(21, False)], "on"),
        ({"62": "0"}, [switch(7, None)], "unknown"),
        ({"9": "1"}, [switch(7, False), switch(21, True)], "none"),
        ({}, [switch(7, False), switch(21, True)], "on"),  # what the model can do is not listed at all
    ],
)
def test_sleep_mode_is_of_models_that_have_it(supports: dict[str, str], switches: Any, expected: str) -> None:
    listed = device(supportExt=json.dumps(supports) if supports else "")

    assert one(listed, switches=switches).asleep == expected


@pytest.mark.parametrize(("value", "expected"), [(1, "on"), ("0", "off"), (None, "unknown"), ("-", "none")])
def test_offline_notification_is_the_devices_whatever_supportext_has(value: Any, expected: str) -> None:
    listed = device(supportExt=json.dumps({"9": "1", "450": "0"}))
    if value != "-":
        listed["offlineNotify"] = value

    assert one(listed).offline_notification == expected


def flipped(enabled: Any, channel: str = "1") -> dict[str, Any]:
    flip = {"ImageFlip": {"enabled": enabled, "imageFlipStyle": "CENTER"}}
    return {channel: {"Video": {"VideoAdjustment": flip}}}


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        (None, "unknown"),
        ({}, "none"),
        ({"0": {"global": {}}, "1": {"Video": {}}}, "none"),
        ({"0": {"global": {"VideoAdjustment": {"ImageFlip": {"enabled": True}}}}, "1": {"Video": {}}}, "none"),
        (flipped(True), "on"),
        (flipped(False), "off"),
        (flipped(True, "2"), "none"),
        (flipped(True, "2") | flipped(False), "off"),
        (flipped(None), "unknown"),
        ({"1": {"Video": {"VideoAdjustment": {"ImageFlip": 1}}}}, "unknown"),
        ({"1": {"Video": {"VideoAdjustment": []}}}, "none"),
        ({"1": 5}, "none"),
        (5, "none"),
    ],
)
def test_flip_is_the_channels_own_and_never_inverse_mode(features: Any, expected: str) -> None:
    optionals = {"inverse_mode": json.dumps({"mode": 1, "enable": 1, "position": 3})}
    listed = page((device(), [row()]), STATUS={SERIAL: {"optionals": optionals}}, SWITCH={SERIAL: ALL_OFF})
    if features is not None:
        listed["FEATURE_INFO"] = {SERIAL: features}

    (found,) = cameras([listed], "source", ())

    assert found.flip == expected


ALL = ("colour", "black_and_white", "smart")


@pytest.mark.parametrize(
    ("supports", "graphic_type", "now", "modes"),
    [
        ({"206": "1"}, 0, "black_and_white", ALL),
        ({"206": "1", "274": "7"}, 2, "smart", ALL),
        ({"206": "1", "274": "1"}, 2, "smart", ("black_and_white", "smart")),
        ({"274": "1"}, 1, "colour", ALL),  # what is, can be
        ({"206": "1", "274": "2"}, 0, "black_and_white", ("colour", "black_and_white")),
        ({"9": "1"}, 1, "colour", ("colour",)),  # the vendor's app offers no choice
        ({"9": "1", "274": "0"}, 0, "black_and_white", ("black_and_white",)),
        ({"206": "1", "274": "?"}, 5, "unknown", ALL),
        ({"9": "1"}, 5, "unknown", ()),
        ({}, 1, "colour", ()),
        ({"206": "1", "274": "7"}, None, "none", ()),
    ],
)
def test_night_vision_is_what_it_is_and_can_be_set_as_the_model_has_it(
    supports: dict[str, str], graphic_type: int | None, now: str, modes: tuple[str, ...]
) -> None:
    model = {} if graphic_type is None else {"NightVision_Model": json.dumps({"graphicType": graphic_type})}

    found = one(device(supportExt=json.dumps(supports) if supports else ""), status={"optionals": model})

    assert (found.night_vision, found.night_modes) == (now, modes)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("2", True), ("1,3", True), ("0,0", False), ("0", False), ("-1", False), ("", False), (1, True)],
)
def test_a_feature_is_a_text_some_of_them_masks_or_lists(value: Any, expected: bool) -> None:
    assert one(device(supportExt=json.dumps({"452": value}))).can_restart is expected


@pytest.mark.parametrize(
    ("supports", "switches", "expected"),
    [
        (WITH_AUDIO, [switch(22, True)], "on"),
        (WITH_AUDIO, [switch(22, False)], "off"),
        (WITH_AUDIO, [switch(21, True)], "unknown"),
        (WITH_AUDIO, None, "unknown"),
        (json.dumps({"63": "0"}), [switch(22, False)], "none"),
        (json.dumps({"9": "1"}), [switch(22, False)], "none"),
        (json.dumps({"63": "1"}), [switch(22, True, 1), switch(22, False, 2)], "on"),
        ("", [switch(22, False)], "off"),
        ("not json", [switch(22, True)], "on"),
        (None, None, "unknown"),
    ],
)
def test_audio_where_the_model_has_it(supports: Any, switches: Any, expected: str) -> None:
    assert one(device(supportExt=supports), switches=switches).audio == expected


@pytest.mark.parametrize(
    ("optionals", "battery"),
    [
        ({"powerRemaining": "55"}, 55),
        ({"powerRemaining": "0"}, 0),
        ({"powerRemaining": "100"}, 100),
        ({"powerRemaining": "-1"}, None),
        ({"powerRemaining": "200"}, None),
        ({}, None),
        ("no object", None),
        (None, None),
    ],
)
def test_battery(optionals: Any, battery: int | None) -> None:
    assert one(status={"isEncrypt": 0, "optionals": optionals}).battery == battery


@pytest.mark.parametrize("encode", [-1, 0, 1, 2, "?", None])
def test_the_list_does_not_tell_for_sure_which_codec_a_picture_has(encode: Any) -> None:
    listed = json.dumps({"channel": 1, "MainEncode": encode, "SubEncode": encode})
    found = one(status={"isEncrypt": 0, "optionals": {"video_para": listed}})
    assert (found.listed_video, found.listed_sub) == (Video(), Video())


@pytest.mark.parametrize(
    ("qualities", "expected"),
    [
        ({"R": [{"streamType": 2, "videoLevel": 0}, {"streamType": 1, "videoLevel": 2}]}, Video()),
        ({"R": [{"streamType": 1, "videoLevel": 2}, {"streamType": 1, "videoLevel": 3}]}, None),
        ({"R": []}, Video()),  # not listed: most cameras have one
        ({"R": "?"}, Video()),
        ({}, Video()),
        (None, Video()),
    ],
)
def test_a_smaller_picture_is_there_if_the_menu_of_qualities_has_one(qualities: Any, expected: Video | None) -> None:
    listed = page((device(), [row(resourceId="R")]), STATUS={SERIAL: {}}, SWITCH={SERIAL: ALL_OFF})
    if qualities is not None:
        listed["VIDEO_QUALITY"] = qualities

    (found,) = cameras([listed], "source", ())

    assert found.listed_sub == expected


@pytest.mark.proves(
    "A camera that another account shares is known by each way that EZVIZ's list says so",
    leans_on="published: one public client",
)
@pytest.mark.parametrize(
    ("listed", "owner", "ways"),
    [
        ({"shareType": 0}, "own", ("open",)),
        ({"shareType": 0, "permission": -1}, "own", ("open",)),
        ({"shareType": 1, "permission": "-1"}, "own", ("open",)),
        ({"shareType": 2}, "shared", ()),
        ({"shareType": "2"}, "shared", ()),
        ({"shareType": 3}, "shared", ()),
        ({"shareType": 4}, "shared", ()),
        ({"shareType": 5}, "shared", ()),
        ({"shareType": 0, "permission": 0x20007F}, "own", ("open",)),
        ({"shareType": None, "permission": 3}, "shared", ()),
        ({"shareType": 9, "permission": 0x20007F}, "shared", ()),
        ({"shareType": None, "permission": None}, "own", ("open",)),
    ],
)
def test_a_camera_shared_with_the_account_has_owner_shared(
    listed: dict[str, Any], owner: str, ways: tuple[str, ...]
) -> None:
    """What the bits of a permission mean nobody has published, only that an owner's is -1."""
    found = one(resource=row(**listed))

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


def test_a_camera_that_has_its_name_from_the_factory_is_one_all_the_same() -> None:
    assert one(resource=row(resourceName=f"C8W({SERIAL})")).name == f"C8W({SERIAL})"


@pytest.mark.parametrize(
    ("reported", "can"), [('{"452": "1"}', True), ('{"452": "0"}', False), ('{"63": "1"}', False), ("", False)]
)
def test_a_camera_restarts_where_its_model_is_said_to(reported: str, can: bool) -> None:
    assert one(device(supportExt=reported)).can_restart is can


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


@pytest.mark.proves(
    "A real account's settings are read: Flip Image by channel, night vision, Sleep Mode, the smaller video",
    leans_on="published: pyezvizapi's list of 19 devices",
)
@REAL_LIST.mark
def test_a_real_accounts_settings() -> None:
    """19 devices: how each picture stands, night vision and what it can be set to, Sleep Mode, the smaller picture."""
    found = cameras([json.loads(REAL_LIST_FILE.read_text())], "s", ())

    stands = {(camera.ref.serial[-2:], camera.ref.channel): camera.flip for camera in found}
    assert [of for of, flip in stands.items() if flip == "on"] == [("14", 2)]
    assert len([flip for flip in stands.values() if flip == "off"]) == 10
    assert {camera.offline_notification for camera in found} == {"off"}
    modes = {camera.model: camera.night_modes for camera in found if camera.model in ("H3", "eLife", "C1C", "C8W")}
    assert modes == {
        "H3": ("black_and_white", "smart"),
        "C8W": ("black_and_white", "smart"),
        "eLife": ("colour", "black_and_white"),
        "C1C": ("black_and_white",),
    }
    assert {camera.model for camera in found if camera.listed_sub is None} == {"EB3", "eLife"}
    assert {camera.model for camera in found if camera.asleep == "none"} == {"EB3", "eLife", "C8C"}
    assert [camera.ref.serial[-2:] for camera in found if camera.asleep == "on"] == ["04"]


def test_a_recorder_has_nothing_to_switch() -> None:
    """No real list has a section SWITCH for one; an ordinary camera without is unknown."""
    listed = page((device(deviceCategory="XVR"), [row()]), (device("F2"), [row("F2")]), SWITCH={})
    recorded, ordinary = cameras([listed], "s", ())
    assert (recorded.asleep, recorded.audio, recorded.status_light) == ("none", "none", "none")
    assert (ordinary.asleep, ordinary.audio, ordinary.status_light) == ("unknown", "unknown", "unknown")


@pytest.mark.parametrize(("kind", "model"), [(50, "C3TN"), ("50", "C3TN"), (61, "C3TN (type 61)")])
def test_a_channel_of_an_unknown_kind_is_listed_as_one(kind: int | str, model: str) -> None:
    assert one(resource=row(resourceType=kind)).model == model


ODD: dict[str, Any] = {"null": None, "list": [], "empty": {}, "text": "x", "number": 7, "rows": [None, "x", []]}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", ["STATUS", "SWITCH", "FEATURE_INFO", "VIDEO_QUALITY"])
def test_an_odd_section_of_a_camera_costs_that_camera_alone(name: str, odd: str) -> None:
    """And one that is odd as a whole leaves what it would show unknown."""

    def listed(**changes: Any) -> tuple[Listed, ...]:
        sections: dict[str, Any] = {
            "STATUS": {serial: {"isEncrypt": 0} for serial in ("F1", "F2")},
            "SWITCH": dict.fromkeys(("F1", "F2"), ALL_OFF),
            "FEATURE_INFO": dict.fromkeys(("F1", "F2"), flipped(True)),
            "VIDEO_QUALITY": {},
        }
        rows = [(device(serial), [row(serial, resourceId=serial)]) for serial in ("F1", "F2")]
        return cameras([page(*rows, **(sections | changes))], "s", ())

    right = {camera.ref.serial: camera for camera in listed()}
    found = {camera.ref.serial: camera for camera in listed(**{name: {"F1": ODD[odd], "F2": SECTIONS_OF_ONE[name]}})}
    assert found.keys() == right.keys()
    assert found["F2"] == right["F2"]
    assert len(listed(**{name: ODD[odd]})) == 2


SECTIONS_OF_ONE: dict[str, Any] = {
    "STATUS": {"isEncrypt": 0},
    "SWITCH": ALL_OFF,
    "FEATURE_INFO": flipped(True),
    "VIDEO_QUALITY": None,
}


@pytest.mark.parametrize("odd", [None, {}, [], "x", 7, {"deviceSerial": None}, {"deviceSerial": ""}])
@pytest.mark.parametrize("where", ["deviceInfos", "resourceInfos"])
def test_an_odd_row_costs_itself_alone(where: str, odd: Any) -> None:
    listed = page((device(), [row()]))
    listed[where] = [odd, *listed[where], odd]
    assert [camera.name for camera in cameras([listed], "s", ())] == ["Garden"]
