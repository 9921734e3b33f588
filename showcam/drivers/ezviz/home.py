"""An EZVIZ camera on the owner's own network: by RTSP and the code on its label, or by its own protocol.

The vendor's list says where a camera is at home, as far as the vendor knows; only addresses of a house are believed.

No real camera has confirmed its own protocol here. Some models open sessions of the cloud stream, send nothing, and
answer at home (github.com/Bobsilvio/ezviz_hp7, issues 33, 36 and 58, and its release 0.16.2). The port of commands is
tried once, and no sooner again than in half a minute. The camera's key comes from the vendor's server of keys and is
kept in memory for an hour. The media process speaks to the camera, and reports if no picture came.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Set
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from showcam.drivers.camera import Camera, Listed, sound
from showcam.drivers.errors import DriverError, Reason, Refused, VendorDown
from showcam.drivers.ezviz.keys import CasSession, OtherCertificate
from showcam.drivers.ezviz.pictures import LocalKey, lasts_s, lease_of
from showcam.drivers.ezviz.sessions import ASK_S
from showcam.drivers.probes.rtsp import KNOCK_S, Described, NoStream, describe
from showcam.engine.ezviz.local_messages import CONTROL_PORT, MEDIA_PORT, Device, NoKey, url
from showcam.engine.grants import Picture
from showcam.engine.rtsp.login import Login
from showcam.engine.source import EzvizLocal, Rtsp
from showcam.net.addresses import is_in_house, with_port
from showcam.net.cache import Recent
from showcam.net.text import JsonObject
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Source

log = logging.getLogger(__name__)

KEPT_S = 3600.0  # a key is good until the camera is paired again; Bobsilvio/ezviz_hp7 keeps it for an hour too
ABSENT_S = 30.0  # a camera that did not answer is not tried again sooner: openings go another way meanwhile
IN_VAIN_S = 600.0  # the rest of a camera that brought nothing, as in Bobsilvio/ezviz_hp7
NOT_REGISTERED = 1052170  # the account's terminal has to be registered again
MOST_KEPT = 1024


type Who = tuple[str, str]  # source and serial
type Asks = Callable[[Source, float], CasSession]


class Place(NamedTuple):
    """A camera's address in the owner's house. Only this driver's memory holds it, and never the log."""

    host: str
    rtsp: int  # the port of RTSP
    control: int = CONTROL_PORT  # of the camera's own protocol: the port for commands, and the one for pictures
    media: int = MEDIA_PORT

    def __repr__(self) -> str:
        return "Place(...)"


class KeyServer(Protocol):
    def device(self, asking: CasSession, serial: str, deadline_s: float) -> Device:
        """The code and the key of the device with this serial. Raises NoKey, OtherCertificate, VendorDown."""

    def trust(self, asking: CasSession, deadline_s: float) -> None:
        """Take the certificate that the server shows now. Raises VendorDown."""


class Local:
    """`asks` registers the account's terminal with the vendor. It returns the data for the server of keys."""

    def __init__(self, asks: Asks, server: KeyServer, clock: Callable[[], float] = time.monotonic) -> None:
        self._asks, self._server, self._clock = asks, server, clock
        self._probed: Recent[tuple[str, int], tuple[float, bool]] = Recent(MOST_KEPT)  # when, and whether it answered
        self._keys: Recent[Who, tuple[float, Future[Device]]] = Recent(MOST_KEPT)
        self._rests: Recent[Who, tuple[float, Reason]] = Recent(MOST_KEPT)  # until when, and why
        self._lock = threading.Lock()

    def open(self, source: Source, camera: Camera, place: Place, deadline_s: float) -> EzvizLocal:
        """The address of the camera's whole picture, with code and key. Raises Refused."""
        end, who = self._clock() + deadline_s, (source.id, camera.ref.serial)
        until, reason = self._rests.get(who) or (0.0, "lan_closed")
        if self._clock() < until:
            raise Refused(reason, "so it was a moment ago")
        if not self.answers(place, min(KNOCK_S, deadline_s / 2)):
            raise Refused("lan_closed", "its port of commands takes no connection")
        device = self._device(source, who, (end - self._clock()) / 2)
        if device is None:
            _, reason = self._rests.get(who) or (0.0, "lan_closed")
            raise Refused(reason, "no key of the camera")
        return EzvizLocal(
            url=url(camera.ref.channel, camera.ref.serial),
            hosts=(with_port(place.host, place.control), with_port(place.host, place.media)),
            sound=sound(camera),
            user=device.code,
            password=device.key,
            lasts_s=lasts_s(camera),
            lease=lease_of(source, LocalKey(camera.ref.serial)),
            alone=True,
        )

    def answers(self, place: Place, timeout_s: float) -> bool:
        """Whether its port of commands takes a connection, as it last did within ABSENT_S."""
        door, now = (place.host, place.control), self._clock()
        with self._lock:
            at, did = self._probed.get(door) or (now - ABSENT_S, False)
            if now - at < ABSENT_S:
                return did
            self._probed.put(door, (now, False))  # other threads do not try the port meanwhile
        try:
            socket.create_connection(door, timeout=max(0.01, timeout_s)).close()
        except OSError:
            return False
        self._probed.put(door, (now, True))
        return True

    def trust(self, source: Source, camera: Camera, deadline_s: float) -> None:
        """Take the certificate that the server of keys shows now. The camera is asked again at once."""
        self._server.trust(self._asks(source, min(ASK_S, deadline_s / 2)), deadline_s / 2)
        self._rests.drop((source.id, camera.ref.serial))

    def ended(self, source: Source, serial: str, reason: str) -> None:
        """Note that a picture by this way has ended. `reason`: why no picture came, "" if one came."""
        if not reason:
            return
        who = (source.id, serial)
        self._keys.drop(who)  # the camera may have a new key
        self._rest(who, "code_wrong" if reason == "code_wrong" else "lan_closed")
        log.warning("no picture by a camera's own protocol, of source %s: %s", source.id, reason)

    # keys

    def _device(self, source: Source, who: Who, wait_s: float) -> Device | None:
        """Key and code of the device; None if they can't be had, or are still being fetched for the next opening."""
        with self._lock:
            at, found = self._keys.get(who) or (0.0, None)
            if found is None or self._clock() - at > KEPT_S:
                found = Future[Device]()
                self._keys.put(who, (self._clock(), found))
                work = threading.Thread(target=self._fetch, args=(source, who, found), name="camera's key", daemon=True)
                try:
                    work.start()
                except RuntimeError:  # the machine has no thread left
                    self._keys.drop(who)
                    raise
        try:
            return found.result(max(0.0, wait_s))
        except (Late, DriverError, NoKey):
            return None

    def _fetch(self, source: Source, who: Who, found: "Future[Device]") -> None:
        try:
            found.set_result(self._fetched(source, who))
        except NoKey as no:
            log.warning("the vendor gives no key of a camera of source %s: code %s", source.id, no.code)
            self._rest(who)
        except (DriverError, StoreUnavailable) as error:
            log.warning("no key of a camera of source %s: %s", source.id, error)
            self._rest(who, "key_server_changed" if isinstance(error, OtherCertificate) else "lan_closed")
        finally:
            if not found.done():
                self._keys.drop(who)
                found.set_exception(VendorDown("no key"))

    def _fetched(self, source: Source, who: Who) -> Device:
        """Raises NoKey, DriverError, StoreUnavailable."""
        try:
            return self._server.device(self._asks(source, ASK_S), who[1], ASK_S)
        except NoKey as no:
            if no.code != NOT_REGISTERED:
                raise
        return self._server.device(self._asks(source, ASK_S), who[1], ASK_S)

    def _rest(self, who: Who, reason: Reason = "lan_closed") -> None:
        self._rests.put(who, (self._clock() + IN_VAIN_S, reason))


SECTIONS = "CONNECTION,WIFI"
USER = "admin"
PORT = 554
MANY = 1024


class Lan:
    """Raises showcam.drivers.errors.Refused. `loopback`: in the demo the cameras live on this machine."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._wrong: Recent[Who, str] = Recent(MANY)  # the code that a camera refused
        self._absent: Recent[Who, tuple[float, Reason]] = Recent(MANY)  # since when, and why
        self._places: Recent[Who, Place] = Recent(MANY)

    def at_home(
        self,
        cameras: tuple[Listed, ...],
        pages: Iterable[JsonObject],
        codes: Mapping[str, str],
        local: Set[str] = frozenset(),
    ) -> tuple[Listed, ...]:
        """These cameras; those that can be had on the LAN get that way before their others.

        `local`: the serials of cameras that are asked by their own protocol.
        """
        places = self.places(pages)

        def of(camera: Listed) -> Listed:
            serial = camera.ref.serial
            ways = ("lan",) * (serial in codes) + ("local",) * (serial in local)
            if not ways or serial not in places:
                return camera
            self._places.put((camera.ref.source, serial), places[serial])
            return replace(camera, ways=(*ways, *camera.ways))

        return tuple(of(camera) for camera in cameras)

    def places(self, pages: Iterable[JsonObject]) -> dict[str, Place]:
        """The places of devices by serial."""
        found: dict[str, Place] = {}
        for page in pages:
            connections, networks = page.get("CONNECTION") or {}, page.get("WIFI") or {}
            for serial in {*connections, *networks}:
                place = self._place(connections.get(serial) or {}, networks.get(serial) or {})
                if place is not None:
                    found[str(serial)] = place
        return found

    def place(self, camera: Listed) -> Place | None:
        """The camera's place in the list that this process read last; None if another process read the list."""
        return self._places.get((camera.ref.source, camera.ref.serial))

    def open(self, camera: Camera, place: Place, code: str, deadline_s: float, picture: Picture = "main") -> Rtsp:
        """The picture's address, after asking the camera itself; a code that it refused is not tried again."""
        who = (camera.ref.source, camera.ref.serial)
        if self._wrong.get(who) == code:
            raise Refused("code_wrong", "refused before")
        since, reason = self._absent.get(who) or (-ABSENT_S, "lan_unreachable")
        if time.monotonic() - since < ABSENT_S:
            raise Refused(reason, "so it was a moment ago")
        found = self.try_code(camera, place, code, min(KNOCK_S, deadline_s / 2), picture)
        at = with_port(place.host, place.rtsp)
        return Rtsp(url=f"rtsp://{at}{found.path}", hosts=(at,), sound=sound(camera), user=USER, password=code)

    def try_code(
        self, camera: Camera, place: Place, code: str, deadline_s: float, picture: Picture = "main"
    ) -> Described:
        """Ask the camera at that place."""
        who = (camera.ref.source, camera.ref.serial)
        if not is_in_house(place.host, loopback=self._loopback):
            raise Refused("lan_unreachable", "no address of a house")
        try:
            paths = _paths(camera.ref.channel, picture)
            found = describe(place.host, place.rtsp, paths, Login(USER, code), deadline_s, rather_h264=True)
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

    def _place(self, connection: JsonObject, network: JsonObject) -> Place | None:
        """The place by cable or Wi-Fi; None if both are unknown, which the vendor writes as "" or 0.0.0.0.

        The list names the same two ports of the own protocol for nearly every device, whether it has them or not.
        """
        rtsp = _port(connection.get("localRtspPort"), PORT)
        control = _port(connection.get("localCmdPort"), CONTROL_PORT)
        media = _port(connection.get("localStreamPort"), MEDIA_PORT)
        for address in (connection.get("localIp"), network.get("address")):
            if isinstance(address, str) and is_in_house(address, loopback=self._loopback):
                return Place(address, rtsp, control, media)
        return None


def _port(port: Any, otherwise: int) -> int:
    """The listed port, but `otherwise` for 0, which is often listed although RTSP works, and for ports below 1024.

    Those belong to other services.
    """
    text = str(port) if isinstance(port, int | str) else ""
    number = int(text) if text.isdecimal() and len(text) <= 5 else 0
    return number if 1024 <= number < 65536 else otherwise


def _paths(channel: int, picture: Picture) -> tuple[str, ...]:
    """The paths of a picture, those of most cameras first. A whole picture in H.265 gives way to the smaller one.

    The smaller one is H.264 more often. Paths without a channel are for cameras with only one.
    """
    sub = f"/Streaming/Channels/{channel}02"
    if picture == "sub":
        return sub, f"/h264/ch{channel}/sub/av_stream"
    older = ("/H.264", "/H264", "/Streaming/Channels/1") if channel == 1 else ()
    seldom = ("/H265", "/") if channel == 1 else ()  # after the smaller one, since they may be H.265
    return f"/Streaming/Channels/{channel}01", f"/h264/ch{channel}/main/av_stream", *older, sub, *seldom
