"""One session at EZVIZ, and its units from the first keyframe on."""

import asyncio
from typing import Protocol

from media.ezviz.address import Stream
from media.plane.codec.units import CLOCK, Unit
from media.plane.sources.footage import Footage

TURN_S = 0.25  # of waiting for more, so that its owner can look after other things
SOUND_S = 0.7  # of pictures that wait for the first sound
REGULAR = 20  # pauses between bytes, after which the longest of them is what this session does
HELD_CAP = 8 * 1024 * 1024  # bytes that wait for it: a node that floods with times that stand still gets no more memory


class Session(Protocol):
    """A session at a stream node, or at the camera itself."""

    async def read(self) -> list[bytes]:
        """The next parts of the stream. Raises SaidNo, Unreached."""
        ...

    def close(self) -> None: ...


class Showing:
    """`held`: units that were not taken yet. Call `began` once the session is open, and `close` after use."""

    def __init__(self, stream: Stream, session: Session, key: bytes = b"") -> None:
        self._loop = asyncio.get_running_loop()
        self._session, self.footage = session, Footage(key, now=self._loop.time)
        self.stream, self.held = stream, list[Unit]()
        self._held_bytes = 0
        self._is_heard = False  # a picture came
        self.keyed = 0.0  # when the first one came, a keyframe
        self.is_shown = self.is_other = False  # other: the whole picture, in place of the smaller one that was wanted
        self._pauses, self._longest_s = 0, 0.0  # between bytes
        self.edge = 0  # the least time from a picture's own time to its arrival, in ticks
        self.asked = self.opened = self.heard = self._came = self._loop.time()

    def began(self) -> None:
        self.opened = self.heard = self._came = self._loop.time()

    async def wait(self) -> None:
        """Wait a moment for more units.

        Raises Unreached or SaidNo when the session is over, SourceFailed for what can't be shown.
        """
        try:
            async with asyncio.timeout(TURN_S):
                bodies = await self._session.read()
        except TimeoutError:
            return
        self.keep(bodies)

    def keep(self, bodies: list[bytes]) -> None:
        """Add the units of these bodies. Raises SourceFailed for what can't be shown."""
        if bodies:
            self._pauses, self._longest_s = self._pauses + 1, max(self._longest_s, self.mute_s)
            self._came = self._loop.time()
        for unit in (unit for body in bodies for unit in self.footage.feed(body)):
            self.held.append(unit)
            self._held_bytes += len(unit.data)
            if unit.kind == "video":
                self._hear(unit)

    def _hear(self, picture: Unit) -> None:
        edge = round(self._loop.time() * CLOCK) - picture.dts
        self.edge = min(edge, self.edge) if self._is_heard else edge
        self.keyed = self.keyed if self._is_heard else self._loop.time()
        self.heard, self._is_heard = self._loop.time(), True

    @property
    def silent_s(self) -> float:
        """Seconds since the last picture."""
        return self._loop.time() - self.heard

    @property
    def mute_s(self) -> float:
        """Seconds since the last byte."""
        return self._loop.time() - self._came

    @property
    def pauses_s(self) -> float | None:
        """The longest that it was without a byte so far; None as long as that says little."""
        return self._longest_s if self._pauses >= REGULAR else None

    @property
    def lasted_s(self) -> float:
        return self._loop.time() - self.opened

    @property
    def may_lack_sound(self) -> bool:
        """Whether to begin without sound: it would have come by now, or too many bytes wait for it."""
        if self._held_bytes > HELD_CAP:
            return True
        pictures = [unit.dts for unit in self.held if unit.kind == "video"]
        return bool(self.footage.sound) or (bool(pictures) and pictures[-1] - pictures[0] >= SOUND_S * CLOCK)

    def trim(self) -> float:
        """Hold nothing from before the last keyframe. Returns how many seconds of picture are held."""
        keys = [at for at, unit in enumerate(self.held) if unit.kind == "video" and unit.key]
        gone, self.held = self.held[: keys[-1]], self.held[keys[-1] :]
        self._held_bytes -= sum(len(unit.data) for unit in gone)
        pictures = [unit.dts for unit in self.held if unit.kind == "video"]
        return (pictures[-1] - pictures[0]) / CLOCK

    def taken(self) -> list[Unit]:
        taken, self.held, self._held_bytes = self.held, [], 0
        return taken

    def close(self) -> None:
        self._session.close()
