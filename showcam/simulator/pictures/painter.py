"""Draws a picture as encoders take it: a plane of brightness, two of colours at half the size (ITU-R BT.601)."""

import functools
import math
import time
import unicodedata
from collections.abc import Iterable
from functools import cache

import av
from PIL import Image, ImageDraw, ImageFont

from showcam.simulator.pictures.scenes import SCENES

type Box = tuple[float, float, float, float]  # left, top, right, bottom
type Colour = tuple[int, int, int]


class Planes:
    """The planes of a picture that every frame draws on.

    The picture is converted once; for a frame only the drawn shapes are.

    Converting each whole frame took more time than encoding it.
    """

    def __init__(self, picture: Image.Image) -> None:
        self._size = picture.size
        whole = av.VideoFrame.from_image(picture).reformat(format="yuv420p")  # type: ignore[no-untyped-call]
        # each line is as wide as in memory, so that the bytes can be copied to a frame
        self._still = [Image.frombytes("L", (plane.line_size, plane.height), bytes(plane)) for plane in whole.planes]

    def with_ellipses(self, drawn: Iterable[tuple[Box, Colour]]) -> av.VideoFrame:
        ellipses = [*drawn]
        frame = av.VideoFrame(*self._size, "yuv420p")
        for number, (plane, still) in enumerate(zip(frame.planes, self._still, strict=True)):
            image, smaller = still.copy(), 2 if number else 1
            draw = ImageDraw.Draw(image)
            for (left, top, right, bottom), colour in ellipses:
                box = left / smaller, top / smaller, right / smaller, bottom / smaller
                draw.ellipse(box, _converted(colour)[number])
            plane.update(image.tobytes())
        return frame


@cache
def _converted(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (channel / 255 for channel in colour)
    return (
        round(16 + 65.481 * red + 128.553 * green + 24.966 * blue),
        round(128 - 37.797 * red - 74.203 * green + 112.0 * blue),
        round(128 + 112.0 * red - 93.786 * green - 18.214 * blue),
    )


_INK = (255, 255, 255)
_SHADE = (12, 16, 22)
# the built-in font has only ASCII
_PLAIN = str.maketrans({"æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "ß": "ss", "đ": "d", "ł": "l", "Ł": "L"})


class Painter:
    """Draws a camera's picture at the camera's size."""

    def __init__(self, scene: str, width: int, height: int) -> None:
        self._scene = SCENES[scene]
        self._size = (width, height)
        self._view = _view(scene, width, height)
        self._caption: tuple[str, int] = ("", -1)
        self._planes: Planes | None = None  # the planes of the picture with this caption
        self._black: Planes | None = None

    def still(self, name: str, at: float) -> Image.Image:
        """Draws the picture at `at`, epoch s, with this machine's local time."""
        picture = self._captioned(name, at)
        draw = ImageDraw.Draw(picture)
        for box, colour in self._walker(at):
            draw.ellipse(box, colour)
        return picture

    def frame(self, name: str, at: float) -> av.VideoFrame:
        """Draws the picture as a frame for an encoder."""
        if self._planes is None or self._caption != (name, int(at)):
            self._caption, self._planes = (name, int(at)), Planes(self._captioned(name, at))
        return self._planes.with_ellipses(self._walker(at))

    def black(self) -> av.VideoFrame:
        self._black = self._black or Planes(Image.new("RGB", self._size))
        return self._black.with_ellipses(())

    def _captioned(self, name: str, at: float) -> Image.Image:
        clock = time.strftime("%H:%M:%S", time.localtime(at))
        picture = self._view.copy()
        draw = ImageDraw.Draw(picture)
        width, height = self._size
        for text, size, place, anchor in (
            (_plain(name), height * 0.12, (width * 0.035, height * 0.05), "la"),
            (clock, height * 0.2, (width * 0.965, height * 0.955), "rd"),
        ):
            font = _font(int(size))
            draw.text(place, text, _INK, font, anchor, stroke_width=max(2, height // 120), stroke_fill=_SHADE)
        return picture

    def _walker(self, at: float) -> list[tuple[Box, Colour]]:
        """Returns the moving figure: body, head and eye."""
        width, height = self._size
        walker = self._scene.walker
        along = at / walker.lap_s % 1.0
        x = (1.2 * along - 0.1) * width
        y = (walker.height + 0.02 * math.sin(at * 2 * math.pi * walker.bounce_hz)) * height
        size = walker.size * height
        return [
            ((x - size, y - size * walker.flat, x + size, y + size * walker.flat), walker.colour),
            ((x + size * 0.6, y - size * 0.9, x + size * 1.4, y - size * 0.1), walker.colour),
            ((x + size * 1.05, y - size * 0.65, x + size * 1.2, y - size * 0.5), _SHADE),
        ]


@functools.cache
def _view(scene: str, width: int, height: int) -> Image.Image:
    found = SCENES[scene]
    picture = Image.new("RGB", (width, height), found.sky[0])
    draw = ImageDraw.Draw(picture)
    horizon = int(found.horizon * height)
    for top, bottom, (above, below) in ((0, horizon, found.sky), (horizon, height, found.ground)):
        for row in range(top, bottom):
            share = (row - top) / max(1, bottom - top - 1)
            draw.line(
                (0, row, width, row),
                tuple(round(upper + (lower - upper) * share) for upper, lower in zip(above, below, strict=True)),
            )
    for shape in found.shapes:
        points = [(x * width / 100, y * height / 100) for x, y in shape.points]
        if shape.kind == "polygon":
            draw.polygon(points, shape.colour)
        elif shape.kind == "ellipse":
            draw.ellipse(points, shape.colour)
        else:
            draw.rounded_rectangle(points, height * shape.round, shape.colour)
    return picture


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(letter if letter.isascii() else "?" for letter in folded if not unicodedata.combining(letter))
