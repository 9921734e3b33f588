"""The vendor's list for every camera of a type, taken from a real account's list.

The list says the same whatever the camera does. Its `encodings` do not show for sure which codec a camera sends.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Product:
    """`support` is the part of supportExt that a bridge reads; several real settings are missing in it.

    `qualities` is the app's menu, as pairs of streamType and videoLevel: which stream brings a level.
    """

    type: str
    sub_category: str
    version: str
    permission: int  # a mask: the rights of a person that the camera is shared with
    support: Mapping[str, str]
    encodings: tuple[int, int]  # of video_para: of the whole and of the smaller picture
    qualities: tuple[tuple[int, int], ...]
    category: Literal["IPC", "BatteryCamera"] = "IPC"
    features: bool = True  # whether FEATURE_INFO has rows of this type
    flip_feature: bool = True  # whether they hold ImageFlip; else inverse_mode of STATUS says which way up a picture is
    inverse: int = 0  # `enable` of inverse_mode if ImageFlip counts: it may say the contrary
    rtsp: bool = True  # whether the camera has a door at home that can be opened

    def device(self, serial: str) -> dict[str, Any]:
        """Returns the type's part of a device's own row."""
        return {
            "fullSerial": f"{self.type}0120240305CCRR{serial}",
            "deviceType": self.type,
            "customType": self.type,
            "deviceCategory": self.category,
            "deviceSubCategory": self.sub_category,
            "version": self.version,
            "supportExt": json.dumps(dict(self.support)),
            "extStatus": 1,
            "offlineTime": "2024-01-01 00:00:00",
        }

    def resource(self, channel: int) -> dict[str, Any]:
        """Returns the type's part of a channel's row, or of the row of the device itself, which is channel 0."""
        if not self.features:
            return {}
        names = {0: "global", 1: "Video"}
        return {"resourceIdentifier": names.get(channel, f"Video_{channel - 1}")}

    def video_para(self) -> dict[str, int]:
        whole, smaller = self.encodings
        return {"channel": 1, "MainEncode": whole, "SubEncode": smaller}

    def levels(self, *, smaller: bool = True) -> list[dict[str, int]]:
        """`smaller`: whether the camera sends a smaller picture; if not, all levels are of the whole picture."""
        return [{"streamType": stream if smaller else 1, "videoLevel": level} for stream, level in self.qualities]


_BASE = {"9": "1", "16": "16-9", "46": "1", "63": "1"}
_MAINS = _BASE | {"14": "1", "61": "1"}
_SLEEPS, _RESTARTS, _TURNS, _STANDS = {"62": "1"}, {"452": "1"}, {"154": "1"}, {"154": "0"}
_NIGHT = {"206": "1", "274": "1"}
_FOUR_LEVELS = ((2, 1), (1, 2), (1, 3), (1, 4))
_ON_BATTERY = ((1, 2), (1, 3), (1, 4))  # no level needs a smaller stream, since these cameras send none

PRODUCTS = {
    "H3": Product(
        "CS-H3-R100-1J5WKFL",
        "H3",
        "V5.3.8 build 250609",
        0x29007F,
        _MAINS | _SLEEPS | _NIGHT | _RESTARTS | {"519": "1,2,3"},
        (1, 1),
        _FOUR_LEVELS,
    ),
    "H80x": Product(
        "CS-H80x-R100-8G82WKFL",
        "H80x",
        "V5.3.8 build 250916",
        0xA8017F,
        _MAINS | _SLEEPS | _NIGHT | _RESTARTS | _TURNS | {"519": "1,2,3"},
        (1, 1),
        ((2, 2), (1, 3), (1, 4), (1, 6)),
    ),
    "H9c": Product(
        "CS-H9c-R100-8G55WKFL",
        "H9c",
        "V5.3.8 build 250715",
        0xA8017F,
        _MAINS | _SLEEPS | _RESTARTS | _TURNS | {"274": "1", "519": "3"},
        (1, 1),
        ((2, 1), (1, 3), (1, 4)),
        rtsp=False,
    ),
    "C8W": Product(
        "CS-C8W-A0-1H3WKFL",
        "C8W",
        "V5.3.8 build 240307",
        0x28017F,
        _MAINS | _SLEEPS | _NIGHT | _RESTARTS | _TURNS | {"224": "5", "302": "1"},
        (1, 1),
        _FOUR_LEVELS,
    ),
    "C8C": Product(
        "CS-C8C-A0-1F2WFL1",
        "C8C",
        "V5.3.4 build 240312",
        0x300177,
        _MAINS | {"62": "0"} | _NIGHT | _RESTARTS | _TURNS | {"224": "2", "302": "1", "519": "1,2,3"},
        (1, 0),
        ((2, 1), (1, 2), (1, 3)),
    ),
    "LC1C": Product(
        "CS-LC1C-A0-1F2WPFRL",
        "LC1C",
        "V5.3.4 build 240524",
        0x28007F,
        _MAINS | _SLEEPS | {"519": "1,2,3"},
        (1, 1),
        ((2, 1), (2, 2), (1, 3)),
        inverse=1,
    ),
    "C1C": Product(
        "CS-C1C-E0-1E2WF",
        "C1C",
        "V5.3.2 build 230616",
        0xA8007F,
        _MAINS | _SLEEPS | _RESTARTS | _STANDS,
        (1, 1),
        ((2, 0), (1, 2), (1, 3)),
        features=False,
        flip_feature=False,
    ),
    "CV246": Product(
        "CS-CV246-A0-1C2WFR",
        "C6CN",
        "V5.3.2 build 230722",
        0xB0017F,
        _MAINS | _RESTARTS | _TURNS | {"519": "1,2"},
        (0, 0),
        ((2, 1), (1, 2), (1, 3)),
        features=False,
        flip_feature=False,
    ),
    "CV310": Product(
        "CS-CV310-A0-1B2WFR",
        "Husky Air",
        "V5.3.0 build 241111",
        -1,
        _MAINS | _SLEEPS | _RESTARTS | _STANDS,
        (0, 0),
        ((2, 1), (2, 2), (1, 3)),
        features=False,
        flip_feature=False,
    ),
    "EB3": Product(
        "CS-EB3-R200-1K3WFL",
        "EB3",
        "V5.4.0 build 250522",
        0xA0007F,
        _BASE | _STANDS | {"61": "3", "206": "1", "274": "7", "519": "3"},
        (-1, -1),
        _ON_BATTERY,
        "BatteryCamera",
        flip_feature=False,
        rtsp=False,
    ),
    "BC1C": Product(
        "CS-BC1C-B0-2C2WPBDL",
        "eLife",
        "V5.3.3 build 250528",
        0x20007F,
        _BASE | _STANDS | {"61": "3", "206": "1", "274": "2", "519": "1,3"},
        (0, 0),
        ((1, 1), (1, 2), (1, 3)),
        "BatteryCamera",
        features=False,
        flip_feature=False,
        rtsp=False,
    ),
}
