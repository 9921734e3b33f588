"""The small parts of the plane, each by itself."""

import asyncio
import io
import itertools
import math
import re
import ssl
from fractions import Fraction
from typing import Any

import av
import pytest

from showcam.engine import sound
from showcam.engine.codec import h264, nal
from showcam.engine.codec.nal import NoPicture
from showcam.engine.codec.sound import AAC_SAMPLES, RATES, AacConfig, adts, read_adts
from showcam.engine.keyframe import decoded, decoder, jpeg
from showcam.engine.sessions.fanout import GOP_CAP, Fanout
from showcam.engine.sessions.slim import Slim
from showcam.engine.sessions.transcodes import Transcodes
from showcam.engine.source import CLOCK, Format, SoundFormat, Unit
from showcam.engine.sources import hls
from showcam.engine.sources.fetcher import Fetcher, Forbidden
from showcam.engine.sources.screen import Pacer
from tests.doubles import hls_camera
from tests.doubles.fast_time import FastLoop, run
from tests.doubles.hls_camera import recording


@pytest.mark.parametrize("spelling", ["127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "127.0.0.1."])
def test_no_spelling_of_an_address_leads_past_the_rule(spelling: str) -> None:
    """aiohttp hands digits and dots to the system unjudged, which reads them as an address."""
    connected = []

    async def fetched() -> None:
        there = await asyncio.start_server(lambda *_: connected.append(spelling), "127.0.0.1", 0)
        async with there:
            at = f"{spelling}:{there.sockets[0].getsockname()[1]}"
            fetcher = Fetcher((at,), ssl.create_default_context(), loopback=False)
            try:
                with pytest.raises(Forbidden):
                    await fetcher.get(f"https://{at}/live.m3u8", cap=1000, deadline_s=1)
            finally:
                await fetcher.close()

    asyncio.run(fetched())
    assert connected == []


LIVE = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-SESSION-DATA:DATA-ID="x",URI="https://elsewhere.example/"
#EXTINF:2.0,
a.ts?secret=1
#EXT-X-DISCONTINUITY
#EXTINF:2.0,
/b.ts
#EXTINF:2.0,
https://other.example/c.ts
"""


def test_a_vendors_playlist_names_its_segments() -> None:
    listing = hls.read_playlist(LIVE, "https://v.example/live/x.m3u8?token=2")
    assert listing.segments == [
        (hls.Piece("https://v.example/live/a.ts?secret=1"), None),
        (hls.Piece("https://v.example/b.ts"), None),
        (hls.Piece("https://other.example/c.ts"), None),
    ]
    assert (listing.first, listing.last, listing.target_s, listing.pause_s) == (41, 43, 2, 2)
    assert not listing.is_over
    assert hls.read_playlist(f"{LIVE}#EXT-X-ENDLIST", "https://v.example/").is_over


def test_the_sequence_number_of_a_vendor_that_counts_milliseconds_is_kept_whole() -> None:
    listing = hls.read_playlist(LIVE.replace("SEQUENCE:41", "SEQUENCE:17960256789012345"), "https://v.example/")
    assert listing.first == 17960256789012345


def test_fragmented_mp4_keeps_its_init_section() -> None:
    text = LIVE.replace("#EXTINF", '#EXT-X-MAP:URI="init.mp4?s=1",BYTERANGE="100@0"\n#EXTINF', 1)
    listing = hls.read_playlist(text, "https://v.example/x.m3u8")
    assert {init for _, init in listing.segments} == {hls.Piece("https://v.example/init.mp4?s=1", (0, 100))}


def test_segments_may_be_parts_of_one_file() -> None:
    text = "#EXTM3U\n" + "".join(f"#EXTINF:1,\n#EXT-X-BYTERANGE:{part}\nall.ts\n" for part in ("100@50", "30", "9@0"))
    parts = [segment.part for segment, _ in hls.read_playlist(text, "https://v.example/x.m3u8").segments]
    assert parts == [(50, 150), (150, 180), (0, 9)]


def test_a_segment_of_fragmented_mp4_is_read_with_its_init_section() -> None:
    init, *fragments = mp4()
    read = [hls.contents(init + fragment) for fragment in fragments]
    pictures = [unit for segment in read for unit in segment.units if unit.kind == "video"]
    assert {later.dts - earlier.dts for earlier, later in itertools.pairwise(pictures)} == {CLOCK // hls_camera.FPS}
    assert [unit.key for unit in pictures] == [at % 10 == 0 for at in range(30)]
    for keyframe in (unit.data for unit in pictures if unit.key):
        assert decoded(decoder("h264"), keyframe).width == 320, "its parameter sets come before it"
    assert read[0].sound == SoundFormat("aac", 16_000)
    assert all(read_adts(unit.data) for segment in read for unit in segment.units if unit.kind == "audio")


def mp4() -> list[bytes]:
    """An init section, and fragments of three groups of ten pictures."""
    out = io.BytesIO()
    flags = {"movflags": "frag_keyframe+delay_moov+default_base_moof"}
    with av.open(out, "w", format="mp4", options=flags) as container:
        video, audio = container.add_stream("libx264", rate=hls_camera.FPS), container.add_stream("aac", rate=16_000)
        video.width, video.height, video.pix_fmt, audio.layout = 320, 180, "yuv420p", "mono"
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "10"}
        for number in range(30):
            container.mux(video.encode(hls_camera.picture(number)))
            container.mux(audio.encode(hls_camera.tone(number)))
        container.mux([*video.encode(None), *audio.encode(None)])
    data = out.getvalue()
    begins = [found.start() - 4 for found in re.finditer(b"moof", data)]
    return [data[begin:end] for begin, end in itertools.pairwise((0, *begins, data.index(b"mfra") - 4))]


H264, AVS2 = 0x1B, 0xD2  # types of a stream (ISO 13818-1); libav has no decoder of AVS2


def test_a_segment_whose_video_nobody_decodes_has_no_video() -> None:
    assert hls.contents(retyped(recording()[0], H264)).units
    with pytest.raises(hls.NotVideo):
        hls.contents(retyped(recording()[0], AVS2))


def retyped(segment: bytes, kind: int) -> bytes:
    """The segment with another type of its video in each program map, whose checksum is right."""
    made = bytearray(segment)
    for at in range(0, len(made), 188):
        if made[at + 1] & 0x40 and made[at + 3] & 0x20 == 0 and made[at + 4 : at + 6] == b"\0\x02":
            end = at + 8 + (int.from_bytes(made[at + 6 : at + 8]) & 0xFFF)
            made[made.index(H264.to_bytes() + b"\xe1\x00", at, end)] = kind
            made[end - 4 : end] = crc(bytes(made[at + 5 : end - 4])).to_bytes(4)
    return bytes(made)


def crc(section: bytes) -> int:
    """ISO 13818-1 annex A."""
    rest = 0xFFFFFFFF
    for byte in section:
        rest ^= byte << 24
        for _ in range(8):
            rest = (rest << 1 ^ (0x04C11DB7 if rest >> 31 else 0)) & 0xFFFFFFFF
    return rest


@pytest.mark.parametrize(
    ("first", "count", "goes_on"),
    [(41, 3, True), (42, 3, True), (44, 3, True), (45, 3, False), (0, 3, False), (41, 2, False), (1041, 3, False)],
)
def test_whether_a_new_list_goes_on_where_the_old_one_ended(first: int, count: int, goes_on: bool) -> None:
    def listing(first: int, count: int) -> hls.Listing:
        entries = "".join(f"#EXTINF:2,\n{n}.ts\n" for n in range(count))
        return hls.read_playlist(f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{first}\n{entries}", "https://v.example/")

    assert listing(first, count).continues(listing(41, 3)) is goes_on


def test_a_master_playlist_leads_to_its_first_variant() -> None:
    master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9\nhd/i.m3u8?t=1\n#EXT-X-STREAM-INF:BANDWIDTH=1\nsd/i.m3u8\n"
    assert hls.variant(master, "https://v.example/a/m.m3u8") == "https://v.example/a/hd/i.m3u8?t=1"
    assert hls.variant(LIVE, "https://v.example/") is None


@pytest.mark.parametrize("text", ["", "<html>", "#EXTINF:1,\na.ts", "\x00\xff", "#EXTM3U8"])
def test_what_is_no_playlist(text: str) -> None:
    with pytest.raises(hls.NotPlaylist):
        hls.read_playlist(text, "https://v.example/")


def paced(units: list[tuple[float, Unit]], at_once: int = 0) -> list[tuple[float, Unit]]:
    """Push each unit at its time, and see when it comes out, by a clock that stands still while the machine does."""
    out: list[tuple[float, Unit]] = []

    async def scene(loop: FastLoop) -> None:
        began = loop.time()
        pacer = Pacer(lambda unit: out.append((loop.time() - began, unit)), full=lambda _: None, at_once=at_once)
        for at, unit in units:
            await asyncio.sleep(max(0.0, began + at - loop.time()))
            pacer.push(unit)
        async with asyncio.timeout(5):
            while len(out) < len(units):
                await asyncio.sleep(0.01)
        pacer.close()

    run(scene)
    return out


def video(seconds: float, *, key: bool = False) -> Unit:
    return Unit("video", b"v", int(seconds * CLOCK), int(seconds * CLOCK), key)


def audio(seconds: float) -> Unit:
    return Unit("audio", b"a", int(seconds * CLOCK), int(seconds * CLOCK), True)


def test_a_burst_comes_out_at_the_speed_of_life_in_order_of_both_streams() -> None:
    burst = [video(n / 10, key=n == 0) for n in range(10)] + [audio(n / 10 + 0.05) for n in range(10)]
    out = paced([(0, unit) for unit in burst])
    assert [unit.dts for _, unit in out] == sorted(unit.dts for unit in burst)
    for at, unit in out:
        assert -0.01 < at - unit.dts / CLOCK < 0.25


def test_lateness_moves_everything_after_it_once() -> None:
    units = [(0, video(0, key=True)), (0, video(0.1)), (1.0, video(0.2)), (1.0, video(0.3)), (1.0, video(0.4))]
    out = paced(units)
    times = [at for at, _ in out]
    assert times[2] == pytest.approx(1.0, abs=0.2)
    assert times[4] - times[2] == pytest.approx(0.2, abs=0.1), "paced again from there"


def test_the_first_group_may_go_through_at_once() -> None:
    burst = [video(n / 10, key=n in (0, 5)) for n in range(10)]
    out = paced([(0, unit) for unit in burst], at_once=1)
    times = [at for at, _ in out]
    assert times[4] < 0.1
    assert times[9] - times[5] == pytest.approx(0.4, abs=0.1)


def test_what_waits_to_be_paced_is_weighed() -> None:
    """Few units of a heavy camera are as much as many of a light one."""
    full: list[bool] = []

    async def scene() -> None:
        pacer = Pacer(lambda _: None, full=full.append)
        pacer.push(video(0, key=True))
        heavy = Unit("video", bytes(1024 * 1024), 0, 0)
        for number in range(1, 17):
            pacer.push(heavy._replace(dts=(10 + number) * CLOCK))
        assert full == []
        pacer.push(heavy._replace(dts=60 * CLOCK))
        assert full == [True]
        pacer.close()

    asyncio.run(scene())


def keyframe(*, garbled: bool = False) -> bytes:
    with av.open(io.BytesIO(recording(garbled=garbled)[0]), "r", format="mpegts") as container:
        return bytes(next(packet for packet in container.demux(video=0) if packet.is_keyframe))


def test_parameter_sets_are_put_before_a_keyframe_without_them() -> None:
    whole = keyframe()
    at = whole.index(nal.START + b"\x67") if nal.START + b"\x67" in whole else whole.index(b"\x00\x00\x01\x67")
    slices = whole.index(b"\x00\x00\x01\x65")
    parameters, bare = whole[at:slices], whole[slices:]
    with pytest.raises(NoPicture):
        decoded(decoder("h264"), bare)
    mended = h264.with_parameters(bare, parameters)
    assert decoded(decoder("h264"), mended).width == 320
    assert h264.with_parameters(mended, parameters) == mended


def test_encrypted_bytes_are_no_picture() -> None:
    for data in (keyframe(garbled=True), b"", b"\x00\x00\x00\x01\x65", b"x" * 1000):
        with pytest.raises(NoPicture):
            decoded(decoder("h264"), data)
        with pytest.raises(NoPicture):
            jpeg(data)


@pytest.mark.parametrize(
    ("name", "height", "is_shown"), [("mjpeg", 4320, True), ("mjpeg", 4368, False), ("libx264", 4368, False)]
)
def test_a_picture_larger_than_any_camera_s_is_not_decoded(name: str, height: int, is_shown: bool) -> None:
    encoder: Any = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.time_base = 8192, height, Fraction(1, 25)
    encoder.pix_fmt = "yuvj420p" if name == "mjpeg" else "yuv420p"
    encoder.options = {} if name == "mjpeg" else {"preset": "ultrafast", "tune": "zerolatency"}
    frame = av.VideoFrame(8192, height, encoder.pix_fmt)
    frame.pts, frame.time_base = 0, encoder.time_base
    data = b"".join([bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None))])
    decoding = decoder("mjpeg" if name == "mjpeg" else "h264")
    if is_shown:
        assert decoded(decoding, data).height == height
    else:
        with pytest.raises(NoPicture):
            decoded(decoding, data)


def test_the_silent_frame_is_aac_and_silent() -> None:
    frame = sound.silent_aac()
    assert read_adts(frame)
    assert len(frame) < 16
    with av.open(io.BytesIO(frame * 50), "r", format="aac") as container:
        frames = list(container.decode(audio=0))
        assert container.streams.audio[0].rate == 16_000
    assert len(frames) >= 48
    assert all(not any(bytes(drawn.planes[0])[: drawn.samples * 4]) for drawn in frames)


def test_aac_becomes_opus_without_a_gap() -> None:
    with av.open(io.BytesIO(b"".join(recording()[:3])), "r", format="mpegts") as container:
        units = []
        for packet in container.demux(audio=0):
            if packet.size:
                assert packet.pts is not None
                units.append(Unit("audio", bytes(packet), packet.pts, packet.pts))
    voice = sound.OpusVoice(SoundFormat("aac", 16_000))
    packets = [packet for unit in units for packet in voice.feed(unit)]
    times = [pts for _, pts in packets]
    assert {b - a for a, b in itertools.pairwise(times)} == {sound.OPUS_STEP}
    spoken = len(units) * AAC_SAMPLES / 16_000
    assert len(times) * 0.02 == pytest.approx(spoken, abs=0.1)
    assert voice.feed(Unit("audio", b"\xff\xf1broken", 0, 0)) == []
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout, decoder.format = 48_000, "stereo", "s16"
    loud = [
        math.sqrt(sum(sample * sample for sample in samples) / len(samples))
        for data, _ in packets
        for frame in decoder.decode(av.Packet(data))
        if (samples := memoryview(bytes(frame.planes[0])[: frame.samples * 4]).cast("h"))
    ]
    assert sorted(loud)[len(loud) // 2] == pytest.approx(8192, rel=0.1), (
        "a tone of half the full scale, on two channels"
    )


@pytest.mark.parametrize("ppm", [0, 5000, -5000], ids=["right", "fast", "slow"])
@pytest.mark.parametrize("made", [sound.OpusVoice, sound.AacVoice], ids=["Opus", "AAC"])
def test_sound_whose_clock_drifts_never_steps_back_and_stays_beside_the_picture(
    made: type[sound.OpusVoice | sound.AacVoice], ppm: int
) -> None:
    """G.711, twenty milliseconds a unit, for eighty seconds of a clock that tells more or less than there is."""
    voice = made(SoundFormat("pcm_mulaw", 8000))
    step, last, furthest = 1800 * (1 - ppm / 1e6), -math.inf, 0.0
    for number in range(4000):
        at = round(number * step)
        for unit in voice.feed(Unit("audio", b"\xff" * 160, at, at, key=True)):
            time = unit.pts / CLOCK if isinstance(unit, Unit) else unit[1] / sound.OPUS_CLOCK
            assert time > last
            last = time
        if number > 100:
            furthest = max(furthest, abs(at / CLOCK - last))
    assert furthest < 0.3


def aac_of(rate: int, channels: int = 1) -> list[bytes]:
    """Frames of silence with their ADTS headers."""
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.format = rate, "fltp"
    encoder.layout = "mono" if channels == 1 else "stereo"
    frames = []
    for number in range(8):
        frame = av.AudioFrame(format="fltp", layout=encoder.layout, samples=AAC_SAMPLES)
        frame.sample_rate, frame.pts = rate, number * AAC_SAMPLES
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frames += [bytes(packet) for packet in encoder.encode(frame)]
    config = AacConfig(2, RATES.index(rate), channels).encode()
    return [adts(frame, config) for frame in frames]


def test_sound_of_a_rate_that_fits_badly_stays_beside_the_picture() -> None:
    """A frame at 44,100 Hz is no whole number of samples at 48,000 Hz. It was 0.1 s late after four minutes."""
    voice, frame = sound.OpusVoice(SoundFormat("aac", 44_100)), aac_of(44_100)[-1]
    frames, heard = 4 * 60 * 44_100 // AAC_SAMPLES, list[float]()
    for number in range(frames):
        at = number * AAC_SAMPLES * CLOCK // 44_100
        heard += [pts / sound.OPUS_CLOCK for _, pts in voice.feed(Unit("audio", frame, at, at, key=True))]
    assert heard[-1] == pytest.approx(frames * AAC_SAMPLES / 44_100, abs=0.05)


def test_sound_whose_rate_and_channels_change_in_mid_stream_goes_on() -> None:
    """A decoder may find out only later that AAC has SBR, which doubles its rate, or PS, which makes it stereo."""
    voice, at, heard = sound.OpusVoice(SoundFormat("aac", 16_000)), 0.0, list[float]()
    for rate, channels in ((16_000, 1), (32_000, 2), (44_100, 2), (16_000, 1)):
        for frame in aac_of(rate, channels) * 6:
            time = round(at * CLOCK)
            heard += [pts / sound.OPUS_CLOCK for _, pts in voice.feed(Unit("audio", frame, time, time, key=True))]
            at += AAC_SAMPLES / rate
    assert max(later - earlier for earlier, later in itertools.pairwise(heard)) < 0.1
    assert heard[-1] == pytest.approx(at, abs=0.1)


def test_a_tone_made_into_aac_is_heard_when_it_sounded() -> None:
    """What an encoder puts before the first frame does not count as time."""
    voice = sound.AacVoice(SoundFormat("pcm_mulaw", 8000))
    loud = bytes(0x8F if number % 8 < 4 else 0x0F for number in range(160))
    units = []
    for number in range(100):
        # quiet up to one second
        data = loud if number >= 50 else b"\xff" * 160
        units += voice.feed(Unit("audio", data, 90_000 + number * 1800, 90_000 + number * 1800, key=True))
    decoder = av.CodecContext.create("aac", "r")
    for unit in units:
        for frame in decoder.decode(av.Packet(unit.data)):
            samples = memoryview(bytes(frame.planes[0])).cast("f")[: frame.samples]
            first = next((at for at, sample in enumerate(samples) if abs(sample) > 0.1), None)
            if first is not None:
                assert abs(unit.pts / CLOCK + first / 16_000 - 2.0) < 0.02
                return
    raise AssertionError("no tone was heard")


def test_a_smaller_picture_without_keyframes_is_kept_in_bounded_memory() -> None:
    async def scene() -> tuple[list[int], int]:
        whole, own = Fanout(), Fanout()
        kept: list[int] = []
        seen: list[Unit] = []
        slim, viewer = Slim(whole, lambda: own, Transcodes(1)), seen.append
        whole.begin(Format(1280, 720, "avc1.64001f"))
        own.begin(Format(320, 180, "avc1.64001f"))
        making = asyncio.create_task(slim.ready())
        await asyncio.sleep(0.05)
        for number in range(20):
            own.to_viewers(Unit("video", bytes(1024 * 1024), number, number, key=number == 0))
            kept.append(sum(len(unit.data) for unit in slim.watch(viewer)))
        own.to_viewers(Unit("video", b"key", 20, 20, key=True))
        again = len(slim.watch(viewer))
        slim.unwatch(viewer)
        await making
        return kept, again

    kept, again = asyncio.run(scene())
    assert (kept[0], max(kept), kept[-1], again) == (1024 * 1024, GOP_CAP, 0, 1)
