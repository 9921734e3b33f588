"""Households to practise on. Two are as unkind as life, after a real account's list.

In both no door at home is open, and switches are listed late. Most cameras of `real@example.com` belong to somebody
else, and all but one are encrypted. Every label has the same code, and newer firmware does not take it.

All four cameras of `keys@example.com` are its own and encrypted. Its owner signs in by a code, so EZVIZ gives the keys.
Two labels have the key; the other two keys are known only to EZVIZ, which lists another digest
(github.com/Bobsilvio/ezviz_hp7, issue 47).
"""

from typing import Any

from showcam.simulator.camera import Camera
from showcam.simulator.products import PRODUCTS
from showcam.simulator.state import Account, Device, World, md5

_DEMO, _MFA, _OTHER = "demo@example.com", "mfa@example.com", "other@example.com"
PASSWORD_MD5 = md5("showcam-demo")  # a published password
USER = "real@example.com"
FAMILY = "family@example.com"  # this user's cameras are shared with USER
KEYS = "keys@example.com"
CODE = "ABCDEF"
_COURTYARD, _SHED = "F00497505", "F00497511"


def demo_world() -> World:
    """Returns the state at each start of the simulator."""
    accounts = [
        Account(_DEMO, PASSWORD_MD5),
        Account(_MFA, PASSWORD_MD5, sign_in_code="012345"),
        Account(_OTHER, PASSWORD_MD5),
        Account(USER, PASSWORD_MD5),
        Account(FAMILY, PASSWORD_MD5),
        Account(KEYS, PASSWORD_MD5, sign_in_code="012345"),
    ]
    cameras = [
        Camera("F00497201", "Garden", _DEMO, "GKRTUV", "garden", shared_with=(_OTHER,), pitch_hz=220),
        Camera("F00497202", "Front Door", _DEMO, "DMNPQR", "door", model="DB1C", kind="doorbell", pitch_hz=262),
        Camera("F00497203", "Garage", _DEMO, "ABCDEF", "garage", encryption=True, pitch_hz=196),
        Camera("F00497204", "Nursery", _DEMO, "NBCXZL", "nursery", model="C6N", audio=False, pitch_hz=330),
        Camera("F00497205", "Attic", _DEMO, "TTHJKL", "attic", online=False, pitch_hz=247),
        Camera("F00497206", "Bedroom", _DEMO, "BDRWMK", "bedroom", model="C6N", asleep=True, pitch_hz=294),
        Camera("F00497207", "Pond", _DEMO, "PQWSXC", "pond", model="C8C", codec="h265", pitch_hz=175),
        Camera("F00497301", "Porch", _MFA, "PRCHXY", "porch", pitch_hz=233),
        Camera("F00497401", "Study", _OTHER, "STDYKJ", "study", model="C6N", pitch_hz=277),
    ]
    world = World({account.user: account for account in accounts}, {camera.serial: camera for camera in cameras})
    _add_unkind(world)
    return world


def _add_unkind(world: World) -> None:
    for camera in (*_real(), *_encrypted()):
        world.add(camera)
    world.devices[_COURTYARD] = Device(_COURTYARD, "Courtyard", FAMILY, "IPC", "H9c", channels=2)
    world.devices[_SHED] = Device(_SHED, "Shed", USER, "IPC", "Husky Air", channels=1)


def _real() -> list[Camera]:
    older: dict[str, Any] = {"rejects_label_code": False}
    lens: dict[str, Any] = {"codec": "h265", "sub_codec": "h264", "transport": "rtp", "pitch_hz": 262}
    on_battery: dict[str, Any] = {"sub_size": None, "battery": 97, "awake_until": 0.0, "transport": "rtp"}
    on_battery |= {"wakes_slowly": True}
    return [
        _own("F00497501", "Terrace", "C8W", "garden", **older, encryption=False, pitch_hz=349),
        _own("F00497502", "Driveway", "H3", "garage", codec="h265", sub_codec="h264"),
        _own(_SHED, "Shed", "CV310", "attic", **older, online=False),
        _shared("F00497503", "Boathouse", "H80x", "pond", codec="h265", sub_codec="h264", layout="copied"),
        _shared("F00497504", "Hall", "EB3", "door", **on_battery, codec="h265"),
        _shared(_COURTYARD, "Courtyard Wide", "H9c", "porch", **lens, channel=1),
        _shared(_COURTYARD, "Courtyard Close", "H9c", "study", **lens, channel=2),
        _shared("F00497506", "Workshop", "C8C", "attic", codec="h265", selective=True),
        _shared("F00497507", "Greenhouse", "CV246", "garden", **older, privacy=True),
        _shared("F00497508", "Loft", "C1C", "bedroom", **older, flipped=True, layout="whole"),
        _shared("F00497509", "Pantry", "LC1C", "nursery", light=False),
        _shared("F00497510", "Cellar", "BC1C", "study", **on_battery, online=False),
    ]


def _encrypted() -> list[Camera]:
    newer: dict[str, Any] = {"owner": KEYS, "lists_other_digest": True}
    older: dict[str, Any] = {"owner": KEYS, "rejects_label_code": False}
    on_battery: dict[str, Any] = {"sub_size": None, "battery": 84, "awake_until": 0.0, "transport": "rtp"}
    return [
        _own("F00497601", "Carport", "C8W", "garage", **older, layout="whole", pitch_hz=208),
        _own("F00497602", "Balcony", "H80x", "garden", **newer, password="kX7pQ2mR9tVw", codec="h265", pitch_hz=311),  # noqa: S106
        _own("F00497603", "Stairs", "C8C", "door", **newer, password="b4Zc8Hn1Ls6Y", pitch_hz=370),  # noqa: S106
        _own("F00497604", "Mailbox", "EB3", "porch", **older, **on_battery, codec="h265", pitch_hz=415),
    ]


def _own(serial: str, name: str, product: str, scene: str, *, owner: str = USER, **more: Any) -> Camera:
    known = PRODUCTS[product]
    usual = {"encryption": True, "rejects_label_code": True, "rtsp": False}
    return Camera(serial, name, owner, CODE, scene, known.sub_category, product=known, **usual | more)


def _shared(serial: str, name: str, product: str, scene: str, **more: Any) -> Camera:
    return _own(serial, name, product, scene, owner=FAMILY, shared_with=(USER,), **more)
