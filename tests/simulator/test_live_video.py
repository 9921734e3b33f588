"""A camera's stream, fetched over TLS and decoded by PyAV."""

import io
import itertools
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import methodcaller
from urllib.parse import urljoin

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from showcam.simulator.households import demo_world
from showcam.simulator.pictures.encoder import IDLE_S
from showcam.simulator.pictures.garbler import Garbler
from tests.doubles.cloud import Cloud
from tests.doubles.troubled.open_platform.door import listing
from tests.doubles.troubled.open_platform.segments import Segment, SegmentingEncoder
from tests.doubles.waiting import LONG_S, until


@dataclass
class Playlist:
    number: int
    files: list[str]
    text: str


@dataclass
class Decoded:
    kinds: list[str]
    codec: str
    frames: list[Image.Image] = field(default_factory=list)
    samples: list[float] = field(default_factory=list)
    gaps: set[int] = field(default_factory=set)  # steps between pictures, 1/90000 s

    @property
    def rms(self) -> float:
        return math.sqrt(sum(sample * sample for sample in self.samples) / len(self.samples))


def playlist(cloud: Cloud, url: str) -> Playlist:
    reply = cloud.get(url)
    assert reply.status_code == 200, reply.status_code
    assert reply.headers["Content-Type"].startswith("application/vnd.apple.mpegurl")
    number = re.search(r"^#EXT-X-MEDIA-SEQUENCE:(\d+)$", reply.text, re.MULTILINE)
    assert number is not None, reply.text
    files = [urljoin(url, line) for line in reply.text.splitlines() if line and not line.startswith("#")]
    return Playlist(int(number[1]), files, reply.text)


def media(cloud: Cloud, listed: Playlist) -> bytes:
    data = b""
    for file in listed.files:
        reply = cloud.get(file)
        assert (reply.status_code, reply.headers["Content-Type"]) == (200, "video/mp2t")
        data += reply.content
    return data


to_image: Callable[[av.VideoFrame], Image.Image] = methodcaller("to_image")  # which PyAV gives no types


def decode(data: bytes) -> Decoded:
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        decoded = Decoded([stream.type for stream in container.streams], container.streams.video[0].codec.name)
        last = None
        for frame in container.decode(*container.streams):
            if isinstance(frame, av.VideoFrame):
                assert frame.pts is not None
                decoded.gaps |= {frame.pts - last} if last is not None else set()
                last = frame.pts
                decoded.frames.append(to_image(frame))
            elif isinstance(frame, av.AudioFrame):
                decoded.samples += memoryview(bytes(frame.planes[0])).cast("f")[: frame.samples]
    return decoded


def newest(cloud: Cloud, url: str, after: int) -> Playlist:
    """The segments later than `after`, once there are any."""
    whole = wait_for(lambda: found if last(found := playlist(cloud, url)) > after else None)
    number = max(whole.number, after + 1)
    return Playlist(number, whole.files[number - whole.number :], whole.text)


def last(listed: Playlist) -> int:
    return listed.number + len(listed.files) - 1


def difference(first: Image.Image, other: Image.Image) -> float:
    return float(sum(ImageStat.Stat(ImageChops.difference(first, other)).sum))


def test_a_stream_has_a_moving_picture_and_a_tone(cloud: Cloud) -> None:
    listed = playlist(cloud, cloud.live(cloud.token(), "Garden")["url"])
    assert len(listed.files) >= 3, "a late viewer is handed what ran before"
    assert listed.text.splitlines()[:3] == ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:2"]
    decoded = decode(media(cloud, listed))
    assert (decoded.kinds, decoded.codec) == (["video", "audio"], "h264")
    assert len(decoded.frames) == 30 * len(listed.files)
    assert decoded.gaps == {6000}, "no step is missed where segments meet"
    assert decoded.rms > 0.02
    assert len(decoded.samples) == pytest.approx(len(listed.files) * 2 * 16000, abs=2 * 1024)
    moved = [difference(earlier, later) > 10000 for earlier, later in itertools.pairwise(decoded.frames)]
    # it is out of the picture for one second of the nine of its way, and a still scene differs after each keyframe
    assert sum(moved) > len(moved) * 3 / 4, "a figure walks"
    # the corner of the clock, one second apart
    corner = (330, 250, 640, 360)
    assert difference(decoded.frames[7].crop(corner), decoded.frames[22].crop(corner)) > 10000


@pytest.mark.parametrize(
    ("changed", "whole", "small"),
    [({}, (640, 360), (320, 180)), ({"size": [1280, 960], "sub_size": [640, 480]}, (1280, 960), (640, 480))],
)
def test_the_smaller_picture_is_another_of_the_same_scene(
    cloud: Cloud, changed: dict[str, list[int]], whole: tuple[int, int], small: tuple[int, int]
) -> None:
    cloud.control(cloud.serials["Garden"], **changed)
    token = cloud.token()
    sizes = []
    for quality in ("1", "2"):
        decoded = decode(media(cloud, playlist(cloud, cloud.live(token, "Garden", quality=quality)["url"])))
        assert decoded.rms > 0.02
        sizes.append(decoded.frames[0].size)
    assert sizes == [whole, small]


def test_a_camera_without_a_smaller_picture_has_no_address_of_one(cloud: Cloud) -> None:
    serial, token = cloud.serials["Garden"], cloud.token()
    before = cloud.live(token, "Garden", quality="2")["url"]
    cloud.control(serial, sub_size=None)
    form = {"deviceSerial": serial, "protocol": "2", "quality": "2"}
    assert cloud.open("live/address/get", token, **form)["code"] == "60020"
    assert cloud.get(before).status_code == 404
    assert cloud.open("live/address/get", token, **form | {"quality": "1"})["code"] == "200"


def test_each_segment_stands_alone_and_begins_with_a_keyframe(cloud: Cloud) -> None:
    listed = playlist(cloud, cloud.live(cloud.token(), "Garden")["url"])
    for file in listed.files[:2]:
        data = cloud.get(file).content
        with av.open(io.BytesIO(data), "r", format="mpegts") as container:
            keys = [packet.is_keyframe for packet in container.demux(video=0) if packet.size]
        assert keys == [True] + [False] * 29
        assert len(decode(data).frames) == 30


def test_the_transport_counts_on_from_segment_to_segment(cloud: Cloud) -> None:
    data = media(cloud, playlist(cloud, cloud.live(cloud.token(), "Garden")["url"]))
    counters: dict[int, int] = {}
    for at in range(0, len(data), 188):
        assert data[at] == 0x47
        pid = (data[at + 1] & 0x1F) << 8 | data[at + 2]
        if data[at + 3] & 0x10:
            counter = data[at + 3] & 0x0F
            assert counter == (counters.get(pid, counter - 1) + 1) % 16
            counters[pid] = counter
    assert len(counters) >= 4  # PAT, PMT, picture, sound


def test_a_camera_with_audio_off_has_no_audio_track(cloud: Cloud) -> None:
    decoded = decode(media(cloud, playlist(cloud, cloud.live(cloud.token(), "Nursery")["url"])))
    assert decoded.kinds == ["video"]
    assert len(decoded.frames) >= 90


def test_switching_audio_off_takes_the_track_away_and_the_list_says_so(cloud: Cloud) -> None:
    url = cloud.live(cloud.token(), "Front Door")["url"]
    before = playlist(cloud, url)
    assert "#EXT-X-DISCONTINUITY" not in before.text
    cloud.control(cloud.serials["Front Door"], audio=False)
    changed = wait_for(lambda: got if "#EXT-X-DISCONTINUITY\n" in (got := playlist(cloud, url)).text else None)
    at = changed.text[: changed.text.index("#EXT-X-DISCONTINUITY\n")].count(".ts?")
    assert decode(cloud.get(changed.files[at - 1]).content).kinds == ["video", "audio"]
    assert decode(cloud.get(changed.files[at]).content).kinds == ["video"]


@pytest.mark.parametrize(
    ("takes", "codec"), [({"supportH265": "1"}, "hevc"), ({"supportH265": "0"}, "h264"), ({}, "h264")]
)
def test_a_camera_with_h265_sends_it_and_a_notice_where_h264_was_requested(
    cloud: Cloud, takes: dict[str, str], codec: str
) -> None:
    form = {"deviceSerial": cloud.serials["Pond"], "protocol": "2", **takes}
    url = cloud.open("v2/live/address/get", cloud.token(), **form)["data"]["url"]
    decoded = decode(media(cloud, playlist(cloud, url)))
    assert (decoded.kinds, decoded.codec) == (["video", "audio"], codec)
    assert len(decoded.frames) >= 60
    assert difference(decoded.frames[0], decoded.frames[20]) > 0


def test_encryption_leaves_framing_that_nobody_can_decode(cloud: Cloud) -> None:
    """The address was minted before; the container stays readable, bodies do not."""
    url = cloud.live(cloud.token(), "Garden")["url"]
    playlist(cloud, url)
    cloud.control(cloud.serials["Garden"], encryption=True)
    before = playlist(cloud, url)
    garbled = media(cloud, newest(cloud, url, last(before) + 1))
    assert garbled.count(b"\x00\x00\x01\xe0") > 0, "PES packets of a picture are there"
    assert frames_of(garbled) == 0
    cloud.control(cloud.serials["Garden"], encryption=False)
    clear = newest(cloud, url, last(playlist(cloud, url)) + 1)
    assert frames_of(media(cloud, clear)) > 0


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_garbling_changes_bodies_alone(codec: str) -> None:
    header = b"\x65" if codec == "h264" else b"\x26\x01"
    unit = b"\0\0\0\1" + header + bytes(range(1, 101)) + b"\0\0\1" + header + b"\x01\x02\x03"
    garbler = Garbler("ABCDEF", codec)  # type: ignore[arg-type]
    out = garbler.video(unit)
    body = 4 + len(header)
    assert (len(out), out[:body]) == (len(unit), unit[:body])
    assert out[body : body + 96] != unit[body : body + 96]
    assert out[body + 96 :] == unit[body + 96 :], "what fills no block stays"
    assert (
        garbler.audio(bytes(16))
        == Garbler("ABCDEF", "h264").audio(bytes(16))
        != Garbler("OTHERS", "h264").audio(bytes(16))
    )


def test_a_camera_with_privacy_on_sends_a_black_picture(cloud: Cloud) -> None:
    token, serial = cloud.token(), cloud.serials["Nursery"]
    url = cloud.live(token, "Nursery")["url"]
    bright = decode(media(cloud, playlist(cloud, url)))
    try:
        assert cloud.open("device/scene/switch/set", token, deviceSerial=serial, enable="1")["code"] == "200"
        black = decode(media(cloud, newest(cloud, url, last(playlist(cloud, url)) + 1)))
    finally:
        cloud.open("device/scene/switch/set", token, deviceSerial=serial, enable="0")
    assert max(high for _low, high in ImageStat.Stat(black.frames[-1]).extrema) < 10
    assert max(high for _low, high in ImageStat.Stat(bright.frames[-1]).extrema) > 100


@pytest.mark.parametrize("change", [{"asleep": True}, {"online": False}])
def test_the_playlist_of_a_camera_that_sends_nothing_stands_still(cloud: Cloud, change: dict[str, bool]) -> None:
    url = cloud.live(cloud.token(), "Front Door")["url"]
    before = playlist(cloud, url)
    cloud.control(cloud.serials["Front Door"], **change)
    standing = wait_for(lambda: still if (still := playlist(cloud, url)).text == playlist(cloud, url).text else None)
    started = time.monotonic()
    while time.monotonic() - started < 2.5:  # longer than a segment
        assert playlist(cloud, url).text == standing.text
        time.sleep(0.2)
    cloud.control(cloud.serials["Front Door"], **{name: not value for name, value in change.items()})
    awake = newest(cloud, url, last(standing))
    assert last(awake) > last(before) + 1, "the numbers went on with the clock"
    assert decode(media(cloud, awake)).frames


def test_a_sleeping_camera_has_an_address_and_no_segments(cloud: Cloud) -> None:
    assert playlist(cloud, cloud.live(cloud.token(), "Bedroom")["url"]).files == []


@pytest.mark.parametrize(
    ("segments", "lines"),
    [
        ((), ["#EXT-X-MEDIA-SEQUENCE:0"]),
        (((7, 0), (8, 0)), ["#EXT-X-MEDIA-SEQUENCE:7", "7", "8"]),
        (((4, 0), (5, 0), (8, 0), (9, 0)), ["#EXT-X-MEDIA-SEQUENCE:8", "8", "9"]),
        (((7, 0), (8, 1)), ["#EXT-X-MEDIA-SEQUENCE:7", "7", "#EXT-X-DISCONTINUITY", "8"]),
        (((7, 1), (8, 1)), ["#EXT-X-MEDIA-SEQUENCE:7", "#EXT-X-DISCONTINUITY-SEQUENCE:1", "7", "8"]),
        (tuple((at, 0) for at in range(1, 9)), ["#EXT-X-MEDIA-SEQUENCE:4", "4", "5", "6", "7", "8"]),
    ],
)
def test_a_playlist_has_the_newest_consecutive_segments(
    segments: tuple[tuple[int, int], ...], lines: list[str]
) -> None:
    text = listing(tuple(Segment(number, b"", turn) for number, turn in segments), "F00497201_1_1", "id=1")
    kept = [line for line in text.splitlines()[3:] if not line.startswith("#EXTINF:2.000,")]
    assert [re.sub(r"F00497201_1_1_(\d+)\.ts\?id=1", r"\1", line) for line in kept] == lines


def test_a_camera_is_encoded_only_while_it_is_watched(cloud: Cloud) -> None:
    until(lambda: not cloud.row("Study")["watched"])  # by who came before
    url = cloud.live(cloud.token("other"), "Study")["url"]
    assert cloud.row("Study")["watched"] is False, "an address alone costs nothing"
    playlist(cloud, url)
    assert cloud.row("Study")["watched"] is True


def test_an_encoder_ends_when_nobody_has_fetched_for_a_while() -> None:
    garden = demo_world().cameras["F00497201"]
    encoder = SegmentingEncoder(garden, lambda: None)
    encoder.start()
    wait_for(lambda: fetched(encoder) or None)
    assert not encoder.ended
    encoder.touched -= IDLE_S
    encoder.join(LONG_S)
    assert encoder.ended
    assert not encoder.is_alive()


def fetched(encoder: SegmentingEncoder) -> tuple[Segment, ...]:
    """Its segments, as one who fetches them gets them: it goes on for that."""
    encoder.touched = time.monotonic()
    return encoder.segments


def frames_of(data: bytes) -> int:
    """The number of pictures a decoder makes of it; a packet with an error counts as none."""
    count = 0
    try:
        with av.open(io.BytesIO(data), "r", format="mpegts") as container:
            for packet in container.demux(video=0):
                try:
                    count += len(packet.decode())
                except av.FFmpegError:
                    continue
    except av.FFmpegError:
        return count
    return count


def wait_for[T](found: Callable[[], T | None], within_s: float = LONG_S) -> T:
    deadline = time.monotonic() + within_s
    while (what := found()) is None:
        assert time.monotonic() < deadline, "the value was not found in time"
        time.sleep(0.1)
    return what
