"""A viewer whose media process ended in mid-stream, and who knows nothing of it but the addresses from before."""

import io
import itertools
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

import av
import pytest

from scripts.deploy_local.emulator import free_ports
from showcam.engine.grants import Grants
from showcam.engine.source import Denied
from tests.doubles.hls_camera import FPS, Authority, Camera, Household, Vendor, recording
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.waiting import LONG_S
from tests.media.conftest import World

type Begin = Callable[..., AbstractContextManager[World]]


@pytest.fixture
def begin(authority: Authority, vendor: Vendor, household: Household, grants: Grants) -> Begin:
    """A picture process until the block ends; `port` to come after another one."""

    @contextmanager
    def begun(port: int = 0) -> Iterator[World]:
        # not one that the system chooses: it gives that to somebody else while nobody listens there
        settings = replace(SETTINGS, ca_file=authority.ca_file, port=port or free_ports())
        with PlaneThread(grants, household, settings) as plane:
            yield World(plane, vendor, household, grants)

    return begun


def sequence(tag: str, playlist: str) -> int:
    found = re.search(rf"{tag}-SEQUENCE:(\d+)", playlist)
    assert found is not None, playlist
    return int(found[1])


@dataclass
class Reader:
    """Reads one media playlist as RFC 8216 section 6.3 has it, and never the master again."""

    url: str
    segments: dict[int, tuple[int, bytes]] = field(default_factory=dict)  # by sequence number: timeline, data
    first: int = 0  # of the latest playlist
    gone: int = 0

    def read(self, world: World) -> int:
        """One look at the playlist; its status."""
        answer = world.request(self.url)
        if answer.status != 200:
            return answer.status
        first, timeline = (sequence(tag, answer.text) for tag in ("MEDIA", "DISCONTINUITY"))
        assert first >= self.first
        assert timeline >= self.gone
        self.first, self.gone = first, timeline
        number = first
        for line in answer.text.splitlines():
            if line == "#EXT-X-DISCONTINUITY":
                timeline += 1
            elif line and line[0] != "#":
                known = self.segments.get(number)
                if known is None:
                    segment = world.request(urljoin(self.url, line))
                    assert segment.status == 200
                    self.segments[number] = timeline, segment.body
                else:
                    assert known[0] == timeline, "a segment stays on its timeline"
                number += 1
        return 200

    def until(self, world: World, segments: int) -> None:
        deadline = time.monotonic() + LONG_S
        while len(self.segments) < segments:
            assert self.read(world) == 200
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def timelines(self) -> list[bytes]:
        found = [self.segments[number] for number in sorted(self.segments)]
        return [b"".join(data for _, data in part) for _, part in itertools.groupby(found, lambda segment: segment[0])]


def pictures(data: bytes) -> list[float]:
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        times = []
        for frame in container.decode(video=0):
            assert frame.pts is not None
            times.append(float(frame.pts * frame.time_base))
        return times


def test_a_player_reads_on_after_its_process_was_restarted_twice(begin: Begin, household: Household) -> None:
    with begin() as world:
        reader = Reader(world.variant_url(world.master()))
        reader.until(world, 3)
    for _ in range(2):
        with begin(world.plane.port) as world:
            reader.until(world, len(reader.segments) + 7)  # beyond what the list holds at once
            assert world.stats()["sessions"] == 1
    assert len(household.opened) == 3, "each process asked the gate"
    parts = [pictures(timeline) for timeline in reader.timelines()]
    assert len(parts) == 3
    for part in parts:
        assert {round((b - a) * FPS, 3) for a, b in itertools.pairwise(part)} == {1.0}


def test_the_old_address_lives_on_beside_the_new_one_and_its_segments_are_gone(begin: Begin) -> None:
    with begin() as world:
        master = world.master()
        old = world.variant_url(master)
        session = old.split("/s/")[1].split("/")[0]
    with begin(world.plane.port) as world:
        assert world.request(old.replace("index.m3u8", "0.ts")).status == 410
        new = world.variant_url(world.request(f"/s/{session}/master.m3u8"))
        assert session in new, "the session goes on under its own grant"
        assert new.split("/")[-2] != old.split("/")[-2]
        assert world.request(new).status == 200
        assert world.request(old).status == 200
        assert world.request(old.replace("index.m3u8", "0.ts")).status == 410
        assert world.stats()["sessions"] == 1


@pytest.mark.parametrize("reason", ["encryption_on", "link_ended"])
def test_the_gate_is_asked_before_a_process_goes_on(begin: Begin, household: Household, reason: str) -> None:
    with begin() as world:
        old = world.variant_url(world.master())
    household.denied["garden"] = Denied(reason)
    with begin(world.plane.port) as world:
        refused = world.request(old)
        assert (refused.status, reason in refused.text) == (502, True)
        again = world.request(old)
        assert (again.status, reason in again.text) == (410, True)


def test_what_was_ended_stays_over(begin: Begin) -> None:
    with begin() as world:
        old = world.variant_url(world.master())
    with begin(world.plane.port) as world:
        assert world.request(old).status == 200
        world.plane.client().end_link("link-1")
        assert world.request(old).status == 410
    with begin(world.plane.port) as world:
        world.plane.client().end_link("link-1")
        assert world.request(old).status == 410


def test_an_address_from_before_is_over_once_the_picture_is_another(
    begin: Begin, vendor: Vendor, eventually: Callable[..., None]
) -> None:
    with begin() as world:
        old = world.variant_url(world.master())
    with begin(world.plane.port) as world:
        assert world.request(old).status == 200
        camera = vendor.cameras["garden"] = Camera(recording(audio=False))
        camera.answer = 503  # a while, so that it is opened again as another
        eventually(lambda: world.stats()["reopened"] >= 1)
        camera.answer = 200
        eventually(lambda: world.request(old).status == 410)


def test_only_start_ids_of_before_are_gone_on_from_and_not_without_end(begin: Begin) -> None:
    with begin() as world:
        old = world.variant_url(world.master())
        start = old.split("/")[-2]
        born, _, rest = start.partition("-")
        after = f"{int(born, 16) + 100_000:x}"
        wrong = [f"{after}-{rest}", f"{born}-{rest}x", f"{born}-", f"-{rest}", "x", "ffffffffffffff-" + rest]
        assert [world.request(old.replace(start, start_id)).status for start_id in wrong] == [410] * len(wrong)
        others = [f"{born}-{'s' * 10}{number}" for number in range(10, 30)]
        assert [world.request(old.replace(start, start_id)).status for start_id in others] == [200] * 15 + [410] * 5
        assert world.request(old).status == 200
