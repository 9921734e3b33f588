"""Sound that comes after its picture was shown, as a transport stream names it or a camera sends it: WebRTC."""

import asyncio
import contextlib
from dataclasses import replace
from itertools import pairwise
from typing import Any

from showcam.engine.outputs.tracks import OpusTrack
from showcam.engine.sessions.fanout import Fanout
from showcam.engine.sound import OPUS_CLOCK, OPUS_STEP, SILENT_OPUS
from showcam.engine.units import CLOCK, Format, Unit

MUTE = Format(320, 180, "avc1.42c00c", audio=False)
LOUD = replace(MUTE, audio=True, audio_rate=8000, audio_codec="pcm_mulaw")
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
    async with asyncio.timeout(5):
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
        track = OpusTrack(fanout, is_late=True)
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
