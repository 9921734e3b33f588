"""One timeline for a camera's video and sound, from clocks that drift, leap and lie.

The timeline begins at zero with the first picture and never steps back. It is for a camera that sends in real time;
showcam.engine.sources.screen.Joined is for a camera that sends in bursts. The times of arrival decide: a clock that
leaps while pictures arrive as usual was set, and no video is missing. Video is missing only if pictures stayed away.
"""

from showcam.engine.source import CLOCK
from showcam.engine.sources.screen import LEAP, STEP

_WINDOW = 10 * CLOCK
_SURE, _UNSURE = CLOCK // 200, CLOCK // 10  # how far sound may be off: by sender reports, by arrival
_EARLY = 2 * CLOCK  # for this time after the first unit, sound may leap into its place
_REPORTED = CLOCK // 10  # senders that report with their first packet have done so before the third packet of AAC
_BEND = 32  # later, sound is moved by at most 1/32 of the time that passed


class _Clock:
    """The clock of one track. Times are in ticks: `media` is the track's own time from any origin, `at` the arrival."""

    def __init__(self, hz: int) -> None:
        self._hz = hz
        self._stamp: int | None = None
        self._extended = 0
        self.shift: int | None = None  # from media to the timeline
        self.last = self.last_at = self.began = 0
        self.given_until = -1  # the next unit has to be later
        self.usual = STEP
        self.wall: int | None = None  # from media to the sender's time of day
        self._edges: list[int | None] = [None, None]  # the least at − media in this window and the one before
        self._window_ends = 0

    def media(self, timestamp: int) -> int:
        """The time of the newest unit. It goes on growing when the 32-bit timestamps begin again at zero."""
        if self._stamp is None:
            self._stamp = timestamp
        self._extended += self._since(timestamp)
        self._stamp = timestamp
        return self._extended * CLOCK // self._hz

    def report(self, wall: int, timestamp: int) -> None:
        if self._stamp is None:
            return
        since = self._since(timestamp)
        if abs(since) < 10 * self._hz:
            self.wall = wall - (self._extended + since) * CLOCK // self._hz

    @property
    def edge(self) -> int | None:
        """The smallest difference of arrival and media time: the delay of the fastest unit."""
        known = [edge for edge in self._edges if edge is not None]
        return min(known) if known else None

    def see(self, media: int, at: int) -> None:
        if at >= self._window_ends:
            self._edges, self._window_ends = [None, self._edges[0]], at + _WINDOW
        took = at - media
        self._edges[0] = took if self._edges[0] is None else min(took, self._edges[0])

    def is_ahead(self, media: int, at: int) -> bool:
        """True if the unit would have arrived before it was recorded."""
        edge = self.edge
        return edge is not None and edge - (at - media) > LEAP

    def start(self, shift: int, time: int, at: int) -> None:
        self.shift, self.last, self.last_at, self.began = shift, time, at, at

    def leap(self, shift: int) -> None:
        """Corrects the track's place on the timeline, which was wrong although the camera set no clock."""
        assert self.shift is not None
        self.last += shift - self.shift
        self.shift = shift

    def move(self, by: int) -> None:
        """Shifts new times after the camera set its clock, so that they mean the same moments as before."""
        assert self.shift is not None
        self.shift += by
        self._edges = [None if edge is None else edge + by for edge in self._edges]
        self.wall = None

    def given(self, time: int, at: int) -> int:
        step = time - self.last
        if 0 < step < LEAP:
            self.usual = step
        self.last, self.last_at = max(time, self.last), at
        self.given_until = max(time, self.given_until)
        return time

    def next_after(self, at: int) -> int:
        """A time for a unit whose own time is useless: one step after the last unit."""
        passed = at - self.last_at
        return self.last + (passed if passed > LEAP else self.usual)

    def _since(self, timestamp: int) -> int:
        assert self._stamp is not None
        return (timestamp - self._stamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000


class Timeline:
    """The timeline of a camera that sends in real time. `at_s` is the time of arrival in monotonic seconds."""

    def __init__(self, video_hz: int, audio_hz: int = CLOCK) -> None:
        self._video, self._audio = _Clock(video_hz), _Clock(audio_hz)
        self._heard_s: float | None = None  # when the first sound arrived
        self.reorders = False  # pictures come in another order than they are shown in

    def video(self, timestamp: int, at_s: float, *, is_b: bool = False) -> int:
        """The presentation time of a picture.

        The time grows with each picture, except if pictures are reordered (B slices).
        """
        clock, at = self._video, round(at_s * CLOCK)
        media = clock.media(timestamp)
        if clock.shift is None:
            clock.start(-media, 0, at)
        else:
            self.reorders |= is_b and -LEAP < media + clock.shift - clock.last <= 0
            self._steady(clock, media, at, back=LEAP if self.reorders else 0)
        assert clock.shift is not None
        clock.see(media, at)
        return clock.given(media + clock.shift, at)

    def audio(self, timestamp: int, at_s: float) -> int | None:
        """The presentation time of sound, which always grows. None if the sound has no place and must be dropped."""
        clock, at = self._audio, round(at_s * CLOCK)
        media = clock.media(timestamp)
        if clock.shift is not None:
            self._steady(clock, media, at, back=0)
        clock.see(media, at)
        place = self._place()
        if place is None:
            return None
        wanted, tolerance = place
        if clock.shift is None:
            clock.start(wanted, media + wanted - 1, at)
        assert clock.shift is not None
        error = wanted - clock.shift
        if abs(error) > LEAP or (at - clock.began < _EARLY and abs(error) > _UNSURE):
            clock.leap(wanted)
        elif abs(error) > tolerance:
            most = max(1, (media + clock.shift - clock.last) // _BEND)
            clock.shift += max(-most, min(most, error))
        time = media + clock.shift
        if time <= clock.given_until:
            clock.last, clock.last_at = time, at
            return None
        return clock.given(time, at)

    def awaits_report(self, timestamp: int, at_s: float) -> bool:
        """True for the first sound, if only one track's sender report has come, since the other follows soon.

        Without this wait, sound first gets the time of its arrival and moves when the report comes. A display then goes
        on expecting such delays.
        """
        self._audio.media(timestamp)
        if self._heard_s is None:
            self._heard_s = at_s
        return at_s - self._heard_s < _REPORTED / CLOCK and (self._video.wall is None) != (self._audio.wall is None)

    def report(self, kind: str, wall_s: float, timestamp: int) -> None:
        """Takes the wall clock and media time that a sender report pairs."""
        clock = self._video if kind == "video" else self._audio
        clock.report(round(wall_s * CLOCK), timestamp)

    def _steady(self, clock: _Clock, media: int, at: int, *, back: int) -> None:
        """Undoes a leap of the clock that the times of arrival do not show."""
        assert clock.shift is not None
        time = media + clock.shift
        step = time - clock.last
        if step > LEAP and not clock.is_ahead(media, at):
            return  # units were missing for this time
        if step > LEAP or step <= -back:
            clock.move(clock.next_after(at) - time)

    def _place(self) -> tuple[int, int] | None:
        """The shift that aligns sound with the video, and the tolerance in ticks."""
        video, audio = self._video, self._audio
        if video.shift is None or video.edge is None or audio.edge is None:
            return None
        by_arrival = audio.edge - video.edge + video.shift
        if video.wall is not None and audio.wall is not None:
            by_wall = audio.wall - video.wall + video.shift
            if abs(by_wall - by_arrival) < LEAP:
                return by_wall, _SURE
        return by_arrival, _UNSURE
