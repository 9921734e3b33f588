"""A picture as encoders take it: a plane of its brightness, and two of its colours at half the size (ITU-R BT.601)."""

from collections.abc import Iterable
from functools import cache

import av
from PIL import Image, ImageDraw

type Box = tuple[float, float, float, float]  # left, top, right, bottom
type Colour = tuple[int, int, int]


class Planes:
    """Planes of a picture that is drawn on for every frame: it is converted once, and for a frame only what is drawn.

    To convert each whole frame took more time than to encode it.
    """

    def __init__(self, picture: Image.Image) -> None:
        self._size = picture.size
        whole = av.VideoFrame.from_image(picture).reformat(format="yuv420p")  # type: ignore[no-untyped-call]
        # as wide as a line is in memory, so that the bytes are a frame's own
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
