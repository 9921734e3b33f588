"""A camera's picture as its encoder gets it, which is drawn in planes, beside the same drawn in red, green and blue."""

from functools import partial

import av
import pytest
from PIL import Image, ImageChops

from showcam.simulator.pictures.painter import Painter
from showcam.simulator.pictures.scenes import SCENES

MOMENTS = (1_700_000_000.0, 1_700_000_003.3, 1_700_000_005.07)
NEAR = 2  # of 256 steps: two ways to round


def planes(frame: av.VideoFrame) -> list[bytes]:
    return [bytes(plane) for plane in frame.planes]


def converted(painter: Painter, at: float) -> list[bytes]:
    frame = av.VideoFrame.from_image(painter.still("Gården", at))  # type: ignore[no-untyped-call]
    return planes(frame.reformat(format="yuv420p"))


def apart(plane: bytes, other: bytes) -> float:
    first, second = (Image.frombytes("L", (len(plane), 1), data) for data in (plane, other))
    return sum(ImageChops.difference(first, second).histogram()[NEAR + 1 :]) / len(plane)


@pytest.mark.parametrize(
    ("scene", "size"),
    [
        *((scene, (320, 180)) for scene in SCENES),
        *(("garden", size) for size in [(160, 90), (352, 288), (640, 360), (854, 480)]),
    ],
)
def test_it_is_the_same_but_for_the_edges_of_what_moves(scene: str, size: tuple[int, int]) -> None:
    painter = Painter(scene, *size)
    for at in MOMENTS:
        light, *colours = map(apart, planes(painter.frame("Gården", at)), converted(painter, at))
        assert light < 0.001
        assert max(colours) < 0.01, "they have half as many points"


def test_what_moves_is_elsewhere_a_moment_later_and_the_clock_goes_on() -> None:
    shown = [planes(Painter("garden", 640, 360).frame("Garden", at)) for at in MOMENTS]
    painter = Painter("garden", 640, 360)
    again = [planes(painter.frame("Garden", at)) for at in MOMENTS]
    assert again == shown, "whatever was drawn before"
    assert len({frame[0] for frame in shown}) == len(MOMENTS)


def test_a_new_name_is_shown_at_once() -> None:
    named = partial(Painter("garden", 640, 360).frame, at=MOMENTS[0])
    assert planes(named("Garden")) != planes(named("Shed"))


def test_black_is_black() -> None:
    light, *colours = planes(Painter("garden", 320, 180).black())
    assert set(light) == {16}
    assert {value for plane in colours for value in plane} == {128}
