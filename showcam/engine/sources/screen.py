"""All sources share this: the screen that they show video on, and the pacing of video that arrives in clumps."""

import asyncio
import heapq
from collections.abc import Callable
from typing import Protocol

import structlog

from showcam.engine.units import CLOCK, Format, SourceFailed, Unit

_log = structlog.get_logger()

TURN_S = 0.25  # tasks that wait for video check other conditions this often
LATE_S = 0.3  # a unit later than this delays all units that follow
# A source without video for this time has ended. Without another keyframe for this time, it is no longer doubted: the
# keyframes of EZVIZ are up to 5 s apart, and come in clumps.
SILENCE_S = 8.0
SPARE_S = 3.0  # a larger reserve of video is latency without a use
_WINDOW_S = 10.0  # the reserve of video is measured over this time: two keyframes, or several clumps
MOST, MOST_BYTES = 3000, 16 * 1024 * 1024  # the reader waits above this, and goes on below half
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
        self._is_full = False
        self.moves = 0

    def push(self, unit: Unit) -> None:
        self._count += 1
        if self._base is None and not self._start(unit):
            self._release(unit)
            return
        heapq.heappush(self._heap, (unit.dts, self._count, unit))
        self._bytes += len(unit.data)
        self._watch_spare(unit)
        if not self._is_full and (len(self._heap) > MOST or self._bytes > MOST_BYTES):
            self._is_full = True
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
                self.moves += 1
            unit = heapq.heappop(self._heap)[2]
            self._bytes -= len(unit.data)
            self._release(unit)
        if self._is_full and len(self._heap) < MOST // 2 and self._bytes < MOST_BYTES // 2:
            self._is_full = False
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


class Room(Protocol):
    """An event of asyncio for a source that reads in the loop, or of threading for one that reads in a thread."""

    def set(self) -> None: ...

    def clear(self) -> None: ...


class Pacing:
    """Shows units that arrive in clumps at real speed: to HLS, which first needs a whole GOP, and to WebRTC viewers.

    `failed` gets the failure if showing a unit failed. `room` is clear while enough units are waiting."""

    def __init__(self, screen: Screen, failed: Callable[[SourceFailed], None], room: Room) -> None:
        self._screen, self._room = screen, room
        self._full: set[str] = set()
        self._shift: int | None = None
        # HLS can show nothing before it has a whole group of pictures, so it gets the first group at once
        self._hls = Pacer(guarded(self._to_hls, failed), at_once=1, full=self._throttle("hls"))
        self._live = Pacer(guarded(self._to_viewers, failed), full=self._throttle("live"))

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

    def _throttle(self, name: str) -> Callable[[bool], None]:
        def full(is_full: bool) -> None:
            (self._full.add if is_full else self._full.discard)(name)
            (self._room.clear if self._full else self._room.set)()

        return full


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
