"""A camera of one's own that has shown its pictures, before it is added: what it sends, and what would be better."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct
from msgspec.structs import replace

from media.source import SourceSpec, Watched
from registry.drivers.lan.adding import Found
from registry.drivers.lan.better import SLOW_S, Better, Received, better
from registry.drivers.lan.devices import Device, Pictured
from registry.errors import Refused
from registry.reason import Reason

type Watch = Callable[[SourceSpec], Watched]  # raises Refused


class Tried(Struct, frozen=True):
    """`smaller`: what came of its smaller picture, or why it does not come; None: it has none."""

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
        device = self.found.device
        smaller = None
        if device.sub is not None and isinstance(self.smaller, Watched):
            smaller = self._received(self.smaller, device.sub)
        return better(self._received(self.whole, device.main), smaller)

    @property
    def settable(self) -> tuple[Better, ...]:
        """What of it ONVIF can set in this camera."""
        return tuple(change for change in self.better if change.sets) if self.found.onvif == "in" else ()

    @property
    def profiles(self) -> dict[str, str]:
        """ONVIF's tokens of its pictures, by "main" and "sub"."""
        device = self.found.device
        return {"main": device.main.profile, "sub": device.sub.profile if device.sub else ""}

    def gop_s(self, watched: Watched, picture: Pictured) -> float:
        """Between keyframes, as they came, or as far as they were watched, or as ONVIF says; 0.0: not known."""
        if watched.gop_s or watched.watched_s > SLOW_S:
            return watched.gop_s or watched.watched_s
        profile = next((known for known in self.found.profiles if known.token == picture.profile), None)
        return profile.keyframes / profile.rate if profile and profile.rate else 0.0

    def _received(self, watched: Watched, picture: Pictured) -> Received:
        gop_s = self.gop_s(watched, picture)
        return Received(watched.codec, watched.width, watched.height, watched.rate, gop_s, picture.sound)


def tried(found: Found, watch: Watch) -> Tried:
    """Watches both pictures at once. Raises Refused where the whole one does not come."""
    device = found.device
    with ThreadPoolExecutor(1) as beside:
        smaller = beside.submit(_smaller, device, watch)
        whole = watch(spec_of(device, device.main))
        return Tried(found, whole, smaller.result())


def spec_of(device: Device, picture: Pictured) -> SourceSpec:
    url = f"rtsp://{device.place}{picture.path}"
    return SourceSpec(
        "rtsp",
        url,
        (device.place,),
        "on",
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
