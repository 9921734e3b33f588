"""Finds the ports that a camera has open at home, and opens sessions there for a recording: by RTSP, and by the
camera's own protocol.
"""

import asyncio
import socket
from collections.abc import Callable

from msgspec.structs import replace

from showcam.drivers.ezviz.trace.recording import Recording
from showcam.drivers.ezviz.trace_lines import Home, PortState, Unopened
from showcam.drivers.probes.rtsp import KNOCK_S
from showcam.engine.ezviz.address import BadAddress
from showcam.engine.ezviz.decipher import Decipherer
from showcam.engine.ezviz.local_messages import LocalAddress
from showcam.engine.ezviz.local_session import Closed, LocalSession, Manner
from showcam.engine.ezviz.messages import STREAM
from showcam.engine.ezviz.node import SaidNo, Unreached
from showcam.engine.rtp.packets import AccessUnit, SenderReport
from showcam.engine.rtsp.connection import RtspFailed
from showcam.engine.rtsp.session import Session
from showcam.engine.source import EzvizLocal, Rtsp, SourceFailed, SourceSpec
from showcam.engine.sources.rtsp import session_of
from showcam.engine.sources.tracks import Chosen, choose
from showcam.net.addresses import is_in_house
from showcam.net.exchange import PATIENT_S

SOUND = 2  # the channel of a recording for sound on a separate track
_WHY: dict[str, Unopened] = {"busy": "busy", "code_wrong": "code_wrong", "not_playable": "not_playable"}


class ByRtsp:
    """A session by RTSP. Each access unit is noted in `recording`."""

    def __init__(self, recording: Recording) -> None:
        self._recording, self._loop = recording, asyncio.get_running_loop()
        self._session: Session | None = None
        self._chosen: Chosen | None = None
        self._came, self._is_over = asyncio.Event(), False

    async def open(self, spec: SourceSpec, *, loopback: bool) -> Unopened:
        """Why it did not open; "" if it did."""
        try:
            async with asyncio.timeout(PATIENT_S):
                await self._open(spec, loopback=loopback)
        except (SourceFailed, RtspFailed) as failed:
            return _WHY.get(str(failed), "unreached")
        except TimeoutError:
            return "unreached"
        return ""

    async def read(self) -> None:
        """Waits for more. Raises Unreached when the session has ended."""
        await self._came.wait()
        self._came.clear()
        if self._is_over:
            raise Unreached

    def close(self) -> None:
        if self._session:
            self._session.close()

    async def _open(self, spec: SourceSpec, *, loopback: bool) -> None:
        assert isinstance(spec, Rtsp)
        session = self._session = session_of(spec, self._ended, loopback=loopback)
        description = await session.describe()
        decipherer = Decipherer(self._recording.key)  # without a key all is taken for clear
        chosen = choose(description, sound=True, opener=decipherer if self._recording.key else None)
        codec = chosen.codec
        if codec == "mjpeg":  # which no EZVIZ camera sends
            raise SourceFailed("not_playable", again=False)
        decipherer.picture(chosen.sets.get(codec, b""))
        heard = chosen.sound.format.codec if chosen.sound else None
        self._recording.pictured.described("rtp", chosen.sets, heard, decipherer)
        self._recording.pictured.is_of(codec)
        self._chosen = chosen
        await session.play(description, chosen.played, self)

    def unit(self, kind: str, unit: AccessUnit, at: float) -> None:
        """Called by the session for each unit that has come."""
        assert self._chosen is not None
        if kind == "audio":
            self._recording.sound(SOUND, len(unit.data))
        elif (codec := self._chosen.codec) != "mjpeg":
            self._recording.unit(codec, len(unit.data), b"" if unit.damaged else unit.data)
        self._came.set()

    def report(self, kind: str, report: SenderReport, at: float) -> None:
        """Called by the session; a recording has no use for its sender's clock."""

    def _ended(self, _failed: RtspFailed) -> None:
        self._is_over = True
        self._came.set()


class ByOwnProtocol:
    """A session by the camera's own protocol in one manner. Each part of the program stream is noted in `recording`."""

    def __init__(self, recording: Recording, manner: Manner) -> None:
        self._recording, self._manner = recording, manner
        self._session: LocalSession | None = None

    async def open(self, spec: SourceSpec, *, loopback: bool) -> Unopened:
        """Why it did not open; "" if it did, or if the camera refused by a result, which is noted."""
        assert isinstance(spec, EzvizLocal)
        try:
            self._session = LocalSession(LocalAddress.read(spec), self._manner, loopback=loopback)
            await self._session.open()
        except Closed:
            return "closed"
        except (Unreached, BadAddress):
            return "unreached"
        self._recording.results.append(0)
        return ""

    async def read(self) -> None:
        """Waits for more. Raises Unreached when the session has ended."""
        assert self._session is not None
        for part in await self._session.read():
            self._recording.came(STREAM, part)

    def close(self) -> None:
        if self._session:
            self._session.close()


async def recorded(
    recording: Recording,
    by: Callable[[Recording], ByRtsp | ByOwnProtocol],
    spec: SourceSpec,
    seconds: float,
    *,
    loopback: bool,
) -> None:
    """Records a session with the camera, until its second keyframe or for `seconds`."""
    session, refused, is_open = by(recording), "", True
    try:
        refused = await session.open(spec, loopback=loopback)
    except SaidNo as no:
        recording.results.append(max(0, min(no.result, 99_999)))
        is_open = False
    recording.opened(refused)  # type: ignore[arg-type]
    if refused or not is_open:
        session.close()
        return
    await recording.lasts(session, seconds, until_key=True)


# web pages, RTSP, the vendor's device SDK with and without TLS, the camera's own protocol
ASKED = (80, 443, 554, 8000, 8443, 9010, 9020)


def probed(home: Home, address: str, *, loopback: bool) -> Home:
    """The same line with the state of each port. In practice (`loopback`) only listed ports are the camera's."""
    if not is_in_house(address, loopback=loopback):
        return home
    ports = (*home.listed,) if loopback else (*ASKED, *home.listed)
    return replace(home, ports={port: _state(address, port) for port in ports if port})


def _state(address: str, port: int) -> PortState:
    try:
        socket.create_connection((address, port), timeout=KNOCK_S).close()
    except TimeoutError:
        return "silent"
    except OSError:
        return "closed"
    return "open"
