"""A camera that shows white and beeps in the same moment, once a second, and how far both are apart at a viewer.

By HLS of the segments as served; by WebRTC of what aiortc decodes, put on one clock by the senders' reports, as
browsers do it.
"""

import array
import asyncio
import functools
import io
import itertools
import math
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Literal
from urllib.parse import urljoin

import aiohttp
import av
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtcpSrPacket

from showcam.simulator.lan.server import Tracks
from tests.doubles.rtsp_recording import Recording, Sample
from tests.doubles.waiting import LONG_S

RATE, SOUND, FRAME = 25, 16_000, 1024
SIZE = (320, 180)
LENGTH_S = 16  # a whole number of AAC frames and of pictures
BEEP_S, BEEP_HZ = 0.2, 1000
NEAR_S = 0.5


@functools.cache
def clapping(codec: Literal["h264", "h265"] = "h264") -> Recording:
    """White for four pictures and a beep at each whole second, else dark and silent."""
    encoder: Any = av.CodecContext.create("libx264" if codec == "h264" else "libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = *SIZE, "yuv420p", Fraction(1, RATE)
    gop = f"keyint={2 * RATE}:min-keyint={2 * RATE}:scenecut=0:repeat-headers=1:log-level=none"
    params = "x264-params" if codec == "h264" else "x265-params"
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", params: gop}
    samples = []
    for number in range(LENGTH_S * RATE):
        for packet in encoder.encode(_picture(number)):
            samples.append(Sample("video", bytes(packet), packet.pts / RATE, bool(packet.is_keyframe)))
    keyframe = samples[0].data
    sound, config = _sound()
    samples += sound
    tracks = Tracks(codec, keyframe if codec == "h264" else b"", "aac", SOUND, config)
    return Recording(tuple(sorted(samples, key=lambda sample: sample.at)), tracks, LENGTH_S)


def _picture(number: int) -> av.VideoFrame:
    frame = av.VideoFrame(*SIZE, "yuv420p")
    for at, plane in enumerate(frame.planes):
        level = 128 if at else 235 if number % RATE < 4 else 30
        plane.update(bytes((level,)) * plane.buffer_size)
    frame.pts, frame.time_base = number, Fraction(1, RATE)
    return frame


def _sound() -> tuple[list[Sample], bytes]:
    encoder: Any = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SOUND, "mono", "fltp"
    encoder.time_base = Fraction(1, SOUND)
    encoder.flags |= 0x400000  # GLOBAL_HEADER: the config is sent apart
    out: list[Sample] = []
    for first in range(0, (LENGTH_S + 1) * SOUND, FRAME):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=FRAME)
        wave = (
            0.6 * math.sin(2 * math.pi * BEEP_HZ * at / SOUND) if at % SOUND < BEEP_S * SOUND else 0.0
            for at in range(first, first + FRAME)
        )
        frame.planes[0].update(array.array("f", wave).tobytes())
        frame.sample_rate, frame.pts, frame.time_base = SOUND, first, encoder.time_base
        for packet in encoder.encode(frame):
            # its pts counts what a decoder makes first and is to be thrown away: a camera sends the time without it
            at = packet.pts / SOUND
            if 0 <= at < LENGTH_S:
                out.append(Sample("audio", bytes(packet), at))
    return out, bytes(encoder.extradata or b"")


def by_hls(fetch: Callable[[str], bytes], address: str, watched_s: float) -> list[float]:
    """Seconds that each beep is later than its flash."""
    variant = urljoin(address, next(row for row in fetch(address).decode().splitlines() if row and row[0] != "#"))
    bodies: dict[str, bytes] = {}
    until = time.monotonic() + watched_s
    over = threading.Event()
    while time.monotonic() < until:
        for name in [row for row in fetch(variant).decode().splitlines() if row.endswith(".ts")]:
            if name not in bodies:
                bodies[name] = fetch(urljoin(variant, name))
        over.wait(1)
    flashes: list[tuple[float, bool]] = []
    beeps: list[tuple[float, float | None]] = []
    with av.open(io.BytesIO(b"".join(bodies.values())), "r", format="mpegts") as container:
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                flashes.append((frame.time or 0.0, _is_white(frame)))
            elif isinstance(frame, av.AudioFrame):
                beeps.append((frame.time or 0.0, _loud_at(frame)))
    return apart(_begun(flashes), _beginnings(beeps))


def by_libav(address: str, watched_s: float, **options: str) -> list[float]:
    """Seconds that each beep is later than its flash, as libav's player of RTSP or HLS gives both their times."""
    flashes: list[tuple[float, bool]] = []
    beeps: list[tuple[float, float | None]] = []
    with av.open(address, options=options, timeout=LONG_S) as container:
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                flashes.append((frame.time or 0.0, _is_white(frame)))
            elif isinstance(frame, av.AudioFrame):
                beeps.append((frame.time or 0.0, _loud_at(frame)))
            if flashes and beeps and min(flashes[-1][0] - flashes[0][0], beeps[-1][0] - beeps[0][0]) > watched_s:
                break
    return apart(_begun(flashes), _beginnings(beeps))


async def by_webrtc(address: str, watched_s: float) -> list[float]:
    """Seconds that each beep is later than its flash, by the first report of each sender and by its last."""
    peer = RTCPeerConnection()
    reports: dict[str, list[tuple[float, int]]] = {"video": [], "audio": []}  # the sender's time, and its RTP time
    seen: dict[str, list[tuple[int, Any]]] = {"video": [], "audio": []}
    tasks = []
    receivers = {kind: peer.addTransceiver(kind, direction="recvonly").receiver for kind in ("audio", "video")}
    for kind, receiver in receivers.items():
        _note_reports(receiver, reports[kind])
    peer.on("track", lambda track: tasks.append(asyncio.create_task(_watch(track, seen[track.kind]))))
    await peer.setLocalDescription(await peer.createOffer())
    async with aiohttp.ClientSession() as client:
        headers = {"Content-Type": "application/sdp"}
        async with client.post(address, data=peer.localDescription.sdp, headers=headers) as answer:
            assert answer.status == 201, answer.status
            await peer.setRemoteDescription(RTCSessionDescription(await answer.text(), "answer"))
    await asyncio.sleep(watched_s)
    origins = {kind: _origin(receiver) for kind, receiver in receivers.items()}
    await peer.close()
    await asyncio.gather(*tasks)
    found = []
    for video, audio in itertools.product(*[(reports[kind][0], reports[kind][-1]) for kind in ("video", "audio")]):
        pictures = [(_sent(video, origins["video"] + pts, 90_000), white) for pts, white in seen["video"]]
        sounds = [(_sent(audio, origins["audio"] + pts, 48_000), loud) for pts, loud in seen["audio"]]
        found += apart(_begun(pictures), _beginnings(sounds))
    return found


def _origin(receiver: Any) -> int:
    origin: int = receiver._RTCRtpReceiver__timestamp_mapper._origin
    return origin


def _sent(report: tuple[float, int], stamp: int, rate: int) -> float:
    """The sender's time at that RTP time."""
    at, known = report
    return at + ((stamp - known + 2**31) % 2**32 - 2**31) / rate


def _note_reports(receiver: Any, reports: list[tuple[float, int]]) -> None:
    handle = receiver._handle_rtcp_packet

    async def handled(packet: Any) -> None:
        if isinstance(packet, RtcpSrPacket):
            reports.append((packet.sender_info.ntp_timestamp / 2**32, packet.sender_info.rtp_timestamp))
        await handle(packet)

    receiver._handle_rtcp_packet = handled


async def _watch(track: Any, seen: list[tuple[int, Any]]) -> None:
    try:
        while True:
            frame = await track.recv()
            seen.append((frame.pts, _is_white(frame) if track.kind == "video" else _loud_at(frame)))
    except MediaStreamError:
        return


def _is_white(frame: av.VideoFrame) -> bool:
    return bytes(frame.planes[0])[frame.planes[0].line_size * 90 + 160] > 150


def _loud_at(frame: av.AudioFrame) -> float | None:
    """Seconds from the frame's beginning to its first loud sample."""
    channels = 1 if frame.format.is_planar else len(frame.layout.channels)
    code, loud = ("f", 0.15) if frame.format.name.startswith("flt") else ("h", 5000)
    samples = array.array(code, bytes(frame.planes[0])[: frame.samples * channels * (4 if code == "f" else 2)])
    found = next((at for at, sample in enumerate(samples[::channels]) if abs(sample) > loud), None)
    return None if found is None else found / frame.sample_rate


def _begun(shown: list[tuple[float, bool]]) -> list[float]:
    """When white came after dark."""
    return [at for (_, before), (at, now) in itertools.pairwise(shown) if now and not before]


def _beginnings(heard: list[tuple[float, float | None]]) -> list[float]:
    """When a beep came after silence. One that is heard sooner than it lasts may have begun before its viewer came."""
    out = []
    for (_, before), (at, now) in itertools.pairwise(heard):
        if now is not None and before is None and at + now > heard[0][0] + BEEP_S:
            out.append(at + now)
    return out


def apart(flashes: list[float], beeps: list[float]) -> list[float]:
    """For each flash the nearest beep, seconds after it. Raises ValueError where there is none."""
    near = [min((beep - flash for beep in beeps), key=abs) for flash in flashes]
    found = [late_s for late_s in near if abs(late_s) < NEAR_S]
    if not found:
        raise ValueError(f"{len(flashes)} flashes and {len(beeps)} beeps, and no two together")
    return found
