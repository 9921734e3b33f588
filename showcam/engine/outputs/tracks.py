"""The video and sound tracks of a WebRTC viewer. aiortc asks them for each packet once the connection is there.

Video is H.264 passed through: the whole picture or a smaller one, as much as the viewer's connection can carry. Sound
is the camera's as Opus or G.711, or silence.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Literal, Protocol

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from showcam.engine.outputs.congestion import MOST_DELAY_S, WELL_S, Congestion
from showcam.engine.sound import OPUS_CLOCK, OPUS_STEP, SILENT_OPUS
from showcam.engine.source import CLOCK, Listen, Unit, Watch

# "late": the camera's sound, which may come after the first picture; silence is sent until then
type Voice = Literal["camera", "late", "silence"]

LEAST_QUEUE = 120
PATIENCE_S = 0.6  # for this time after a start, requests for a keyframe are ignored: the last may be on its way
FRESH = 5  # this number of pictures since a keyframe is no more data than another keyframe
RATE_S = 2.0  # the picture's bits are counted over this time
_SPREAD = 8  # sound packets; a longer queue is sent at once. An AAC frame at 8 kHz is six packets, and at 16 kHz three
_PACE = 0.9  # packets of sound leave a little faster than they play, so that the queue stays short
_HEARD = 50  # the least delay of this number of packets counts: the first are late, as they were held for a report
# Chromium holds sound back for 80 ms at first (WebRTC, neteq/delay_manager.cc), and the way to the speaker is longer
_HELD_BACK = CLOCK // 10
_BURST_STEP = CLOCK // 500  # 2 ms
_FRAME = CLOCK // 25
_TIME_BASE = Fraction(1, CLOCK)


class Track(MediaStreamTrack):
    """A track for aiortc. `epoch_s`, the Unix time at the track's time 0, joins sound and picture of a moment."""

    epoch_s: float | None = None

    def __init__(self) -> None:
        super().__init__()
        self._arrival = asyncio.Event()

    def _wake(self) -> None:
        self._arrival.set()

    async def _sleep(self) -> None:
        """Waits until a unit may have come. Raises MediaStreamError once the track is stopped."""
        if self.readyState != "live":
            raise MediaStreamError
        self._arrival.clear()
        await self._arrival.wait()

    def stop(self) -> None:
        super().stop()
        self._wake()


class SharedPicture(Protocol):
    """A camera's video that several viewers share."""

    def watch(self, viewer: Watch) -> list[Unit]: ...

    def unwatch(self, viewer: Watch) -> None: ...

    def sync(self) -> bool:
        """Makes a keyframe come at once. Returns False if the source can't be asked for a keyframe."""
        ...


class WholePicture(SharedPicture, Protocol):
    async def smaller(self) -> SharedPicture | None:
        """The smaller picture, for a connection that can't carry the whole picture; None if there is no smaller one."""
        ...


class VideoTrack(Track):
    """The video for a viewer, which changes to the smaller picture if the connection can't carry the whole one.

    `congestion` gets the sent packets and the receiver's reports (showcam.engine.outputs.peer). `again_s` is as
    in Congestion.
    """

    kind = "video"

    def __init__(self, picture: WholePicture, *, again_s: float) -> None:
        super().__init__()
        self._clock = asyncio.get_running_loop().time
        self.congestion = Congestion(self._clock, self._wake, again_s=again_s)
        self._whole = picture
        self._picture: SharedPicture = picture
        self._moving: asyncio.Task[SharedPicture | None] | None = None
        self._joined = self._returning = False
        self._queue: deque[Unit] = deque()
        self._burst: deque[Unit] = deque()
        self._limit = LEAST_QUEUE
        self._wants_key = False
        self._last: int | None = None  # the time of the last packet sent
        self._alone_until = 0.0
        self._started = 0.0  # when the latest run of pictures was begun
        self._key: int | None = None  # the latest keyframe's time
        self._gop = 0  # ticks between the last two keyframes
        self._recent: deque[tuple[int, int]] = deque()  # time and size of pictures, over RATE_S
        self._sound_delay_s = 0.0

    @property
    def delay_s(self) -> float:
        """How long a receiver should delay a picture, for its sound and for packets that are sent again."""
        return max(self._sound_delay_s, self.congestion.delay_s)

    def wait_for_sound(self, behind: int) -> None:
        """Takes the delay of sound when it leaves, in ticks.

        Chromium moves a picture to its sound too, but took 20 s for 0.2 s (WebRTC, video/stream_synchronization.cc).
        """
        self._sound_delay_s = min(MOST_DELAY_S, max(0, behind + _HELD_BACK) / CLOCK)

    async def recv(self) -> Any:
        if not self._joined:
            self._joined = True
            self._join(self._picture)
        while True:
            self._judge()
            if self._burst:
                unit = self._burst.popleft()
                # a whole group of pictures at line speed would overflow the buffers of the connection and the receiver
                await asyncio.sleep(len(unit.data) / self.congestion.pace())
                return self._packet(unit)
            if self._queue:
                return self._packet(self._queue.popleft())
            await self._sleep()

    @property
    def rate(self) -> float:
        """Bits a second of the picture that is watched."""
        if not self._recent:
            return 0.0
        lasts = max(CLOCK, self._recent[-1][0] - self._recent[0][0])
        return 8 * sum(size for _, size in self._recent) * CLOCK / lasts

    def stop(self) -> None:
        if self._moving is not None and not self._moving.cancel():
            self._give_up(self._moving)
        self._whole.unwatch(self._ahead)
        self._picture.unwatch(self._take)
        super().stop()

    def _give_up(self, moved: asyncio.Task[SharedPicture | None]) -> None:
        """Leaves a smaller picture that came too late to be watched."""
        if not moved.cancelled() and not moved.exception() and (smaller := moved.result()):
            smaller.unwatch(self._take)

    # choice of the picture, and its beginning

    def _judge(self) -> None:
        if self._moving is not None:
            self._arrive(self._moving)
        elif self._picture is self._whole:
            if self._clock() >= self._alone_until and self.congestion.is_overfull:
                self._leave()
        elif self.congestion.may_try and not self._returning:
            self._returning = True
            self._whole.watch(self._ahead)
        if self.congestion.take_wish():
            self._refresh()

    def _join(self, picture: SharedPicture, *, requested: bool = False) -> None:
        """Begins to send `picture`: first the units since the last keyframe, then new units."""
        self._picture = picture
        units = picture.watch(self._take)
        self._queue.clear()
        if picture is not self._whole and len(units) > FRESH and picture.sync():
            units = []  # for a slow connection, only a new keyframe is less data
        self._wants_key = not units
        self._limit = max(LEAST_QUEUE, 2 * len(units))
        for unit in [] if requested else units:
            self._count(unit)
        self._burst = self._pressed(units)
        self._started = self._clock()
        self.congestion.start(requested=requested)

    def _leave(self) -> None:
        """Stops sending until the smaller picture is there: other packets would delay it on a full connection."""
        self._picture.unwatch(self._take)
        self._queue.clear()
        self._burst.clear()
        self._recent.clear()
        self.congestion.moved()
        self._moving = asyncio.create_task(self._whole.smaller())
        self._moving.add_done_callback(lambda _: self._wake())

    def _arrive(self, moving: asyncio.Task[SharedPicture | None]) -> None:
        if not moving.done():
            return
        self._moving = None
        self._join(moving.result() or self._whole)
        if self._picture is self._whole:
            self._alone_until = self._clock() + WELL_S
            self.congestion.returned()

    def _ahead(self, unit: Unit) -> None:
        """Watches the whole picture while the smaller one is sent, and changes over at the next keyframe."""
        if unit.kind != "video" or not unit.key:
            return
        self._whole.unwatch(self._ahead)
        self._picture.unwatch(self._take)
        self._picture, self._returning = self._whole, False
        self._recent.clear()
        self._whole.watch(self._take)
        self.congestion.returned()
        self.congestion.start()
        self._take(unit)

    def _refresh(self) -> None:
        """Sends a keyframe by the shortest way, because the viewer can't go on without."""
        if self._moving is not None or self._clock() - self._started < PATIENCE_S or self._burst:
            return
        if self._picture.sync():
            self._started = self._clock()
            return
        units = self._picture.watch(self._take)
        size = sum(len(unit.data) for unit in units)
        waits = self._gop - (units[-1].dts - units[0].dts) if units and self._gop else None
        has_time = waits is None or size / self.congestion.pace() < waits / CLOCK
        if units and has_time and not self.congestion.is_overfull:
            self._join(self._picture, requested=True)
        else:
            self._queue.clear()
            self._wants_key = True

    # pictures as they come

    def _take(self, unit: Unit) -> None:
        self._count(unit)
        if self._wants_key and not unit.key:
            return
        self._wants_key = False
        if len(self._queue) >= self._limit:
            self._queue.clear()
            if not unit.key:
                self._wants_key = True
                return
        self._queue.append(unit)
        self._wake()

    def _count(self, unit: Unit) -> None:
        if unit.key:
            self._gop = unit.dts - self._key if self._key is not None else 0
            self._key = unit.dts
        self._recent.append((unit.dts, len(unit.data)))
        while self._recent[0][0] < unit.dts - RATE_S * CLOCK:
            self._recent.popleft()

    def _pressed(self, units: list[Unit]) -> deque[Unit]:
        """The units with new times, close together just before now and after the last packet.

        With their old times, a display that plays by timestamps would stay behind for good.
        """
        if not units:
            return deque()
        end, step = units[-1].dts, _BURST_STEP
        if self._last is not None and end - len(units) * step <= self._last:
            step = max(1, min(step, (max(end, self._last) + _FRAME // 2 - self._last) // (len(units) + 1)))
            end = max(end, self._last + len(units) * step)
        times = [end - back * step for back in reversed(range(len(units)))]
        return deque(unit._replace(pts=time, dts=time) for unit, time in zip(units, times, strict=True))

    def _packet(self, unit: Unit) -> Any:
        time = unit.pts if self._last is None else max(unit.pts, self._last + 1)
        self._last = time
        packet = av.Packet(unit.data)
        packet.pts, packet.dts, packet.time_base = time, time, _TIME_BASE
        packet.is_keyframe = unit.key
        return packet


class SoundSource(Protocol):
    def listen(self, listener: Listen) -> None: ...

    def unlisten(self, listener: Listen) -> None: ...

    def now(self) -> int:
        """The time on the picture's own timeline, in ticks of showcam.engine.source.CLOCK."""
        ...


class OpusTrack(Track):
    """The camera's sound as Opus, or silence.

    An AAC frame is three packets or more. They leave one by one: of sound that comes in lots, Chromium underestimates
    its buffer, and shows the picture too early. `measured` gets the sound's delay when it leaves, in ticks.
    """

    kind = "audio"

    def __init__(
        self, picture: SoundSource, voice: Voice = "camera", measured: Callable[[int], None] = lambda _: None
    ) -> None:
        super().__init__()
        self._picture, self._voice, self._measured = picture, voice, measured
        self._clock = asyncio.get_running_loop().time
        self._queue: deque[tuple[bytes, int]] = deque(maxlen=100)
        self._joined = False
        self._is_silent, self._sent_until = voice != "camera", 0
        self.is_hushed = False  # whether silence goes out in place of the sound
        self._due = 0.0  # when the next packet leaves
        self._last = 0  # time of the packet sent last
        self._behind: list[int] | None = []  # ticks from the moment of each packet until it left; None once measured

    async def recv(self) -> Any:
        if not self._joined:
            self._joined = True
            if self._voice != "silence":
                self._picture.listen(self._take)
        while not self._queue:
            if not self._is_silent:
                await self._sleep()
            elif (wait := self._sent_until - self._now()) <= 0:
                return self._silence()
            else:
                await asyncio.sleep(wait / OPUS_CLOCK)
                if self.readyState != "live":
                    raise MediaStreamError
        data, pts = self._queue.popleft()
        await self._pace(pts)
        self._measure(pts)
        return _opus(SILENT_OPUS if self.is_hushed else data, pts)

    async def _pace(self, pts: int) -> None:
        now = self._clock()
        if now < self._due and len(self._queue) < _SPREAD:
            await asyncio.sleep(self._due - now)
        lasts = max(0, min(pts - self._last, OPUS_STEP)) / OPUS_CLOCK
        self._due, self._last = max(self._due, now) + _PACE * lasts, pts

    def _measure(self, pts: int) -> None:
        if self._behind is None:
            return
        self._behind.append(self._picture.now() - pts * CLOCK // OPUS_CLOCK)
        if len(self._behind) == _HEARD:
            self._measured(min(self._behind))
            self._behind = None

    def _now(self) -> int:
        return self._picture.now() * OPUS_CLOCK // CLOCK

    def _silence(self) -> Any:
        pts = self._sent_until or self._now()
        self._sent_until = pts + OPUS_STEP
        return _opus(SILENT_OPUS, pts)

    def _take(self, data: bytes, pts: int) -> None:
        self._is_silent = False
        if pts >= self._sent_until:
            self._queue.append((data, pts))
            self._wake()

    def stop(self) -> None:
        self._picture.unlisten(self._take)
        super().stop()


class G711Track(Track):
    """Decodes another track's Opus for displays that play no Opus. aiortc encodes the samples as G.711."""

    kind = "audio"

    def __init__(self, opus: OpusTrack) -> None:
        super().__init__()
        self._opus, self.epoch_s = opus, opus.epoch_s
        self._decoder = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate, self._decoder.layout = OPUS_CLOCK, "stereo"
        self._resampler = av.AudioResampler("s16", "mono", OPUS_CLOCK)

    async def recv(self) -> Any:
        while True:
            packet = await self._opus.recv()
            for decoded in self._decoder.decode(packet):
                decoded.pts = None
                for frame in self._resampler.resample(decoded):
                    frame.pts, frame.time_base = packet.pts, packet.time_base
                    return frame

    def stop(self) -> None:
        self._opus.stop()
        super().stop()


def _opus(data: bytes, pts: int) -> Any:
    packet = av.Packet(data)
    packet.pts = packet.dts = pts
    packet.time_base = Fraction(1, OPUS_CLOCK)
    return packet
