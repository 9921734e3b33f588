"""What a viewer saw and heard of a camera whose picture turns bright or dark where its sound ticks."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import av

from tests.doubles.waiting import LONG_S

LOUD = 0.2  # of the full scale: where a tick begins
QUIET_S = 0.2
NEAR_S = (
    1.0  # half of the time between two ticks: a tick later than that before a turn is the turn's, or comes after it
)
# Sound whose first packets a busy machine delivered late is put into its place within the first two seconds
# (showcam/engine/sources/timeline.py), and the tick in the tenth of a second that it then had twice is left out.
PLACED_S = 2.5


@dataclass
class Seen:
    """Times in seconds of the viewer's own timeline; of pictures by WebRTC, by their RTP times.

    `turns` are the pictures that changed their brightness, each as its number and when it was shown.
    """

    pictures: list[float] = field(default_factory=list)
    turns: list[tuple[int, float]] = field(default_factory=list)
    ticks: list[float] = field(default_factory=list)
    sizes: set[tuple[int, int]] = field(default_factory=set)
    corrupt: int = 0
    _bright: bool | None = None
    _loud: float | None = None

    def picture(
        self, at: float, size: tuple[int, int], *, bright: bool, corrupt: bool, stamp: float | None = None
    ) -> None:
        if self._bright not in (None, bright):
            self.turns.append((len(self.pictures), at))
        self._bright = bright
        self.pictures.append(at if stamp is None else stamp)
        self.sizes.add(size)
        self.corrupt += corrupt

    def is_enough(self, pictures: int, fps: int, *, sound: bool, turns: bool) -> bool:
        """Whether so many were seen one after another and, where they are to, one turned and sound is as far."""
        begins = steady(self.pictures, fps)
        turned = self.turned(begins)
        is_heard = bool(self.ticks) and (not turns or bool(turned and self.ticks[-1] > turned[0] - NEAR_S))
        return len(self.pictures) - begins >= pictures and (is_heard or not sound)

    def turned(self, begins: int) -> list[float]:
        """When pictures turned after the one of this number, and after the sound had been put into its place."""
        return [at for number, at in self.turns if number > begins and at > self.pictures[0] + PLACED_S]

    def __str__(self) -> str:
        steps = " ".join(f"{later - earlier:.3g}" for earlier, later in itertools.pairwise(self.pictures))
        turns, ticks = ([round(at, 3) for at in times] for times in ([at for _, at in self.turns], self.ticks))
        return f"{self.sizes}, damaged {self.corrupt}, turns {turns}, ticks {ticks}, steps {steps}"

    def frame(self, frame: Any) -> None:
        """One of PyAV's."""
        bright = memoryview(frame.planes[0])[0] > 127
        at = float(frame.pts * frame.time_base)
        self.picture(at, (frame.width, frame.height), bright=bright, corrupt=bool(getattr(frame, "is_corrupt", False)))

    def sound(self, frame: Any) -> None:
        """One of PyAV's, in floating point of one channel or in 16 bits of two."""
        data = memoryview(bytes(frame.planes[0]))
        samples, most = (data.cast("f"), 1.0) if frame.format.name == "fltp" else (data.cast("h")[::2], 32768.0)
        samples = samples[: frame.samples]
        if max(samples, default=0.0) <= LOUD * most:
            return
        at = next(number for number, value in enumerate(samples) if value > LOUD * most)
        began = float(frame.pts * frame.time_base) + at / frame.sample_rate
        if self._loud is None or began - self._loud > QUIET_S:
            self.ticks.append(began)
        self._loud = began

    def message(self, message: dict[str, Any]) -> None:
        """One of a double's on GStreamer."""
        if "pts" in message:
            width, height = message["size"]
            stamp = message.get("stamp")
            self.picture(
                message["pts"],
                (width, height),
                bright=message["bright"],
                corrupt=message["corrupt"] or message.get("missed", 0) > 0,
                stamp=None if stamp is None else stamp / 90_000,
            )
        elif "tick" in message:
            self.ticks.append(message["tick"])


def steady(pictures: list[float], fps: int) -> int:
    """The number of the picture from which on they come at their own times.

    Who joins by WebRTC, or asks for a keyframe, is sent all since the last keyframe at once, squeezed into no time.
    """
    steps = enumerate(itertools.pairwise(pictures))
    return max((at + 2 for at, (earlier, another) in steps if another - earlier < 0.5 / fps), default=0)


def by_libav(url: str, is_enough: Callable[[Seen], bool]) -> Seen:
    """What libav's HLS player sees; damage ends it."""
    seen, deadline = Seen(), time.monotonic() + LONG_S
    options = {"analyzeduration": "500000", "live_start_index": "-1"}
    with av.open(url, "r", format="hls", options=options, timeout=(30, 30)) as container:
        streams = [container.streams.video[0], *container.streams.audio[:1]]
        streams[0].codec_context.options = {"err_detect": "explode"}
        for packet in container.demux(streams):
            for frame in packet.decode():
                (seen.frame if packet.stream.type == "video" else seen.sound)(frame)
            if is_enough(seen):
                return seen
            assert time.monotonic() < deadline, f"not enough within {LONG_S} s: {seen}"
    raise AssertionError(f"it ended after {len(seen.pictures)} pictures")
