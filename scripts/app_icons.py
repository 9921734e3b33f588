"""Draws showcam's mark in white on its green: the icons of the console's web app and of the Home Assistant app."""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "showcam" / "console" / "static"
FONT = ROOT / "showcam" / "engine" / "fonts" / "Roboto-Bold.ttf"
HOME_ASSISTANT = ROOT / "ship" / "home-assistant"
GREEN, WHITE = (15, 107, 102, 255), (255, 255, 255, 255)
LIGHT_GREEN = (29, 143, 136, 255)
FINE = 4  # drawn larger and made small, so that edges are smooth
# name, pixels, the mark's part of the width, the corners' radius; a maskable icon's outer tenth may be cut off
ICONS = (
    ("icon-192.png", 192, 0.68, 0.2),
    ("icon-512.png", 512, 0.68, 0.2),
    ("icon-maskable-512.png", 512, 0.5, 0.0),
)
# pixels that https://developers.home-assistant.io/docs/apps/presentation#app-icon--logo recommends
STORE_ICON, STORE_LOGO = 128, (250, 100)


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


def logo(width: int, height: int) -> Image.Image:
    """Draws the logo: showcam's mark and name, in a green with contrast on light and dark pages."""
    image = Image.new("RGBA", (width * FINE, height * FINE), (0, 0, 0, 0))
    mark = icon(height * FINE * 3 // 5, 0.68, 0.2)
    image.alpha_composite(mark, (0, height * FINE // 5))
    font = ImageFont.truetype(FONT, height * FINE * 2 // 5)
    ImageDraw.Draw(image).text((width * FINE, height * FINE // 2), "showcam", LIGHT_GREEN, font, anchor="rm")
    return image.resize((width, height), Image.Resampling.LANCZOS)


def main() -> int:
    for name, pixels, part, corners in ICONS:
        icon(pixels, part, corners).save(STATIC / name, optimize=True)
    icon(STORE_ICON, 0.68, 0.2).save(HOME_ASSISTANT / "icon.png", optimize=True)
    logo(*STORE_LOGO).save(HOME_ASSISTANT / "logo.png", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
