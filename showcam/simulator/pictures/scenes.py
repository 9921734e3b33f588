"""The scenes of the cameras, as shapes on a canvas of 100 by 100."""

from dataclasses import dataclass
from typing import Literal

type Colour = tuple[int, int, int]
type Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    kind: Literal["box", "ellipse", "polygon"]
    colour: Colour
    points: tuple[Point, ...]
    round: float = 0.0  # a box's corners, as a share of the height


@dataclass(frozen=True, slots=True)
class Walker:
    """A figure that crosses the scene from left to right, again and again."""

    colour: Colour
    height: float  # the walker's place, as a share of the picture's height
    size: float = 0.05
    flat: float = 0.6
    lap_s: float = 9.0  # a walk across the picture and back
    bounce_hz: float = 1.5


@dataclass(frozen=True, slots=True)
class Scene:
    sky: tuple[Colour, Colour]
    ground: tuple[Colour, Colour]
    horizon: float
    walker: Walker
    shapes: tuple[Shape, ...]


def _box(colour: Colour, left: float, top: float, right: float, bottom: float, corner: float = 0.0) -> Shape:
    return Shape("box", colour, ((left, top), (right, bottom)), corner)


def _round(colour: Colour, left: float, top: float, right: float, bottom: float) -> Shape:
    return Shape("ellipse", colour, ((left, top), (right, bottom)))


def _poly(colour: Colour, *points: Point) -> Shape:
    return Shape("polygon", colour, points)


def _tree(x: float, base: float, tall: float, leaves: Colour) -> tuple[Shape, ...]:
    wide = tall * 0.42
    return (
        _box((94, 66, 44), x - 1, base - tall * 0.5, x + 1, base),
        _round(leaves, x - wide / 2, base - tall, x + wide / 2, base - tall * 0.3),
    )


def _pane(left: float, top: float, right: float, bottom: float, glass: Colour, frame: Colour) -> tuple[Shape, ...]:
    middle = (left + right) / 2
    return (
        _box(frame, left - 1, top - 1.8, right + 1, bottom + 1.8, 0.01),
        _box(glass, left, top, right, bottom),
        _box(frame, middle - 0.5, top, middle + 0.5, bottom),
    )


_LEAF, _PINE, _WOOD, _CREAM, _SKY = (74, 138, 72), (38, 94, 66), (121, 82, 51), (238, 228, 208), (160, 205, 236)

SCENES: dict[str, Scene] = {
    "garden": Scene(
        sky=((96, 160, 220), (214, 232, 240)),
        ground=((122, 178, 92), (68, 122, 58)),
        horizon=0.5,
        walker=Walker((92, 66, 48), 0.72),
        shapes=(
            _round((255, 226, 130), 78, 8, 90, 29),
            *_tree(12, 58, 42, _LEAF),
            *_tree(27, 55, 32, _PINE),
            *_tree(88, 60, 38, _LEAF),
            *(_box(_CREAM, x, 44, x + 1.6, 56, 0.008) for x in range(36, 82, 4)),
            _box(_CREAM, 35, 47, 83, 49),
            *(_round(colour, x, 78, x + 3, 83) for x, colour in ((8, (226, 80, 92)), (15, (250, 205, 80)))),
            *(_round(colour, x, 80, x + 3, 85) for x, colour in ((22, (240, 240, 250)), (31, (196, 110, 200)))),
        ),
    ),
    "door": Scene(
        sky=((148, 84, 70), (128, 70, 58)),
        ground=((150, 148, 144), (104, 102, 100)),
        horizon=0.78,
        walker=Walker((236, 176, 64), 0.86, lap_s=7.0),
        shapes=(
            *(_box((136, 76, 62), 0, y, 100, y + 0.7) for y in range(6, 78, 9)),
            _box(_CREAM, 37, 18, 61, 80),
            _box((36, 84, 104), 39, 22, 59, 80),
            _box((28, 68, 86), 42, 28, 56, 48, 0.01),
            _box((28, 68, 86), 42, 54, 56, 74, 0.01),
            _round((240, 206, 110), 55.5, 49, 58, 53.4),
            *_pane(72, 26, 90, 52, (250, 220, 150), _CREAM),
            _box((88, 96, 60), 30, 84, 68, 92, 0.02),
            *_tree(14, 80, 34, _PINE),
        ),
    ),
    "garage": Scene(
        sky=((112, 118, 128), (86, 92, 102)),
        ground=((92, 94, 98), (58, 60, 64)),
        horizon=0.66,
        walker=Walker((214, 214, 222), 0.9, size=0.035, lap_s=8.0),
        shapes=(
            _box((70, 76, 86), 6, 10, 34, 40, 0.01),
            *(_box((140, 146, 156), 8 + x, 15, 10 + x, 34) for x in range(0, 26, 5)),
            _box((190, 48, 44), 30, 50, 84, 78, 0.06),
            _poly((190, 48, 44), (38, 52), (46, 34), (70, 34), (80, 52)),
            _poly((178, 212, 230), (42, 51), (48, 38), (57, 38), (57, 51)),
            _poly((178, 212, 230), (60, 51), (60, 38), (69, 38), (76, 51)),
            *(_round((24, 26, 30), x, 68, x + 11, 88) for x in (36, 66)),
            *(_round((150, 154, 160), x + 3.4, 74, x + 7.6, 82) for x in (36, 66)),
        ),
    ),
    "nursery": Scene(
        sky=((250, 222, 214), (246, 208, 206)),
        ground=((214, 182, 150), (186, 150, 118)),
        horizon=0.72,
        walker=Walker((122, 176, 204), 0.88, size=0.045, flat=1.0, lap_s=6.0),
        shapes=(
            *_pane(64, 12, 84, 44, _SKY, _CREAM),
            _box(_CREAM, 16, 46, 52, 50, 0.01),
            *(_box(_CREAM, x, 48, x + 1.4, 78) for x in range(17, 52, 4)),
            _box(_CREAM, 16, 74, 52, 79, 0.01),
            _box((150, 190, 180), 18, 62, 50, 74, 0.02),
            *(_round(colour, x, 26, x + 5, 35) for x, colour in ((22, (246, 190, 90)), (32, (120, 180, 150)))),
            _box((140, 120, 110), 34, 10, 34.6, 27),
            _box((140, 120, 110), 24, 10, 24.6, 27),
        ),
    ),
    "attic": Scene(
        sky=((96, 78, 62), (120, 98, 78)),
        ground=((104, 80, 58), (78, 58, 42)),
        horizon=0.74,
        walker=Walker((60, 52, 50), 0.84, size=0.03),
        shapes=(
            _poly((70, 54, 42), (0, 0), (34, 0), (0, 70)),
            _poly((70, 54, 42), (100, 0), (66, 0), (100, 70)),
            *_pane(44, 20, 56, 42, _SKY, _WOOD),
            _box((168, 130, 88), 20, 62, 38, 84, 0.01),
            _box((152, 116, 76), 60, 56, 82, 84, 0.01),
            _box((220, 190, 140), 27, 62, 31, 84),
        ),
    ),
    "bedroom": Scene(
        sky=((64, 72, 108), (88, 92, 126)),
        ground=((98, 82, 88), (70, 58, 66)),
        horizon=0.74,
        walker=Walker((214, 190, 160), 0.9, size=0.035, lap_s=11.0),
        shapes=(
            *_pane(12, 14, 32, 46, (24, 30, 62), _CREAM),
            _round((244, 240, 214), 24, 19, 29, 28),
            _box(_WOOD, 44, 34, 92, 62, 0.02),
            _box((228, 224, 232), 46, 52, 90, 82, 0.04),
            _box((124, 96, 156), 46, 62, 90, 86, 0.03),
            _box((250, 248, 250), 52, 48, 66, 60, 0.03),
            _box((250, 248, 250), 70, 48, 84, 60, 0.03),
        ),
    ),
    "pond": Scene(
        sky=((126, 178, 190), (206, 226, 210)),
        ground=((70, 130, 150), (34, 84, 110)),
        horizon=0.44,
        walker=Walker((240, 132, 52), 0.7, lap_s=8.0, bounce_hz=0.8),
        shapes=(
            *_tree(10, 46, 34, _PINE),
            *_tree(82, 47, 40, _LEAF),
            *_tree(92, 46, 28, _PINE),
            *(_round((80, 150, 84), x, y, x + 11, y + 6) for x, y in ((16, 58), (60, 52), (34, 84), (74, 80))),
            _round((244, 190, 214), 20, 55, 25, 62),
            *(_box((110, 124, 60), x, 36, x + 0.8, 52) for x in (44, 46, 49, 51)),
        ),
    ),
    "barn": Scene(
        sky=((118, 168, 214), (232, 226, 206)),
        ground=((176, 158, 92), (112, 96, 58)),
        horizon=0.62,
        walker=Walker((240, 236, 226), 0.86, size=0.06, lap_s=11.0, bounce_hz=1.0),
        shapes=(
            *_tree(10, 64, 40, _LEAF),
            *_tree(93, 63, 34, _PINE),
            _box((158, 48, 42), 24, 40, 76, 76),
            _poly((132, 38, 34), (20, 41), (36, 20), (64, 20), (80, 41)),
            _box(_CREAM, 40, 50, 60, 76),
            _box((120, 40, 36), 41.5, 52, 58.5, 76),
            _poly(_CREAM, (41.5, 52), (43, 52), (58.5, 76), (57, 76)),
            _poly(_CREAM, (57, 52), (58.5, 52), (43, 76), (41.5, 76)),
            *_pane(46, 27, 54, 36, (70, 62, 58), _CREAM),
            *(_round((222, 190, 96), x, 78, x + 11, 90) for x in (4, 80)),
        ),
    ),
    "porch": Scene(
        sky=((108, 132, 168), (236, 196, 160)),
        ground=((156, 124, 92), (116, 88, 62)),
        horizon=0.7,
        walker=Walker((70, 70, 78), 0.82),
        shapes=(
            _box(_CREAM, 0, 0, 100, 10),
            *(_box(_CREAM, x, 8, x + 4, 74) for x in (12, 50, 86)),
            _box(_CREAM, 0, 54, 100, 57),
            *(_box(_CREAM, x, 56, x + 1.2, 70) for x in range(2, 100, 5)),
            _round((252, 226, 150), 66, 16, 74, 30),
            _box(_WOOD, 22, 60, 42, 74, 0.01),
        ),
    ),
    "study": Scene(
        sky=((120, 140, 120), (100, 120, 104)),
        ground=((134, 98, 66), (100, 70, 46)),
        horizon=0.76,
        walker=Walker((234, 226, 210), 0.88, size=0.035, lap_s=10.0),
        shapes=(
            _box(_WOOD, 6, 12, 40, 72, 0.01),
            *(
                _box(colour, 8 + 3 * at, y, 10.4 + 3 * at, y + 14)
                for y in (16, 35, 54)
                for at, colour in enumerate(((176, 62, 58), (220, 180, 90), (70, 110, 140), _CREAM, (90, 130, 90)) * 2)
            ),
            _box(_WOOD, 52, 56, 94, 60, 0.01),
            *(_box(_WOOD, x, 58, x + 2, 82) for x in (54, 90)),
            _box((40, 44, 50), 62, 32, 84, 52, 0.02),
            _box((120, 180, 210), 63.2, 34, 82.8, 50, 0.01),
        ),
    ),
}
