"""A camera's picture as TVs in the house get it by HLS: its sound at a rate that every one plays, or silence."""

from collections.abc import Callable

from media.plane.codec.sound import TV_RATE, AacVoice, for_tvs
from media.plane.codec.units import Format, Unit
from media.plane.outputs.hls import HlsOutput


class TvRendition:
    """`changed` and `clock` as of HlsOutput."""

    def __init__(self, changed: Callable[[], None], clock: Callable[[], float]) -> None:
        self._changed, self._clock = changed, clock
        self._voice: AacVoice | None = None
        self._has_sound = False
        self.output: HlsOutput | None = None

    def begin(self, form: Format) -> None:
        """A source was opened."""
        if self.output is None or self._has_sound is not form.audio:
            if self.output is not None:
                self.output.end()
            self._has_sound = form.audio
            self.output = HlsOutput(
                silent_track=not form.audio, changed=self._changed, clock=self._clock, silent_rate=TV_RATE
            )
        sent = for_tvs(form)
        self._voice = AacVoice(form, TV_RATE) if form.audio and sent is not form else None
        self.output.begin(sent)

    def write(self, unit: Unit) -> None:
        if self.output is None or (unit.kind == "audio" and not self._has_sound):
            return
        for made in self._voice.feed(unit) if self._voice is not None and unit.kind == "audio" else (unit,):
            self.output.write(made)
