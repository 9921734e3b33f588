"""What the owner of a camera at home is shown: what the camera sent within three seconds.

What comes is waited for as long as a busy machine may take: watching ends with the second keyframe.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import replace
from typing import Any

import pytest

from showcam.engine.keyframe import jpeg
from showcam.engine.messages import MediaUnavailable, NoPicture
from showcam.engine.source import Hls, Rtsp, SoundFormat, SourceFailed, SourceSpec, read_source
from showcam.engine.sources.probe import Probed, probe
from tests.doubles import gstreamer
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.rtsp_recording import recorded
from tests.doubles.stopwatch import Stopwatch
from tests.doubles.waiting import LONG_S
from tests.media.conftest import World

MOST_S = 5.0  # that the media process watches


def probed(spec: Rtsp, within_s: float = LONG_S) -> Probed:
    return asyncio.run(probe(spec, loopback=True, within_s=within_s))


@pytest.mark.proves(
    "Codec, size, rate, keyframes and sound of a camera are measured when it is added",
    leans_on="second stack: GStreamer's RTSP server",
)
@pytest.mark.parametrize(
    ("recording", "codec", "sound"),
    [
        ({"sound": "pcmu", "gop_s": 1}, "avc1", "pcm_mulaw"),
        ({"sound": "aac", "gop_s": 1}, "avc1", "aac"),
        ({"sound": None, "gop_s": 1, "codec": "libx265"}, "hvc1", None),
    ],
)
def test_codec_size_rate_keyframes_and_sound_are_reported(
    camera: RtspCamera, recording: dict[str, Any], codec: str, sound: str | None
) -> None:
    camera.does.recording = recorded(**recording)
    watched = probed(camera.spec())
    assert (watched.form.codec[:4], watched.form.width, watched.form.height) == (codec, 320, 180)
    heard = watched.form.sound.codec if watched.form.sound else None
    assert heard == sound
    assert 12 < watched.rate < 18
    assert 0.9 < watched.gop_s < 1.1
    assert jpeg(watched.keyframe).startswith(b"\xff\xd8")


def test_keyframes_that_are_farther_apart_than_was_watched_are_not_guessed(camera: RtspCamera) -> None:
    camera.does.recording = recorded(gop_s=6)
    watched = probed(camera.spec(), 4.0)
    assert watched.gop_s == 0.0
    assert 0.5 < watched.watched_s < 4.5


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ({"silent": True}, "media_down"),
        ({"code": "OTHERS"}, "code_wrong"),
        ({"first": b"HTTP/1.1 400 \r\n\r\n"}, "media_down"),
    ],
    ids=["no picture", "wrong password", "web page"],
)
def test_what_brings_no_picture_is_said_in_time(camera: RtspCamera, behaviour: dict[str, Any], reason: str) -> None:
    for name, value in behaviour.items():
        setattr(camera.does, name, value)
    with Stopwatch() as watch, pytest.raises(SourceFailed) as failed:
        probed(camera.spec(), 1.0 if camera.does.silent else LONG_S)
    assert failed.value.reason == reason
    assert watch.took_s < 6
    assert camera.does.wrong <= 1


@pytest.mark.parametrize(("may", "brings"), [(True, "h264"), (False, "code_wrong")])
def test_a_password_goes_as_it_is_where_it_may_alone(camera: RtspCamera, may: bool, brings: str) -> None:
    camera.does.scheme = "basic"
    spec = read_source(replace(camera.spec(), basic=may).as_json())
    assert isinstance(spec, Rtsp)
    try:
        brought: str = probed(spec).watched(small=True).codec
    except SourceFailed as failed:
        brought = failed.reason
    assert (brought, bool(camera.does.authorizations)) == (brings, may)


@pytest.mark.parametrize(
    ("encoder", "payloader", "codec"),
    [
        ("x264enc tune=zerolatency key-int-max=15", "rtph264pay", "avc1"),
        ("x265enc tune=zerolatency key-int-max=15", "rtph265pay config-interval=-1", "hvc1"),
    ],
)
def test_a_camera_of_another_make_is_reported_too(encoder: str, payloader: str, codec: str) -> None:
    gstreamer.needed()
    launch = (
        "( videotestsrc is-live=1 ! video/x-raw,width=320,height=240,framerate=15/1 ! "
        f"{encoder} ! {payloader} name=pay0 pt=96 "
        "audiotestsrc is-live=1 ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 pt=0 )"
    )
    with gstreamer.camera(launch) as port:
        watched = probed(Rtsp(url=f"rtsp://127.0.0.1:{port}/live", hosts=(f"127.0.0.1:{port}",), sound="on"))
    assert (watched.form.codec[:4], watched.form.width, watched.form.height) == (codec, 320, 240)
    assert watched.form.sound == SoundFormat("pcm_mulaw", 8000, 1)
    assert 10 < watched.rate < 20


def test_the_media_process_watches_one_for_the_web_process_with_a_still(start: Callable[..., World]) -> None:
    camera = RtspCamera(recording=recorded(sound="pcmu", gop_s=1))
    client = start().plane.client()
    received = client.probe(camera.spec(), MOST_S)
    assert (received.codec, received.width, received.height) == ("h264", 320, 180)
    assert 12 < received.rate < 18
    assert 0.9 < received.gop_s < 1.1
    assert received.still.startswith(b"\xff\xd8")
    camera.does.code = "OTHERS"
    with pytest.raises(NoPicture) as refused:
        client.probe(camera.spec(), MOST_S)
    assert refused.value.reason == "code_wrong"
    camera.close()


def test_the_media_process_watches_four_at_once_and_no_more(start: Callable[..., World]) -> None:
    camera = RtspCamera()
    camera.does.silent = True
    client = start().plane.client()
    with ThreadPoolExecutor(6) as together:
        asked = [together.submit(client.probe, camera.spec(), MOST_S) for _ in range(6)]
        kinds = sorted(type(future.exception()).__name__ for future in asked)
    assert kinds == ["MediaBusy"] * 2 + ["NoPicture"] * 4
    camera.close()


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        (Hls(url="https://203.0.113.9/a.m3u8", hosts=("203.0.113.9",), sound="on"), MediaUnavailable),
        (Rtsp(url="rtsp://203.0.113.9:554/", hosts=("203.0.113.9:554",), sound="on"), NoPicture),
        (Rtsp(url="rtsp://169.254.169.254:554/", hosts=("169.254.169.254:554",), sound="on"), NoPicture),
    ],
)
def test_nothing_but_a_camera_in_the_house_is_watched(
    start: Callable[..., World], spec: SourceSpec, error: type[Exception]
) -> None:
    client = start().plane.client(60.0)
    with Stopwatch() as watch, pytest.raises(error):
        client.probe(spec, 5.0)
    assert watch.took_s < 4
