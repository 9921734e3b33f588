"""A camera's picture as TVs in the house get it by HLS: its sound at a rate that every one plays, or silence."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

import av

from media.plane.outputs.hls import HlsOutput, Segment
from media.plane.sound import TV_RATE, AacVoice, plays_on_tvs
from media.plane.units import CLOCK, Format, Unit

type Kind = Literal["video", "audio"]


class TvRendition:
    """`changed` and `clock` as of HlsOutput."""

    def __init__(self, changed: Callable[[], None], clock: Callable[[], float]) -> None:
        self._changed, self._clock = changed, clock
        self._voice: AacVoice | None = None
        self._has_sound = False
        self.output: HlsOutput | None = None

    def begin(self, form: Format) -> None:
        """A source was opened. What TVs play as it comes needs no rendition of their own."""
        if plays_on_tvs(form):
            self._end()
            return
        if self.output is None or self._has_sound is not form.audio:
            self._end()
            self._has_sound = form.audio
            self.output = HlsOutput(
                silent_track=not form.audio, changed=self._changed, clock=self._clock, silent_rate=TV_RATE
            )
        self._voice = AacVoice(form, TV_RATE) if form.audio else None
        self.output.begin(replace(form, audio_codec="aac", audio_rate=TV_RATE))

    def write(self, unit: Unit) -> None:
        if self.output is None or (unit.kind == "audio" and not self._has_sound):
            return
        for made in self._voice.feed(unit) if self._voice is not None and unit.kind == "audio" else (unit,):
            self.output.write(made)

    def _end(self) -> None:
        if self.output is not None:
            self.output.end()
        self.output = self._voice = None


def replayed(segment: Segment, until: int) -> Iterator[Unit]:
    """What is in a whole segment, whose pictures end at that time; nothing where it can't be read."""
    shift: int | None = None
    try:
        with av.open(io.BytesIO(segment.data), "r", format="mpegts") as container:
            for packet in container.demux():
                if packet.pts is None or packet.dts is None:
                    continue
                if shift is None:
                    if packet.stream.type != "video":
                        continue
                    shift = until - round(segment.seconds * CLOCK) - packet.pts
                kind: Kind = "video" if packet.stream.type == "video" else "audio"
                at, due = packet.pts + shift, packet.dts + shift
                yield Unit(kind, bytes(packet), at, due, key=packet.is_keyframe)
    except av.FFmpegError:
        return
