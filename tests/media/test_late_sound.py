"""Sound by WebRTC that comes after its picture was shown, as a camera may send it.

How it leaves, and what a display is told of it.
"""

import asyncio
import contextlib
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from showcam.engine.outputs.tracks import OpusTrack, VideoTrack
from showcam.engine.sessions.fanout import Fanout
from showcam.engine.sound import OPUS_CLOCK, OPUS_STEP, SILENT_OPUS
from showcam.engine.source import CLOCK, Format, SoundFormat, Unit
from tests.doubles.fast_time import FastLoop, run
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "A WebRTC viewer hears silence until the camera sends its first sound, and then the sound",
    leans_on="second stack: GStreamer's RTSP server, aiortc and libopus",
    also=("tests/media/test_webrtc.py::test_a_camera_that_has_sent_no_sound_yet_may_be_heard_later",),
)

MUTE = Format(320, 180, "avc1.42c00c")
LOUD = replace(MUTE, sound=SoundFormat("pcm_mulaw", 8000))
PIECE = b"\x10" * 160  # 20 ms
BEHIND = CLOCK // 5  # a paced picture is so much behind the moment


async def sent(fanout: Fanout, track: OpusTrack, pieces: int) -> list[Any]:
    """What a viewer gets that joined before anybody knew of sound, until so many pieces of sound have come."""
    packets = list[Any]()

    async def receive() -> None:
        while True:
            packets.append(await track.recv())

    receiving = asyncio.create_task(receive())
    while len(packets) < 5:
        await asyncio.sleep(0.01)
    fanout.begin(LOUD)
    first = fanout.now() - BEHIND
    for number in range(pieces):
        pts = first + number * CLOCK // 50
        fanout.to_viewers(Unit("audio", PIECE, pts, pts, key=True))
    nearly_last = (first + (pieces - 3) * CLOCK // 50) * OPUS_CLOCK // CLOCK
    async with asyncio.timeout(LONG_S):
        while packets[-1].pts < nearly_last:
            await asyncio.sleep(0.01)
    receiving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await receiving
    return packets


def test_silence_is_sent_until_it_comes_and_then_the_sound_at_its_own_time() -> None:
    async def scene() -> list[Any]:
        fanout = Fanout()
        fanout.begin(MUTE)
        track = OpusTrack(fanout, "late")
        try:
            return await sent(fanout, track, 50)
        finally:
            track.stop()

    packets = asyncio.run(scene())
    is_silent = [bytes(packet) == SILENT_OPUS for packet in packets]
    begins = is_silent.index(False)
    assert begins >= 5
    assert not any(is_silent[begins:])
    assert all(later.pts - earlier.pts == OPUS_STEP for earlier, later in pairwise(packets[:begins]))
    assert min(later.pts - earlier.pts for earlier, later in pairwise(packets)) >= OPUS_STEP - OPUS_CLOCK // 100
    assert len(packets) - begins > 30, "what is older than the silence before it is left out, and no more"


LOT = 3  # packets of 20 ms that come at once, as of an AAC frame
LOTS = 20
LATE = CLOCK // 4


async def left(loop: FastLoop) -> tuple[list[float], float]:
    """When each packet of sound that comes in lots, a quarter of a second late, left; and the picture's delay then."""
    fanout = Fanout()
    fanout.begin(LOUD)
    video = VideoTrack(fanout, again_s=30)  # type: ignore[arg-type]  # it asks for no smaller picture here
    track = OpusTrack(fanout, measured=video.wait_for_sound)
    times = list[float]()

    async def receive() -> None:
        while True:
            await track.recv()
            times.append(loop.time())

    receiving = asyncio.create_task(receive())
    await asyncio.sleep(1)
    assert video.delay_s == 0
    for _ in range(LOTS):
        pts = fanout.now() - LATE
        fanout.to_viewers(Unit("audio", PIECE * LOT, pts, pts, key=True))
        await asyncio.sleep(LOT / 50)
    await asyncio.sleep(1)
    receiving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await receiving
    track.stop()
    return times, video.delay_s


def test_sound_that_comes_in_lots_leaves_packet_by_packet() -> None:
    times, _ = run(left)
    apart = [round(1000 * (later - earlier)) for earlier, later in pairwise(times)]
    assert len(times) >= LOT * LOTS - 1
    assert min(apart) == 18, "a little faster than it plays, and never two at once"


def test_a_display_is_told_to_hold_the_picture_back_until_its_sound_is_played() -> None:
    _, delay_s = run(left)
    assert LATE / CLOCK < delay_s < LATE / CLOCK + 0.2


def test_a_packet_of_sound_names_the_moment_that_is_heard_in_it() -> None:
    async def scene(_: FastLoop) -> list[int]:
        fanout = Fanout()
        fanout.begin(LOUD)
        heard = list[int]()
        fanout.listen(lambda _, pts: heard.append(pts))
        for number in range(10):
            pts = CLOCK + number * CLOCK // 50
            fanout.to_viewers(Unit("audio", PIECE, pts, pts, key=True))
        return heard

    # libopus puts 312 samples before the sound, as its OpusHead says of Ogg (RFC 7845 section 5.1, pre-skip)
    assert run(scene)[0] == OPUS_CLOCK - 312
