"""A camera by EZVIZ's own cloud stream: one session after another, which viewers see as one picture.

The smaller picture is tried first, since its keyframes are seconds apart and not minutes; then the full picture.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Never

import structlog

from media.ezviz.address import MAIN, SUB, Address, BadAddress, Stream
from media.ezviz.results import OTHER_STREAM, SERVER, TOKEN, Meaning, meaning
from media.plane.codec.bitstream import bitstream
from media.plane.codec.keyframe import Look, NoPicture
from media.plane.codec.units import Format, SourceFailed, Unit
from media.plane.sources.doubt import Doubt
from media.plane.sources.ezviz_node import SaidNo, Unreached
from media.plane.sources.ezviz_showing import Showing
from media.plane.sources.joined import Joined
from media.plane.sources.network import OnLoopback
from media.plane.sources.pacing import Pacing
from media.plane.sources.screen import Screen
from media.source import SourceSpec

_log = structlog.get_logger()

SUB_S = 6.0  # how long the first keyframe of the smaller picture is waited for
FIRST_S = 25.0  # how long the first picture is waited for, over all sessions
SILENT_S = 6.0  # a session without a picture for so long is given up
SHORT_S = 2.0  # after a session that was shorter comes a pause of PAUSE_S
PAUSE_S = 1.0
TRIES = 4  # sessions in a row without a picture that end the opening
WAKING_TRIES = 8  # sessions that are tried while a battery camera wakes
AHEAD_S = 7.0  # the next session opens so long before the node usually ends this one
ALIKE_S = 2.0  # two sessions whose lengths differ by less show how long a node lets one last


class EzvizSource:
    """One opening of the camera, over all its sessions. `mint` returns a new address, since a token works once."""

    def __init__(
        self, screen: Screen, spec: SourceSpec, mint: Callable[[], Awaitable[SourceSpec]], *, loopback: OnLoopback
    ) -> None:
        self._screen, self._mint, self._loopback = screen, mint, loopback
        self._loop = asyncio.get_running_loop()
        self._spec: SourceSpec | None = spec
        self._dozes, self._sound = spec.dozes, spec.sound
        self._stream: Stream | None = None  # what turned out to bring a picture, or to bring none
        self._form: Format | None = None
        self._sps: list[bytes] = []  # those that `_form` was seen with
        self._is_new = False  # nobody was shown a picture of `_form` yet
        self._waits = False  # for a keyframe that is a picture
        self._doubt = Doubt(encrypts=True, deciphers=bool(spec.key))
        self._failure: SourceFailed | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._pacing = Pacing(screen, self._failed, self._room)
        self._joined = Joined(self._loop.time)
        self._began = self._loop.time()
        self._refused = self._empty = 0
        self._showings: set[Showing] = set()  # those that are open
        self._following: asyncio.Task[Showing | None] | None = None
        self._ended_after: tuple[float, ...] = ()  # how long the last two sessions lasted that a node ended

    async def last(self) -> Never:
        """Run until it is over. Raises SourceFailed."""
        next_one: Showing | None = None
        while True:
            began, had = self._loop.time(), self._form is not None
            showing, next_one = next_one or await self._opened(), None
            if showing is not None:
                next_one = await self._shown(showing)
            is_shown = showing is not None and showing.is_shown
            self._empty = 0 if is_shown else self._empty + 1
            if self._empty >= TRIES if had else self._loop.time() - self._began > FIRST_S and not is_shown:
                raise SourceFailed("media_down", again=True)
            if next_one is None and (not is_shown or self._loop.time() - began < SHORT_S):
                await asyncio.sleep(PAUSE_S)

    def close(self) -> None:
        self._pacing.close()
        if self._following:
            self._following.cancel()
        for showing in list(self._showings):
            self._end(showing)

    # sessions

    async def _opened(self) -> Showing | None:
        """A new session, or None if another try may succeed. Raises SourceFailed if none would."""
        spec, self._spec = self._spec or await self._mint(), None
        try:
            return await self._open(spec)
        except Unreached:
            return None
        except SaidNo as no:
            self._said_no(no.result)
            return None

    async def _open(self, spec: SourceSpec) -> Showing:
        """Raises Unreached, SaidNo, SourceFailed."""
        if spec.kind != "ezviz":
            raise SourceFailed("media_down", again=True)  # there is a better way by now
        try:
            address = Address.read(spec.url)
        except BadAddress:
            raise SourceFailed("media_down", again=False) from None
        showing = Showing(self._stream or address.stream, self._loopback, spec.key)
        self._showings.add(showing)
        try:
            await showing.open(address, spec.hosts)
        except BaseException:
            self._end(showing)
            raise
        self._refused = 0
        return showing

    def _end(self, showing: Showing) -> None:
        self._showings.discard(showing)
        showing.close()

    async def _shown(self, showing: Showing) -> Showing | None:
        """Show a session to its end. The session that was opened ahead to follow it, or None. Raises SourceFailed."""
        self._following = None
        try:
            while not self._is_given_up(showing):
                await self._room.wait()
                if self._failure:
                    raise self._failure
                await showing.wait()
                await self._take(showing)
                if self._following is None and self._is_due(showing):
                    self._following = asyncio.create_task(self._follow())
                if self._following and self._following.done() and self._following.result():
                    break
        except Unreached:
            self._ended_after = (*self._ended_after, showing.lasted_s)[-2:]
        except SaidNo as no:
            self._ended_after = (*self._ended_after, showing.lasted_s)[-2:]
            self._said_no(no.result, midway=True)
        finally:
            self._end(showing)
        return await self._following if self._following else None

    async def _follow(self) -> Showing | None:
        """The next session at its first keyframe, opened beside this one; None if the node refuses a second session."""
        try:
            showing = await self._open(await self._mint())
        except (Unreached, SaidNo, SourceFailed):
            return None
        try:
            while not showing.held and showing.lasted_s < SUB_S + AHEAD_S:
                await showing.wait()
        except (Unreached, SaidNo, SourceFailed):
            self._end(showing)
            return None
        return showing

    def _is_due(self, showing: Showing) -> bool:
        """Whether the node will end it soon, going by the two before it."""
        if len(self._ended_after) < 2 or max(self._ended_after) - min(self._ended_after) > ALIKE_S:
            return False
        return showing.lasted_s > max(min(self._ended_after) / 2, min(self._ended_after) - AHEAD_S)

    def _is_given_up(self, showing: Showing) -> bool:
        """Whether the session has been silent for too long."""
        if showing.is_shown:
            return showing.silent_s > SILENT_S
        if showing.stream == SUB or self._form is not None:
            patience = SUB_S
        else:
            patience = self._began + FIRST_S - showing.opened
        if showing.lasted_s <= patience:
            return False
        if showing.stream == SUB and self._form is None:
            self._stream = MAIN
        return True

    def _said_no(self, result: int, *, midway: bool = False) -> None:
        """`midway`: of a session that had begun. Raises SourceFailed, unless it is worth asking again."""
        _log.info("a stream node said no", result=result)
        if result in OTHER_STREAM and self._stream is None:
            self._stream = MAIN
            return
        means = meaning(result)
        self._refused += 1
        if self._refused > self._askable(result, means, midway=midway):
            raise SourceFailed(means.reason, again=means.again)

    def _askable(self, result: int, means: Meaning, *, midway: bool) -> int:
        """How often in a row that may be heard."""
        if result in TOKEN or result in SERVER:
            return 1
        if means.reason == "offline" and self._dozes and self._loop.time() - self._began < FIRST_S:
            return WAKING_TRIES
        return TRIES if means.reason == "media_down" and (midway or self._form is not None) else 0

    # what they bring

    async def _take(self, showing: Showing) -> None:
        """Raises SourceFailed."""
        self._doubt.check(self._loop.time())
        if not showing.held:
            return
        if not showing.is_shown and self._form is None and self._sound == "on" and not showing.may_lack_sound:
            return
        for unit in showing.taken():
            is_picture = unit.kind == "video"
            if is_picture and unit.key:
                whole = unit._replace(data=bitstream(showing.footage.codec).relabelled(unit.data))
                self._waits = not await self._judge(showing, whole)
                if not self._waits:
                    self._push(whole)
            elif showing.is_shown and not (is_picture and self._waits):
                self._push(unit)

    async def _judge(self, showing: Showing, keyframe: Unit) -> bool:
        """Whether it is a picture. Raises SourceFailed: bytes that stay none are an encrypted camera's."""
        codec = bitstream(showing.footage.codec)
        sets = codec.sps(codec.parameter_sets(keyframe.data))
        if not showing.is_shown or sets != self._sps:
            try:
                seen = await asyncio.to_thread(codec.look, keyframe.data)
            except NoPicture:
                self._doubt.add(self._loop.time())
                return False
            self._begin(showing, seen)
            self._sps, self._doubt.is_shown = sets, True
        self._doubt.end()
        return True

    def _begin(self, showing: Showing, seen: Look) -> None:
        form = Format(seen.width, seen.height, seen.codec, audio=False, b_frames=seen.b_frames)
        if showing.footage.sound:
            codec, rate = showing.footage.sound
            form = replace(form, audio=True, audio_codec=codec, audio_rate=rate)
        elif known := self._form:
            # its sound comes a little later
            form = replace(form, audio=known.audio, audio_codec=known.audio_codec, audio_rate=known.audio_rate)
        self._is_new |= form != self._form
        self._form = form
        if not showing.is_shown:
            self._joined.part()
            self._stream, showing.is_shown = showing.stream, True

    def _push(self, unit: Unit) -> None:
        if unit.kind == "audio" and not (self._form and self._form.audio):
            return
        put = self._joined.put(unit)
        if put is not None and put.kind == "video" and (self._is_new or self._joined.paused):
            put, self._is_new = put._replace(form=self._form), False
        if put is not None:
            self._pacing.push(put)

    def _failed(self, failure: SourceFailed) -> None:
        self._failure = self._failure or failure
