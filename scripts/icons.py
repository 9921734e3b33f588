"""Draws the icons for Amazon's and Google's consoles: `python scripts/icons.py [FOLDER]`."""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

SIZES = {  # pixels; Google's is not in Amazon's package
    "showcam/alexa/skill_package/assets/images/smallIcon.png": 108,
    "showcam/alexa/skill_package/assets/images/largeIcon.png": 512,
    "docs/images/google-icon.png": 144,
}
BLUE, WHITE, DARK, GREEN = (23, 92, 140), (255, 255, 255), (12, 40, 62), (94, 214, 146)
FINE = 4  # drawn this many times larger first, so that edges are smooth
ROOT = Path(__file__).parents[1]


def icon(size: int) -> Image.Image:
    """A camera from the front in a circle that fills the frame."""
    whole = size * FINE
    image = Image.new("RGBA", (whole, whole), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)

    def circle(x: float, y: float, radius: float, fill: tuple[int, int, int]) -> None:
        at = [(x - radius) * whole, (y - radius) * whole, (x + radius) * whole, (y + radius) * whole]
        draw.ellipse(at, fill=fill)

    circle(0.5, 0.5, 0.5, BLUE)
    draw.rounded_rectangle([0.42 * whole, 0.7 * whole, 0.58 * whole, 0.82 * whole], 0.03 * whole, fill=WHITE)
    draw.rounded_rectangle([0.32 * whole, 0.79 * whole, 0.68 * whole, 0.85 * whole], 0.03 * whole, fill=WHITE)
    circle(0.5, 0.45, 0.28, WHITE)
    circle(0.5, 0.45, 0.17, DARK)
    circle(0.5, 0.45, 0.09, BLUE)
    circle(0.46, 0.41, 0.025, WHITE)
    circle(0.5, 0.235, 0.022, GREEN)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    for name, size in SIZES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        icon(size).save(path, optimize=True)


if __name__ == "__main__":
    main()
