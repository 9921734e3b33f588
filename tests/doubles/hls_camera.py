"""A camera whose vendor serves live HLS over TLS on loopback: real H.264 and AAC, and every fault a vendor has."""

import array
import functools
import http.server
import io
import math
import secrets
import ssl
import threading
import time
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import trustme

from showcam.engine.grants import Claims
from showcam.engine.source import Codec, Denied, Ending, Hls, Lease, SourceSpec, TalkPhase
from tests.doubles.floating_point import apart
from tests.doubles.made_once import made_once
from tests.doubles.waiting import LONG_S

FPS = 15
RATE = 16_000
TONE_HZ = 440
WIDTH, HEIGHT = 320, 180
SEGMENT_S = 1
LENGTH_S = 60  # a recording; longer than any test
# libavcodec's other way takes three times as long, and a tone needs no better one
AAC_EFFORT: dict[str, object] = {"aac_coder": "fast"}


class Authority:
    """A certificate authority of one test run, and a server context under it."""

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "ca.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca_file)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(self.context)


@made_once
@apart
def recording(
    *,
    gop_s: int = 1,
    audio: bool = True,
    codec: str = "libx264",
    garbled: bool = False,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    length_s: int = LENGTH_S,
    deep: bool = False,  # 10 bits a sample, which no display decodes
    b_frames: int = 0,
    fps: int = FPS,
) -> tuple[bytes, ...]:
    """MPEG-TS segments of one second or one GOP. Each picture's brightness is its number."""
    files: dict[str, bytes] = {}
    options = {"hls_time": "1", "hls_list_size": "0", "hls_segment_filename": "recording/%d.ts"}
    with av.open(
        "recording/index.m3u8", "w", format="hls", options=options, io_open=lambda url, *_: _Kept(url, files)
    ) as out:
        video: Any = out.add_stream(codec, rate=fps)
        video.width, video.height, video.pix_fmt = *size, "yuv420p10le" if deep else "yuv420p"
        video.options = _encoding(codec, gop_s, b_frames, deep=deep, fps=fps)
        sound = out.add_stream("aac", rate=RATE) if audio else None
        if sound:
            sound.layout, sound.options = "mono", AAC_EFFORT
        tones = 0
        for number in range(length_s * fps):
            for packet in video.encode(picture(number, size)):
                out.mux(_garble(packet, video) if garbled else packet)
            while sound and tones * 1024 / RATE < number / fps:
                out.mux(sound.encode(tone(tones)))
                tones += 1
        out.mux(video.encode(None))
    return tuple(data for name, data in sorted(files.items(), key=lambda item: len(item[0])) if name.endswith(".ts"))


def _encoding(codec: str, gop_s: int, b_frames: int = 0, *, deep: bool = False, fps: int = FPS) -> dict[str, str]:
    if codec == "libx265":
        return {"preset": "ultrafast", "x265-params": f"keyint={gop_s * fps}:log-level=none"}
    params = f"keyint={gop_s * fps}:min-keyint={gop_s * fps}:scenecut=0"
    if b_frames:
        return {"preset": "ultrafast", "profile": "main", "x264-params": f"{params}:bframes={b_frames}:b-adapt=0"}
    return {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "high10" if deep else "baseline",
        "x264-params": params,
    }


class _Kept(io.BytesIO):
    def __init__(self, name: str, files: dict[str, bytes]) -> None:
        super().__init__()
        self._name, self._files = name, files

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        if not self.closed:
            self._files[self._name] = self.getvalue()
        super().close()


def picture(number: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> av.VideoFrame:
    frame = av.VideoFrame(*size, "yuv420p")
    levels = (30 + number * 7 % 190, 128, 128)
    for plane, level in zip(frame.planes, levels, strict=True):
        # a slope, so that the pictures are not tiny
        line = slope(level, plane.line_size) if level != 128 else b"\x80" * plane.line_size
        plane.update(line * plane.height)
    frame.pts, frame.time_base = number, Fraction(1, FPS)
    return frame


@functools.cache
def slope(level: int, size: int) -> bytes:
    """A line of a picture, brighter to the right."""
    return bytes((level + at // 8) % 256 for at in range(size))


@functools.cache
def _wave() -> array.array[float]:
    """A second of the tone, which is a whole number of periods, and the samples of one frame more."""
    return array.array("f", (0.5 * math.sin(2 * math.pi * TONE_HZ * at / RATE) for at in range(RATE + 1024)))


def tone(number: int) -> av.AudioFrame:
    frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
    frame.sample_rate, frame.pts, frame.time_base = RATE, number * 1024, Fraction(1, RATE)
    begin = number * 1024 % RATE
    frame.planes[0].update(_wave()[begin : begin + 1024].tobytes())
    return frame


def garbled_bytes(access_unit: bytes) -> bytes:
    """As Image Encryption leaves it: headers are plain, bodies are noise."""
    data = bytearray(access_unit)
    at = data.find(b"\x00\x00\x01")
    while at != -1:
        end = data.find(b"\x00\x00\x01", at + 3)
        if data[at + 3] & 31 in (1, 5):
            for place in range(at + 5, end if end != -1 else len(data)):
                data[place] = data[place] ^ 0xA5 or 1
        at = end
    return bytes(data)


def _garble(packet: Any, stream: Any) -> Any:
    changed: Any = av.Packet(garbled_bytes(bytes(packet)))
    changed.pts, changed.dts, changed.time_base = packet.pts, packet.dts, packet.time_base
    changed.is_keyframe, changed.stream = packet.is_keyframe, stream
    return changed


@dataclass
class Camera:
    """The camera's behaviour; tests change it while it runs."""

    segments: tuple[bytes, ...]
    sound: str = "on"
    segment_s: int = SEGMENT_S
    began: float = field(default_factory=time.monotonic)
    head_start: int = 4  # segments that exist already
    window: int = 5
    tokens: set[str] = field(default_factory=set)
    answer: int = 200  # of every playlist
    takes_s: float = 0.0  # for each answer
    location: str = ""  # of a redirect
    tags: tuple[str, ...] = ()  # put before the segments
    segment_base: str = ""  # put before each segment's name
    frozen_at: int | None = None
    renumber: int = 0  # added to sequence numbers of later sessions

    @property
    def produced(self) -> int:
        if self.frozen_at is not None:
            return self.frozen_at
        return min(len(self.segments), self.head_start + int((time.monotonic() - self.began) / self.segment_s))

    def freeze(self) -> None:
        self.frozen_at = self.produced

    def cut(self) -> None:
        """Ends every session, as a vendor does: their addresses are gone."""
        self.tokens.clear()

    def playlist(self) -> str:
        last = self.produced
        first = max(0, last - self.window)
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:3",
            f"#EXT-X-TARGETDURATION:{self.segment_s}",
            f"#EXT-X-MEDIA-SEQUENCE:{first + self.renumber}",
            *self.tags,
        ]
        for number in range(first, last):
            lines += [f"#EXTINF:{self.segment_s:.3f},", f"{self.segment_base}{number}.ts"]
        return "\n".join(lines) + "\n"


class Vendor:
    """Serves cameras by name, each session under its own token."""

    def __init__(self, authority: Authority) -> None:
        self.cameras: dict[str, Camera] = {}
        self.hits: list[str] = []
        handler = type("Handler", (_Handler,), {"vendor": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.socket = authority.context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(LONG_S)

    def open(self, name: str, **changes: Any) -> Hls:
        """A new address of the camera, as a live-address call gives it."""
        camera = self.cameras[name]
        token = secrets.token_urlsafe(8)
        camera.tokens.add(token)
        spec: dict[str, Any] = {
            "url": f"https://127.0.0.1:{self.port}/{name}/{token}/index.m3u8?t=vendor-secret",
            "hosts": (f"127.0.0.1:{self.port}",),
            "sound": camera.sound,
            "lease": Lease("s", token),
        }
        return Hls(**(spec | changes))


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    vendor: Vendor

    def do_GET(self) -> None:
        names = self.path.partition("?")[0].strip("/").split("/")
        camera = self.vendor.cameras.get(names[0])
        self.vendor.hits.append(self.path)
        if camera is None or len(names) != 3 or names[1] not in camera.tokens:
            return self._send(404, b"gone")
        time.sleep(camera.takes_s)
        if names[2] == "index.m3u8":
            return self._send(camera.answer, camera.playlist().encode(), camera.location)
        number = int(names[2].partition(".")[0])
        return self._send(200, camera.segments[number]) if number < camera.produced else self._send(404, b"")

    def _send(self, status: int, body: bytes, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ssl.SSLError):
            self.close_connection = True


class Household:
    """The Sources of a test: cameras of one vendor, and a gate that a test opens and closes."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.denied: dict[str, Denied] = {}  # by camera
        self.is_away = False  # the gate can't be reached
        self.changes: dict[str, object] = {}  # of every SourceSpec
        self.opened: list[Claims] = []
        self.stills: dict[str, bytes | Denied] = {}  # by camera
        self.stills_asked: list[Claims] = []
        self.checked: list[Claims] = []
        self.released: list[Lease] = []
        self.learned: list[tuple[str, str, int, int]] = []  # camera, which picture of it, width, height
        self.out_of_order: set[tuple[str, str]] = set()  # those reported to have B-frames
        self.bearers: set[tuple[str, str]] = set()  # link, access token

    async def still(self, claims: Claims) -> bytes | Denied | None:
        self.stills_asked.append(claims)
        return self.stills.get(claims.camera)

    async def admits(self, claims: Claims, bearer: str) -> bool:
        return (claims.link, bearer) in self.bearers

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        self.opened.append(claims)
        name = claims.camera if claims.picture == "main" else f"{claims.camera}-sub"
        return self.denied.get(claims.camera) or self.vendor.open(name, **self.changes)

    async def check(self, claims: list[Claims]) -> list[Denied | None]:
        self.checked += claims
        if self.is_away:
            raise ConnectionError("the gate is away")
        return [self.denied.get(claim.camera) for claim in claims]

    async def learnt(
        self,
        claims: Claims,
        width: int,
        height: int,
        *,
        codec: Codec,
        b_frames: bool,
        lacks_sub: bool,
        first_s: float | None,
    ) -> None:
        self.learned.append((claims.camera, claims.picture, width, height))
        if b_frames:
            self.out_of_order.add((claims.camera, claims.picture))

    async def talk(self, claims: Claims, phase: TalkPhase, reason: str = "") -> SourceSpec | Denied:
        return Denied("talk_off")

    async def judged(self, claims: Claims, mark: str, *, fits: bool) -> None:
        pass

    async def closed(self, claims: Claims, lease: Lease, ending: Ending) -> None:
        self.released.append(lease)
