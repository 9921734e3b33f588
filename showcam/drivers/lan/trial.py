"""Tries the owner's camera before it is added: its pictures as they come, and the settings that would be better."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.errors import Reason, Refused
from showcam.drivers.lan.adding import Found
from showcam.drivers.lan.devices import Device, Pictured
from showcam.drivers.lan.onvif import Onvif, OnvifFailed, Profile
from showcam.engine.source import Rtsp, Watched
from showcam.net.elements import Element

KEYFRAMES_S = 2  # seconds between two: Alexa's and Google's players begin with one
SLOW_S = 2.5  # keyframes farther apart make a display wait


class Better(Struct, frozen=True):
    """A setting that would be better changed. `sets`: whether ONVIF can; else it is for the camera's own page."""

    picture: Literal["main", "sub"]
    what: Literal["h264", "keyframes", "sub", "sound"]
    sentence: str

    @property
    def sets(self) -> bool:
        return self.what in ("h264", "keyframes")


def better(main: Watched, sub: Watched | None, sound: str) -> tuple[Better, ...]:
    """`sound`: the codec of the whole picture's sound. `gop_s` 0.0: the distance of keyframes is not known."""
    found: list[Better] = []
    if main.codec != "h264" and (sub is None or sub.codec != "h264"):
        which: Literal["main", "sub"] = "main" if sub is None else "sub"
        found.append(Better(which, "h264", "H.264 for the smaller picture, which every display plays as it comes"))
    elif sub is None and main.width * main.height > 1280 * 720:
        found.append(Better("main", "sub", "A smaller picture (sub stream) in H.264, for slow connections"))
    pictures: tuple[tuple[Literal["main", "sub"], Watched | None], ...] = (("main", main), ("sub", sub))
    for name, picture in pictures:
        if picture is not None and picture.gop_s > SLOW_S:
            called = "whole" if name == "main" else "smaller"
            sentence = f"A keyframe every {KEYFRAMES_S} s in the {called} picture, so that it begins sooner"
            found.append(Better(name, "keyframes", sentence))
    if sound == "other":
        found.append(Better("main", "sound", "AAC or G.711 for the sound, which can be played"))
    return tuple(found)


def improve(onvif: Onvif, wanted: tuple[Better, ...], tokens: dict[str, str], timeout_s: float) -> tuple[Better, ...]:
    """Sets by ONVIF what it can. Returns the changes that the camera then reports. Raises OnvifFailed."""
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


type Watch = Callable[[Rtsp], Watched]  # raises Refused


class Tried(Struct, frozen=True):
    """A camera whose pictures were watched. `smaller` is a Reason if the picture did not come, None if none exists."""

    found: Found
    whole: Watched
    smaller: Watched | Reason | None

    @property
    def device(self) -> Device:
        """The device as it was measured. A smaller picture that did not come is left out."""
        device, smaller = self.found.device, None
        if device.sub is not None and isinstance(self.smaller, Watched):
            smaller = _measured(device.sub, self.smaller)
        return replace(device, main=_measured(device.main, self.whole), sub=smaller)

    @property
    def better(self) -> tuple[Better, ...]:
        device, smaller = self.found.device, None
        if device.sub is not None and isinstance(self.smaller, Watched):
            smaller = replace(self.smaller, gop_s=self.gop_s(self.smaller, device.sub))
        whole = replace(self.whole, gop_s=self.gop_s(self.whole, device.main))
        return better(whole, smaller, device.main.sound)

    @property
    def settable(self) -> tuple[Better, ...]:
        """The changes of `better` that ONVIF can make in this camera."""
        return tuple(change for change in self.better if change.sets) if self.found.onvif == "in" else ()

    @property
    def profiles(self) -> dict[str, str]:
        """ONVIF's tokens of its pictures, by "main" and "sub"."""
        device = self.found.device
        return {"main": device.main.profile, "sub": device.sub.profile if device.sub else ""}

    def gop_s(self, watched: Watched, picture: Pictured) -> float:
        """Seconds between keyframes: as they came, else for how long none came, else by ONVIF; 0.0 if unknown."""
        if watched.gop_s or watched.watched_s > SLOW_S:
            return watched.gop_s or watched.watched_s
        profile = next((known for known in self.found.profiles if known.token == picture.profile), None)
        return profile.keyframes / profile.rate if profile and profile.rate else 0.0


def tried(found: Found, watch: Watch) -> Tried:
    """Watches both pictures at once. Raises Refused if the whole picture does not come."""
    device = found.device
    with ThreadPoolExecutor(1) as beside:
        smaller = beside.submit(_smaller, device, watch)
        whole = watch(spec_of(device, device.main))
        return Tried(found, whole, smaller.result())


def spec_of(device: Device, picture: Pictured) -> Rtsp:
    url = f"rtsp://{device.place}{picture.path}"
    return Rtsp(
        url=url,
        hosts=(device.place,),
        sound="on",
        user=device.user,
        password=device.password,
        encrypts=False,
        basic=device.basic,
    )


def _smaller(device: Device, watch: Watch) -> Watched | Reason | None:
    if device.sub is None:
        return None
    try:
        return watch(spec_of(device, device.sub))
    except Refused as refused:
        return refused.reason


def _measured(picture: Pictured, watched: Watched) -> Pictured:
    return replace(picture, codec=watched.codec, width=watched.width, height=watched.height)
