"""An EZVIZ camera at home by its own protocol, which its owner chose: no real camera has confirmed it here.

Some models open sessions of the cloud stream, send nothing, and answer at home (github.com/Bobsilvio/ezviz_hp7, issues
33, 36 and 58, and its release 0.16.2).

Its port of commands is tried once, and no sooner again than in a minute. What opens it comes from the vendor's server
of keys and is kept in memory for an hour. The media process speaks to the camera, and tells where no picture came.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import NamedTuple, Protocol

from media.ezviz.address import named
from media.ezviz.local_messages import Device, NoKey, url
from media.source import SourceSpec
from net.cache import Recent
from registry.camera import Camera
from registry.driver import sound
from registry.drivers.ezviz.cas import CasSession, OtherCertificate
from registry.drivers.ezviz.waking import lasts_s
from registry.errors import DriverError, Refused, VendorDown
from registry.reason import Reason
from store.ports import StoreUnavailable
from store.records import Source

log = logging.getLogger(__name__)

PROBE_S = 0.7
PROBED_S = 60.0  # a port is not tried again sooner
KEPT_S = 3600.0  # a key is asked for again after so long
ASK_S = 3.0  # the vendor has this to answer; its other calls for the account wait meanwhile
FETCH_S = 8.0  # the server of keys has this to answer
# a camera is left alone for so long: its key was refused, was not to be had, or brought no picture
REFUSED_S, SILENT_S, IN_VAIN_S = 3600.0, 300.0, 600.0
NOT_REGISTERED = 1052170  # the account's terminal has to be registered again
MANY = 1024

LOCAL = "local "  # before a serial, in what is given back when a picture by the camera's own protocol is over

type Who = tuple[str, str]  # source and serial
type Asks = Callable[[Source, float], CasSession]


class Ports(NamedTuple):
    """The two ports of a camera at home: one for commands, one for pictures."""

    control: int
    media: int


class KeyServer(Protocol):
    def device(self, asking: CasSession, serial: str, deadline_s: float) -> Device:
        """What opens the device of that serial. Raises NoKey, OtherCertificate, VendorDown."""
        ...

    def trust(self, asking: CasSession, deadline_s: float) -> None:
        """Take the certificate that it shows now. Raises VendorDown."""
        ...


class Local:
    """`asks` registers the account's terminal with the vendor, and tells what the server of keys wants."""

    def __init__(self, asks: Asks, server: KeyServer, clock: Callable[[], float] = time.monotonic) -> None:
        self._asks, self._server, self._clock = asks, server, clock
        self._probed: Recent[str, tuple[float, bool]] = Recent(MANY)  # by place: when, and whether it answered
        self._keys: Recent[Who, tuple[float, Future[Device]]] = Recent(MANY)
        self._rests: Recent[Who, tuple[float, Reason]] = Recent(MANY)  # until when, and why
        self._lock = threading.Lock()

    def open(self, source: Source, camera: Camera, host: str, ports: Ports, deadline_s: float) -> SourceSpec:
        """The address of its whole picture, with what opens it. Raises Refused."""
        end, who = self._clock() + deadline_s, (source.id, camera.ref.serial)
        until, reason = self._rests.get(who) or (0.0, "lan_closed")
        if self._clock() < until:
            raise Refused(reason, "so it was a moment ago")
        if not self.answers(host, ports, min(PROBE_S, deadline_s / 2)):
            raise Refused("lan_closed", "its port of commands takes no connection")
        device = self._device(source, who, (end - self._clock()) / 2)
        if device is None:
            _, reason = self._rests.get(who) or (0.0, "lan_closed")
            raise Refused(reason, "no key of the camera")
        return SourceSpec(
            "ezviz_local",
            url(camera.ref.channel, camera.ref.serial),
            (named(host, ports.control), named(host, ports.media)),
            sound(camera),
            user=device.code,
            password=device.key,
            lasts_s=lasts_s(camera),
            release=f"{LOCAL}{camera.ref.serial}",
            alone=True,
        )

    def answers(self, host: str, ports: Ports, timeout_s: float) -> bool:
        """Whether its port of commands takes a connection, as it last did within a minute."""
        place, now = named(host, ports.control), self._clock()
        with self._lock:
            at, did = self._probed.get(place) or (now - PROBED_S, False)
            if now - at < PROBED_S:
                return did
            self._probed.put(place, (now, False))  # whoever asks meanwhile does not try it too
        try:
            socket.create_connection((host, ports.control), timeout=max(0.01, timeout_s)).close()
        except OSError:
            return False
        self._probed.put(place, (now, True))
        return True

    def trust(self, source: Source, camera: Camera, deadline_s: float) -> None:
        """Take the certificate that the server of keys shows now. The camera is asked again at once."""
        self._server.trust(self._asks(source, min(ASK_S, deadline_s / 2)), deadline_s / 2)
        self._rests.drop((source.id, camera.ref.serial))

    def ended(self, source: Source, serial: str, reason: str) -> None:
        """Note that a picture by this way is over. `reason`: why none came, "" where one did.

        `serial` as in the `release` of its address, behind LOCAL.
        """
        if not reason:
            return
        who = (source.id, serial)
        self._keys.drop(who)  # it may have a new one
        self._rest(who, IN_VAIN_S, "code_wrong" if reason == "code_wrong" else "lan_closed")
        log.warning("no picture by a camera's own protocol, of source %s: %s", source.id, reason)

    # keys

    def _device(self, source: Source, who: Who, wait_s: float) -> Device | None:
        """Key and code of the device; None where they are not to be had, or not yet: the next opening has them then."""
        with self._lock:
            at, found = self._keys.get(who) or (0.0, None)
            if found is None or self._clock() - at > KEPT_S:
                found = Future[Device]()
                self._keys.put(who, (self._clock(), found))
                work = threading.Thread(target=self._fetch, args=(source, who, found), name="camera's key", daemon=True)
                work.start()
        try:
            return found.result(max(0.0, wait_s))
        except (Late, DriverError, NoKey):
            return None

    def _fetch(self, source: Source, who: Who, found: "Future[Device]") -> None:
        try:
            found.set_result(self._fetched(source, who))
        except NoKey as no:
            log.warning("the vendor gives no key of a camera of source %s: code %s", source.id, no.code)
            self._rest(who, SILENT_S if no.code == NOT_REGISTERED else REFUSED_S)
        except (DriverError, StoreUnavailable) as error:
            log.warning("no key of a camera of source %s: %s", source.id, error)
            self._rest(who, SILENT_S, "key_server_changed" if isinstance(error, OtherCertificate) else "lan_closed")
        finally:
            if not found.done():
                self._keys.drop(who)
                found.set_exception(VendorDown("no key"))

    def _fetched(self, source: Source, who: Who) -> Device:
        """Raises NoKey, DriverError, StoreUnavailable."""
        try:
            return self._server.device(self._asks(source, ASK_S), who[1], FETCH_S)
        except NoKey as no:
            if no.code != NOT_REGISTERED:
                raise
        return self._server.device(self._asks(source, ASK_S), who[1], FETCH_S)

    def _rest(self, who: Who, seconds: float, reason: Reason = "lan_closed") -> None:
        self._rests.put(who, (self._clock() + seconds, reason))
