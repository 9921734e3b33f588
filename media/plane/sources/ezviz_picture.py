"""One picture over all sessions at EZVIZ: what each of them brings, judged, put on one timeline and released."""

import asyncio
from dataclasses import replace

import structlog

from media.plane.codec.bitstream import bitstream
from media.plane.codec.keyframe import Measured, NoPicture
from media.plane.codec.units import Format, SourceFailed, Unit
from media.plane.sources.doubt import Doubt
from media.plane.sources.ezviz_showing import Showing
from media.plane.sources.joined import Joined
from media.plane.sources.pacing import Pacing
from media.plane.sources.screen import Screen
from media.source import Sound

_log = structlog.get_logger()

ANOTHER_S = 8.0  # keyframes are up to five seconds apart, and come in clumps


class EzvizPicture:
    """`deciphers`: a key was given. `room` is clear while units enough for now are waiting. Call `close` after use."""

    def __init__(self, screen: Screen, sound: Sound, *, deciphers: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._sound = sound
        self._form: Format | None = None
        self._sps: list[bytes] = []  # those that `_form` was seen with
        self._is_new = False  # nobody was shown a picture of `_form` yet
        self._waits = False  # for a keyframe that is a picture
        self._doubt = Doubt(encrypts=True, deciphers=deciphers, another_s=ANOTHER_S)
        self._failure: SourceFailed | None = None
        self.room = asyncio.Event()
        self.room.set()
        self._pacing = Pacing(screen, self._failed, self.room)
        self._joined = Joined(self._loop.time)

    @property
    def is_begun(self) -> bool:
        """Whether a session has brought a picture."""
        return self._form is not None

    def close(self) -> None:
        self._pacing.close()

    def reaches(self, showing: Showing) -> bool:
        """Whether what was shown has come to the first picture of that session, which waits to follow."""
        return not showing.held or self._joined.reaches(showing.held[0].dts, showing.edge)

    async def take(self, showing: Showing) -> None:
        """Show what the session has brought. Raises SourceFailed."""
        if self._failure:
            raise self._failure
        self._doubt.check(self._loop.time())
        if not showing.held:
            return
        if not showing.is_shown and not self.is_begun and self._sound == "on" and not showing.may_lack_sound:
            return
        for unit in showing.taken():
            is_picture = unit.kind == "video"
            if is_picture and unit.key:
                whole = unit._replace(data=bitstream(showing.footage.codec).relabelled(unit.data))
                self._waits = not await self._judge(showing, whole)
                if not self._waits:
                    self._push(whole)
            elif showing.is_shown and not (is_picture and self._waits):
                self._push(unit)

    async def _judge(self, showing: Showing, keyframe: Unit) -> bool:
        """Whether it is a picture. Raises SourceFailed: bytes that stay none are an encrypted camera's."""
        codec = bitstream(showing.footage.codec)
        sets = codec.sps(codec.parameter_sets(keyframe.data))
        if not showing.is_shown or sets != self._sps:
            try:
                measured = await asyncio.to_thread(codec.measure, keyframe.data)
            except NoPicture:
                self._doubt.add(self._loop.time())
                return False
            self._begin(showing, measured)
            self._sps, self._doubt.is_shown = sets, True
        self._doubt.end()
        return True

    def _begin(self, showing: Showing, measured: Measured) -> None:
        form = Format(measured.width, measured.height, measured.codec, audio=False, b_frames=measured.b_frames)
        form = replace(form, lacks_sub=self._form.lacks_sub if self._form else showing.is_other)
        if showing.footage.sound:
            codec, rate = showing.footage.sound
            channels = showing.footage.channels
            form = replace(form, audio=True, audio_codec=codec, audio_rate=rate, audio_channels=channels)
        elif known := self._form:
            # its sound comes a little later
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
