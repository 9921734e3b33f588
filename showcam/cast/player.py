"""Plays a camera on a Cast device, through the gate as for every viewer."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol
from urllib.parse import urlsplit

from msgspec.structs import replace

from showcam.accounts.console_sessions import ConsoleSession, ConsoleSessions
from showcam.cast.device import Device, Over, Picture
from showcam.cast.errors import CastFailed
from showcam.drivers.camera import Refusal, Stream, StreamRequest, is_on_battery
from showcam.engine.messages import MediaBusy, MediaUnavailable
from showcam.engine.source import WAKING_S
from showcam.registry.owner.owner import Owner

# devices that WebRTC did not reach are remembered, by their ids; a house has few
MOST_UNPAIRED = 64
LEASE_S = 60.0  # a video ends at most this long after its worker has died
# A TV gives up after 14 to 20 s, while a camera on battery may need WAKING_S to wake.
TRIES_WAKING = 5
PAUSE_S = 5.0  # seconds between two requests for the stream of a camera that the vendor calls asleep
_USER = "cast"


class Doors(Protocol):
    def lend(self, link: str, device: str) -> str:
        """Lends the device a door, and returns its address. Raises MediaBusy, MediaUnavailable."""
        ...

    def end_link(self, link: str) -> None:
        """Ends the viewer's live videos. Raises MediaUnavailable."""
        ...


class Shown(Protocol):
    """A connection to a device, such as `showcam.cast.screen.Screen`."""

    def show(self, picture: Picture) -> None:
        """Shows the video. Called again for another protocol if the first did not play. Raises CastFailed."""
        ...

    def wake(self, name: str) -> None:
        """Writes on the TV that the camera `name` is waking; Google's receiver writes nothing. Raises CastFailed."""
        ...

    def stop(self) -> None: ...


type Connect = Callable[[Device, Callable[[Over], None]], Shown]


class Played(NamedTuple):
    """A playing video. The video goes on for as long as `session` is renewed. `name`: the camera's name."""

    session: ConsoleSession
    screen: Shown
    name: str


@dataclass
class _Turn:
    """A video that a TV was asked to show. `screen`: the connection to the TV, None before it is made."""

    device: Device
    session: ConsoleSession
    camera: str
    over: Callable[[Over], None]
    free: Callable[[], object]
    waking: Callable[[str], object]
    screen: Shown | None = None
    is_free: bool = False
    wakes: bool = False  # the camera runs on battery, or the vendor reports the camera asleep

    def wake(self, name: str) -> None:
        self.wakes = True
        self.waking(name)

    def leave(self) -> None:
        screen, self.screen = self.screen, None
        if screen is not None:
            screen.stop()


class Player:
    """Plays cameras on devices. `protocols`: the protocols that the receiver on the devices plays, best first.

    A receiver that plays only HLS is Google's, which is given one address at a time.
    """

    def __init__(
        self,
        owner: Owner,
        sessions: ConsoleSessions,
        doors: Doors,
        connect: Connect,
        protocols: tuple[Literal["webrtc", "hls"], ...],
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._owner, self._sessions, self._doors = owner, sessions, doors
        self._connect, self._protocols = connect, protocols
        self._is_own = "webrtc" in protocols  # showcam's own receiver; Google's plays HLS only
        self._unpaired: dict[str, None] = {}  # devices that are not tried by WebRTC again
        self._clock, self._wait = clock, wait

    def play(
        self,
        device: Device,
        account: str,
        camera: str,
        over: Callable[[Over], None],
        free: Callable[[], object],
        waking: Callable[[str], object],
    ) -> Played | Refusal:
        """Plays the camera on the device. `over` is called when the device ends the video.

        `free` is called once the camera may be shown, to end what the device shows. `waking` is called with the
        camera's name before the wait for a camera on battery. Raises CastFailed.
        """
        session = self._sessions.read(self._sessions.begin(account=account, user=_USER, kept_s=LEASE_S))
        assert session is not None
        turn = _Turn(device, session, camera, over, free, waking)
        try:
            shown = self._woken(turn)
        except BaseException:
            turn.leave()
            self._forget(session)
            raise
        if isinstance(shown, Refusal):
            self._forget(session)
            return shown
        screen, name = shown
        return Played(session, screen, name)

    def renew(self, played: Played) -> None:
        """Renews the video's session for LEASE_S from now on."""
        self._sessions.renew(played.session, LEASE_S)

    def end(self, played: Played) -> None:
        played.screen.stop()
        self._forget(played.session)

    def _woken(self, turn: "_Turn") -> tuple[Shown, str] | Refusal:
        """Shows the video as `_shown` does, and tries again while a camera on battery wakes.

        The vendor and a TV give up long before that. showcam's own receiver says meanwhile that the camera is waking.
        """
        end, tries = self._clock() + WAKING_S, 0
        while True:
            try:
                shown = self._shown(turn)
            except CastFailed as failed:
                tries += 1
                if failed.why != "not_played" or failed.is_final or not turn.wakes or tries == TRIES_WAKING:
                    raise
                if not self._is_own:
                    turn.leave()  # Google's receiver takes only one address in a connection
                continue
            if not isinstance(shown, Refusal):
                assert turn.screen is not None
                return turn.screen, shown
            if shown.reason != "waking" or self._clock() >= end:
                turn.leave()
                return shown
            turn.wake(shown.camera)
            if self._is_own:
                self._connected(turn).wake(shown.camera)
            self._wait(PAUSE_S)

    def _shown(self, turn: "_Turn") -> str | Refusal:
        """The name of the camera that `turn.screen` plays now.

        Tries the best protocol first; if that does not play, the next. A device that WebRTC did not reach though HLS
        does is shown HLS from then on: Nest Hubs since early 2026 (AlexxIT/WebRTC issue 941).
        """
        protocols, is_unpaired, device = self._protocols, False, turn.device
        if device.id in self._unpaired:
            protocols = protocols[1:]
        for at in range(len(protocols)):
            request = StreamRequest("tv", protocols[at:])
            stream = self._owner.open_stream(turn.session.account, turn.session.id, turn.camera, request)
            refusal = stream if isinstance(stream, Refusal) else stream.explains
            if refusal is not None:
                return refusal
            assert isinstance(stream, Stream)
            name = stream.camera.name if stream.camera else ""
            on_battery = stream.camera is not None and is_on_battery(stream.camera)
            picture = replace(self._picture(stream, name, turn.session, device), waking=on_battery)
            screen = self._connected(turn)
            if on_battery:
                turn.wake(name)
            try:
                screen.show(picture)
            except CastFailed as failed:
                if failed.said and self._protocols == ("hls",) and picture.at[1:]:
                    turn.leave()
                    self._connected(turn).show(replace(picture, at=picture.at[1:]))
                    return name
                if failed.why != "not_played" or failed.is_final or stream.protocol == protocols[-1]:
                    raise
                is_unpaired |= failed.unpaired
            else:
                if is_unpaired:
                    self._remember_unpaired(device)
                return name
        raise CastFailed("not_played", device.name)

    def _connected(self, turn: "_Turn") -> Shown:
        """The connection to the device. Before the first connection is made, `free` ends what the device showed."""
        if turn.screen is None:
            if not turn.is_free:
                turn.free()
                turn.is_free = True
            turn.screen = self._connect(turn.device, turn.over)
        return turn.screen

    def _remember_unpaired(self, device: Device) -> None:
        if len(self._unpaired) >= MOST_UNPAIRED:
            self._unpaired.pop(next(iter(self._unpaired)))
        self._unpaired[device.id] = None

    def _picture(self, stream: Stream, name: str, session: ConsoleSession, device: Device) -> Picture:
        """The video with its addresses in the house first, then the public one: an https page may not
        read plain http.
        """
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

    def _forget(self, session: ConsoleSession) -> None:
        self._sessions.end(session)
        with contextlib.suppress(MediaUnavailable):  # no video is live then, and the gate no longer knows the session
            self._doors.end_link(session.id)
