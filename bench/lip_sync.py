"""How far sound and picture are apart at a viewer: each second the camera shows white and beeps in the same moment.

By HLS of the segments as they are served; by WebRTC of what aiortc decodes, put on one clock by the sender's reports,
as browsers do it.
"""

import array
import asyncio
import functools
import io
import itertools
import math
import threading
import time
from fractions import Fraction
from typing import Any
from urllib.parse import urljoin

import aiohttp
import av
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtcpSrPacket

from bench import cores
from bench.lan_cameras import lan_cameras
from bench.picture_process import master, picture_process, whep
from bench.progress import say
from bench.relay import fetch
from bench.run import Results, Run
from bench.table import Bound, Row
from simulator.lan.description import Tracks
from tests.doubles.rtsp_camera import Recording, Sample

RATE, SOUND, FRAME = 25, 16_000, 1024
SIZE = (320, 180)
LENGTH_S, WATCHED_S = 16, 14.0  # the length is a whole number of AAC frames and of pictures
BEEP_S, BEEP_HZ = 0.2, 1000
NEAR_S = 0.5
BOUND = Bound(most=40)


def measure(run: Run) -> Results:
    say("Lip sync: HLS and WebRTC")
    with lan_cameras(make=clapping) as cameras, picture_process(cameras.ports) as home, cores.beside():
        watched_s = 6.0 if run.quick else WATCHED_S
        hls = _by_hls(master(home, 0), watched_s)
        webrtc = asyncio.run(_by_webrtc(whep(home, 0), watched_s))
    for name, late_s in (("HLS", hls), ("WebRTC", webrtc)):
        late = [1000 * sound_s for sound_s in late_s]  # the sound is late, or early where it is negative
        farthest = max(map(abs, late))
        yield Row(f"sound and picture apart, {name}, the farthest", "ms", farthest, bound=BOUND, runs=late)


@functools.cache
def clapping() -> Recording:
    """White for four pictures and a beep at each whole second, else dark and silent."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = *SIZE, "yuv420p", Fraction(1, RATE)
    gop = f"keyint={2 * RATE}:min-keyint={2 * RATE}:scenecut=0"
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": gop}
    samples = []
    for number in range(LENGTH_S * RATE):
        for packet in encoder.encode(_picture(number)):
            samples.append(Sample("video", bytes(packet), packet.pts / RATE, bool(packet.is_keyframe)))
    keyframe = samples[0].data
    sound, config = _sound()
    samples += sound
    tracks = Tracks("h264", keyframe, "aac", SOUND, config)
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


def _by_hls(address: str, watched_s: float) -> list[float]:
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


async def _by_webrtc(address: str, watched_s: float) -> list[float]:
    peer = RTCPeerConnection()
    clocks: dict[str, tuple[float, int]] = {}  # of each kind: the sender's time, and the RTP time that is the same
    seen: dict[str, list[tuple[int, Any]]] = {"video": [], "audio": []}
    tasks = []
    receivers = {kind: peer.addTransceiver(kind, direction="recvonly").receiver for kind in ("audio", "video")}
    for kind, receiver in receivers.items():
        _note_reports(receiver, functools.partial(clocks.__setitem__, kind))
    peer.on("track", lambda track: tasks.append(asyncio.create_task(_watch(track, seen[track.kind]))))
    await peer.setLocalDescription(await peer.createOffer())
    async with aiohttp.ClientSession() as client:
        headers = {"Content-Type": "application/sdp"}
        async with client.post(address, data=peer.localDescription.sdp, headers=headers) as answer:
            assert answer.status == 201, answer.status
            await peer.setRemoteDescription(RTCSessionDescription(await answer.text(), "answer"))
    await asyncio.sleep(watched_s)
    at = {}
    for kind, rate in (("video", 90_000), ("audio", 48_000)):
        origin = receivers[kind]._RTCRtpReceiver__timestamp_mapper._origin  # type: ignore[attr-defined]
        sent, stamp = clocks[kind]
        at[kind] = [(sent + (origin + pts - stamp) / rate, what) for pts, what in seen[kind]]
    await peer.close()
    await asyncio.gather(*tasks)
    return apart(_begun(at["video"]), _beginnings(at["audio"]))


def _note_reports(receiver: Any, note: Any) -> None:
    handle = receiver._handle_rtcp_packet

    async def handled(packet: Any) -> None:
        if isinstance(packet, RtcpSrPacket):
            note((packet.sender_info.ntp_timestamp / 2**32, packet.sender_info.rtp_timestamp))
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
    """When a beep came after silence."""
    out = []
    for (_, before), (at, now) in itertools.pairwise(heard):
        if now is not None and before is None:
            out.append(at + now)
    return out


def apart(flashes: list[float], beeps: list[float]) -> list[float]:
    """For each flash the nearest beep, seconds after it. Raises ValueError where there is none."""
    near = [min((beep - flash for beep in beeps), key=abs) for flash in flashes]
    found = [late_s for late_s in near if abs(late_s) < NEAR_S]
    if not found:
        raise ValueError(f"{len(flashes)} flashes and {len(beeps)} beeps, and no two together")
    return found
