"""By HLS a picture with rare keyframes is transcoded: who begins to watch is shown at once what came in one clump."""

import asyncio

import pytest

from media.plane.codec.units import CLOCK, Unit
from media.plane.outputs.pipeline import SOON
from media.plane.outputs.transcoder import Transcoder
from media.plane.viewing.displayed import Displayed
from media.plane.viewing.on_demand import OnDemand
from media.plane.viewing.transcoded import Transcoded
from media.plane.viewing.transcodes import Transcodes
from tests.doubles.hls_camera import FPS
from tests.media.test_transcode import Pictures

WITHIN_S = 20.0


@pytest.mark.parametrize("is_there_before", [True, False])
def test_a_segment_is_whole_though_viewers_have_had_the_keyframe_alone(is_there_before: bool) -> None:
    """Viewers get a clump at the pace of life, HLS all of it at once: before somebody begins to watch, or after."""
    pictures = Pictures()

    async def scene() -> float:
        shown = Displayed(Transcodes(1))
        shown.begin(pictures.form)
        key, *others = pictures.units[:FPS]
        shown.to_hls(key)
        shown.to_viewers(key._replace(form=pictures.form))
        made = shown.quickened() if is_there_before else None
        for unit in others:
            shown.to_hls(unit)
        made = made or shown.quickened()
        assert isinstance(made, Transcoded)
        output = await made.first_segment(silent_track=False, timeout_s=WITHIN_S)
        made.close()
        return next(iter(output.segments)).seconds

    assert asyncio.run(scene()) == pytest.approx(SOON.first_s, abs=1.5 / FPS)


def test_of_a_long_group_of_pictures_the_end_is_shown_with_its_sound() -> None:
    pictures = Pictures()
    end = pictures.units[-1].pts
    since = [each for unit in pictures.units for each in (unit, Unit("audio", b"", unit.pts, unit.pts, True))]
    work = Transcoder(pictures.form, since, pictures.take, lambda: None, SOON)
    work.start()
    pictures.until(2 * int(SOON.past_s * FPS) - 1)
    work.stop()
    (form, first), *others = pictures.made
    assert form is not None
    assert first.key
    assert first.pts == pytest.approx(end - SOON.past_s * CLOCK, abs=1.5 * CLOCK / FPS)
    assert {unit.kind for _, unit in others} == {"video", "audio"}


def test_times_of_hls_are_no_viewers_by_webrtc() -> None:
    form = Pictures().form

    async def scene() -> None:
        transcodes = OnDemand(Transcodes(1))
        for_hls = transcodes.get(form, (), "media_down", gives_way=True)
        for_all = transcodes.get(form, (), "not_playable")
        assert for_hls.failure
        assert for_all is not for_hls
        assert transcodes.get(form, (), "media_down", gives_way=True) is for_all
        transcodes.close()

    asyncio.run(scene())
