"""One camera being pulled for one account, shared by all its viewers."""

import asyncio
import contextlib
import hashlib
import random
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Literal

import structlog

from media.grants import Claims
from media.plane import h264, slide
from media.plane.bell import Bell
from media.plane.feed import Feed
from media.plane.hls import HlsOutput
from media.plane.network import OnLoopback
from media.plane.pacer import Pacer
from media.plane.reader import Origin, Reader
from media.plane.rtsp import RtspFeed
from media.plane.scaled import Scaled, fits
from media.plane.sound import AacVoice, OpusVoice, as_sent
from media.plane.units import CLOCK, Format, SourceFailed, Unit
from media.source import Denied, Sources, SourceSpec

_log = structlog.get_logger()

GOP_CAP = 8 * 1024 * 1024
FIRST_KEYFRAME_S = 8.0
ASK_S = 10.0
BACKOFF_S = (1, 2, 4, 8, 16, 30)


type Watch = Callable[[Unit], None]
type Listen = Callable[[bytes, int], None]  # an Opus packet, and its time at 48 kHz


type Key = tuple[str, str]


def key_of(claims: Claims) -> Key:
    """What shares a pull: all who see one picture of a camera; a card is in one link's language, for its surface."""
    if claims.explains:
        return claims.account, f"{claims.camera}/{claims.link}"
    return claims.account, claims.camera if claims.picture == "main" else f"{claims.camera}/sub"


class Pull:
    """Opening, live, reopening …, ended; once ended it never comes back, and `failure` says why."""

    def __init__(
        self,
        claims: Claims,
        spec: SourceSpec | None,
        sources: Sources,
        context: ssl.SSLContext,
        *,
        loopback: OnLoopback,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.key, self.camera = key_of(claims), claims.camera
        self.claims = claims  # in whose name the gate is asked: the latest viewer's
        self._spec, self._sources, self._context, self._loopback = spec, sources, context, loopback
        self.sound: Literal["on", "off", "none"] | None = spec.sound if spec else None
        self.bell = Bell()
        self.format: Format | None = None
        self.failure: SourceFailed | None = None
        self.outputs: dict[bool, HlsOutput] = {}  # by whether it has a silent track
        self.needed = self._loop.time()
        self.reopened = self.minted = 0
        self._epoch = self._loop.time()
        self._gop: list[Unit] = []
        self._gop_bytes = 0
        self._whole = False  # whether `_gop` holds everything since its keyframe
        self._viewers: set[Watch] = set()
        self._listeners: set[Listen] = set()
        self._voice: OpusVoice | None = None
        self._aac: AacVoice | None = None
        self._scaled: Scaled | None = None
        self._jpegs: dict[bool, tuple[Unit, bytes]] = {}  # by whether they are small
        self._closing: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._run())

    # what viewers ask

    @property
    def is_live(self) -> bool:
        return self.format is not None and self.failure is None

    async def opened(self, timeout_s: float) -> bool:
        """False when it is still opening by then. Raises SourceFailed."""
        await self.bell.until(lambda: self.is_live or self.failure, timeout_s)
        if self.failure:
            raise self.failure
        return self.is_live

    async def first_segment(
        self, *, silent_track: bool, timeout_s: float, fit: Literal["any", "small", "scaled"] = "any"
    ) -> HlsOutput:
        """`fit`: small refuses a picture larger than media.plane.scaled makes, scaled asks for it made smaller.

        Raises SourceFailed.
        """
        if fit != "any" and await self.opened(timeout_s) and self.format and not fits(self.format):
            if fit == "small":
                raise SourceFailed("too_large", again=False)
            return await self._first(self._ready_scaled, timeout_s)
        return await self._first(lambda: self._ready(silent_track=silent_track), timeout_s)

    async def _first(self, ready: Callable[[], HlsOutput | None], timeout_s: float) -> HlsOutput:
        await self.bell.until(lambda: self.failure or ready(), timeout_s)
        if self.failure:
            raise self.failure
        output = ready()
        if output is None:
            raise SourceFailed("media_down", again=True)
        return output

    def scale(self) -> None:
        """Make it smaller too, from here on and as long as that is asked for."""
        if self._scaled is None:
            self._scaled = Scaled(self.bell.ring)
            if self.format is not None and not fits(self.format):
                self._scaled.begin(as_sent(self.format))
        self._scaled.need()

    def _ready_scaled(self) -> HlsOutput | None:
        self.scale()
        output = self._scaled.output if self._scaled else None
        return output if output is not None and output.segments else None

    def _ready(self, *, silent_track: bool) -> HlsOutput | None:
        # where the source has sound of its own there is no silent rendition, and none is needed
        output = self.outputs.get(silent_track) or self.outputs.get(False)
        return output if output is not None and output.segments else None

    async def jpeg(self, timeout_s: float, *, small: bool = False) -> bytes:
        """The latest keyframe. Raises SourceFailed."""
        await self.bell.until(lambda: self._gop or self.failure, timeout_s)
        if self.failure:
            raise self.failure
        if not self._gop:
            raise SourceFailed("media_down", again=True)
        keyframe = self._gop[0]
        known = self._jpegs.get(small)
        if known is None or known[0] is not keyframe:
            try:
                known = keyframe, await asyncio.to_thread(h264.jpeg, keyframe.data, small=small)
            except h264.NoPicture:
                raise SourceFailed("media_down", again=True) from None
            self._jpegs[small] = known
        return known[1]

    def watch(self, viewer: Watch) -> list[Unit]:
        """Show it every picture from now on, and return those since the last keyframe."""
        self._viewers.add(viewer)
        return list(self._gop) if self._whole else []

    def unwatch(self, viewer: Watch) -> None:
        self._viewers.discard(viewer)

    def listen(self, listener: Listen) -> None:
        """Opus is made while somebody listens, once for all."""
        self._listeners.add(listener)

    def unlisten(self, listener: Listen) -> None:
        self._listeners.discard(listener)
        if not self._listeners:
            self._voice = None

    def need(self) -> None:
        self.needed = self._loop.time()

    def stats(self) -> dict[str, int]:
        return {"reopened": self.reopened, "minted": self.minted, "viewers": len(self._viewers)}

    def holds(self, release: str) -> bool:
        return self._spec is not None and self._spec.release == release

    def says(self, spec: SourceSpec) -> bool:
        """Whether this is what it plays, as far as that is a card."""
        return self._spec is None or self._spec.card == spec.card

    async def stop(self) -> None:
        self._task.cancel()
        if self._scaled is not None:
            self._scaled.close()
        await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.gather(*self._closing, return_exceptions=True)

    # its life

    async def _run(self) -> None:
        failure = SourceFailed("media_down", again=True)
        try:
            failure = await self._live()
        except asyncio.CancelledError:
            failure = SourceFailed("", again=True)  # nobody watches any longer
            raise
        except Exception as error:
            # whatever libav raises may quote addresses: its type alone is told
            _log.error("pull broke", camera=_short(self.camera), error=type(error).__name__)
        finally:
            self.failure = self.failure or failure
            for output in self.outputs.values():
                output.end()
            self._return_place()
            self.bell.ring()
            _log.info("pull ended", camera=_short(self.camera), reason=self.failure.reason, reopened=self.reopened)

    async def _live(self) -> SourceFailed:
        """Open, and open again after a fault that may pass, until one does not. The first opening has one try."""
        tries = 0
        while True:
            began = self._loop.time()
            try:
                await self._opening(self._spec or await self._mint())
            except SourceFailed as failed:
                if not failed.again or self.format is None:
                    return failed
            if self._loop.time() - began > 60:
                tries = 0
            self._return_place()
            await asyncio.sleep(BACKOFF_S[min(tries, len(BACKOFF_S) - 1)] * random.uniform(0.8, 1.2))  # noqa: S311
            tries += 1
            self.reopened += 1

    async def _mint(self) -> SourceSpec:
        """A new address, through the gate. Raises SourceFailed."""
        try:
            answer = await asyncio.wait_for(self._sources.open(self.claims), ASK_S)
        except Exception as error:
            _log.warning("nobody could be asked for a source", error=type(error).__name__)
            raise SourceFailed("media_down", again=True) from None
        if isinstance(answer, Denied):
            raise SourceFailed(answer.reason, again=answer.again)
        self.minted += 1
        if not self.holds(answer.release):
            self._return_place()
        self._spec, self.sound = answer, answer.sound
        return answer

    def _return_place(self) -> None:
        spec, self._spec = self._spec, None
        if spec is not None and spec.release:
            self.give_back(spec.release)

    def give_back(self, release: str) -> None:
        self._later(self._tell_closed(release))

    async def _tell_closed(self, release: str) -> None:
        try:
            await asyncio.wait_for(self._sources.closed(self.claims, release), ASK_S)
        except Exception as error:
            _log.warning("a vendor's place could not be given back", error=type(error).__name__)

    async def _tell_size(self, form: Format) -> None:
        try:
            await asyncio.wait_for(self._sources.learnt(self.claims, form.width, form.height), ASK_S)
        except Exception as error:
            _log.warning("a picture's size could not be told", error=type(error).__name__)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _opening(self, spec: SourceSpec) -> None:
        """One opening of the source, to its end. Raises SourceFailed."""
        self.sound = spec.sound
        if spec.kind == "card":
            await slide.play(self, spec.card, self._loop.time)
        feed: Origin
        if spec.kind == "rtsp":
            feed = RtspFeed(spec, loopback=self._loopback.every)
        else:
            feed = Feed(spec, self._context, self._mint, loopback=self._loopback)
        opening = _Opening(self, feed)
        try:
            await feed.prepare()
            await opening.last()
        finally:
            opening.close()
            self._later(feed.close())

    def begin(self, form: Format) -> None:
        """An opening turned out to be a picture."""
        if self.sound == "off":
            form = replace(form, audio=False)
        if self.format is None:
            took = self._loop.time() - self._epoch
            _log.info("pull opened", camera=_short(self.camera), seconds=round(took, 2), height=form.height)
        if not self.claims.explains and (self.format is None or _size(self.format) != _size(form)):
            self._later(self._tell_size(form))
        self.format = form
        silent = not form.audio
        for silent_track in (False, True) if silent else (False,):
            if silent_track not in self.outputs:
                self.outputs[silent_track] = HlsOutput(silent_track=silent_track, changed=self.bell.ring)
            self.outputs[silent_track].begin(as_sent(form))
        if self._scaled is not None and not fits(form):
            self._scaled.begin(as_sent(form))
        self._voice = None
        self._aac = AacVoice(form) if form.audio and form.audio_codec != "aac" else None
        self._whole = False
        self.bell.ring()

    def to_hls(self, unit: Unit) -> None:
        if unit.kind == "audio" and self.format and not self.format.audio:
            return
        for each in self._aac.feed(unit) if self._aac and unit.kind == "audio" else (unit,):
            for output in self.outputs.values():
                output.write(each)
            if self._scaled is not None:
                self._scaled.write(each)
        if self._scaled is not None and not self._scaled.is_needed:
            self._scaled.close()
            self._scaled = None

    def to_viewers(self, unit: Unit) -> None:
        if unit.kind == "video":
            self._remember(unit)
            for viewer in list(self._viewers):
                viewer(unit)
        elif self._listeners and self.format and self.format.audio:
            self._voice = self._voice or OpusVoice(self.format)
            for data, pts in self._voice.feed(unit):
                for listener in list(self._listeners):
                    listener(data, pts)

    def now(self) -> int:
        """The pull's own timeline, which outlives openings."""
        return int((self._loop.time() - self._epoch) * CLOCK)

    def _remember(self, unit: Unit) -> None:
        if unit.key:
            self._gop, self._gop_bytes, self._whole = [], 0, True
            self.bell.ring()
        if not self._whole:
            return
        self._gop_bytes += len(unit.data)
        if self._gop_bytes > GOP_CAP:
            self._whole = False
            del self._gop[1:]  # the keyframe is still good for a still picture
        else:
            self._gop.append(unit)


class _Opening:
    """One reader, its two pacers, and the watch over them."""

    def __init__(self, pull: Pull, feed: Origin) -> None:
        self._pull, self._feed = pull, feed
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[SourceFailed] = self._loop.create_future()
        self._full: set[str] = set()
        # HLS needs a whole group of pictures before it can show anything: it gets the first one at once
        self._hls = Pacer(self._guarded(pull.to_hls), at_once=1, full=self._throttle("hls"))
        self._live = Pacer(self._guarded(self._to_viewers), full=self._throttle("live"))
        self._shift: int | None = None
        self._heard = self._loop.time()
        self._is_open = False
        self._reader: Reader | None = None

    async def last(self) -> None:
        """Run until the source is over. Raises SourceFailed."""
        self._reader = Reader(
            self._feed,
            opened=self._post(self._opened),
            deliver=self._post(self._deliver),
            done=self._post(self._done),
        )
        self._heard = self._loop.time()
        self._reader.start()
        while True:
            patience = max(8.0, 3 * self._feed.target_s + 2) if self._is_open else FIRST_KEYFRAME_S
            done, _ = await asyncio.wait([self._over], timeout=0.5)
            if done:
                raise self._over.result()
            if self._feed.failure:
                raise self._feed.failure
            if self._loop.time() - self._heard > patience:
                raise SourceFailed("media_down", again=True)

    def close(self) -> None:
        if self._reader:
            self._reader.stop()
        self._hls.close()
        self._live.close()
        if not self._over.done():
            self._over.cancel()

    def _post[T](self, call: Callable[[T], None]) -> Callable[[T], None]:
        """From the reader's thread into the loop."""
        guarded = self._guarded(call)

        def post(value: T) -> None:
            # a loop that is gone took everybody who watched with it
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(guarded, value)

        return post

    def _guarded[T](self, call: Callable[[T], None]) -> Callable[[T], None]:
        """What fails ends this opening, and nothing else."""

        def guarded(value: T) -> None:
            if self._over.done():
                return
            try:
                call(value)
            except Exception as error:
                _log.warning("opening broke", error=type(error).__name__)
                self._done(SourceFailed("media_down", again=True))

        return guarded

    def _opened(self, form: Format) -> None:
        self._is_open = True
        self._pull.begin(form)

    def _deliver(self, unit: Unit) -> None:
        if unit.kind == "video":
            self._heard = self._loop.time()
        if self._feed.is_paced:
            self._pull.to_hls(unit)
            self._to_viewers(unit)
        else:
            self._hls.push(unit)
            self._live.push(unit)

    def _done(self, failure: SourceFailed) -> None:
        if not self._over.done():
            self._over.set_result(failure)

    def _to_viewers(self, unit: Unit) -> None:
        """On the pull's timeline: a source's times mean nothing beyond one opening of it."""
        if self._shift is None:
            self._shift = self._pull.now() - unit.dts
        self._pull.to_viewers(replace(unit, pts=unit.pts + self._shift, dts=unit.dts + self._shift))

    def _throttle(self, name: str) -> Callable[[bool], None]:
        def full(is_full: bool) -> None:
            (self._full.add if is_full else self._full.discard)(name)
            if self._reader:
                (self._reader.room.clear if self._full else self._reader.room.set)()

        return full


def _size(form: Format) -> tuple[int, int]:
    return form.width, form.height


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
