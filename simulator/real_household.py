"""A household as unkind as life, after a real account's list: most cameras are somebody else's, all but one encrypted.

One code is on every label. No door at home is open, newer firmware does not take the label's code, and the list shows
a switch only after a while.
"""

from typing import Any

from simulator.camera import Camera
from simulator.products import PRODUCTS
from simulator.state import Device, World

USER = "real@example.com"
FAMILY = "family@example.com"  # whose cameras are shared with it
CODE = "ABCDEF"
_COURTYARD, _SHED = "F00497505", "F00497511"


def add(world: World) -> None:
    """To a world that has both accounts."""
    for camera in _cameras():
        world.add(camera)
    world.devices[_COURTYARD] = Device(_COURTYARD, "Courtyard", FAMILY, "IPC", "H9c", channels=2)
    world.devices[_SHED] = Device(_SHED, "Shed", USER, "IPC", "Husky Air", channels=1)


def _cameras() -> list[Camera]:
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


def _own(serial: str, name: str, product: str, scene: str, *, owner: str = USER, **more: Any) -> Camera:
    known = PRODUCTS[product]
    usual = {"encryption": True, "rejects_label_code": True, "rtsp": False}
    return Camera(serial, name, owner, CODE, scene, known.sub_category, product=known, **usual | more)


def _shared(serial: str, name: str, product: str, scene: str, **more: Any) -> Camera:
    return _own(serial, name, product, scene, owner=FAMILY, shared_with=(USER,), **more)
