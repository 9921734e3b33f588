"""What the tests' vendor sends of a camera that is encoded once: it is decoded as what is encoded as it comes."""

import itertools
from collections.abc import Callable

import pytest

from showcam.simulator.households import demo_world
from tests.doubles.troubled.open_platform.segments import SegmentingEncoder
from tests.doubles.troubled.stock import LOOP_S, StockSegmentingEncoder
from tests.simulator.test_live_video import Decoded, decode, difference, fetched, wait_for

SEGMENTS = 2 + LOOP_S // 2  # with what came before the first viewer, until the loop begins again


def watched(
    kind: type[SegmentingEncoder], name: str, quality: int, meanwhile: Callable[[SegmentingEncoder], None]
) -> Decoded:
    """All that came of a camera until it began again."""
    camera = next(camera for camera in demo_world().cameras.values() if camera.name == name)
    encoder = kind(camera, lambda: None, quality, 2)
    encoder.start()
    try:
        wait_for(lambda: fetched(encoder) or None)
        meanwhile(encoder)
        wait_for(lambda: encoder.segments if len(fetched(encoder)) > SEGMENTS else None)
    finally:
        encoder.stop()
        encoder.join(5)
    return decode(b"".join(segment.data for segment in encoder.segments))


@pytest.mark.parametrize(("name", "quality", "size"), [("Garden", 1, (640, 360)), ("Pond", 2, (320, 180))])
def test_it_is_decoded_as_what_is_encoded_as_it_comes(name: str, quality: int, size: tuple[int, int]) -> None:
    stock, encoded = (
        watched(kind, name, quality, lambda _: None) for kind in (StockSegmentingEncoder, SegmentingEncoder)
    )
    assert (stock.kinds, stock.codec, stock.gaps) == (encoded.kinds, encoded.codec, encoded.gaps)
    assert stock.frames[0].size == size
    assert stock.rms == pytest.approx(encoded.rms, rel=0.02)
    assert sum(difference(first, other) > 0 for first, other in itertools.pairwise(stock.frames)) > 20


def test_a_keyframe_out_of_turn_is_sent_and_all_behind_it_is_decoded() -> None:
    keyframes = list[bytes]()

    def ask(encoder: SegmentingEncoder) -> None:
        keyframes.append(encoder.keyframe)
        encoder.want_key()
        wait_for(lambda: encoder.keyframe != keyframes[-1] or None)
        keyframes.append(encoder.keyframe)

    stock = watched(StockSegmentingEncoder, "Garden", 1, ask)
    assert stock.gaps == {6000}
    assert len({*keyframes}) == 2
