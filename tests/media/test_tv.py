"""What a TV in the house gets by HLS: sound at a rate that every Cast device plays, and H.264 of level 4.1 at most."""

import io
import re
from dataclasses import replace

import av
import pytest

from showcam.engine.sessions.transcodes import unplayed
from showcam.engine.sound import TV_RATE, plays_on_tvs
from showcam.engine.source import Format, Sound, SoundFormat
from tests.doubles.hls_camera import Camera, Vendor, recording
from tests.doubles.stopwatch import Stopwatch
from tests.media.conftest import World

pytestmark = pytest.mark.proves(
    "A TV gets AAC at 48 kHz, silence included, and at most level 4.1",
    leans_on="second stack: FFmpeg (PyAV); published: Google's table of Cast devices",
)


def rates(world: World, surface: str) -> tuple[int, float]:
    """The sample rate of the sound that the surface gets, and its seconds in a segment of one second or more."""
    variant = world.request(world.variant_url(world.master(surface=surface)))
    assert variant.status == 200, variant.text
    name = next(line for line in variant.text.splitlines() if line.endswith(".ts"))
    segment = world.request(variant.url.rpartition("/")[0] + "/" + name)
    with av.open(io.BytesIO(segment.body), "r", format="mpegts") as container:
        stream = container.streams.audio[0]
        samples = sum([frame.samples for frame in container.decode(stream)])
        return stream.rate, samples / stream.rate


@pytest.mark.parametrize(("sounds", "sound"), [(True, "on"), (False, "none")], ids=["as it came, at 16 kHz", "silence"])
def test_a_tv_gets_sound_at_48_khz_and_an_echo_beside_it_what_comes(
    world: World, vendor: Vendor, sounds: bool, sound: Sound
) -> None:
    vendor.cameras["garden"] = Camera(recording(audio=sounds))
    world.household.changes = {"sound": sound}
    rate, seconds = rates(world, "tv")
    assert rate == TV_RATE
    assert seconds > 0.5
    assert rates(world, "google")[0] == 16_000
    assert rates(world, "tv")[0] == TV_RATE


def test_a_tv_that_comes_later_waits_for_no_keyframe_and_hears_what_was_sent(world: World, vendor: Vendor) -> None:
    vendor.cameras["garden"] = Camera(recording(gop_s=4), segment_s=4, head_start=2)
    assert rates(world, "google")[0] == 16_000
    with Stopwatch() as watch:
        rate, seconds = rates(world, "tv")
    assert watch.took_s < 3, "the next keyframe is further away"
    assert rate == TV_RATE
    assert seconds == pytest.approx(4, abs=0.3)


def test_a_tv_is_shown_a_transcoded_picture_with_that_sound_too(world: World, vendor: Vendor) -> None:
    vendor.cameras["garden"] = Camera(recording(codec="libx265", length_s=20), segment_s=1, head_start=3)
    assert rates(world, "tv")[0] == TV_RATE


@pytest.mark.parametrize(
    ("codec", "rate", "plays"),
    [
        ("aac", 48_000, True),
        ("aac", 44_100, True),
        ("aac", 16_000, False),
        ("aac", 0, False),
        ("pcm_mulaw", 8_000, False),
        ("opus", 48_000, False),
    ],
)
def test_what_every_tv_plays_is_passed_through(codec: str, rate: int, plays: bool) -> None:
    form = Format(320, 180, "avc1.42c00c", SoundFormat(codec, rate))  # type: ignore[arg-type]
    assert plays_on_tvs(form) is plays
    assert not plays_on_tvs(replace(form, sound=None)), "silence is made at a rate that it plays"


@pytest.mark.parametrize(
    ("level", "of_tv", "of_google"),
    [("28", "", ""), ("29", "", ""), ("2a", "beyond_displays", ""), ("32", "beyond_displays", "beyond_displays")],
    ids=["4.0", "4.1", "4.2", "5.0"],
)
def test_a_level_that_old_tvs_do_not_decode_is_not_passed_through(level: str, of_tv: str, of_google: str) -> None:
    form = Format(1920, 1080, f"avc1.6400{level}", SoundFormat("aac", 0))
    assert (unplayed(form, "tv", "hls"), unplayed(form, "google", "hls")) == (of_tv, of_google)


@pytest.mark.realtime
def test_full_hd_at_60_pictures_a_second_reaches_a_tv_transcoded(world: World, vendor: Vendor) -> None:
    vendor.cameras["garden"] = Camera(recording(size=(1920, 1080), fps=60, length_s=5))
    assert resolution_and_level(world, "google") == ("1920x1080", "2a")
    size, level = resolution_and_level(world, "tv")
    assert size == "1280x720"
    assert int(level, 16) <= 41


def resolution_and_level(world: World, surface: str) -> tuple[str, str]:
    """Size and level of the master playlist."""
    text = world.master(surface=surface).text
    found = re.search(r'CODECS="avc1\.\w{4}(\w\w),mp4a\.40\.2",RESOLUTION=(\w+)', text)
    assert found is not None, text
    return found[2], found[1]
