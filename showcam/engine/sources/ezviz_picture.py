"""The video of an EZVIZ camera over all its sessions: keyframes are checked, and units are put on one timeline."""

import asyncio
from typing import Protocol

import structlog

from showcam.engine.codec.bitstream import BITSTREAMS, Bitstream
from showcam.engine.codec.nal import NoPicture
from showcam.engine.ezviz.address import Stream
from showcam.engine.ezviz.encryption import Layout
from showcam.engine.keyframe import Measured, measure
from showcam.engine.source import CLOCK, Format, Sound, Unit
from showcam.engine.sources.footage import Footage, Sets
from showcam.engine.sources.screen import TURN_S, Bursts, Screen

_log = structlog.get_logger()

SHORT_S = 2.0  # a session that was shown for less counts as vain; else a node that ends each would be asked forever
SETTLE_S = 0.2  # wait for a whole clump to arrive: the age of its newest picture shows the session's delay
SOUND_S = 0.7  # length of the video that waits for the first sound
HELD_CAP = 8 * 1024 * 1024  # bytes that wait for sound: a node whose timestamps stand still can't fill the memory


class Session(Protocol):
    """A session at a stream node, or at the camera itself."""

    async def read(self) -> list[bytes]:
        """The next parts of the stream. Raises SaidNo, Unreached."""
        ...

    def close(self) -> None: ...


class Showing:
    """One session and the units that the node has sent, from the first keyframe on. `held` are the units still to show.

    `lent` are parameter sets of an earlier session, for a node that sends none. Call `began` once the session is open,
    and `close` after use.
    """

    def __init__(self, stream: Stream, session: Session, key: bytes = b"", lent: Sets | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._session, self.footage = session, Footage(key, now=self._loop.time, lent=lent)
        self.stream, self.held = stream, list[Unit]()
        self._held_bytes = 0
        self.is_open, self.is_mute = False, True  # mute: no byte has come
        self._is_heard = False  # a picture came
        self.keyed = 0.0  # when the first one came, a keyframe
        self.is_shown = self.is_other = False  # other: the full stream, although the smaller one was wanted
        self.edge = 0  # the least time from a picture's own time to its arrival, in ticks
        self.asked = self.opened = self.heard = self._came = self._loop.time()

    def began(self) -> None:
        self.is_open = True
        self.opened = self.heard = self._came = self._loop.time()

    async def wait(self) -> None:
        """Waits a moment for more units.

        Raises Unreached or SaidNo when the session has ended, SourceFailed for a stream that can't be shown.
        """
        try:
            async with asyncio.timeout(TURN_S):
                bodies = await self._session.read()
        except TimeoutError:
            return
        self.keep(bodies)

    def keep(self, bodies: list[bytes]) -> None:
        """Adds the units of these bodies. Raises SourceFailed for a stream that can't be shown."""
        if bodies:
            self._came, self.is_mute = self._loop.time(), False
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
    def lasted_s(self) -> float:
        return self._loop.time() - self.opened

    @property
    def may_lack_sound(self) -> bool:
        """True if the video may begin now: sound has come, would have come by now, or too many bytes wait for sound."""
        if self._held_bytes > HELD_CAP:
            return True
        pictures = [unit.dts for unit in self.held if unit.kind == "video"]
        return bool(self.footage.sound) or (bool(pictures) and pictures[-1] - pictures[0] >= SOUND_S * CLOCK)

    def release(self) -> list[Unit]:
        taken, self.held, self._held_bytes = self.held, [], 0
        return taken

    def close(self) -> None:
        self._session.close()


class EzvizPicture(Bursts):
    """Shows one session after another. `deciphers`: a key was given."""

    def __init__(self, screen: Screen, sound: Sound, *, deciphers: bool) -> None:
        super().__init__(screen, encrypts=True, deciphers=deciphers)
        self._sound = sound
        self._showing: Showing | None = None

    async def take(self, showing: Showing) -> None:
        """Shows the units that the session has brought. Raises SourceFailed."""
        self.check()
        if not showing.held or not (showing.is_shown or self._may_begin(showing)):
            return
        self._showing, self.is_shown, self.codec = showing, showing.is_shown, BITSTREAMS[showing.footage.codec]
        for unit in showing.release():
            await self.show(unit)

    def _may_begin(self, showing: Showing) -> bool:
        """True if enough of the session has come to show it."""
        if self.is_begun:
            return self._loop.time() - showing.keyed >= SETTLE_S
        return self._sound != "on" or showing.may_lack_sound

    async def _otherwise(self, keyframe: Unit) -> tuple[Measured, bytes] | None:
        """The keyframe under another layout of its encryption, or None."""
        assert self._showing is not None
        footage = self._showing.footage
        if footage.uses_lent:
            footage.drop_lent()  # the camera's settings have changed since then
            return None
        found = await asyncio.to_thread(_in_other_layout, self.codec, footage, keyframe.data)
        if found is None:
            return await super()._otherwise(keyframe)
        layout, measured, data = found
        footage.force(layout)
        return measured, data

    def _described(self, measured: Measured) -> Format:
        assert self._showing is not None
        known = self.form
        # this session's sound may come a little later
        sound = self._showing.footage.sound or (known.sound if known else None)
        lacks_sub = known.lacks_sub if known else self._showing.is_other
        return Format(measured.width, measured.height, measured.codec, sound, measured.b_frames, lacks_sub)

    def _begin(self, measured: Measured) -> None:
        showing = self._showing
        assert showing is not None
        if not self.is_begun:
            answered, came = showing.opened - showing.asked, showing.keyed - showing.opened
            _log.info("first keyframe of a session", answered_s=round(answered, 2), came_s=round(came, 2))
        super()._begin(measured)
        if not showing.is_shown:
            self._joined.part(showing.edge)
            showing.is_shown = True


def _in_other_layout(codec: Bitstream, footage: Footage, keyframe: bytes) -> tuple[Layout, Measured, bytes] | None:
    """Tries other layouts on a keyframe that did not decode. Returns the layout that works, and the clear keyframe."""
    for layout, data in footage.otherwise(keyframe):
        whole = codec.relabelled(data)
        try:
            return layout, measure(codec, whole), whole
        except NoPicture:
            continue
    return None
