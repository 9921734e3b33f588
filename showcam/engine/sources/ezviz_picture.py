"""The video of an EZVIZ camera over all its sessions: keyframes are checked, and units are put on one timeline."""

import asyncio
from dataclasses import replace
from typing import Protocol

import structlog

from showcam.engine.codec.bitstream import bitstream
from showcam.engine.codec.nal import NoPicture
from showcam.engine.ezviz.address import Stream
from showcam.engine.ezviz.encryption import Layout
from showcam.engine.keyframe import Measured, measure
from showcam.engine.source import Sound
from showcam.engine.sources.footage import Footage, Sets
from showcam.engine.sources.screen import TURN_S, Doubt, Pacing, Screen
from showcam.engine.sources.timeline import Joined
from showcam.engine.units import CLOCK, Format, SourceFailed, Unit

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


class EzvizPicture:
    """Shows sessions on the screen. `deciphers`: a key was given. `room` is clear while enough units are waiting.

    Call `close` after use.
    """

    def __init__(self, screen: Screen, sound: Sound, *, deciphers: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._sound = sound
        self._form: Format | None = None
        self._sps: list[bytes] = []  # SPS (sequence parameter sets) of the keyframe that `_form` was read from
        self._is_new = False  # no picture of `_form` was shown yet
        self._waits = False  # for a keyframe that decodes
        self._doubt = Doubt(encrypts=True, deciphers=deciphers)
        self._failure: SourceFailed | None = None
        self.room = asyncio.Event()
        self.room.set()
        self._pacing = Pacing(screen, self._failed, self.room)
        self._joined = Joined(self._loop.time)

    @property
    def is_begun(self) -> bool:
        """True once a session has brought a keyframe that decodes."""
        return self._form is not None

    def close(self) -> None:
        self._pacing.close()

    async def take(self, showing: Showing) -> None:
        """Shows the units that the session has brought. Raises SourceFailed."""
        if self._failure:
            raise self._failure
        self._doubt.check(self._loop.time())
        if not showing.held:
            return
        if not showing.is_shown and not self._may_begin(showing):
            return
        for unit in showing.release():
            is_picture = unit.kind == "video"
            if is_picture and unit.key:
                whole = await self._judged(showing, unit)
                self._waits = whole is None
                if whole is not None:
                    self._push(whole)
            elif showing.is_shown and not (is_picture and self._waits):
                self._push(unit)

    def _may_begin(self, showing: Showing) -> bool:
        """True if enough of the session has come to show it."""
        if self.is_begun:
            return self._loop.time() - showing.keyed >= SETTLE_S
        return self._sound != "on" or showing.may_lack_sound

    async def _judged(self, showing: Showing, unit: Unit) -> Unit | None:
        """The keyframe, or None if it does not decode. Raises SourceFailed if several don't: the camera encrypts."""
        codec = bitstream(showing.footage.codec)
        keyframe = unit._replace(data=codec.relabelled(unit.data))
        sets = codec.sps(codec.parameter_sets(keyframe.data))
        if not showing.is_shown or sets != self._sps:
            try:
                measured = await asyncio.to_thread(measure, codec, keyframe.data)
            except NoPicture:
                if showing.footage.uses_lent:
                    showing.footage.drop_lent()  # the camera's settings have changed since then
                    return None
                found = await asyncio.to_thread(_otherwise, showing, unit.data)
                if found is None:
                    self._doubt.add(self._loop.time())
                    return None
                layout, measured, data = found
                showing.footage.force(layout)
                keyframe = unit._replace(data=data)
                sets = codec.sps(codec.parameter_sets(data))
            self._begin(showing, measured)
            self._sps, self._doubt.is_shown = sets, True
        self._doubt.end()
        return keyframe

    def _begin(self, showing: Showing, measured: Measured) -> None:
        form = Format(measured.width, measured.height, measured.codec, audio=False, b_frames=measured.b_frames)
        form = replace(form, lacks_sub=self._form.lacks_sub if self._form else showing.is_other)
        if showing.footage.sound:
            codec, rate = showing.footage.sound
            channels = showing.footage.channels
            form = replace(form, audio=True, audio_codec=codec, audio_rate=rate, audio_channels=channels)
        elif known := self._form:
            # this session's sound comes a little later
            form = replace(
                form,
                audio=known.audio,
                audio_codec=known.audio_codec,
                audio_rate=known.audio_rate,
                audio_channels=known.audio_channels,
            )
        if not self.is_begun:
            answered, came = showing.opened - showing.asked, showing.keyed - showing.opened
            _log.info("first keyframe of a session", answered_s=round(answered, 2), came_s=round(came, 2))
        self._is_new |= form != self._form
        self._form = form
        if not showing.is_shown:
            self._joined.part(showing.edge)
            showing.is_shown = True

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


def _otherwise(showing: Showing, keyframe: bytes) -> tuple[Layout, Measured, bytes] | None:
    """Tries other layouts on a keyframe that did not decode. Returns the layout that works, and the clear keyframe."""
    codec = bitstream(showing.footage.codec)
    for layout, data in showing.footage.otherwise(keyframe):
        whole = codec.relabelled(data)
        try:
            return layout, measure(codec, whole), whole
        except NoPicture:
            continue
    return None
