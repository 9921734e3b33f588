"""The values that `/_control` takes: the type of each field, and the problem if the value is wrong."""

import re
from dataclasses import dataclass

from showcam.simulator.assistants.cloud_faults import FAULTS as CLOUD_FAULTS
from showcam.simulator.camera import Camera
from showcam.simulator.cloud.dispatcher import ELSEWHERE
from showcam.simulator.faults import FAULTS
from showcam.simulator.pictures.garbler import LAYOUTS

BENT = re.compile(r"(?:(?:2011|2013|3105):(?:cut|flip):\d{1,4})?")
LONGEST_NAME = 50  # bytes, the vendor's limit


@dataclass(frozen=True, slots=True)
class Field:
    kind: type
    what: str  # a description of the valid values, for the caller

    def takes(self, value: object) -> bool:
        return type(value) is self.kind


_YES_NO = Field(bool, "true or false")
DISKS = {"ok": 0, "faulty": 1, "uninitialised": 2, "formatting": 3, "none": None}
CHANGES = {
    "encryption": _YES_NO,
    "audio": _YES_NO,
    "online": _YES_NO,
    "asleep": _YES_NO,
    "privacy": _YES_NO,
    "motion": _YES_NO,
    "person": _YES_NO,
    "rejects_label_code": _YES_NO,
    "lists_other_digest": _YES_NO,
    "selective": _YES_NO,
    "ciphers_link": _YES_NO,
    "rtsp": _YES_NO,
    "only_mirrors": _YES_NO,
    "wakes_slowly": _YES_NO,
    "dozes": _YES_NO,
    "press": _YES_NO,
    "pairing": _YES_NO,
    "name": Field(str, f"a text of 1 to {LONGEST_NAME} bytes"),
}
# of the cloud stream, of the encryption, of the camera's own protocol in the house
CHOICES = {"transport": ("ps", "rtp"), "layout": LAYOUTS, "local": ("", "plain", "wrapped")}
SIZES = ("size", "sub_size")  # of pictures; null as the second: the camera has no smaller picture
_SIDES = (16, 4096)
LIMITS: dict[str, tuple[float, float]] = {
    "cut_s": (0.5, 86400),
    "latency_ms": (0, 60000),
    "session_s": (0.5, 30 * 86400),
    "token_s": (0.5, 30 * 86400),
    "viewers": (0, 1000),
    "terminals": (1, 1000),
    "encryption_delay_s": (0, 3600),
    "restart_s": (0, 3600),
    "lag_s": (0, 60),
    "delay_s": (0, 60),
    "gateway_each": (0, 100_000),
    "empty_each": (0, 100_000),
    "wake_s": (0, 120),
    "wake_spread_s": (0, 120),
    "awake_s": (0, 3600),
    "capture_s": (0, 60),
    "awake_most_s": (0, 3600),
    "awake_spread_s": (0, 3600),
    "node_s": (0, 60),
    "clump_s": (0, 60),
    "stream_key_s": (0, 600),
    "session_cut_s": (0, 86400),
    "local_cut_s": (0, 86400),
    "mute_after_s": (0, 86400),
    "unkept_s": (0.5, 3600),
    "streams": (0, 1000),
    "stream_code": (0, 99999),
    "key_code": (-1, 999_999),
    "cloud_fault_share": (0, 1),
    "lwa_access_s": (0.5, 86400),
    "google_access_s": (0.5, 86400),
    "google_skew_s": (-86400, 86400),
    "homegraph_quota": (0, 1_000_000),
}
FAULTS_OF: dict[str, tuple[str, ...]] = {
    "fault": FAULTS,
    "push_fault": ("garbage", "refuse", "drop", "resumed", "denied"),
    "hls_fault": ("no_cors", "ended", "key", "sound"),
    "stream_fault": (
        "silent",
        "silent_sub",
        "noise",
        "junk",
        "tokens",
        "ciphered",
        "hangs",
        "drips",
        "nameless",
        *ELSEWHERE,
    ),
    "stream_crowd": ("joins", "5405", "5416", "5452", "5491"),
    "stream_sets": ("first",),
    "stream_map": ("lies", "none"),
    "cut_with": ("5500", "5999", "7005"),
    "cas_certificate": ("good", "replaced"),
    "cas_fault": ("forgets", "refused", "limit", "silent", "garbage", "half", "drips"),
    "local_answers": ("sealed",),
    "local_crowd": ("refuses",),
    "local_stranger": ("refuses",),
    "local_fault": ("refuses", "mute", "drops", "noise", "junk", "keyless", "drips", "floods"),
    **dict.fromkeys(("lwa_fault", "gateway_fault", "google_login_fault", "homegraph_fault"), CLOUD_FAULTS),
}


class Problem(Exception):
    """A problem that is answered as an RFC 9457 problem document."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"title": title, "status": status, "detail": detail}


def check_change(camera: Camera, name: str, value: object) -> None:
    if name == "fault":
        if value is not None and value not in FAULTS:
            raise Problem(400, "Wrong value", f"“fault” is null or one of {', '.join(FAULTS)}.")
        return
    if name == "storage":
        if value not in DISKS:
            raise Problem(400, "Wrong value", f"“storage” is one of {', '.join(DISKS)}.")
        return
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise Problem(400, "Wrong value", f"“{name}” is one of {', '.join(CHOICES[name])}.")
        return
    if name in SIZES:
        _check_size(name, value)
        return
    field = CHANGES.get(name)
    if field is None:
        known = ", ".join([*CHANGES, *CHOICES, *SIZES, "storage", "fault"])
        raise Problem(400, "Unknown field", f"“{name}” is none of {known}.")
    fits = field.takes(value) and (not isinstance(value, str) or 0 < len(value.strip().encode()) <= LONGEST_NAME)
    if not fits:
        raise Problem(400, "Wrong value", f"“{name}” is {field.what}.")
    if name == "rtsp" and value and not camera.has_door:
        raise Problem(400, "No RTSP", f"{camera.name} has no RTSP at home that could be opened.")
    if name == "press" and value and camera.kind != "doorbell":
        raise Problem(400, "No button", f"{camera.name} is no doorbell: there is nothing to press.")


def _check_size(name: str, value: object) -> None:
    if value is None and name == "sub_size":
        return
    low, high = _SIDES
    sides = value if isinstance(value, list) and len(value) == 2 else []
    if not sides or any(type(side) is not int or not low <= side <= high or side % 2 for side in sides):
        raise Problem(400, "Wrong value", f"“{name}” is [width, height], even numbers from {low} to {high}.")


def check_setting(name: str, value: object) -> None:
    if name == "region":
        if not isinstance(value, str) or len(value) > 100:
            raise Problem(400, "Wrong value", "“region” is host:port, “circle”, or empty.")
        return
    if name in ("china", "cas_zero", "pushes_rings"):
        if not isinstance(value, bool):
            raise Problem(400, "Wrong value", f"“{name}” is true or false.")
        return
    if name == "local_bent":
        if not isinstance(value, str) or not BENT.fullmatch(value):
            raise Problem(400, "Wrong value", "“local_bent” is empty, or such as 2011:cut:40 or 3105:flip:7.")
        return
    if name in FAULTS_OF:
        allowed = ("", *FAULTS_OF[name])
        if value not in allowed:
            raise Problem(400, "Wrong value", f"“{name}” is empty or one of {', '.join(allowed[1:])}.")
        return
    low, high = LIMITS[name]
    whole = name in ("viewers", "terminals", "streams", "stream_code", "key_code", "homegraph_quota")
    number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high:  # type: ignore[operator]  # a number by now
        raise Problem(400, "Wrong value", f"“{name}” is a {'whole ' if whole else ''}number from {low} to {high}.")
