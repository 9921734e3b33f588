"""Pictures for a display that plays 1280×720 at most: as they are, made smaller, or refused."""

import itertools
import re

import av
import pytest

from media.plane.outputs.scaler import size
from tests.doubles.hls_camera import FPS, Camera, recording

LARGE = {"size": (1920, 1080), "length_s": 20, "gop_s": 2}


def played(url: str, frames: int) -> dict[str, list]:
    """Times in seconds of so many pictures, and of the sound beside them; the sizes of the pictures."""
    seen: dict[str, list] = {"video": [], "audio": [], "sizes": []}
    with av.open(url, timeout=15) as container:
        for packet in container.demux():
            for frame in packet.decode() if packet.size else []:
                seen[packet.stream.type].append(float(frame.pts * packet.stream.time_base))
                if packet.stream.type == "video":
                    seen["sizes"].append((frame.width, frame.height, frame.format.name))
            if len(seen["video"]) >= frames:
                break
    return seen


def resolution(master) -> str:
    return re.search(r"RESOLUTION=(\S+)", master.text)[1]


@pytest.mark.parametrize("audio", [True, False])
def test_a_large_picture_is_made_smaller_and_has_a_sound_track(audio, world, vendor):
    vendor.cameras["garden"] = Camera(recording(**LARGE, audio=audio))
    if not audio:
        vendor.cameras["garden"].sound = "none"
    master = world.master(surface="video_scaled")
    assert master.status == 200, master.text
    assert resolution(master) == "1280x720"
    assert re.search(r'CODECS="avc1\.(4d|42)[0-9a-f]{4},mp4a\.40\.2"', master.text)
    seen = played(world.variant_url(master), 4 * FPS)
    assert {(width, height) for width, height, _ in seen["sizes"]} == {(1280, 720)}
    assert {round((b - a) * FPS, 3) for a, b in itertools.pairwise(seen["video"])} == {1.0}
    assert seen["audio"][-1] - seen["audio"][0] > 2


def test_a_large_picture_that_may_not_be_scaled_is_refused_and_nobody_else_hindered(world, vendor):
    vendor.cameras["garden"] = Camera(recording(**LARGE))
    refused = world.master(surface="video")
    assert refused.status == 502
    assert '"reason": "too_large"' in refused.text
    assert resolution(world.master(surface="alexa")) == "1920x1080"


@pytest.mark.parametrize("surface", ["video", "video_scaled"])
@pytest.mark.parametrize("sound", ["on", "off", "none"])
def test_a_small_picture_goes_as_it_is_with_a_sound_track(surface, sound, world, vendor):
    vendor.cameras["garden"] = Camera(recording(audio=sound == "on"))
    vendor.cameras["garden"].sound = sound
    master = world.master(surface=surface)
    assert resolution(master) == "320x180"
    assert "mp4a.40.2" in master.text


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ((1920, 1080), (1280, 720)),
        ((2560, 1440), (1280, 720)),
        ((2304, 1296), (1280, 720)),
        ((1280, 960), (960, 720)),
        ((1080, 1920), (404, 720)),
        ((640, 360), (640, 360)),
        ((641, 361), (640, 360)),
        ((20000, 2), (1280, 2)),
    ],
)
def test_sizes_keep_proportions_and_are_even(given, made):
    assert size(*given) == made
