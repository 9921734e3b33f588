"""A camera by EZVIZ's own cloud stream: session after session, which viewers see as one.

The smaller picture first, whose keyframes are seconds apart and not minutes; the whole one where nothing comes of it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Never

import structlog

from media.ezviz.address import MAIN, SUB, Address, BadAddress, Stream
from media.ezviz.results import OTHER_STREAM, TOKEN, Meaning, meaning
from media.plane.codec import h264
from media.plane.codec.units import CLOCK, Format, SourceFailed, Unit
from media.plane.sources.card_player import Screen
from media.plane.sources.ezviz_node import NodeSession, SaidNo, Unreached
from media.plane.sources.footage import Footage
from media.plane.sources.network import OnLoopback
from media.plane.sources.pacing import Pacing
from media.plane.sources.timeline import Timeline
from media.source import SourceSpec

_log = structlog.get_logger()

SUB_S = 6.0  # in which the smaller picture's first keyframe comes, or it has none
FIRST_S = 25.0  # for a first picture, over all sessions
SILENT_S = 6.0  # once there was a picture
SOUND_S = 0.7  # of pictures that wait for the first sound
SHORT_S = 2.0  # a session that was over sooner is not followed by the next at once
PAUSE_S = 1.0
WAKING_TRIES = 8  # to reach a camera that dozes
TRIES = 4  # sessions in a row that bring nothing, once there was a picture


class EzvizRun:
    """One opening of the camera, over all its sessions. `mint` gives a new address, for its token is good once."""

    def __init__(
        self, screen: Screen, spec: SourceSpec, mint: Callable[[], Awaitable[SourceSpec]], *, loopback: OnLoopback
    ) -> None:
        self._screen, self._mint, self._loopback = screen, mint, loopback
        self._loop = asyncio.get_running_loop()
        self._spec: SourceSpec | None = spec
        self._stream: Stream | None = None  # what turned out to bring a picture, or to bring none
        self._form: Format | None = None
        self._failure: SourceFailed | None = None
        self._pacing = Pacing(screen, self._failed)
        self._timeline = Timeline(self._loop.time)
        self._began = self._loop.time()
        self._refused = self._empty = 0

    async def last(self) -> Never:
        """Run until it is over. Raises SourceFailed."""
        while True:
            began, had = self._loop.time(), self._form is not None
            spec, self._spec = self._spec or await self._mint(), None
            showed = await self._session(spec)
            self._empty = 0 if showed else self._empty + 1
            if had and self._empty >= TRIES:
                raise SourceFailed("media_down", again=True)
            if self._form is None and self._loop.time() - self._began > FIRST_S:
                raise SourceFailed("media_down", again=True)
            if not showed or self._loop.time() - began < SHORT_S:
                await asyncio.sleep(PAUSE_S)

    def close(self) -> None:
        self._pacing.close()

    async def _session(self, spec: SourceSpec) -> bool:
        """To its end; whether it showed anything. Raises SourceFailed where the next one would not do better."""
        if spec.kind != "ezviz":
            raise SourceFailed("media_down", again=True)  # there is a better way by now
        session = NodeSession(self._loopback)
        showing = _Showing()
        try:
            address = Address.read(spec.url)
            await session.open(address.asking(self._stream or address.stream), spec.hosts)
            self._refused = 0
            await self._show(session, spec, self._stream or address.stream, showing)
        except BadAddress:
            raise SourceFailed("media_down", again=False) from None
        except (Unreached, TimeoutError):
            pass
        except SaidNo as no:
            self._said_no(no.result, spec)
        finally:
            session.close()
        return showing.shown

    def _said_no(self, result: int, spec: SourceSpec) -> None:
        """Raises SourceFailed, unless it is worth asking again."""
        _log.info("a stream node said no", result=result)
        if result in OTHER_STREAM and self._stream is None:
            self._stream = MAIN
            return
        means = meaning(result)
        self._refused += 1
        if self._refused > self._askable(result, means, spec):
            raise SourceFailed(means.reason, again=means.again)

    def _askable(self, result: int, means: Meaning, spec: SourceSpec) -> int:
        """How often in a row that may be heard."""
        if result in TOKEN:
            return 1
        if means.reason == "offline" and spec.dozes and self._loop.time() - self._began < FIRST_S:
            return WAKING_TRIES
        return TRIES if self._form is not None and means.reason == "media_down" else 0

    async def _show(self, session: NodeSession, spec: SourceSpec, stream: Stream, showing: "_Showing") -> None:
        """Raises Unreached, SaidNo, TimeoutError when it is over, SourceFailed when what comes can't be shown."""
        held: list[Unit] = []
        footage = Footage()
        opened = heard = self._loop.time()
        while True:
            await self._pacing.room.wait()
            if self._failure:
                raise self._failure
            patience = SILENT_S if showing.shown or (stream == MAIN and self._form) else self._patience(stream)
            try:
                async with asyncio.timeout(0.25):
                    bodies = await session.read()
            except TimeoutError:
                bodies = []
            for unit in (unit for body in bodies for unit in footage.feed(body)):
                heard = self._loop.time() if unit.kind == "video" else heard
                held.append(unit)
            if self._loop.time() - (heard if showing.shown else opened) > patience:
                self._stream = MAIN if stream == SUB and self._form is None else self._stream
                raise TimeoutError
            if held and (showing.shown or self._is_enough(held, footage, spec)):
                if not showing.shown:
                    await self._begin(held[0], footage)
                    self._stream, showing.shown = stream, True
                self._push(held)
                held = []

    def _patience(self, stream: Stream) -> float:
        """For a session's first picture."""
        left_s = self._began + FIRST_S - self._loop.time()
        return SUB_S if stream == SUB or self._form else max(0.0, left_s)

    def _is_enough(self, held: list[Unit], footage: Footage, spec: SourceSpec) -> bool:
        """Whether it is known what is to be shown: sound that is expected may come a little later than the picture."""
        if self._form is not None or spec.sound != "on" or footage.sound:
            return True
        pictures = [unit.dts for unit in held if unit.kind == "video"]
        return pictures[-1] - pictures[0] >= SOUND_S * CLOCK

    async def _begin(self, keyframe: Unit, footage: Footage) -> None:
        """Raises SourceFailed: bytes that are no picture are an encrypted camera's."""
        try:
            seen = await asyncio.to_thread(h264.look, keyframe.data)
        except h264.NoPicture:
            raise SourceFailed("encryption_on", again=False) from None
        form = Format(seen.width, seen.height, seen.codec, audio=False, b_frames=seen.b_frames)
        if footage.sound:
            codec, rate = footage.sound
            form = replace(form, audio=True, audio_codec=codec, audio_rate=rate)
        elif self._form is not None:
            # its sound was known before, and comes a little later
            form = replace(
                form, audio=self._form.audio, audio_codec=self._form.audio_codec, audio_rate=self._form.audio_rate
            )
        if form != self._form:
            self._screen.begin(form)
            self._form = form
        self._timeline.part()

    def _push(self, units: list[Unit]) -> None:
        for unit in units:
            if unit.kind == "audio" and not (self._form and self._form.audio):
                continue
            put = self._timeline.put(unit)
            if put is not None:
                self._pacing.push(put)

    def _failed(self, failure: SourceFailed) -> None:
        self._failure = self._failure or failure


class _Showing:
    """Whether a session has shown anything."""

    shown = False
