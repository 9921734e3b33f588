"""One opening of a source by libav: a thread reads the source until its end, and its units are shown at real speed."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import structlog
from av.bitstream import BitStreamFilterContext

from showcam.engine.codec.bitstream import Bitstream, bitstream
from showcam.engine.codec.nal import NoPicture
from showcam.engine.codec.sound import adts, read_adts
from showcam.engine.keyframe import measure
from showcam.engine.sources.hls import HlsSource
from showcam.engine.sources.screen import SILENCE_S, TURN_S, Doubt, Pacing, Screen, guarded
from showcam.engine.sources.timeline import Joined
from showcam.engine.units import CLOCK, Format, SourceFailed, Unit

_log = structlog.get_logger()

_TICK = Fraction(1, CLOCK)
_VIDEOS = {"h264": bitstream("h264"), "hevc": bitstream("h265")}
_SOUNDS = ("aac", "pcm_mulaw", "pcm_alaw")


class Reader(threading.Thread):
    """The thread that reads the source. It calls `deliver` for each unit, and `done` when reading ends.

    The first unit is a keyframe with its format. Clear `room` to pause reading.
    """

    def __init__(
        self, source: HlsSource, *, deliver: Callable[[Unit], None], done: Callable[[SourceFailed], None]
    ) -> None:
        super().__init__(name="source", daemon=True)
        self._source = source
        self._deliver, self._done = deliver, done
        self.room = threading.Event()
        self.room.set()
        self._stopped = False

    def stop(self) -> None:
        self._stopped = True
        self.room.set()

    def run(self) -> None:
        failure = SourceFailed("media_down", again=True)
        try:
            self._read()
        except SourceFailed as failed:
            failure = failed
        except Exception:  # noqa: S110
            # libav's errors quote the data that they were reading: no text of theirs is passed on
            pass
        if not self._stopped:
            self._done(self._source.failure or failure)

    def _read(self) -> None:
        with self._source.container() as container:
            if not container.streams.video:
                raise SourceFailed("not_playable", again=False)
            video = container.streams.video[0]
            codec = _VIDEOS.get(video.codec_context.name)
            if codec is None:
                raise SourceFailed("not_playable", again=False)
            audio = next((stream for stream in container.streams.audio if stream.codec_context.name in _SOUNDS), None)
            units = _Units(codec, video, audio)
            judged = _Judged(codec, video, audio, encrypts=self._source.encrypts)
            for packet in container.demux(*((video, audio) if audio else (video,))):
                if self._stopped:
                    return
                for unit in units.of(packet):
                    placed = judged.place(unit)
                    if placed is not None:
                        self.room.wait()
                        self._deliver(placed)


class _Judged:
    """Passes units on from the first keyframe that decodes. New parameter sets make it check the format again."""

    def __init__(self, codec: Bitstream, video: Any, audio: Any, *, encrypts: bool) -> None:
        self._codec, self._video, self._audio = codec, video, audio
        self._joined = Joined(time.monotonic)
        self._doubt = Doubt(encrypts=encrypts)
        self._form: Format | None = None
        self._sps: list[bytes] | None = None  # SPS (sequence parameter sets) of the keyframe that `_form` was read from
        self._waits = True  # for a keyframe that decodes

    def place(self, unit: Unit) -> Unit | None:
        """The unit on the source's timeline, or None if it can't be shown. Raises SourceFailed."""
        self._doubt.check(time.monotonic())
        is_new = False
        if unit.kind == "video" and unit.key:
            unit = unit._replace(data=self._codec.relabelled(unit.data))
            sets = self._codec.sps(self._codec.parameter_sets(unit.data))
            is_new = sets != self._sps
            if is_new and not self._measure(unit, sets):
                self._waits = True
                return None
            self._waits = False
            self._doubt.end()
        if self._form is None or (self._waits and unit.kind == "video"):
            return None
        placed = self._joined.put(unit)
        if placed is not None and placed.kind == "video" and (is_new or self._joined.paused):
            return placed._replace(form=self._form)
        return placed

    def _measure(self, keyframe: Unit, sets: list[bytes]) -> bool:
        """Returns whether the keyframe decodes. Raises SourceFailed if it is the second that does not."""
        try:
            measured = measure(self._codec, keyframe.data)
        except NoPicture:
            self._doubt.add(time.monotonic())
            return False
        # not every camera announces B frames in its parameter sets; libav may have noticed them while it probed
        b_frames = measured.b_frames or bool(self._video.codec_context.has_b_frames)
        form = Format(measured.width, measured.height, measured.codec, audio=False, b_frames=b_frames)
        if self._audio is not None:
            heard = self._audio.codec_context
            form = replace(form, audio=True, audio_rate=heard.rate, audio_codec=heard.name)
        self._form, self._sps, self._doubt.is_shown = form, sets, True
        return True


class _Units:
    """Converts libav's packets to units: times of showcam's clock, video in Annex B, AAC in ADTS."""

    def __init__(self, codec: Bitstream, video: Any, audio: Any) -> None:
        self._codec, self._video, self._audio = codec, video, audio
        self._extradata: bytes = video.codec_context.extradata or b""
        self._to_annexb = None
        if self._extradata[:1] == b"\x01":  # as in MP4; libav's filter writes the parameter sets into keyframes
            self._to_annexb = BitStreamFilterContext(f"{video.codec_context.name}_mp4toannexb", video)
        self._config: bytes = (audio.codec_context.extradata or b"") if audio else b""
        self._scales: dict[str, Fraction] = {}

    def of(self, packet: Any) -> list[Unit]:
        if not packet.size:
            return []
        if packet.stream_index != self._video.index:
            is_aac = self._audio.codec_context.name == "aac"
            data = _with_adts(bytes(packet), self._config) if is_aac else bytes(packet)
            return self._one("audio", packet, data, key=True)
        found = []
        for part in self._to_annexb.filter(packet) if self._to_annexb else (packet,):
            data = bytes(part)
            if part.is_keyframe:
                data = self._codec.with_parameters(data, b"" if self._to_annexb else self._extradata)
            found += self._one("video", part, data, key=bool(part.is_keyframe))
        return found

    def _one(self, kind: Any, packet: Any, data: bytes, *, key: bool) -> list[Unit]:
        dts = packet.dts if packet.dts is not None else packet.pts
        if kind not in self._scales and packet.time_base:
            self._scales[kind] = Fraction(packet.time_base) / _TICK  # the same for all of a stream's packets
        scale = self._scales.get(kind)
        if dts is None or scale is None:
            return []
        pts = packet.pts if packet.pts is not None else dts
        if scale != 1:
            dts, pts = round(dts * scale), round(pts * scale)
        return [Unit(kind, data, max(pts, dts), dts, key)]


def _with_adts(data: bytes, config: bytes) -> bytes:
    return data if read_adts(data) or len(config) < 2 else adts(data, config)


class Run:
    """Runs a reader in its thread, paces its units, and ends when the reader is silent for too long."""

    def __init__(self, screen: Screen, source: HlsSource) -> None:
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[SourceFailed] = self._loop.create_future()
        self._reader = Reader(
            source,
            deliver=self._post(self._deliver),
            done=self._post(self._done),
        )
        self._pacing = Pacing(screen, self._done, self._reader.room)
        self._heard = self._loop.time()
        self._is_open = False

    async def last(self) -> None:
        """Runs until the source ends. Raises SourceFailed."""
        self._heard = self._loop.time()
        self._reader.start()
        while True:
            patience = max(SILENCE_S, 3 * self._source.target_s + 2) if self._is_open else SILENCE_S
            done, _ = await asyncio.wait([self._over], timeout=TURN_S)
            if done:
                raise self._over.result()
            if self._source.failure:
                raise self._source.failure
            if self._loop.time() - self._heard > patience:
                raise SourceFailed("media_down", again=True)

    def close(self) -> None:
        self._reader.stop()
        self._pacing.close()
        if not self._over.done():
            self._over.cancel()

    def _post[T](self, call: Callable[[T], None]) -> Callable[[T], None]:
        """Wraps `call` so that the reader's thread can call it, and the event loop runs it."""
        show = guarded(call, self._done)

        def post(value: T) -> None:
            # if the loop has ended, no viewer is left
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(show, value)

        return post

    def _deliver(self, unit: Unit) -> None:
        if self._over.done():
            return
        self._is_open = True
        if unit.kind == "video":
            self._heard = self._loop.time()
        self._pacing.push(unit)

    def _done(self, failure: SourceFailed) -> None:
        if not self._over.done():
            self._over.set_result(failure)
