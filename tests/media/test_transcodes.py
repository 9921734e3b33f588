"""How many pictures are transcoded at once: as many as there is room for, and which gives way."""

import asyncio
import time
from typing import Literal

import pytest

from showcam.engine.grants import IDLE_S
from showcam.engine.outputs.congestion import STUCK
from showcam.engine.outputs.tracks import VideoTrack
from showcam.engine.sessions.fanout import SILENT_S, Fanout
from showcam.engine.sessions.slim import READY_S, Slim
from showcam.engine.sessions.transcodes import PlayableFanout, Transcodes, admits
from showcam.engine.source import Format, SourceFailed, Unit


@pytest.mark.parametrize(
    ("most", "cores", "loads", "measured", "behind", "expected"),
    [
        (0, 8, [], None, False, False),
        (1, 1, [], None, False, True),
        (1, 8, [0.1], 0.1, False, False),
        (2, 1, [0.9], 0.9, True, True),  # who names a number decides
        ("auto", 1, [], None, False, True),  # one always
        ("auto", 1, [0.2], 0.2, False, False),
        ("auto", 2, [0.2], 0.2, False, True),
        ("auto", 2, [None], None, False, True),  # two on two cores, whatever they take
        ("auto", 2, [0.9], 0.9, True, True),
        ("auto", 2, [0.3, 0.3], 0.3, False, True),  # and more as is measured
        ("auto", 2, [0.4, 0.4], 0.4, False, False),
        ("auto", 2, [0.3, None], 0.3, False, False),
        ("auto", 4, [0.2], 0.2, False, True),
        ("auto", 4, [0.2, 0.2, 0.2], 0.2, False, True),
        ("auto", 4, [0.9, 0.9], 0.9, False, True),
        ("auto", 4, [1.1, 1.1], 1.1, False, False),
        ("auto", 4, [0.2, 0.2], 0.2, True, False),  # one that has no time for its pictures needs the rest
        ("auto", 4, [None, None], None, False, True),
        ("auto", 3, [None, 0.2], 1.2, False, False),
    ],
)
def test_as_many_are_admitted_as_are_measured_to_have_room(
    most: int | Literal["auto"],
    cores: int,
    loads: list[float | None],
    measured: float | None,
    behind: bool,
    expected: bool,
) -> None:
    assert admits(most, cores, loads, measured, behind=behind) is expected


def test_one_that_nobody_watches_gives_way_at_once_and_ends_by_itself_later(monkeypatch: pytest.MonkeyPatch) -> None:
    form, later = Format(320, 180, "hvc1.1.6.L60.90"), [0.0]

    async def scene() -> int:
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: time.monotonic() + later[0])
        transcodes = Transcodes(1)
        first = transcodes.begin(form, (), "not_playable")
        with pytest.raises(SourceFailed, match="not_playable"):
            transcodes.begin(form, (), "not_playable")
        later[0] += SILENT_S + 1
        second = transcodes.begin(form, (), "not_playable")
        assert first.failure
        second.watch(lambda _: None)
        later[0] += IDLE_S + 1
        assert (transcodes.stats()["transcodes"], transcodes.has_room()) == (1, False)
        third = Transcodes("auto", cores=1).begin(form, (), "not_playable")
        later[0] += IDLE_S + 1
        third.tidy()
        assert third.failure
        second.close()
        return transcodes.stats()["transcodes"]

    assert asyncio.run(scene()) == 0


def test_who_waits_for_a_first_segment_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    form, later = Format(320, 180, "hvc1.1.6.L60.90"), [0.0]

    async def scene() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: time.monotonic() + later[0])
        transcodes = Transcodes(1)
        first = transcodes.begin(form, (), "not_playable")
        waits = asyncio.create_task(first.first_segment(silent_track=False, timeout_s=300))
        await asyncio.sleep(0)
        later[0] += IDLE_S + 1
        with pytest.raises(SourceFailed, match="not_playable"):
            transcodes.begin(form, (), "not_playable")
        assert not waits.done()
        waits.cancel()
        first.close()

    asyncio.run(scene())


def test_what_ends_for_another_picture_says_so_to_who_watches() -> None:
    form = Format(320, 180, "avc1.42001e")

    async def scene() -> str:
        transcodes = Transcodes(1)
        first = transcodes.begin(form, (), "media_down", gives_way=True)
        first.watch(lambda _: None)
        transcodes.begin(form, (), "not_playable").close()
        assert first.failure is not None
        return first.failure.reason

    assert asyncio.run(scene()) == "machine_full"


@pytest.mark.parametrize(
    ("runs", "begins", "most", "ends"),
    [
        ("as a must", "as a must", 1, None),
        ("as a must", "for speed", 1, None),
        ("for speed", "for speed", 1, None),
        ("for speed", "as a must", 1, True),
        ("for speed", "as a must", 2, False),
        ("as a must", "as a must", 2, False),
    ],
)
def test_what_could_be_shown_as_it_comes_gives_way_to_what_can_not(
    runs: str, begins: str, most: int, ends: bool | None
) -> None:
    """`ends`: whether the one that runs ends for the next; None: that one is refused."""
    form = Format(320, 180, "avc1.42001e")

    async def scene() -> bool | None:
        transcodes = Transcodes(most)
        first = transcodes.begin(form, (), "media_down", gives_way=runs == "for speed")
        first.watch(lambda _: None)
        try:
            transcodes.begin(form, (), "not_playable", gives_way=begins == "for speed").close()
        except SourceFailed:
            return None
        finally:
            is_over = first.failure is not None
            first.close()
        return is_over

    assert asyncio.run(scene()) is ends


@pytest.mark.parametrize(("most", "expected"), [(1, "refused at once"), (2, "made")])
def test_a_smaller_picture_ends_no_other_that_is_watched_and_keeps_nobody_waiting(most: int, expected: str) -> None:
    """Its viewers can be shown the whole one."""
    form = Format(320, 180, "avc1.42001e")

    async def scene() -> str:
        transcodes, whole = Transcodes(most), Fanout()
        whole.begin(form)
        for_speed = transcodes.begin(form, (), "media_down", gives_way=True)
        for_speed.watch(lambda _: None)
        slim = Slim(whole, lambda: None, transcodes)
        answer = asyncio.create_task(slim.ready())
        await asyncio.wait({answer}, timeout=READY_S / 2)
        # what is made of no units has no picture, and is waited for
        found = (
            "made"
            if transcodes.stats()["transcodes"] == 2
            else "refused at once"
            if answer.done()
            else "waited for in vain"
        )
        assert for_speed.failure is None
        answer.cancel()
        slim.close()
        for_speed.close()
        return found

    assert asyncio.run(scene()) == expected


def test_a_smaller_picture_that_is_waited_for_ends_with_the_last_who_waits() -> None:
    async def scene() -> list[bool]:
        whole, transcodes = Fanout(), Transcodes(1)
        whole.begin(Format(320, 180, "avc1.42001e"))
        slim = Slim(whole, lambda: None, transcodes)
        waiting = [asyncio.create_task(slim.ready()) for _ in range(2)]
        await asyncio.sleep(0)
        found = [transcodes.has_room()]
        for each in waiting:
            each.cancel()
            await asyncio.wait({each})
            found.append(transcodes.has_room())
        return found

    assert asyncio.run(scene()) == [False, False, True]


class Camera(Fanout):
    def __init__(self, own: Fanout) -> None:
        super().__init__()
        self.slim = Slim(self, lambda: own, Transcodes(0))

    async def smaller(self) -> Slim | None:
        return await self.slim.ready()


def test_a_smaller_picture_that_came_too_late_for_its_viewer_is_given_up() -> None:
    async def scene() -> tuple[bool, bool]:
        own = Fanout()
        whole = Camera(own)
        whole.begin(Format(1280, 720, "avc1.64001f"))
        own.begin(Format(320, 180, "avc1.64001f"))
        track = VideoTrack(whole, again_s=30.0)
        sending = asyncio.create_task(track.recv())
        await asyncio.sleep(0)
        for _ in range(STUCK):
            track.congestion.start(requested=True)
        track.congestion.wants_key()
        await asyncio.sleep(0.05)
        sending.cancel()
        await asyncio.wait({sending})
        watched = own.has_time
        own.to_viewers(Unit("video", b"key", 0, 0, key=True))
        await asyncio.sleep(0.05)
        track.stop()
        return watched, own.has_time

    assert asyncio.run(scene()) == (False, True)


def test_what_is_made_for_hls_alone_ends_where_one_for_every_viewer_is_needed() -> None:
    """HLS gets what comes in clumps at once, and viewers by WebRTC at life's pace."""
    form = Format(320, 180, "avc1.42001e", b_frames=True)

    async def scene() -> None:
        picture = PlayableFanout(Transcodes(1))
        picture.begin(form)
        for_hls = picture.quickened()
        assert picture.quickened() is for_hls
        assert for_hls is not picture
        for_all = picture.shown("alexa", "webrtc")
        assert for_hls.failure is not None
        assert for_all.failure is None
        assert picture.quickened() is for_all
        picture.stop_transcoding()

    asyncio.run(scene())
