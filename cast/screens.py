"""What the house's Cast devices show: one camera each, through the gate as for every viewer."""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import urlsplit

import structlog
from msgspec.structs import replace

from accounts.console_sessions import ConsoleSession, ConsoleSessions
from cast.device import Device
from cast.failed import CastFailed
from cast.finder import Finder
from cast.picture import Picture
from cast.showing import Over, Showing
from media.client import MediaBusy, MediaUnavailable
from registry.camera import Refusal, Stream, StreamRequest

log = structlog.get_logger()

AGAIN = 3  # so often a picture that ended by itself is shown again within AGAIN_S
AGAIN_S = 600.0
LEASE_S = 60.0  # the longest that a picture goes on after its worker has died
_RENEW_S = 20.0
_USER = "cast"


class Owner(Protocol):
    def open_stream(
        self, account_id: str, session: str, camera_id: str, request: StreamRequest
    ) -> Stream | Refusal: ...


class Doors(Protocol):
    def lend(self, link: str, device: str) -> str:
        """Raises MediaBusy, MediaUnavailable."""
        ...

    def end_link(self, link: str) -> None:
        """Raises MediaUnavailable."""
        ...


class Shown(Protocol):
    """A connection to a device, as `cast.screen.Screen` is."""

    def show(self, picture: Picture) -> None:
        """Again where a picture by another protocol follows one that did not play. Raises CastFailed."""
        ...

    def stop(self) -> None: ...


type Connect = Callable[[Device, Callable[[Over], None]], Shown]


@dataclass
class _On:
    showing: Showing
    session: ConsoleSession
    screen: Shown
    again: list[float]  # when it was shown again
    over: list[Over]  # what the device told
    renewed: float  # epoch s


class Screens:
    """Safe to use from many threads. A picture that one household shows is stopped by another's that takes the TV."""

    def __init__(
        self,
        owner: Owner,
        sessions: ConsoleSessions,
        doors: Doors,
        finder: Finder,
        connect: Connect,
        clock: Callable[[], float] = time.time,
        *,
        protocols: tuple[Literal["webrtc", "hls"], ...] = ("hls",),
    ) -> None:
        """`protocols`: those that the receiver on the devices plays, best first.

        A receiver of HLS alone is Google's, which is told one address at a time.
        """
        self._owner, self._sessions, self._doors, self._finder = owner, sessions, doors, finder
        self._connect, self._clock, self._protocols = connect, clock, protocols
        self._on: dict[str, _On] = {}  # by the device's id
        self._starting: dict[str, Showing] = {}  # what is about to be shown, by the device's id
        self._lock = threading.Lock()  # of `_on` and `_starting`
        self._turns: dict[str, threading.Lock] = {}  # by the device's id: one change at a time

    def devices(self) -> list[Device]:
        """Those that answer now; takes seconds."""
        return self._finder.find()

    def now(self, account: str) -> list[Showing]:
        with self._lock:
            return [on.showing for on in self._on.values() if on.showing.account == account and not on.over]

    def show(self, account: str, camera: str, on: str, seconds: float = 0.0) -> Showing | Refusal:
        """On the device of that name, until it is stopped, or for so many seconds. Raises CastFailed."""
        device = self._finder.device(on)
        with self._turn_of(device):
            until = self._clock() + seconds if seconds else 0.0
            with self._lock:
                self._starting[device.id] = Showing(device, account, camera, "", self._clock())
            try:
                shown = self._prolonged(device, account, camera, until)
                return shown or self._start(device, account, camera, until, [])
            finally:
                with self._lock:
                    del self._starting[device.id]

    def stop(self, account: str, on: str = "", camera: str = "") -> list[Showing]:
        """What the household shows on the device of that name, or on every one. Answers what was stopped.

        `camera`: an id, of which alone it is the end.
        """
        wanted = on.strip().casefold()
        stopped = []
        with self._lock:
            starting = [showing for showing in self._starting.values() if showing.account == account]
        for showing in (*self.now(account), *starting):
            if camera in ("", showing.camera) and wanted in ("", showing.device.name.casefold(), showing.device.id):
                with self._turn_of(showing.device):  # of what is about to be shown: until it is
                    stopped += self._ended(showing)
        return stopped

    def _ended(self, showing: Showing) -> list[Showing]:
        """What was ended, unless something else has taken its place."""
        with self._lock:
            on = self._on.get(showing.device.id)
        if on is None or (on.showing.account, on.showing.camera) != (showing.account, showing.camera):
            return []
        return [on.showing] if self._end(showing.device.id) else []

    def turn(self) -> None:
        """To be called each second or so: ends what is over, shows again what ended by itself, and renews the rest."""
        with self._lock:
            shown = list(self._on.values())
        for on in shown:
            turn = self._turn_of(on.showing.device)
            if turn.acquire(blocking=False):  # else somebody is just changing what it shows
                try:
                    self._look_after(on)
                finally:
                    turn.release()

    def close(self) -> None:
        for device in list(self._on):
            self._end(device)

    def _prolonged(self, device: Device, account: str, camera: str, until: float) -> Showing | None:
        """The picture that the device shows already, prolonged; None where it shows another camera or nothing."""
        with self._lock:
            on = self._on.get(device.id)
            if on is None or on.over or (on.showing.account, on.showing.camera) != (account, camera):
                return None
            longest = 0.0 if 0.0 in (until, on.showing.until) else max(until, on.showing.until)
            on.showing = replace(on.showing, until=longest)
            return on.showing

    def _look_after(self, on: _On) -> None:
        if self._on.get(on.showing.device.id) is not on:
            return
        now = self._clock()
        if on.over or 0 < on.showing.until <= now:
            self._resume(on)
        elif now - on.renewed >= _RENEW_S:
            self._sessions.renew(on.session, LEASE_S)
            on.renewed = now

    def _resume(self, on: _On) -> None:
        showing, now = on.showing, self._clock()
        self._end(showing.device.id)
        again = [when for when in on.again if now - when < AGAIN_S]
        why = on.over[0] if on.over else "time"
        if why != "ended" or len(again) >= AGAIN or 0 < showing.until <= now:
            log.info("a picture on a Cast device is over", account=showing.account, reason=why)
            return
        try:
            found = self._start(showing.device, showing.account, showing.camera, showing.until, [*again, now])
        except CastFailed as error:
            log.info("a picture on a Cast device is over", account=showing.account, reason=error.why)
        else:
            if isinstance(found, Refusal):
                log.info("a picture on a Cast device is over", account=showing.account, reason=found.reason)

    def _start(self, device: Device, account: str, camera: str, until: float, again: list[float]) -> Showing | Refusal:
        """What the device showed before goes on where the camera is refused."""
        session = self._sessions.read(self._sessions.begin(account=account, user=_USER, kept_s=LEASE_S))
        assert session is not None
        try:
            over = list[Over]()
            played = self._played(device, account, camera, session, over)
        except BaseException:
            self._forget(session)
            raise
        if isinstance(played, Refusal):
            self._forget(session)
            return played
        screen, name = played
        now = self._clock()
        showing = Showing(device, account, camera, name, now, until)
        with self._lock:
            self._on[device.id] = _On(showing, session, screen, again, over, now)
        return showing

    def _played(
        self, device: Device, account: str, camera: str, session: ConsoleSession, over: list[Over]
    ) -> tuple[Shown, str] | Refusal:
        """What plays it, and the camera's name. By the best protocol first; where that does not play, by the next."""
        screen: Shown | None = None
        try:
            for at in range(len(self._protocols)):
                request = StreamRequest("tv", self._protocols[at:])
                stream = self._owner.open_stream(account, session.id, camera, request)
                refusal = stream if isinstance(stream, Refusal) else stream.explains
                if refusal is not None:
                    if screen is not None:
                        screen.stop()
                    return refusal
                assert isinstance(stream, Stream)
                name = stream.camera.name if stream.camera else ""
                picture = self._picture(stream, name, session, device)
                if screen is None:
                    self._end(device.id)
                    screen = self._connect(device, over.append)
                try:
                    screen.show(picture)
                except CastFailed as failed:
                    if failed.said and self._protocols == ("hls",) and picture.at[1:]:
                        screen.stop()
                        screen = self._connect(device, over.append)
                        screen.show(replace(picture, at=picture.at[1:]))
                        return screen, name
                    if failed.why != "not_played" or stream.protocol == self._protocols[-1]:
                        raise
                else:
                    return screen, name
        except BaseException:
            if screen is not None:
                screen.stop()
            raise
        raise CastFailed("not_played", device.name)

    def _picture(self, stream: Stream, name: str, session: ConsoleSession, device: Device) -> Picture:
        """In the house first. A page of https may not read plain http, so showcam's public address comes next."""
        url = urlsplit(stream.url)
        public = (f"https://{url.netloc}",) if url.scheme == "https" else ()
        return Picture(stream.protocol, (self._lent(session, device), *public), url.path, name)

    def _lent(self, session: ConsoleSession, device: Device) -> str:
        try:
            return self._doors.lend(session.id, device.host)
        except MediaBusy:
            raise CastFailed("full") from None
        except MediaUnavailable:
            raise CastFailed("no_pictures") from None

    def _end(self, device_id: str) -> bool:
        with self._lock:
            on = self._on.pop(device_id, None)
        if on is None:
            return False
        on.screen.stop()
        self._forget(on.session)
        return True

    def _forget(self, session: ConsoleSession) -> None:
        self._sessions.end(session)
        with contextlib.suppress(MediaUnavailable):  # nothing is live then, and the gate knows the session no more
            self._doors.end_link(session.id)

    def _turn_of(self, device: Device) -> threading.Lock:
        with self._lock:
            return self._turns.setdefault(device.id, threading.Lock())
