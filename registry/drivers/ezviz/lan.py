"""An EZVIZ camera on the owner's own network, by RTSP and the code that the owner gave (reference: its "LAN RTSP").

The vendor's list says where a camera is at home, as far as the vendor knows; only addresses of a house are believed.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

from msgspec.structs import replace

from media.ezviz.local_session import CONTROL_PORT, MEDIA_PORT
from media.grants import Picture
from media.rtsp.login import Login
from media.source import SourceSpec
from net.addresses import is_in_house
from net.cache import Recent
from net.incoming import JsonObject
from registry.camera import Camera
from registry.driver import sound
from registry.drivers.ezviz.local import Ports
from registry.drivers.probes.rtsp import Described, NoStream, describe
from registry.errors import Refused
from registry.reason import Reason

SECTIONS = "CONNECTION,WIFI"
USER = "admin"
PORT = 554
OPEN_S = 1.0  # an opening waits so long for the camera, and goes another way then
ABSENT_S = 30.0  # a camera that did not answer is not tried again sooner
MANY = 1024


class Lan:
    """Raises registry.errors.Refused. `loopback`: in the demo the cameras live on this machine."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._wrong: Recent[tuple[str, str], str] = Recent(MANY)  # the code that a camera refused, by source and serial
        self._absent: Recent[tuple[str, str], tuple[float, Reason]] = Recent(MANY)  # since when, and why
        self._ports: Recent[str, Ports] = Recent(MANY)  # of the camera's own protocol, by serial

    def at_home(
        self,
        cameras: tuple[Camera, ...],
        pages: Iterable[JsonObject],
        codes: Mapping[str, str],
        local: Set[str] = frozenset(),
    ) -> tuple[Camera, ...]:
        """These cameras; those that can be had on the LAN get that way before their others.

        `local`: the serials of those that are asked by their own protocol.
        """
        places = self.places(pages)

        def of(camera: Camera) -> Camera:
            serial = camera.ref.serial
            ways = ("lan",) * (serial in codes) + ("local",) * (serial in local)
            if not ways or serial not in places:
                return camera
            return replace(camera, lan=places[serial], ways=(*ways, *camera.ways))

        return tuple(of(camera) for camera in cameras)

    def places(self, pages: Iterable[JsonObject]) -> dict[str, str]:
        """The places of devices, as "address:port", by serial."""
        found: dict[str, str] = {}
        for page in pages:
            connections, networks = page.get("CONNECTION") or {}, page.get("WIFI") or {}
            for serial in {*connections, *networks}:
                place = self._place(connections.get(serial) or {}, networks.get(serial) or {})
                if place:
                    found[str(serial)] = place
                    self._ports.put(str(serial), _own_ports(connections.get(serial) or {}))
        return found

    def own(self, camera: Camera) -> tuple[str, Ports]:
        """Where its own protocol would be spoken: its address in the house, and its ports."""
        host = _host(camera.lan)
        if not is_in_house(host, loopback=self._loopback):
            raise Refused("lan_unreachable", "no address of a house")
        return host, self._ports.get(camera.ref.serial) or Ports(CONTROL_PORT, MEDIA_PORT)

    def open(self, camera: Camera, code: str, deadline_s: float, picture: Picture = "main") -> SourceSpec:
        """The picture's address, after asking the camera itself; a code that it refused is not tried again."""
        who = (camera.ref.source, camera.ref.serial)
        if self._wrong.get(who) == code:
            raise Refused("code_wrong", "refused before")
        since, reason = self._absent.get(who) or (-ABSENT_S, "lan_unreachable")
        if time.monotonic() - since < ABSENT_S:
            raise Refused(reason, "so it was a moment ago")
        found = self.try_code(camera, camera.lan, code, min(OPEN_S, deadline_s / 2), picture)
        named = ("[{}]:{}" if ":" in _host(camera.lan) else "{}:{}").format(*_parts(camera.lan))
        return SourceSpec("rtsp", f"rtsp://{named}{found.path}", (named,), sound(camera), user=USER, password=code)

    def open_door(self, camera: Camera, place: Callable[[float], str], code: str, deadline_s: float) -> None:
        """Tries a code that somebody has just given. `place` finds where the camera is, within seconds."""
        end = time.monotonic() + deadline_s
        at = place(deadline_s)
        if not at:
            raise Refused("lan_unreachable", "the vendor names no address at home")
        self.try_code(camera, at, code, end - time.monotonic())

    def try_code(
        self, camera: Camera, place: str, code: str, deadline_s: float, picture: Picture = "main"
    ) -> Described:
        """Ask the camera at that place."""
        who = (camera.ref.source, camera.ref.serial)
        host, port = _parts(place)
        if not is_in_house(host, loopback=self._loopback):
            raise Refused("lan_unreachable", "no address of a house")
        try:
            found = describe(host, port, _paths(camera.ref.channel, picture), Login(USER, code), deadline_s)
        except Refused as refused:
            if picture == "sub" and isinstance(refused, NoStream):
                raise Refused("too_large", "no smaller stream on the LAN") from None
            if refused.reason == "code_wrong":
                self._wrong.put(who, code)
            else:
                self._absent.put(who, (time.monotonic(), refused.reason))
            raise
        self._absent.drop(who)
        self._wrong.drop(who)
        return found

    def _place(self, connection: JsonObject, network: JsonObject) -> str:
        """By cable or Wi-Fi; "" or 0.0.0.0 is how the vendor says that it does not know."""
        for address in (connection.get("localIp"), network.get("address")):
            if isinstance(address, str) and is_in_house(address, loopback=self._loopback):
                return f"{address}:{_port(connection.get('localRtspPort'))}"
        return ""


def _port(port: Any, otherwise: int = PORT) -> int:
    """Often 0 where RTSP works; and none that belongs to something else."""
    text = str(port) if isinstance(port, int | str) else ""
    number = int(text) if text.isdecimal() and len(text) <= 5 else 0
    return number if 1024 <= number < 65536 else otherwise


def _own_ports(connection: JsonObject) -> Ports:
    """Those of the list, which names the same two for nearly every device, whether it has them or not."""
    control, media = connection.get("localCmdPort"), connection.get("localStreamPort")
    return Ports(_port(control, CONTROL_PORT), _port(media, MEDIA_PORT))


def _paths(channel: int, picture: Picture) -> tuple[str, ...]:
    """A picture's names, those of most cameras first; a whole one in H.265 gives way to the smaller one.

    The smaller one is H.264 more often. Names without a channel are those of cameras with one.
    """
    sub = f"/Streaming/Channels/{channel}02"
    if picture == "sub":
        return sub, f"/h264/ch{channel}/sub/av_stream"
    older = ("/H.264", "/H264", "/Streaming/Channels/1") if channel == 1 else ()
    seldom = ("/H265", "/") if channel == 1 else ()  # after the smaller one, since they may be H.265
    return f"/Streaming/Channels/{channel}01", f"/h264/ch{channel}/main/av_stream", *older, sub, *seldom


def _parts(place: str) -> tuple[str, int]:
    host, _, port = place.rpartition(":")
    return host, int(port or PORT)


def _host(place: str) -> str:
    return _parts(place)[0]
