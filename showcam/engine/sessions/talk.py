"""Talk: what a viewer says goes to the camera's speaker, over a connection of the camera's own for it.

One viewer talks through a camera at a time, by half duplex: while they speak they do not hear the camera, whose
microphone would return their own voice. A turn begins with sound, and ends with silence, with the session, after
`talk_s`, if the gate closes, or if the camera takes no more. After an end that was not the viewer's own, the viewer has
to pause before the next turn.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.audio.frame import AudioFrame

from showcam.engine.gate import Gate
from showcam.engine.grants import CHECK_S, Claims
from showcam.engine.rtsp.connection import RtspFailed
from showcam.engine.rtsp.session import BackChannel
from showcam.engine.sound import SpeakerSound, is_loud
from showcam.engine.source import Rtsp, SourceFailed
from showcam.engine.sources.rtsp import back_channel

_log = structlog.get_logger()

BUSY, LONG, FAILED = "talk_busy", "talk_long", "talk_failed"  # why a turn ended
OPEN_S = 5.0  # an opened camera has answered four requests by then
QUIET_S = 3.0  # this silence ends a turn; the next turn needs a new connection, so it is longer than a breath
PAUSE_S = 0.6  # after this silence the viewer hears the camera again; gaps between words are shorter
STEP_S = 0.02  # of a packet
LATE_S = 0.2  # packets that are later than this are not sent faster to catch up
MOST_WAITING = 50  # frames, a second: what is said while the camera opens
LEAD = 10  # frames before the first loud frame: a word begins softly


class Talks:
    """The turns of all cameras. `gate` is asked when a turn begins, and every CHECK_S while it lasts."""

    def __init__(self, gate: Gate, *, loopback: bool, talk_s: float) -> None:
        self.gate, self.loopback, self.talk_s = gate, loopback, talk_s
        self._talking: set[tuple[str, str]] = set()  # accounts and cameras

    async def listen(self, claims: Claims, track: MediaStreamTrack, hush: Callable[[bool], None]) -> None:
        """Takes what a viewer says until the track ends. `hush` switches the camera's sound to them off and on."""
        talker = Talker(self, claims, hush)
        try:
            while True:
                frame: Any = await track.recv()
                talker.take(frame)
        except MediaStreamError:
            pass
        finally:
            await talker.close()

    @contextlib.contextmanager
    def place(self, claims: Claims) -> Any:
        """The one place at a camera. Raises SourceFailed if somebody else talks there."""
        key = claims.account, claims.camera
        if key in self._talking:
            raise SourceFailed(BUSY, again=True)
        self._talking.add(key)
        try:
            yield
        finally:
            self._talking.discard(key)


class Talker:
    """A viewer who may talk."""

    def __init__(self, talks: Talks, claims: Claims, hush: Callable[[bool], None]) -> None:
        self._talks, self._claims, self._hush = talks, claims, hush
        self._now = asyncio.get_running_loop().time
        self._waiting: deque[AudioFrame] = deque(maxlen=MOST_WAITING)
        self._came = asyncio.Event()
        self._loud_at = float("-inf")  # when the latest loud frame came, by the loop's clock
        self._turn: asyncio.Task[None] | None = None
        self._has_to_pause = False

    def take(self, frame: AudioFrame) -> None:
        self._waiting.append(frame)
        if is_loud(frame):
            now = self._now()
            if now - self._loud_at > QUIET_S:
                self._has_to_pause = False
            self._loud_at = now
            if self._turn is None and not self._has_to_pause:
                self._turn = asyncio.create_task(self._take_turn())
        while self._turn is None and len(self._waiting) > LEAD:
            self._waiting.popleft()
        self._came.set()

    async def close(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
            await asyncio.gather(self._turn, return_exceptions=True)

    async def _take_turn(self) -> None:
        reason = ""
        try:
            with self._talks.place(self._claims):
                reason = await self._talk()
        except SourceFailed as failed:
            reason = failed.reason
        except (RtspFailed, TimeoutError, ValueError):
            reason = FAILED
        except Exception as error:
            _log.error("a talk broke", error=type(error).__name__)
            reason = FAILED
        finally:
            self._turn, self._has_to_pause = None, reason != ""
            self._hush(False)
            self._talks.gate.talk_ended(self._claims, reason)
            _log.info("a talk ended", reason=reason)

    async def _talk(self) -> str:
        """Opens the camera's speaker and sends; returns why it ended. Raises SourceFailed, RtspFailed, TimeoutError."""
        self._hush(True)
        source = await self._talks.gate.talk(self._claims, "begins")
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        channel = self._channel(source, over)
        try:
            async with asyncio.timeout(OPEN_S):
                track = await channel.open()
            sound = SpeakerSound(track.encoding, track.clock_hz)
            return await self._until_over(over, self._send(channel, sound), channel.stay(), self._stay_allowed())
        finally:
            channel.close()
            over.cancel()

    def _channel(self, source: Rtsp, over: asyncio.Future[None]) -> BackChannel:
        def failed(failure: RtspFailed) -> None:
            if not over.done():
                over.set_exception(failure)

        return back_channel(source, failed, loopback=self._talks.loopback)

    async def _until_over(self, over: asyncio.Future[None], *works: Any) -> str:
        """Runs until the first of them ends, `talk_s` at most. Raises what that one raised."""
        tasks = [asyncio.create_task(work) for work in works]
        try:
            first_done = asyncio.FIRST_COMPLETED
            done, _ = await asyncio.wait([over, *tasks], timeout=self._talks.talk_s, return_when=first_done)
            for first in done:
                first.result()
            return "" if done else LONG
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _stay_allowed(self) -> None:
        """Raises SourceFailed as soon as the gate closes."""
        while True:
            await asyncio.sleep(CHECK_S)
            await self._talks.gate.talk(self._claims, "goes_on")

    async def _send(self, channel: BackChannel, sound: SpeakerSound) -> None:
        """Sends what is said, at its own pace, until the viewer has been quiet for QUIET_S."""
        due = self._now()
        begins = True
        while (now := self._now()) - self._loud_at < QUIET_S:
            self._hush(now - self._loud_at < PAUSE_S)
            if not self._waiting:
                self._came.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._came.wait(), PAUSE_S)
                continue
            for packet in sound.packets(self._waiting.popleft()):
                late_s = self._now() - due
                await asyncio.sleep(max(0.0, -late_s))
                skipped = round(late_s / STEP_S) if late_s > LATE_S else 0
                due += skipped * STEP_S
                channel.send(packet, sound.step, skipped=skipped * sound.step, begins=begins or skipped > 0)
                due, begins = due + STEP_S, False
