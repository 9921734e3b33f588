"""Makes a trace of one camera: what the vendor lists, sessions in the cloud and at home, and its ports.

It opens sessions as a viewer does, one after another, and asks the vendor for nothing that mails its owner.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from showcam.drivers.camera import Camera, is_on_battery
from showcam.drivers.errors import DriverError, Refused, SignedOut
from showcam.drivers.ezviz.answers import section
from showcam.drivers.ezviz.driver import EzvizDriver
from showcam.drivers.ezviz.keys import key_of
from showcam.drivers.ezviz.sessions import Held
from showcam.drivers.ezviz.stills import MESSAGES
from showcam.drivers.ezviz.trace.at_home import ByOwnProtocol, ByRtsp, probed, recorded
from showcam.drivers.ezviz.trace.recording import STEP_MS, Recording, crowded
from showcam.drivers.ezviz.trace_lines import Home, Line, Row, Trace, Unopened, Wake, Way
from showcam.drivers.ezviz.tracing import SECTIONS, Aliases, CallNotes, Excerpt, excerpt
from showcam.engine.ezviz.address import MAIN, SUB, Stream
from showcam.engine.ezviz.local_session import MANNERS
from showcam.engine.source import USED, WAKING_S, CameraSpec
from showcam.engine.sources import ezviz_local
from showcam.engine.sources.ezviz import DOZES_S
from showcam.engine.sources.rtsp import KEYFRAME_S
from showcam.net.addresses import OnLoopback
from showcam.net.exchange import PATIENT_S
from showcam.store.records import Source

if TYPE_CHECKING:
    from showcam.drivers.ezviz.client import Client

REST_S = 2.0  # between two sessions, as rhanekom/hass-ezviz-stream waits before it opens again
SUB_S, MAIN_S = 25.0, 40.0  # longest session of the substream and of the main stream; a second keyframe ends it sooner
WAKES = 6  # sessions of a battery camera in that time, as a viewer opens them: the first one wakes it and stays empty
OWN_S = 2 * ezviz_local.KEYFRAME_S  # of the camera's own protocol in one manner, for two keyframes
BY_FRAME, FIRST_BY_FRAME = 1200, 800  # rows of a short session, and of the long one
STEPS = 600  # of the long session

type Doing = Literal["list", "wake", "sub", "main", "beside", "long", "at_home", "home"]
type Opens = Callable[[Recording], ByRtsp | ByOwnProtocol]

# why there is no address of a camera at home, by the driver's reason
_WHY: dict[str, Unopened] = {
    "lan_unreachable": "unreached",
    "lan_closed": "closed",
    "code_wrong": "code_wrong",
    "encryption_on": "encryption_on",
    "busy": "busy",
}


@dataclass(frozen=True)
class Wanted:
    """`beside`: the camera's owner agreed that a second session is opened, which may end the first."""

    seconds: float = 600.0
    beside: bool = False


class CameraTrace:
    """Makes the trace of a camera. `loopback`: practice, with the vendor and its cameras on this machine."""

    def __init__(
        self,
        driver: EzvizDriver,
        source: Source,
        camera: Camera,
        version: tuple[int, int, int],
        *,
        loopback: bool = False,
        doing: Callable[[Doing], None] = lambda _: None,
    ) -> None:
        self._driver, self._source, self._camera = driver, source, camera
        self._version, self._loopback = version, loopback
        self._doing, self._numbers = doing, 0
        self._notes = CallNotes()

    def take(self, wanted: Wanted) -> list[Line]:
        """Takes as long as is wanted, and a moment more. Raises DriverError if there is no list."""
        end, now = time.monotonic() + wanted.seconds, time.gmtime()
        head = Trace(1, "camera", self._version, now.tm_year, now.tm_mon, round(wanted.seconds / 60))
        self._doing("list")
        alias = Aliases().of(self._camera.ref.serial)
        found = self._driver.account.clients.use(self._source, PATIENT_S, partial(self._excerpt, alias))
        # this list may lack the camera's status, as one in fifteen does; an earlier one told the battery
        dozes = is_on_battery(self._camera) or any(
            isinstance(row, Row) and row.battery is not None for row in found.lines
        )
        lines: list[Line] = [line for line in found.lines if not isinstance(line, Home)]
        if dozes:
            lines.append(self._woken())
        lines += asyncio.run(self._sessions(wanted, end, dozes=dozes))
        if not {"lan", "local"}.isdisjoint(self._camera.ways):
            self._doing("at_home")
            lines += asyncio.run(self._at_home())
        self._doing("home")
        homes = (line for line in found.lines if isinstance(line, Home))
        lines += [probed(line, found.address, loopback=self._loopback) for line in homes]
        return [head, *self._notes.calls, *lines]

    def _excerpt(self, alias: str, client: "Client", held: Held) -> Excerpt:
        """The lines about the camera, from the list and the last messages."""
        client.hear = self._notes.note
        try:
            pages = client.pages(SECTIONS)
            messages = client.get_device_messages_list(limit=MESSAGES, date="").get("message")
        finally:
            client.hear = None
        if not section(pages, "STATUS", self._camera.ref.serial):
            self._notes.note_empty()
        return excerpt(pages, messages, self._camera, alias, held.secrets, time.time())

    def _woken(self) -> Wake:
        self._doing("wake")
        began, is_taken = time.monotonic(), True
        try:
            self._driver.account.wake(self._source, self._camera, PATIENT_S)
        except DriverError:
            is_taken = False
        return Wake(is_taken, round((time.monotonic() - began) * 1000))

    async def _sessions(self, wanted: Wanted, end: float, *, dozes: bool) -> list[Line]:
        lines: list[Line] = []
        shows: Stream | None = None
        seconds = {SUB: SUB_S, MAIN: MAIN_S}
        for way, stream in (("sub", SUB), ("main", MAIN)):
            self._doing(way)  # type: ignore[arg-type]
            patience_s = WAKING_S + 10 if dozes else seconds[stream]
            seconds_left = min(patience_s, max(1.0, end - time.monotonic()))
            for recording in await self._until_awake(way, stream, seconds_left, dozes=dozes):  # type: ignore[arg-type]
                lines += recording.lines
                shows = shows or (stream if recording.shows else None)
            await asyncio.sleep(REST_S)
        if shows is not None and wanted.beside:
            self._doing("beside")
            lines += await self._crowded(shows)
            await asyncio.sleep(REST_S)
        left_s = end - time.monotonic()
        if shows is not None and left_s > 1.0:
            self._doing("long")
            step_ms = max(STEP_MS, round(left_s * 1000 / STEPS))
            lines += (await self._session("long", shows, left_s, step_ms=step_ms)).lines
        return lines

    async def _until_awake(self, way: Way, stream: Stream, seconds: float, *, dozes: bool) -> list[Recording]:
        """The sessions of a stream: one, or for a camera on battery as many as a viewer opens until it sends."""
        if not dozes:
            return [await self._session(way, stream, seconds)]
        until, found = time.monotonic() + seconds, list[Recording]()
        for mute_s in (DOZES_S[0], *[DOZES_S[1]] * (WAKES - 1)):
            if found:
                await asyncio.sleep(REST_S)
            found.append(await self._session(way, stream, max(1.0, until - time.monotonic()), mute_s=mute_s))
            if not found[-1].is_mute or time.monotonic() + REST_S >= until:
                break
        return found

    async def _session(
        self, way: Way, stream: Stream, seconds: float, *, step_ms: int = STEP_MS, mute_s: float | None = None
    ) -> Recording:
        """`mute_s`: the session is given up if no byte has come by then."""
        recording = await self._recording(way, stream, step_ms)
        spec = await self._spec(recording)
        if spec is None:
            return recording
        node = await recording.opens(spec, OnLoopback(every=self._loopback))
        await self._given_back(spec)
        if node is not None:
            await recording.lasts(node, seconds, until_key=way != "long", mute_s=mute_s)
        return recording

    async def _at_home(self) -> list[Line]:
        """Tries the ways that the camera's owner chose at home: RTSP with the code, and the camera's own protocol."""
        lines: list[Line] = []
        if "lan" in self._camera.ways:
            lines += (await self._session_at_home("rtsp", "lan", ByRtsp, KEYFRAME_S)).lines
        if "local" not in self._camera.ways:
            return lines
        for way, manner in (("plain", MANNERS[0]), ("wrapped", MANNERS[1])):
            opens = partial(ByOwnProtocol, manner=manner)
            recording = await self._session_at_home(way, "local", opens, OWN_S)  # type: ignore[arg-type]
            lines += recording.lines
            if recording.shows:
                break
        return lines

    async def _session_at_home(self, way: Way, by: str, opens: Opens, seconds: float) -> Recording:
        recording = await self._recording(way, MAIN)
        try:
            spec = await asyncio.to_thread(self._driver.mint, self._source, self._camera, by, PATIENT_S)
        except Refused as refused:
            recording.opened(_WHY.get(refused.reason, "no_key"))
            return recording
        except (DriverError, SignedOut):
            recording.opened("no_key")
            return recording
        await recorded(recording, opens, spec, seconds, loopback=self._loopback)
        await self._given_back(spec)
        return recording

    async def _crowded(self, stream: Stream) -> list[Line]:
        first, second = await self._recording("beside", stream), await self._recording("beside", stream)
        loopback = OnLoopback(every=self._loopback)
        spec = await self._spec(first)
        node = await first.opens(spec, loopback) if spec else None
        if spec is None or node is None:
            return first.lines
        await self._given_back(spec)
        other = await self._spec(second)
        if other is None:
            node.close()
            return [*first.lines, *second.lines]
        beside = await crowded(first, node, second, other, loopback)
        await self._given_back(other)
        return [*first.lines, *second.lines, beside]

    async def _recording(self, way: Way, stream: Stream, step_ms: int = STEP_MS) -> Recording:
        self._numbers += 1
        held = self._driver.sessions.read(self._source)
        code = held.secrets.picture_codes.get(self._camera.ref.serial, "")
        most = FIRST_BY_FRAME if way == "long" else BY_FRAME
        return Recording(self._numbers, way, stream, most, step_ms, key_of(code) if code else b"")

    async def _spec(self, recording: Recording) -> CameraSpec | None:
        """An address with its own token. Returns None if there is none; the recording's lines then say why."""
        try:
            return await asyncio.to_thread(self._driver.mint, self._source, self._camera, "cloud", PATIENT_S)
        except Refused as refused:
            why: Literal["no_token", "no_dispatcher", "not_agreed"] = "no_token"
            if refused.reason == "no_way":
                is_agreed = self._driver.sessions.read(self._source).secrets.open_air
                why = "no_dispatcher" if is_agreed else "not_agreed"
        except (DriverError, SignedOut):
            why = "no_token"
        recording.opened(why)
        return None

    async def _given_back(self, spec: CameraSpec) -> None:
        if spec.lease:
            await asyncio.to_thread(self._driver.release, self._source, spec.lease.lent, USED, PATIENT_S)
