"""Draws the icons of the console's web app into its folder of static files: showcam's mark in white on its green."""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

STATIC = Path(__file__).parents[1] / "showcam" / "console" / "static"
GREEN, WHITE = (15, 107, 102, 255), (255, 255, 255, 255)
FINE = 4  # drawn larger and made small, so that edges are smooth
# name, pixels, the mark's part of the width, the corners' radius; a maskable icon's outer tenth may be cut off
ICONS = (
    ("icon-192.png", 192, 0.68, 0.2),
    ("icon-512.png", 512, 0.68, 0.2),
    ("icon-maskable-512.png", 512, 0.5, 0.0),
)


def icon(pixels: int, part: float, corners: float) -> Image.Image:
    """The mark has the shapes and the measures of mark.svg, on a square of 48."""
    size = pixels * FINE
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, size - 1, size - 1), corners * size, GREEN)
    unit, edge = size * part / 48, size * (1 - part) / 2

    def at(*places: float) -> tuple[float, ...]:
        return tuple(edge + place * unit for place in places)

    draw.rounded_rectangle(at(1.5, 4.5, 46.5, 37.5), 8.5 * unit, WHITE)
    for radius, colour in ((10.5, GREEN), (7.5, WHITE), (4.0, GREEN)):
        draw.ellipse(at(24 - radius, 21 - radius, 24 + radius, 21 + radius), colour)
    draw.rounded_rectangle(at(13.5, 41.5, 34.5, 44.5), 1.5 * unit, WHITE)
    return image.resize((pixels, pixels), Image.Resampling.LANCZOS)


def main() -> int:
    for name, pixels, part, corners in ICONS:
        icon(pixels, part, corners).save(STATIC / name, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
