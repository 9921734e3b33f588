"""A card: a few lines of text as a short film, for a display that can be shown nothing else.

Pillow and the fonts are loaded only by a process that draws a card, at its first card.
"""

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Never

import av
from av.video.frame import VideoFrame

from showcam.engine.codec import h264
from showcam.engine.source import CLOCK, Format, Unit
from showcam.engine.sources.screen import Screen

FONTS = Path(__file__).parents[1] / "fonts"
WIDTH, HEIGHT = 1280, 720
FPS = 5  # at a lower rate HLS players stall
GROUP = 10  # pictures from keyframe to keyframe
STEP = CLOCK // FPS
AHEAD_S = 4  # written for HLS at once: a player that begins finds whole segments
_AHEAD = AHEAD_S * FPS + 1  # the picture after a segment completes it
_MARGIN = 72
_HEADING, _TEXT, _FOOT = 68, 42, 28  # px
_LEAST = 24  # px; a text that would need smaller letters is cut and ends in …
_BACK, _INK, _SOFT, _BAR = "#10151c", "#f4f6f8", "#9aa7b5", "#f0a92b"


@dataclass(frozen=True, slots=True)
class Film:
    """One group of pictures, to be looped."""

    format: Format
    pictures: tuple[bytes, ...]

    def unit(self, number: int) -> Unit:
        """The picture with this number, counted from 0, with its time in the loop."""
        at = number % GROUP
        return Unit("video", self.pictures[at], number * STEP, number * STEP, key=at == 0)


@functools.lru_cache(maxsize=8)
def film(lines: tuple[str, ...]) -> Film:
    """Takes about 0.1 s. The text does not move, so all pictures but the first take only a few bytes."""
    pictures = _encoded(draw(lines))
    return Film(Format(WIDTH, HEIGHT, h264.codec_name(pictures[0])), pictures)


def draw(lines: tuple[str, ...]) -> Any:
    """A PIL image: the first line as the heading, the last one as the foot, the others as paragraphs."""
    from PIL import Image, ImageDraw

    heading, *paragraphs, foot = lines if len(lines) > 1 else (*lines, "")
    image = Image.new("RGB", (WIDTH, HEIGHT), _BACK)
    pen = ImageDraw.Draw(image)
    wide = WIDTH - 2 * _MARGIN
    pen.rectangle((0, 0, 14, HEIGHT), fill=_BAR)
    bold, fine = _Face(bold=True), _Face(bold=False)
    top = _MARGIN - 16
    pen.text((_MARGIN, top), _wrapped(bold.at(_HEADING), bold.legible(heading), wide)[0], _INK, bold.at(_HEADING))
    top += _HEADING + 44
    bottom = HEIGHT - _MARGIN - _FOOT
    size, rows = _fitted(fine, [fine.legible(paragraph) for paragraph in paragraphs], wide, bottom - top - 16)
    for row in rows:
        pen.text((_MARGIN, top), row, _INK, fine.at(size))
        top += _pitch(size) if row else _pitch(size) // 2
    pen.text((_MARGIN, bottom), fine.legible(foot), _SOFT, fine.at(_FOOT))
    return image


class _Face:
    """The font Roboto, which has Latin with every accent, Greek and Cyrillic."""

    def __init__(self, *, bold: bool) -> None:
        self._path = str(FONTS / ("Roboto-Bold.ttf" if bold else "Roboto-Regular.ttf"))
        self._sizes: dict[int, Any] = {}
        self._unknown = self._shape("\U0010fffe")

    def at(self, size: int) -> Any:
        if size not in self._sizes:
            from PIL import ImageFont

            self._sizes[size] = ImageFont.truetype(self._path, size)
        return self._sizes[size]

    def legible(self, text: str) -> str:
        """Replaces each run of characters that the font lacks with one …; the font would draw them as boxes."""
        out = ""
        for sign in text:
            if sign.isspace():
                out += " "
            elif self._shape(sign) != self._unknown:
                out += sign
            elif not out.endswith("…"):
                out += "…"
        return out

    def _shape(self, sign: str) -> bytes:
        return bytes(self.at(_LEAST).getmask(sign))


def _fitted(face: _Face, paragraphs: list[str], wide: int, high: int) -> tuple[int, list[str]]:
    """The largest font size that lets the paragraphs fit, and their rows. An empty row separates paragraphs."""
    for size in range(_TEXT, _LEAST - 1, -2):
        rows: list[str] = []
        for paragraph in paragraphs:
            rows += (
                ["", *_wrapped(face.at(size), paragraph, wide)] if rows else _wrapped(face.at(size), paragraph, wide)
            )
        used = sum(_pitch(size) if row else _pitch(size) // 2 for row in rows)
        if used <= high:
            return size, rows
    most = high // _pitch(_LEAST)
    return _LEAST, [*rows[: most - 1], "…"]


def _pitch(size: int) -> int:
    return size * 4 // 3


def _wrapped(font: Any, text: str, wide: int) -> list[str]:
    rows = [""]
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if font.getlength(longer) <= wide:
            rows[-1] = longer
            continue
        if rows[-1]:
            rows.append("")
        while font.getlength(word) > wide:
            word = word[: len(word) * 3 // 4] + "…"
        rows[-1] = word
    return rows


def _encoded(image: Any) -> tuple[bytes, ...]:
    """Encodes constrained baseline, which displays play, at constant quality: a still image then takes few bytes."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS)
    encoder.profile = "Baseline"
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "qp": "22",
        "g": str(GROUP),
        "bf": "0",
        "x264-params": "scenecut=0:repeat-headers=1",
    }
    frame = VideoFrame(WIDTH, HEIGHT, "rgb24")
    frame.planes[0].update(image.tobytes())
    packets = []
    for number in range(GROUP):
        frame.pts, frame.pict_type = number, 0
        packets += encoder.encode(frame)
    return tuple(bytes(packet) for packet in [*packets, *encoder.encode(None)])


async def play(screen: Screen, lines: tuple[str, ...], clock: Callable[[], float]) -> Never:
    """Plays a card as if a camera sent it, until the task is cancelled."""
    played = await asyncio.to_thread(film, lines)
    screen.begin(played.format)
    for number in range(_AHEAD):
        screen.to_hls(played.unit(number))
    began, shift, number = clock(), screen.now(), 0
    while True:
        unit = played.unit(number)
        screen.to_viewers(unit.later(shift))
        screen.to_hls(played.unit(_AHEAD + number))
        number += 1
        await asyncio.sleep(max(0.0, began + number * STEP / CLOCK - clock()))
