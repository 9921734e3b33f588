"""What would be better set in a camera, so that displays are shown it at once and as it comes."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from net.elements import Element
from registry.drivers.lan.onvif import Onvif
from registry.drivers.lan.profile import Profile
from registry.drivers.lan.soap import OnvifFailed

KEYFRAMES_S = 2
SLOW_S = 2.5  # keyframes farther apart let a display wait


class Received(Struct, frozen=True):
    """A picture as it came. `gop_s` 0.0: the distance of its keyframes is not known."""

    codec: str
    width: int
    height: int
    rate: float
    gop_s: float
    sound: str


class Better(Struct, frozen=True):
    """A setting that would be better changed. `sets`: whether ONVIF can; else it is for the camera's own page."""

    picture: Literal["main", "sub"]
    what: Literal["h264", "keyframes", "sub", "sound"]
    sentence: str

    @property
    def sets(self) -> bool:
        return self.what in ("h264", "keyframes")


def better(main: Received, sub: Received | None) -> tuple[Better, ...]:
    found: list[Better] = []
    if main.codec != "h264" and (sub is None or sub.codec != "h264"):
        which: Literal["main", "sub"] = "main" if sub is None else "sub"
        found.append(Better(which, "h264", "H.264 for the smaller picture, which every display plays as it comes"))
    elif sub is None and main.width * main.height > 1280 * 720:
        found.append(Better("main", "sub", "A smaller picture (sub stream) in H.264, for slow connections"))
    pictures: tuple[tuple[Literal["main", "sub"], Received | None], ...] = (("main", main), ("sub", sub))
    for name, picture in pictures:
        if picture is not None and picture.gop_s > SLOW_S:
            called = "whole" if name == "main" else "smaller"
            sentence = f"A keyframe every {KEYFRAMES_S} s in the {called} picture, so that it begins sooner"
            found.append(Better(name, "keyframes", sentence))
    if main.sound == "other":
        found.append(Better("main", "sound", "AAC or G.711 for the sound, which can be played"))
    return tuple(found)


def improve(onvif: Onvif, wanted: tuple[Better, ...], tokens: dict[str, str], timeout_s: float) -> tuple[Better, ...]:
    """Sets by ONVIF what it can, and answers with what the camera then reports so. Raises OnvifFailed."""
    for setting in wanted:
        profile = _profile(onvif, tokens.get(setting.picture, ""), timeout_s)
        if profile is None or not setting.sets:
            continue
        try:
            onvif.set_encoder(profile, _h264 if setting.what == "h264" else _keyframes(profile), timeout_s)
        except OnvifFailed as failed:
            if failed.why != "refused":
                raise
    return tuple(
        setting for setting in wanted if _is_so(_profile(onvif, tokens.get(setting.picture, ""), timeout_s), setting)
    )


def _profile(onvif: Onvif, token: str, timeout_s: float) -> Profile | None:
    return next((profile for profile in onvif.profiles(timeout_s) if profile.token == token), None) if token else None


def _is_so(profile: Profile | None, wanted: Better) -> bool:
    if profile is None:
        return False
    if wanted.what == "h264":
        return profile.codec == "h264"
    return wanted.what == "keyframes" and 0 < profile.keyframes <= max(1, profile.rate) * KEYFRAMES_S


def _h264(encoder: Element) -> None:
    if encoding := encoder.find("Encoding"):
        encoding.text = "H264"
    if "Profile" in encoder.attributes:
        encoder.attributes["Profile"] = "Main"


def _keyframes(profile: Profile) -> Callable[[Element], None]:
    frames = str(max(1, profile.rate or 15) * KEYFRAMES_S)

    def change(encoder: Element) -> None:
        if length := encoder.find("H264", "GovLength"):
            length.text = frames
        else:
            encoder.attributes["GovLength"] = frames

    return change
