"""All sources share this: the screen that they show video on, and what shows video that arrives in bursts."""

import asyncio
import heapq
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

import structlog

from showcam.engine.codec.bitstream import BITSTREAMS
from showcam.engine.codec.nal import NoPicture
from showcam.engine.keyframe import Measured, measure
from showcam.engine.source import CLOCK, Format, SourceFailed, Unit

_log = structlog.get_logger()

TURN_S = 0.25  # tasks that wait for video check other conditions this often
LATE_S = 0.3  # a unit later than this delays all units that follow
# A source without video for this time has ended. Without another keyframe for this time, it is no longer doubted: the
# keyframes of EZVIZ are up to 5 s apart, and come in clumps.
SILENCE_S = 8.0
SPARE_S = 3.0  # a larger reserve of video is latency without a use
_WINDOW_S = 10.0  # the reserve of video is measured over this time: two keyframes, or several clumps
MOST, MOST_BYTES = 3000, 16 * 1024 * 1024  # the reader waits above this, and goes on below half
LEAP = CLOCK  # no clock drifts this far at once; a longer time without a picture is a pause
JUMP = 5 * CLOCK  # a longer time between two pictures is no pause: the camera has set its clock
STEP = CLOCK // 15  # between pictures, before any other distance is known
_ORIGIN = 2 * CLOCK  # HLS begins at this time: a transcoder may repeat the first picture at earlier times


class Screen(Protocol):
    """The outputs of a camera as its source sees them."""

    @property
    def has_time(self) -> bool:
        """True if pictures may come 0.1 s later: no viewer is shown each as it comes, and none waits for the first."""
        ...

    def begin(self, form: Format) -> None: ...

    def wait_for_key(self) -> None:
        """Reports that pictures arrive, but none can be shown before a keyframe."""
        ...

    def to_hls(self, unit: Unit) -> None: ...

    def to_viewers(self, unit: Unit) -> None: ...

    def now(self) -> int: ...


def guarded[**P](call: Callable[P, None], failed: Callable[[SourceFailed], None]) -> Callable[P, None]:
    """Wraps `call` in a function that never raises: a failure ends only this opening, and `failed` gets it."""

    def guard(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            call(*args, **kwargs)
        except SourceFailed as failure:
            failed(failure)
        except Exception as error:
            # an error of libav may quote the data: only its type is logged
            _log.warning("opening broke", error=type(error).__name__)
            failed(SourceFailed("media_down", again=True))

    return guard


class Pacer:
    """Orders units of both streams by DTS and releases each at base + DTS.

    `at_once` is the number of keyframes that first go through unpaced. With 1, the second keyframe sets the base, so
    that HLS gets a first whole group of pictures at once.
    """

    def __init__(self, release: Callable[[Unit], None], *, at_once: int = 0, full: Callable[[bool], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._release = release
        self._full = full
        self._left = at_once
        self._heap: list[tuple[int, int, Unit]] = []
        self._count = self._bytes = 0
        self._base: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._spare: float | None = None
        self._window_end = 0.0
        self.is_full = False

    def push(self, unit: Unit) -> None:
        self._count += 1
        if self._base is None and not self._start(unit):
            self._release(unit)
            return
        heapq.heappush(self._heap, (unit.dts, self._count, unit))
        self._bytes += len(unit.data)
        self._watch_spare(unit)
        if not self.is_full and (len(self._heap) > MOST or self._bytes > MOST_BYTES):
            self.is_full = True
            self._full(True)
        self._turn()

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._heap.clear()

    def _start(self, unit: Unit) -> bool:
        if unit.kind != "video" or not unit.key:
            return False
        if self._left > 0:
            self._left -= 1
            return False
        self._base = self._loop.time() - unit.dts / CLOCK
        self._window_end = self._loop.time() + _WINDOW_S
        return True

    def _turn(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        assert self._base is not None
        while self._heap:
            now, due = self._loop.time(), self._base + self._heap[0][0] / CLOCK
            if due > now + 0.002:
                self._timer = self._loop.call_at(due, self._turn)
                break
            if now - due > LATE_S:
                self._base += now - due
            unit = heapq.heappop(self._heap)[2]
            self._bytes -= len(unit.data)
            self._release(unit)
        if self.is_full and len(self._heap) < MOST // 2 and self._bytes < MOST_BYTES // 2:
            self.is_full = False
            self._full(False)

    def _watch_spare(self, unit: Unit) -> None:
        """Once the source has caught up after a stall, removes the delay of the stall, half a second at a time."""
        assert self._base is not None
        now = self._loop.time()
        spare = self._base + unit.dts / CLOCK - now
        self._spare = spare if self._spare is None else min(spare, self._spare)
        if now >= self._window_end:
            if self._spare > SPARE_S:
                self._base -= min(0.5, self._spare - SPARE_S)
            self._spare, self._window_end = None, now + _WINDOW_S


class Pacing:
    """Shows units that arrive in clumps at real speed: to HLS, which first needs a whole GOP, and to WebRTC viewers.

    `failed` gets the failure if showing a unit failed. `room` is clear while enough units are waiting."""

    def __init__(self, screen: Screen, failed: Callable[[SourceFailed], None], room: asyncio.Event) -> None:
        self._screen, self._room = screen, room
        self._shift: int | None = None
        # HLS can show nothing before it has a whole group of pictures, so it gets the first group at once
        self._hls = Pacer(guarded(self._to_hls, failed), at_once=1, full=self._throttle)
        self._live = Pacer(guarded(self._to_viewers, failed), full=self._throttle)

    def push(self, unit: Unit) -> None:
        self._hls.push(unit)
        self._live.push(unit)

    def close(self) -> None:
        self._hls.close()
        self._live.close()

    def _to_hls(self, unit: Unit) -> None:
        if unit.form is not None:
            self._screen.begin(unit.form)
        self._screen.to_hls(unit.later(_ORIGIN))

    def _to_viewers(self, unit: Unit) -> None:
        """Sends the unit with a time of the screen's timeline, since each opening of a source has its own clock."""
        if self._shift is None:
            self._shift = self._screen.now() - unit.dts
        self._screen.to_viewers(unit.later(self._shift))

    def _throttle(self, _is_full: bool) -> None:
        (self._room.clear if self._hls.is_full or self._live.is_full else self._room.set)()


class Doubt:
    """Decides the reason why keyframes do not decode. The first such keyframe means nothing until another came.

    Times are monotonic seconds. `encrypts`: the camera's vendor has a setting that encrypts pictures. `deciphers`: a
    key was given to decipher them.
    """

    def __init__(self, *, encrypts: bool, deciphers: bool = False) -> None:
        self._means = "code_wrong" if deciphers else "encryption_on" if encrypts else "not_playable"
        self._deciphers = deciphers
        self._since: float | None = None
        self.is_shown = False  # a picture of this opening decoded: no setting garbles later ones

    def end(self) -> None:
        """Forgets the doubt, because a keyframe decoded."""
        self._since = None

    def add(self, now: float) -> None:
        """Notes that a keyframe did not decode. Raises SourceFailed if the keyframe before did not either."""
        if self._since is not None:
            raise self._failure()
        self._since = now

    def check(self, now: float) -> None:
        """Raises SourceFailed if a keyframe did not decode and no other came to compare it with.

        It never blames a key: one keyframe may be damaged, and a right code must not be called wrong for that.
        """
        if not self._deciphers and self._since is not None and now - self._since > SILENCE_S:
            raise self._failure()

    def _failure(self) -> SourceFailed:
        if self.is_shown:
            return SourceFailed("media_down", again=True)
        return SourceFailed(self._means, again=False)


class Joined:
    """Puts all sessions of a source on the same timeline. The source sends in bursts.

    The units of one session share a clock. When the camera sets its clock, the change is undone. Sessions are placed on
    the timeline by the arrival of their newest pictures. If a new session repeats video of the session before, the
    repeated part is shown at double speed, so that the delay does not grow with each session.

    `now` is a monotonic clock in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._shift: int | None = None
        self._last: dict[str, int] = {}
        self._step = 0  # between the last two pictures
        self._edge = 0  # of a session that begins: the least time from a picture's own time to its arrival
        self._lag: int | None = None  # the least time from a picture's place on the timeline to its arrival
        self._behind = 0  # this session's extra delay compared with the session before, until it is made good
        self.paused = False  # there was a pause before the picture that was put last

    def part(self, edge: int) -> None:
        """Begins a new session. `edge` is the least time from a picture's time, by its own clock, to its arrival."""
        self._shift, self._edge = None, edge

    def put(self, unit: Unit) -> Unit | None:
        """The unit on the common clock; None if its time would go back. The first unit after `part` is a keyframe."""
        if self._shift is None:
            self._shift = self._joint(unit.dts) - unit.dts
        elif unit.kind == "video":
            self._steady(unit.dts)
        put = self._picture(unit) if unit.kind == "video" else self._sound(unit)
        if put is not None:
            self._last[unit.kind] = put.dts
        return put

    def _steady(self, dts: int) -> None:
        """Undoes the change when the camera has set its clock."""
        assert self._shift is not None
        last = self._last.get("video", dts + self._shift - STEP)
        if not 0 < dts + self._shift - last <= JUMP:
            self._shift = last + STEP - dts

    def _picture(self, unit: Unit) -> Unit:
        assert self._shift is not None
        last = self._last.get("video")
        if last is not None and self._behind:
            made_good = min(self._behind, (unit.dts + self._shift - last) // 2)
            self._shift, self._behind = self._shift - made_good, self._behind - made_good
        put = unit.later(self._shift)
        before, self._step = self._step, 0 if last is None else put.dts - last
        self.paused = self._step > max(LEAP, 2 * before)
        lag = round(self._now() * CLOCK) - put.dts + self._behind
        self._lag = lag if self._lag is None else min(lag, self._lag)
        return put

    def _sound(self, unit: Unit) -> Unit | None:
        """Drops sound that leaps ahead of the video: the camera has set its clock, and no picture has shown it yet."""
        assert self._shift is not None
        last, at = self._last.get("audio"), unit.dts + self._shift
        ahead = at - self._last["video"]
        if abs(ahead) > JUMP or (last is not None and (at <= last or (at - last > LEAP and ahead > 2 * LEAP))):
            return None
        return unit.later(self._shift)

    def _joint(self, dts: int) -> int:
        """The timeline's time for the first picture of a new session."""
        lag, self._lag, self._behind = self._lag, None, 0
        if lag is None:
            return 0
        wanted, least = dts + self._edge - lag, self._last["video"] + STEP
        if 0 < least - wanted < JUMP:
            self._behind = least - wanted
        return max(wanted, least)


class Bursts(ABC):
    """Shows video that arrives in bursts: from the first keyframe that decodes, on one timeline, at real speed.

    New parameter sets make it check the format again. `codec` is that of the next pictures. `room` is clear while
    enough units are waiting. Call `close` after use.
    """

    def __init__(self, screen: Screen, *, encrypts: bool, deciphers: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self.codec = BITSTREAMS["h264"]
        self.form: Format | None = None
        self.heard = self._loop.time()  # when the latest picture came that could be shown
        self.is_shown = False  # a keyframe of this session decoded
        self._sps: list[bytes] = []  # SPS (sequence parameter sets) of the keyframe that `form` was read from
        self._is_new = False  # no picture of `form` was shown yet
        self._waits = False  # for a keyframe that decodes
        self._doubt = Doubt(encrypts=encrypts, deciphers=deciphers)
        self._failure: SourceFailed | None = None
        self.room = asyncio.Event()
        self.room.set()
        self._pacing = Pacing(screen, self._failed, self.room)
        self._joined = Joined(self._loop.time)

    @property
    def is_begun(self) -> bool:
        """True once a session has brought a keyframe that decodes."""
        return self.form is not None

    def close(self) -> None:
        self._pacing.close()

    def check(self) -> None:
        """Raises SourceFailed if showing a unit failed, or if a garbled keyframe stays without another."""
        if self._failure:
            raise self._failure
        self._doubt.check(self._loop.time())

    async def show(self, unit: Unit) -> None:
        """Shows the unit when its time comes. Raises SourceFailed if several keyframes don't decode."""
        is_picture = unit.kind == "video"
        if is_picture and unit.key:
            whole = await self._judged(unit)
            self._waits = whole is None
            if whole is not None:
                self._push(whole)
        elif self.is_shown and not (is_picture and self._waits):
            self._push(unit)

    @abstractmethod
    def _described(self, measured: Measured) -> Format:
        """The format of a source with this video, and with the sound that is known."""

    async def _otherwise(self, _keyframe: Unit) -> tuple[Measured, bytes] | None:
        """Another reading of a keyframe that did not decode, or None. Raises SourceFailed for the second in a row."""
        self._doubt.add(self._loop.time())
        return None

    def _begin(self, measured: Measured) -> None:
        form = self._described(measured)
        self._is_new |= form != self.form
        self.form, self.is_shown = form, True

    async def _judged(self, unit: Unit) -> Unit | None:
        """The keyframe, or None if it does not decode."""
        data = self.codec.relabelled(unit.data)
        if not self.is_shown or self._sps_of(data) != self._sps:
            try:
                measured = await asyncio.to_thread(measure, self.codec, data)
            except NoPicture:
                found = await self._otherwise(unit)
                if found is None:
                    return None
                measured, data = found
            self._begin(measured)
            self._sps, self._doubt.is_shown = self._sps_of(data), True
        self._doubt.end()
        return unit._replace(data=data)

    def _sps_of(self, keyframe: bytes) -> list[bytes]:
        return self.codec.sps(self.codec.parameter_sets(keyframe))

    def _push(self, unit: Unit) -> None:
        if unit.kind == "audio" and not (self.form and self.form.sound):
            return
        put = self._joined.put(unit)
        if put is None:
            return
        if put.kind == "video":
            self.heard = self._loop.time()
            if self._is_new or self._joined.paused:
                put, self._is_new = put._replace(form=self.form), False
        self._pacing.push(put)

    def _failed(self, failure: SourceFailed) -> None:
        self._failure = self._failure or failure
