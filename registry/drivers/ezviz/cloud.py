"""The app account's own cloud stream, which needs no key and no code of the owner.

The vendor's list names the dispatcher of each camera. Only host names of the vendor and public addresses are used.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from media.ezviz.address import KNOWN, LOWEST_PORT, MAIN, SUB, live, named
from media.source import NotOpened, SourceSpec
from net.addresses import is_public, is_spelled
from net.cache import Recent
from net.incoming import JsonObject
from registry.camera import UNASKED, Camera, Ref
from registry.driver import sound
from registry.drivers.ezviz.cameras import has_sub, is_channel
from registry.drivers.ezviz.pages import text
from registry.drivers.ezviz.waking import lasts_s
from registry.reason import Reason, is_reason

SECTIONS = "VTM"  # beside those that cameras are read from
MANY = 4096
SILENT_S = 24 * 3600  # a smaller picture that brought nothing is tried again after so long

type Page = JsonObject


class Place(Struct, frozen=True):
    """The dispatcher of a camera: `hosts` as "host:port", best first."""

    hosts: tuple[str, ...]
    biz: str = ""  # query parameters that the vendor's list gives for this camera
    has_sub: bool = True  # False only if the vendor's list says so


class Cloud:
    """`loopback`: in the demo the vendor runs on this machine, and none of its host names is used."""

    def __init__(self, *, loopback: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._loopback, self._clock = loopback, clock
        self._places: Recent[Ref, Place] = Recent(MANY)
        self._rests: Recent[Ref, tuple[str, str, float]] = Recent(MANY)  # why, in which state, until when

    def offered(self, cameras: tuple[Camera, ...], pages: Iterable[Page], *, agreed: bool) -> tuple[Camera, ...]:
        """The same cameras with the way `cloud` as their last.

        The list does not name every camera's dispatcher to every client: then it is asked for with the picture.
        `agreed`: whether the owner has consented to pictures that cross the internet as they are. Without consent the
        way is UNASKED, which shows no picture, except of a camera that is deciphered here.
        """
        source = cameras[0].ref.source if cameras else ""
        for page in pages:
            for ref, place in self._placed(page, source):
                self._places.put(ref, place)
        return tuple(
            replace(camera, ways=(*camera.ways, "cloud" if agreed or is_enciphered(camera) else UNASKED))
            for camera in cameras
        )

    def place(self, ref: Ref) -> Place | None:
        """From the list that this process read last; None where that names none, or another process read it."""
        return self._places.get(ref)

    def keep(self, camera: Camera, dispatcher: Page) -> Place | None:
        """From the vendor's answer for one camera."""
        hosts = self._hosts(dispatcher)
        if hosts:
            self._places.put(camera.ref, Place(hosts, has_sub=camera.sub is not None))
        return self._places.get(camera.ref)

    def spec(self, camera: Camera, place: Place, token: str, key: bytes = b"") -> SourceSpec:
        """For the smaller picture if there is one: keyframes of the full picture may be minutes apart."""
        stream = SUB if place.has_sub and not is_sub_silent(camera) else MAIN
        now_ms = int(time.time() * 1000)
        url = live(place.hosts[0], camera.ref.serial, camera.ref.channel, stream, token, place.biz, now_ms)
        return SourceSpec(
            "ezviz",
            url,
            place.hosts,
            sound(camera),
            dozes=camera.battery is not None,
            lasts_s=lasts_s(camera),
            key=key,
            state=state_of(camera),
            alone=True,  # whichever of the two pictures brings something is shown, so there is no other to ask for
        )

    def rests(self, camera: Camera) -> Reason | None:
        """Why the camera's stream was refused a moment ago; None if it may be requested.

        A rest ends early when the vendor lists the camera in another state.
        """
        reason, state, until = self._rests.get(camera.ref) or ("", "", 0.0)
        is_over = self._clock() >= until or state != state_of(camera)
        return reason if not is_over and is_reason(reason) else None

    def rest(self, ref: Ref, state: str, refused: NotOpened) -> None:
        self._rests.put(ref, (refused.reason, state, self._clock() + refused.rest_s))

    def _placed(self, page: Page, source: str) -> Iterator[tuple[Ref, Place]]:
        """A place for each channel; rows of channels come last, so that they win over the row of their device."""
        dispatchers, qualities = page.get("VTM") or {}, page.get("VIDEO_QUALITY") or {}
        rows = [info for info in page.get("resourceInfos") or () if isinstance(info, dict)]
        for row in sorted(rows, key=is_channel):
            resource, channel = text(row.get("resourceId")), str(row.get("localIndex"))
            hosts = self._hosts(dispatchers.get(resource))
            if hosts and channel.isascii() and channel.isdigit() and len(channel) < 4:
                ref = Ref(source, str(row.get("deviceSerial")), max(1, int(channel)))
                biz = row.get("streamBizUrl")
                yield ref, Place(hosts, biz if isinstance(biz, str) else "", has_sub(qualities.get(resource)))

    def _hosts(self, kms: Any) -> tuple[str, ...]:
        if not isinstance(kms, dict):
            return ()
        port = kms.get("port")
        if not isinstance(port, int | str) or not str(port).isdecimal() or not LOWEST_PORT <= int(port) < 65536:
            return ()
        hosts = [str(kms.get(name) or "") for name in ("externalIp", "domain")]
        return tuple(dict.fromkeys(named(host, int(port)) for host in hosts if host and self._is_vendors(host)))

    def _is_vendors(self, host: str) -> bool:
        if is_spelled(host):
            return is_public(host, loopback=self._loopback)
        return not self._loopback and KNOWN.fullmatch(host) is not None


def state_of(camera: Camera) -> str:
    """What the vendor lists that a stream node may refuse the camera for."""
    return f"{camera.online} {camera.asleep} {camera.encryption}"


def is_sub_silent(camera: Camera) -> bool:
    """Whether its smaller picture brought nothing when it was last opened, by whichever process."""
    return camera.sub_silent_at > max(0.0, camera.as_of - SILENT_S)


def is_enciphered(camera: Camera) -> bool:
    """Whether its picture crosses the internet enciphered, and its owner gave the code to decipher it here."""
    return camera.encryption == "on" and camera.picture_code != "none"
