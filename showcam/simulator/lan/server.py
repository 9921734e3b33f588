"""An RTSP server: the description of its streams (SDP, RFC 8866), sessions, and RTP packets (RFC 3550).

The packets carry H.264 (RFC 6184), H.265 (RFC 7798), AAC (RFC 3640) and G.711 (RFC 3551).
"""

import asyncio
import base64
import contextlib
import hashlib
import re
import secrets
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

SPEAKER = 3  # the track that the camera plays
BACK = "www.onvif.org/ver20/backchannel"
LONGEST = 1200  # bytes of a packet's payload
_START = re.compile(rb"\x00\x00\x00?\x01")
_NTP = 2208988800  # s from 1900 to 1970


def nal_units(access_unit: bytes) -> list[bytes]:
    """Returns the NAL units of an access unit in Annex B form."""
    return [unit for unit in _START.split(access_unit) if unit]


class Packer:
    """Makes the packets of one track, which share a sequence and a source id."""

    def __init__(self, payload: int, clock_hz: int) -> None:
        self._payload, self._clock = payload, clock_hz
        self._source = secrets.randbits(32)
        self._number = secrets.randbits(16)
        self._sent = self._bytes = 0

    def video(self, codec: Literal["h264", "h265"], access_unit: bytes, at: float) -> list[bytes]:
        """`at` is in epoch seconds."""
        split = _fragments if codec == "h264" else _fragments_h265
        pieces = [piece for unit in nal_units(access_unit) for piece in split(unit)]
        return [self._packet(piece, at, marker=piece is pieces[-1]) for piece in pieces]

    def aac(self, frame: bytes, at: float) -> list[bytes]:
        """Packs one frame without its ADTS header: AU-headers-length, then 13 bits of size and 3 of index."""
        return [self._packet(struct.pack(">HH", 16, len(frame) << 3) + frame, at, marker=True)]

    def plain(self, samples: bytes, at: float) -> list[bytes]:
        return [self._packet(samples, at, marker=False)]

    def report(self, now: float) -> bytes:
        """Makes a sender report (RFC 3550 section 6.4.1), which maps RTP time to the time of day."""
        seconds, rest = divmod(now + _NTP, 1)
        body = struct.pack(
            ">IIIIII", self._source, int(seconds), int(rest * 2**32), self._at(now), self._sent, self._bytes
        )
        return struct.pack(">BBH", 0x80, 200, 6) + body

    def _packet(self, payload: bytes, at: float, *, marker: bool) -> bytes:
        self._number = self._number + 1 & 0xFFFF
        self._sent, self._bytes = self._sent + 1, self._bytes + len(payload) & 0xFFFFFFFF
        head = struct.pack(">BBHII", 0x80, self._payload | marker << 7, self._number, self._at(at), self._source)
        return head + payload

    def _at(self, seconds: float) -> int:
        return round(seconds * self._clock) & 0xFFFFFFFF


def _fragments(unit: bytes) -> Iterator[bytes]:
    """Yields the unit, or its FU-A fragments if the unit is too long."""
    if len(unit) <= LONGEST:
        yield unit
        return
    indicator, kind = unit[0] & 0xE0 | 28, unit[0] & 0x1F
    body = unit[1:]
    for begin in range(0, len(body), LONGEST):
        piece = body[begin : begin + LONGEST]
        first, last = begin == 0, begin + LONGEST >= len(body)
        yield bytes((indicator, first << 7 | last << 6 | kind)) + piece


def _fragments_h265(unit: bytes) -> Iterator[bytes]:
    """Yields the unit, or its fragmentation units if the unit is too long (RFC 7798 section 4.4.3)."""
    if len(unit) <= LONGEST:
        yield unit
        return
    head, kind = bytes((unit[0] & 0x81 | 49 << 1, unit[1])), unit[0] >> 1 & 0x3F
    body = unit[2:]
    for begin in range(0, len(body), LONGEST):
        first, last = begin == 0, begin + LONGEST >= len(body)
        yield head + bytes((first << 7 | last << 6 | kind,)) + body[begin : begin + LONGEST]


type Sound = Literal["aac", "pcmu", "pcma"]
_PAYLOADS = {"aac": 97, "pcmu": 0, "pcma": 8}


@dataclass(frozen=True, slots=True)
class Tracks:
    """`keyframe` is any keyframe of the video, in Annex B form; with b"" the description has no parameter sets."""

    video: Literal["h264", "h265"] = "h264"
    keyframe: bytes = b""
    sound: Sound | None = None
    sound_hz: int = 8000
    config: bytes = b""  # AAC's AudioSpecificConfig

    def packers(self) -> tuple[Packer, Packer | None]:
        sound = Packer(_PAYLOADS[self.sound], self.sound_hz) if self.sound else None
        return Packer(96, 90_000), sound


def describe(tracks: Tracks, base: str, *, speaker: bool = False) -> str:
    """Returns the SDP, with the track of the camera's speaker if there is one.

    `base` is put before the addresses of the tracks; "" makes them relative.
    """
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=Media Presentation", "c=IN IP4 0.0.0.0", "t=0 0", "a=range:npt=now-"]
    lines += ["m=video 0 RTP/AVP 96", f"a=rtpmap:96 {tracks.video.upper()}/90000"]
    if tracks.video == "h264":
        lines.append(f"a=fmtp:96 packetization-mode=1{_parameters(tracks.keyframe)}")
    lines.append(f"a=control:{base}trackID=1")
    if tracks.sound:
        payload = _PAYLOADS[tracks.sound]
        lines.append(f"m=audio 0 RTP/AVP {payload}")
        if tracks.sound == "aac":
            lines += [
                f"a=rtpmap:97 mpeg4-generic/{tracks.sound_hz}/1",
                "a=fmtp:97 profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;"
                f"config={tracks.config.hex()}",
            ]
        else:
            lines.append(f"a=rtpmap:{payload} {tracks.sound.upper()}/{tracks.sound_hz}")
        lines.append(f"a=control:{base}trackID=2")
    if speaker:
        lines += ["m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=sendonly", f"a=control:{base}trackID={SPEAKER}"]
    return "\r\n".join([*lines, ""])


def _parameters(keyframe: bytes) -> str:
    found = {unit[0] & 0x1F: unit for unit in nal_units(keyframe)}
    if 7 not in found or 8 not in found:
        return ""
    sets = ",".join(base64.b64encode(found[kind]).decode() for kind in (7, 8))
    return f";profile-level-id={found[7][1:4].hex()};sprop-parameter-sets={sets}"


USER = "admin"
PATHS = re.compile(r"/(?:Streaming/Channels/[12]0[12]|h264/ch1/(?:main|sub)/av_stream)(?:/trackID=[123])?/?")
_SMALLER = re.compile(r"/Channels/[12]02|/sub/")
BEHIND = 1024 * 1024  # bytes that a viewer may lag; then the viewer loses packets, and the camera keeps its memory
REPORT_S = 5.0  # RFC 3550, 6.2
_PARAMETER = re.compile(r'(\w+)="?([^",]*)"?')

type Take = Callable[[Literal["video", "audio"], bytes, float], None]  # an access unit or a frame, and its epoch s


class Lens(Protocol):
    """The source of the server's pictures; the server calls it in the server's loop."""

    async def tracks(self) -> Tracks | None:
        """Returns the tracks of video and sound; None if the camera has no such picture."""
        ...

    def watch(self, take: Take, over: Callable[[], None]) -> None:
        """Begins to pass units to `take`. `over` is called if the camera itself ends the session."""
        ...

    def unwatch(self, take: Take) -> None: ...


class CameraServer:
    """Each request calls `password`, since Image Encryption changes it. `smaller` is the sub stream.

    While the camera is not `reachable`, the server answers nothing. `speaker` gets each packet of G.711 that is said to
    the camera, by ONVIF's back channel.
    """

    def __init__(
        self,
        lens: Lens,
        password: Callable[[], str],
        *,
        smaller: Lens | None = None,
        reachable: Callable[[], bool] = lambda: True,
        speaker: Callable[[bytes], None] | None = None,
    ) -> None:
        self.speaker = speaker
        self._lens, self._smaller, self._password, self._reachable = lens, smaller, password, reachable
        self._server: asyncio.Server | None = None
        self._viewers: set[asyncio.Task[None]] = set()
        self.port = 0
        self.refused = 0  # requests with a wrong password

    @property
    def is_reachable(self) -> bool:
        return self._reachable()

    async def start(self, host: str = "127.0.0.1", at: socket.socket | None = None) -> asyncio.Server:
        """Listens at the socket `at`, or else at the server's own port."""
        if at is not None:
            self._server = await asyncio.start_server(self._connected, sock=at, limit=64 * 1024)
        else:
            self._server = await asyncio.start_server(self._connected, host, self.port, limit=64 * 1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self._server

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            self._server.abort_clients()
        for task in list(self._viewers):
            task.cancel()
        await asyncio.gather(*self._viewers, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._viewers.add(task)
        try:
            if self._reachable():
                await self.viewer(reader, writer).serve()
            while await reader.read(4096):  # a camera that sleeps or is away says nothing
                pass
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._viewers.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def lens(self, uri: str) -> Lens | None:
        return self._smaller if _SMALLER.search(uri) else self._lens

    def viewer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> "Viewer":
        return Viewer(self, reader, writer)

    @property
    def realm(self) -> str:
        """The realm of Digest; bytes that are not UTF-8 are in it as surrogates."""
        return "IP Camera"

    def is_right(self, method: str, authorization: str, nonce: str) -> bool:
        """Checks RFC 2617's Digest, without and with qop."""
        given = dict(_PARAMETER.findall(authorization))
        known = given.get("username"), given.get("realm"), given.get("nonce")
        if not authorization.startswith("Digest ") or known != (USER, self.realm, nonce):
            return False
        secret = _md5(f"{USER}:{self.realm}:{self._password()}")
        between = f"{nonce}:{given['nc']}:{given['cnonce']}:{given['qop']}" if "qop" in given else nonce
        wanted = _md5(f"{secret}:{between}:{_md5(f'{method}:{given.get("uri")}')}")
        if given.get("response") != wanted:
            self.refused += 1
        return given.get("response") == wanted


class Viewer:
    """A viewer's connection to the server."""

    def __init__(self, server: CameraServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._lens: Lens | None = None  # chosen by DESCRIBE
        self._nonce, self._session = secrets.token_hex(16), secrets.token_hex(4)
        self._channels: dict[int, int] = {}  # track: RTP channel
        self._packers: tuple[Packer, Packer | None] | None = None
        self._sound = ""
        self._codec: Literal["h264", "h265"] = "h264"
        self._reported = 0.0

    async def serve(self) -> None:
        try:
            while self._server.is_reachable:
                await self._request()
        finally:
            if self._lens:
                self._lens.unwatch(self._take)

    async def _request(self) -> None:
        first = await self._reader.readexactly(1)
        if first == b"$":
            head = await self._reader.readexactly(3)
            packet = await self._reader.readexactly(int.from_bytes(head[1:], "big"))
            if self._server.speaker and self._channels.get(SPEAKER) == head[0]:
                self._server.speaker(packet[12:])
            return
        head = first + await self._reader.readuntil(b"\r\n\r\n")
        start, *lines = head.decode("utf-8", "surrogateescape").strip().split("\r\n")
        method, uri, _ = start.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        await self.answer(method, uri, headers)
        await self._writer.drain()

    async def answer(self, method: str, uri: str, headers: dict[str, str]) -> None:
        number = headers.get("cseq", "0")
        if method == "OPTIONS":
            self.say(number, "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER")
        elif not self._server.is_right(method, headers.get("authorization", ""), self._nonce):
            challenge = f'Digest realm="{self._server.realm}", nonce="{self._nonce}"'
            self.say(number, "401 Unauthorized", f"WWW-Authenticate: {challenge}")
        elif PATHS.fullmatch(re.sub(r"^rtsp://[^/]*", "", uri)) is None:
            self.say(number, "404 Not Found")
        elif method == "DESCRIBE":
            await self._describe(number, uri, speaker=BACK in headers.get("require", ""))
        elif method == "SETUP":
            self._set_up(number, uri, headers.get("transport", ""))
        elif method == "PLAY" and self._lens:
            self.say(number, "200 OK", f"Session: {self._session}", "Range: npt=0.000-")
            if self._channels.keys() != {SPEAKER}:
                self._lens.watch(self._take, self._writer.close)
        elif method == "TEARDOWN":
            self.say(number, "200 OK", f"Session: {self._session}")
            raise ConnectionResetError
        else:
            self.say(number, "200 OK", f"Session: {self._session}")

    def say(self, number: str, status: str, *headers: str, body: str = "") -> None:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {number}", *headers]
        if body:
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body.encode())}"]
        self._writer.write("\r\n".join([*lines, "", body]).encode("utf-8", "surrogateescape"))

    async def _describe(self, number: str, uri: str, *, speaker: bool) -> None:
        lens = self._server.lens(uri)
        tracks = await lens.tracks() if lens else None
        if tracks is None:
            self.say(number, "404 Not Found")
            return
        if speaker and self._server.speaker is None:
            self.say(number, "551 Option not supported", f"Unsupported: {BACK}")
            return
        self._lens = lens
        base = uri.rstrip("/") + "/"
        self.say(number, "200 OK", f"Content-Base: {base}", body=describe(tracks, base, speaker=speaker))
        self._packers, self._sound, self._codec = tracks.packers(), tracks.sound or "", tracks.video

    def _set_up(self, number: str, uri: str, transport: str) -> None:
        if "TCP" not in transport:
            self.say(number, "461 Unsupported Transport")
            return
        named = uri.rstrip("/")[-1:]
        track = int(named) if named in ("2", str(SPEAKER)) and "trackID=" in uri else 1
        channel = self._channels[track] = 2 * (track - 1)
        accepted = f"Transport: RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        self.say(number, "200 OK", accepted, f"Session: {self._session};timeout=60")

    def _take(self, kind: Literal["video", "audio"], data: bytes, at: float) -> None:
        if not self._server.is_reachable:
            return
        track = 1 if kind == "video" else 2
        channel = self._channels.get(track)
        packer = self._packers[track - 1] if self._packers else None
        if channel is None or packer is None or self._writer.transport.get_write_buffer_size() > BEHIND:
            return
        if kind == "video":
            packets = packer.video(self._codec, data, at)
        else:
            packets = packer.aac(data, at) if self._sound == "aac" else packer.plain(data, at)
        out = bytearray()
        for packet in packets:
            out += b"$" + bytes((channel,)) + len(packet).to_bytes(2, "big") + packet
        if time.monotonic() - self._reported > REPORT_S:
            self._reported = time.monotonic()
            out += self._reports(at)
        self._writer.write(out)

    def _reports(self, now: float) -> bytes:
        out = b""
        for track, channel in self._channels.items():
            packer = self._packers[track - 1] if self._packers else None
            if packer is not None:
                report = packer.report(now)
                out += b"$" + bytes((channel + 1,)) + len(report).to_bytes(2, "big") + report
        return out


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
