"""Translates Lakeside's camera list into the registry's cameras. Does no I/O."""

import msgspec
from msgspec import Struct

from showcam.drivers.camera import Flag, Listed, Ref, Video
from showcam.drivers.errors import VendorDown
from showcam.net.text import JsonObject


class _ListedCamera(Struct):
    """A camera in Lakeside's list. A field that the list omits is None, which means unknown, not off."""

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
    cameras: list[_ListedCamera]


_AUDIO: dict[str | None, Flag] = {"live": "on", "muted": "off", "absent": "none"}


def cameras_of(source: str, answer: JsonObject | None) -> tuple[Listed, ...]:
    """Raises VendorDown where the answer is no list of cameras: an empty list would remove the owner's cameras."""
    try:
        answered = msgspec.convert(answer, _List)
    except msgspec.ValidationError as error:
        raise VendorDown(f"no list of cameras: {error}") from None
    return tuple(_camera(source, listed) for listed in answered.cameras)


def _camera(source: str, listed: _ListedCamera) -> Listed:
    return Listed(
        ref=Ref(source, listed.id, 1),
        name=listed.name,
        manufacturer="Lakeside",
        model=listed.model,
        online=_flag(listed.connected),
        asleep=_flag(listed.shutter_closed),
        encryption="none",  # Image Encryption is EZVIZ's alone
        audio=_AUDIO.get(listed.microphone, "unknown"),
        listed_video=_video(listed),
        ways=("open",),  # by an address of the vendor's cloud
    )


def _flag(flag: bool | None) -> Flag:
    return "unknown" if flag is None else "on" if flag else "off"


def _video(listed: _ListedCamera) -> Video:
    if listed.codec == "h264":
        return Video("h264", listed.width, listed.height)
    return Video("h265", listed.width, listed.height) if listed.codec == "h265" else Video()
