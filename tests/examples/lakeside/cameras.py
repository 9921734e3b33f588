"""Lakeside's words for a camera, turned into the registry's own. Pure: bytes of an answer in, cameras out."""

from typing import Any

import msgspec
from msgspec import Struct

from registry.camera import Camera, Flag, Ref, Video
from registry.errors import VendorDown


class _Told(Struct):
    """A camera in Lakeside's list. What it does not tell stays None, which is not the same as off."""

    id: str
    name: str
    model: str = ""
    connected: bool | None = None
    shutter_closed: bool | None = None
    microphone: str | None = None  # "live", "muted" or "absent"
    codec: str = ""
    width: int = 0
    height: int = 0


class _List(Struct):
    cameras: list[_Told]


_AUDIO: dict[str | None, Flag] = {"live": "on", "muted": "off", "absent": "none"}


def cameras_of(source: str, answer: dict[str, Any] | None) -> tuple[Camera, ...]:
    """Raises VendorDown where the answer is no list of cameras: an empty list would take them away from the owner."""
    try:
        told = msgspec.convert(answer, _List)
    except msgspec.ValidationError as error:
        raise VendorDown(f"no list of cameras: {error}") from None
    return tuple(_camera(source, each) for each in told.cameras)


def _camera(source: str, told: _Told) -> Camera:
    return Camera(
        id="",  # the registry's to make
        ref=Ref(source, told.id, 1),
        name=told.name,
        manufacturer="Lakeside",
        model=told.model,
        online=_flag(told.connected),
        asleep=_flag(told.shutter_closed),
        encryption="none",  # Image Encryption is EZVIZ's alone
        audio=_AUDIO.get(told.microphone, "unknown"),
        video=_video(told),
        ways=("open",),  # by an address of the vendor's cloud
    )


def _flag(told: bool | None) -> Flag:
    return "unknown" if told is None else "on" if told else "off"


def _video(told: _Told) -> Video:
    if told.codec == "h264":
        return Video("h264", told.width, told.height)
    return Video("h265", told.width, told.height) if told.codec == "h265" else Video()
