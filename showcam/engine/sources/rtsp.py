"""A camera in the house by RTSP: access units come in real time, and whole pictures go to the screen."""

import asyncio
import heapq
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import dropwhile
from urllib.parse import urlsplit

import structlog

from showcam.engine.codec import nal
from showcam.engine.codec.bitstream import BITSTREAMS
from showcam.engine.codec.nal import NoPicture
from showcam.engine.codec.sound import adts
from showcam.engine.ezviz.decipher import Decipherer
from showcam.engine.keyframe import Measured, measure
from showcam.engine.rtp.packets import AccessUnit, SenderReport
from showcam.engine.rtsp.connection import RtspFailed
from showcam.engine.rtsp.login import Login
from showcam.engine.rtsp.session import BackChannel, Session
from showcam.engine.source import Codec, Format, Rtsp, SourceFailed, Unit
from showcam.engine.sources.screen import LEAP, SILENCE_S, TURN_S, Doubt, Screen, guarded
from showcam.engine.sources.timeline import Timeline
from showcam.engine.sources.tracks import Sound, choose
from showcam.net.addresses import is_in_house, with_port

_log = structlog.get_logger()

KEYFRAME_S = 25.0  # the wait for a keyframe while pictures come: some cameras send one in twenty seconds
_HELD_CAP = 16 * 1024 * 1024  # bytes that wait while a keyframe is decoded
_DEPTH = 2  # the number of pictures that may arrive before a picture shown earlier
_STEP = 3000  # ticks between the decoding times of the first pictures


class Live:
    """Receives the pictures and sound of one session. When the session fails, `over` gets the failure.

    `codec_of` returns the codec of the latest picture, which may differ from the description. `sets` are each codec's
    parameter sets as described. `sound_of` finds the format of the sound when the first picture is shown. `encrypts`:
    the camera's vendor has a setting that encrypts pictures. `decipherer` has deciphered the pictures, if there is one.

    A picture that lost a part is left out. After a keyframe that lost a part, everything up to the next keyframe is
    left out: video that stands still is better than smeared video.
    """

    def __init__(
        self,
        screen: Screen,
        sound_of: Callable[[], Sound | None],
        timeline: Timeline,
        *,
        codec_of: Callable[[], Codec],
        sets: Mapping[nal.Codec, bytes],
        encrypts: bool,
        decipherer: Decipherer | None = None,
        over: Callable[[SourceFailed], None],
    ) -> None:
        self._screen, self._sound_of, self._timeline, self._over = screen, sound_of, timeline, over
        self._codec_of, self._described, self._decipherer = codec_of, sets, decipherer
        self._is_of(codec_of())
        self._doubts = Doubt(encrypts=encrypts, deciphers=decipherer is not None)
        self._loop = asyncio.get_running_loop()
        self.heard: float | None = None  # when the latest whole picture came, by the loop's time
        self.shown: float | None = None  # when the latest picture went to the screen
        self.is_open = False
        self._format: Format | None = None
        self._sps: list[bytes] | None = None  # sequence parameter sets of the keyframe that `_format` was read from
        self._measuring: asyncio.Task[None] | None = None
        self._held: list[Unit] = []  # units from the keyframe on that is being decoded
        self._held_bytes = 0
        self._early: list[tuple[AccessUnit, float]] | None = []  # the first sound, until its track has reported
        self._waits = True  # for a keyframe
        self._order: list[int] = []  # presentation times that become decoding times
        self._zero = self._shift = 0
        self._last: int | None = None  # decoding time of the picture shown last
        self._step = 0  # between the last two pictures that were shown

    def unit(self, kind: str, unit: AccessUnit, at: float) -> None:
        guarded(self._pass_sound if kind == "audio" else self._picture, self._over)(unit, at)

    def report(self, kind: str, report: SenderReport, at: float) -> None:
        guarded(self._timeline.report, self._over)(kind, report.wall_s, report.timestamp)

    def check(self) -> None:
        """Raises SourceFailed for a wrong key, or if a garbled keyframe is too old and no other came to compare."""
        if self._decipherer and self._decipherer.encryption.is_wrong:
            raise SourceFailed("code_wrong", again=False)
        if self._measuring is None:
            self._doubts.check(self._loop.time())

    def close(self) -> None:
        if self._measuring:
            self._measuring.cancel()

    # pictures and sound as they come

    def _is_of(self, codec: Codec) -> None:
        self._name, self._codec = codec, BITSTREAMS[codec]
        self._sets = b"" if codec == "mjpeg" else self._described.get(codec, b"")

    def _turn(self, codec: Codec) -> None:
        """Begins again with another codec: the pictures before were read in the wrong codec."""
        _log.info("pictures are of another codec than was said", codec=codec)
        self._is_of(codec)
        if self._measuring:
            self._measuring.cancel()
            self._measuring = None
        self._held, self._sps, self._waits = [], None, True
        self._doubts.end()

    def _picture(self, unit: AccessUnit, at: float) -> None:
        if (codec := self._codec_of()) != self._name:
            self._turn(codec)
        reordered = self._timeline.reorders
        pts = self._timeline.video(unit.timestamp, at, is_b=not unit.key and self._codec.is_bidirectional(unit.data))
        if self._timeline.reorders and not reordered and self._format is not None:
            # neither the description nor a parameter set had announced B frames
            self._begin(replace(self._format, b_frames=True))
        if unit.damaged:
            self._waits |= unit.key
            return
        self.heard = at
        if self._waits and not unit.key:
            self._screen.wait_for_key()
            return
        self._waits = False
        data = unit.data
        if unit.key:
            own = self._codec.parameter_sets(data)
            self._sets = own or self._sets
            data = self._codec.relabelled(data if own else self._sets + data)
        self._pass(Unit("video", data, pts, pts, unit.key))

    def _pass_sound(self, unit: AccessUnit, at: float) -> None:
        if self._early is None:
            self._place_sound(unit, at)
            return
        self._early.append((unit, at))
        if not self._timeline.awaits_report(unit.timestamp, at):
            early, self._early = self._early, None
            for held in early:
                self._place_sound(*held)

    def _place_sound(self, unit: AccessUnit, at: float) -> None:
        time = self._timeline.audio(unit.timestamp, at)
        heard = self._sound_of()
        if time is not None and heard is not None:
            if self._format is not None and not self._format.sound:
                # no sound was known when the first picture was shown
                self._begin(replace(self._format, sound=heard.format))
            data = unit.data
            if heard.format.codec == "aac":
                data = adts(self._decipherer.sound(data) if self._decipherer else data, heard.config)
            self._pass(Unit("audio", data, time, time, key=True))

    def _decoded(self, pts: int) -> int:
        """The decoding time of a picture that may be shown after a later one: the sorted presentation times serve."""
        heapq.heappush(self._order, pts)
        if len(self._order) <= _DEPTH:
            return self._order[0] - (_DEPTH + 1 - len(self._order)) * _STEP
        return heapq.heappop(self._order)

    def _pass(self, unit: Unit) -> None:
        is_new = unit.kind == "video" and unit.key and self._sps_of(unit) != self._sps
        if self._measuring is not None:
            self._hold(unit)
        elif is_new:
            self._held, self._held_bytes = [], 0
            self._hold(unit)
            self._measuring = asyncio.create_task(self._measure(unit))
        elif self.is_open:
            if unit.key and unit.kind == "video":
                self._doubts.end()  # the garbled keyframe was damaged in its parameter sets
            self._show(unit)

    # decoding a keyframe to check it

    def _hold(self, unit: Unit) -> None:
        self._held_bytes += len(unit.data)
        if self._held_bytes > _HELD_CAP:
            raise SourceFailed("media_down", again=True)
        self._held.append(unit)

    async def _measure(self, keyframe: Unit) -> None:
        try:
            measured: Measured | None = await asyncio.to_thread(measure, self._codec, keyframe.data)
        except NoPicture:
            measured = None
        self._measuring = None
        guarded(self._take_measured, self._over)(measured, keyframe)

    def _take_measured(self, measured: Measured | None, keyframe: Unit) -> None:
        held, self._held = self._held, []
        if measured is None:
            self._doubt(keyframe, held[1:])
            return
        self._doubts.end()
        self._doubts.is_shown, self._sps = True, self._sps_of(keyframe)
        if measured.b_frames:
            self._timeline.reorders = True
        self.is_open = True
        heard, b_frames = self._sound_of(), self._timeline.reorders
        sound = heard.format if heard else None
        self._begin(Format(measured.width, measured.height, measured.codec, sound, b_frames=b_frames))
        for unit in held:
            self._pass(unit)

    def _begin(self, form: Format) -> None:
        self._format = form
        self._screen.begin(form)

    def _doubt(self, keyframe: Unit, later: list[Unit]) -> None:
        """Lets the next keyframe decide whether a garbled keyframe was an accident. `later`: the units after it."""
        if self._codec.is_idr(keyframe.data):
            self._doubts.add(self._loop.time())
        following = list(dropwhile(lambda unit: unit.kind == "audio" or not unit.key, later))
        self._waits |= not following
        for unit in following:
            self._pass(unit)

    # to the screen

    def _show(self, unit: Unit) -> None:
        if unit.kind == "video" and self._timeline.reorders:
            unit = unit._replace(dts=self._decoded(unit.pts))
        if self._last is None:
            if unit.kind != "video":
                return
            self._zero = unit.dts
            self._shift = self._screen.now()
        unit = unit.later(-self._zero)
        if unit.dts < 0:
            return
        if unit.kind == "video":
            unit = self._in_order(unit)
            self.shown = self._loop.time()
        self._screen.to_hls(unit)
        self._screen.to_viewers(unit.later(self._shift))

    def _in_order(self, unit: Unit) -> Unit:
        """Tells all outputs about a gap in time, unless this camera normally sends that rarely. Keeps times growing."""
        last, self._last = self._last, unit.dts
        if last is None:
            return unit
        before, self._step = self._step, unit.dts - last
        if self._step > max(LEAP, 2 * before) and self._format is not None:
            self._screen.begin(self._format)
        if unit.dts <= last:
            self._last = last + 1
            return unit._replace(dts=last + 1, pts=max(unit.pts, last + 1))
        return unit if unit.pts >= unit.dts else unit._replace(pts=unit.dts)

    def _sps_of(self, keyframe: Unit) -> list[bytes]:
        return self._codec.sps(self._codec.parameter_sets(keyframe.data))


class RtspSource:
    """Reads one camera in the event loop, once.

    `open_s` is the time limit from the first packet that is sent to the first picture that arrives.
    """

    def __init__(self, screen: Screen, spec: Rtsp, *, loopback: bool, open_s: float) -> None:
        self._screen, self._spec, self._loopback, self._open_s = screen, spec, loopback, open_s
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[SourceFailed] = self._loop.create_future()
        self._session: Session | None = None
        self._live: Live | None = None

    async def last(self) -> None:
        """Runs until the camera's session ends. Raises SourceFailed."""
        began = self._loop.time()
        try:
            async with asyncio.timeout(self._open_s):
                await self._open()
        except TimeoutError:
            raise SourceFailed("media_down", again=True) from None
        except RtspFailed as failed:
            raise _failure(failed) from None
        while True:
            done, _ = await asyncio.wait([self._over], timeout=TURN_S)
            if done:
                raise self._over.result()
            self._check(began)

    def close(self) -> None:
        if self._session:
            self._session.close()
        if self._live:
            self._live.close()

    async def _open(self) -> None:
        """Opens the session and plays the chosen tracks. Raises SourceFailed, RtspFailed."""
        session = self._session = session_of(
            self._spec, lambda failed: self._ended(_failure(failed)), loopback=self._loopback
        )
        description = await session.describe()
        decipherer = Decipherer(self._spec.key) if self._spec.key else None
        chosen = choose(description, sound=self._spec.sound != "off", opener=decipherer)
        if decipherer and chosen.codec != "mjpeg":
            decipherer.picture(chosen.sets.get(chosen.codec, b""))
        timeline = Timeline(chosen.video.clock_hz, (chosen.audio or chosen.video).clock_hz)
        self._live = Live(
            self._screen,
            lambda: chosen.sound if session.has("audio") else None,
            timeline,
            codec_of=lambda: chosen.codec,
            sets=chosen.sets,
            encrypts=self._spec.encrypts,
            decipherer=decipherer,
            over=self._ended,
        )
        await session.play(description, chosen.played, self._live, lambda: self._screen.has_time)

    def _check(self, began: float) -> None:
        """Raises SourceFailed if the video has stopped."""
        assert self._live is not None
        self._live.check()
        now, heard = self._loop.time(), self._live.heard
        is_silent = now - began > self._open_s if heard is None else now - heard > SILENCE_S
        if is_silent or now - (self._live.shown or began) > KEYFRAME_S:
            raise SourceFailed("media_down", again=True)

    def _ended(self, failure: SourceFailed) -> None:
        if not self._over.done():
            self._over.set_result(failure)


def session_of(spec: Rtsp, over: Callable[[RtspFailed], None], *, loopback: bool) -> Session:
    """A session that is not open yet. When the session ends, `over` gets the reason. Raises SourceFailed."""
    host, port, path = place_of(spec, loopback=loopback)
    return Session(host, port, path, Login(spec.user, spec.password, basic=spec.basic), over)


def back_channel(spec: Rtsp, over: Callable[[RtspFailed], None], *, loopback: bool) -> BackChannel:
    """The way to the camera's speaker, not open yet. When it ends, `over` gets the reason. Raises SourceFailed."""
    host, port, path = place_of(spec, loopback=loopback)
    return BackChannel(host, port, path, Login(spec.user, spec.password, basic=spec.basic), over)


def place_of(spec: Rtsp, *, loopback: bool) -> tuple[str, int, str]:
    """The host, port and path of a camera.

    Raises SourceFailed for an address that the source does not name, or that is not inside a house.
    """
    try:
        parts = urlsplit(spec.url)
        host, port = parts.hostname or "", parts.port or 554
    except ValueError:
        raise SourceFailed("media_down", again=True) from None
    clean = parts.scheme == "rtsp" and parts.username is None and parts.path.startswith("/")
    printable = (parts.path + parts.query).isascii() and (parts.path + parts.query).isprintable()
    if not clean or not printable or " " in parts.path or spec.hosts != (with_port(host, port),):
        raise SourceFailed("media_down", again=True)
    if not is_in_house(host, loopback=loopback):
        raise SourceFailed("media_down", again=True)
    return host, port, parts.path + (f"?{parts.query}" if parts.query else "")


def _failure(failed: RtspFailed) -> SourceFailed:
    if failed.why == "down":
        return SourceFailed("media_down", again=True)
    return SourceFailed(failed.why, again=failed.why == "busy")
