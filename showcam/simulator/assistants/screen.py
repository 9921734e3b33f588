"""A screen without a display: says a wish, plays the stream, and measures picture and sound."""

import asyncio
import base64
import contextlib
import io
import math
import time
from array import array
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import aioice.ice
import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from showcam.simulator.assistants.alexa import Alexa
from showcam.simulator.assistants.google import Google
from showcam.simulator.assistants.google_rules import check_signalling
from showcam.simulator.assistants.speech import Outcome
from showcam.simulator.assistants.wire import PICTURE_S, NoAnswer, Wire

SILENCE = 0.0005  # root mean square, of full scale


class NoPicture(Exception):
    """Nothing could be shown; the text names the fault and holds no address."""


@dataclass(slots=True)
class Playback:
    """The decoded pictures and sound, counted during playback."""

    protocol: str
    frames: int = 0
    width: int = 0
    height: int = 0
    samples: int = 0
    energy: float = 0.0
    last: av.VideoFrame | None = None
    first_at: float = 0.0  # when the first picture was decoded, epoch s

    def add_picture(self, frame: av.VideoFrame) -> None:
        self.first_at = self.first_at or time.time()
        self.frames += 1
        self.width, self.height, self.last = frame.width, frame.height, frame

    def add_sound(self, frame: av.AudioFrame) -> None:
        """Adds up the loudness, in either sample format of the Opus and AAC decoders."""
        kind, full = ("h", 32768.0) if frame.format.name in ("s16", "s16p") else ("f", 1.0)
        values = array(kind, bytes(frame.planes[0]))
        step = values[::8]  # enough to distinguish sound from silence
        self.samples += len(step)
        self.energy += sum((value / full) ** 2 for value in step)

    def as_json(self) -> dict[str, Any]:
        rms = math.sqrt(self.energy / self.samples) if self.samples else 0.0
        return {
            "protocol": self.protocol,
            "frames": self.frames,
            "first_at": round(self.first_at, 3),
            "width": self.width,
            "height": self.height,
            "audio": rms > SILENCE,
            "audio_rms": round(rms, 5),
        }

    def jpeg(self) -> bytes:
        assert self.last is not None
        out = io.BytesIO()
        image: Any = self.last.to_image()  # type: ignore[no-untyped-call]
        image.save(out, "JPEG", quality=85)
        return out.getvalue()


class WebRtcScreen:
    """A live view by WebRTC: `offer`, then `play` with the answer, then `close`."""

    def __init__(self) -> None:
        _use_loopback()
        self.playback = Playback("webrtc")
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connected = asyncio.Event()
        self._failed = asyncio.Event()
        self._first = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._pc.on("track", self._track)
        self._pc.on("connectionstatechange", self._changed)

    async def offer(self) -> str:
        """Makes an offer to receive H.264 and Opus, with every candidate in it."""
        known = RTCRtpReceiver.getCapabilities("video")
        # constrained baseline: an Echo's H.264 line without parameters means the same
        h264 = [
            codec for codec in (known.codecs if known else []) if codec.parameters.get("profile-level-id") == "42e01f"
        ]
        self._pc.addTransceiver("audio", direction="recvonly")
        self._pc.addTransceiver("video", direction="recvonly").setCodecPreferences(h264)
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return str(self._pc.localDescription.sdp)

    async def play(self, answer: str, seconds: float, connected: Callable[[], Awaitable[object]] | None = None) -> None:
        """Plays showcam's SDP answer for `seconds`. Raises NoPicture."""
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        except Exception as error:
            raise NoPicture(f"the SDP answer can't be used ({type(error).__name__})") from None
        try:
            async with asyncio.timeout(PICTURE_S):
                await self._either(self._connected)
                if connected is not None:
                    await connected()
                await self._either(self._first)
        except TimeoutError:
            what = "no picture arrived" if self._connected.is_set() else "the connection was not made"
            raise NoPicture(f"{what} within {PICTURE_S:g} s") from None
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._pc.close()

    async def _either(self, wanted: asyncio.Event) -> None:
        tasks = [asyncio.ensure_future(event.wait()) for event in (wanted, self._failed)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
        if self._failed.is_set():
            raise NoPicture("the connection failed")

    def _changed(self) -> None:
        if self._pc.connectionState == "connected":
            self._connected.set()
        elif self._pc.connectionState in ("failed", "closed"):
            self._failed.set()

    def _track(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.ensure_future(self._watch(track)))

    async def _watch(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, av.VideoFrame):
                    self.playback.add_picture(frame)
                    self._first.set()
                elif isinstance(frame, av.AudioFrame):
                    self.playback.add_sound(frame)


async def play_hls(url: str, seconds: float) -> Playback:
    """Plays a media playlist from its live edge. Raises NoPicture."""
    return await asyncio.to_thread(_play_hls, url, seconds)


def _play_hls(url: str, seconds: float) -> Playback:
    playback = Playback("hls")
    options = {"protocol_whitelist": "http,https,tcp,tls", "allowed_extensions": "ALL", "extension_picky": "0"}
    until = time.monotonic() + PICTURE_S
    try:
        with av.open(url, format="hls", options=options, timeout=(5.0, 5.0)) as container:
            streams = [*container.streams.video[:1], *container.streams.audio[:1]]
            for frame in container.decode(*streams):
                if isinstance(frame, av.VideoFrame):
                    if not playback.frames:
                        until = time.monotonic() + seconds
                    playback.add_picture(frame)
                elif isinstance(frame, av.AudioFrame):
                    playback.add_sound(frame)
                if time.monotonic() > until:
                    break
    except (av.FFmpegError, OSError) as error:
        if not playback.frames:
            raise NoPicture(f"the stream can't be played ({type(error).__name__})") from None
    if not playback.frames:
        raise NoPicture(f"no picture arrived within {PICTURE_S:g} s")
    return playback


def echo_shaped(offer: str) -> str:
    """Returns the offer as an Echo writes it: sendrecv, and H.264 without a line of parameters."""
    h264 = [line[9:].split()[0] for line in offer.splitlines() if line.startswith("a=rtpmap:") and " H264/" in line]
    kept = [
        "a=sendrecv" if line == "a=recvonly" else line
        for line in offer.splitlines()
        if not any(line.startswith(f"a=fmtp:{payload} ") for payload in h264)
    ]
    return "\r\n".join(kept) + "\r\n"


def _use_loopback() -> None:
    # aioice leaves out 127.0.0.1, the only address of the demo
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


TOTAL_S = 15.0  # a person has turned away after this time
PLAYER_ORIGIN = "https://www.gstatic.com"


async def watch(cloud: Alexa | Google, text: str, via: str, seconds: float, origin: str) -> dict[str, Any]:
    """Returns {"outcome", "trace", "shown"?, "jpeg"?}, always within 15 s."""
    wire = cloud.wire()
    return await _watched(cloud, wire, lambda: cloud.say(wire, text, via), seconds, origin)


async def watch_ring(cloud: Alexa, within_s: float, seconds: float, origin: str, after: int | None) -> dict[str, Any]:
    """Waits for a ring and opens the doorbell's view, as an Echo does automatically.

    `after`: a ring counts if its number among the news is higher; None: from now on. The answer is that of `watch`,
    with "rang_at": epoch s, or null.
    """
    wire, rang = cloud.wire(), None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            async for item in cloud.news.after(after):
                if item.kind == "ring":
                    rang = item.camera
                    break
    if rang is None:
        nobody = Outcome(person="Nobody rang.").as_json()
        return {"outcome": nobody, "trace": wire.trace, "camera": None, "rang_at": None}
    at, camera = time.time(), rang
    answer = await _watched(cloud, wire, lambda: cloud.open(wire, camera), seconds, origin)
    return answer | {"rang_at": at}


async def _watched(
    cloud: Alexa | Google, wire: Wire, wish: Callable[[], Awaitable[dict[str, Any]]], seconds: float, origin: str
) -> dict[str, Any]:
    result: dict[str, Any] = {"outcome": Outcome()}
    playback: Playback | None = None
    try:
        async with asyncio.timeout(TOTAL_S - 1):
            result = await wish()
            playback = await _play(cloud, wire, result, seconds, origin)
    except TimeoutError:
        result["outcome"] = _dark(result, f"nothing was shown within {TOTAL_S:g} s")
    except (NoPicture, NoAnswer) as error:
        result["outcome"] = _dark(result, str(error))
    answer: dict[str, Any] = {
        "outcome": result["outcome"].as_json(),
        "trace": wire.trace,
        "camera": result.get("camera"),
    }
    if playback is not None and playback.last is not None:
        answer["shown"] = playback.as_json()
        answer["jpeg"] = base64.b64encode(await asyncio.to_thread(playback.jpeg)).decode()
    return answer


async def _play(
    cloud: Alexa | Google, wire: Wire, result: dict[str, Any], seconds: float, origin: str
) -> Playback | None:
    if result.get("need") == "offer" and isinstance(cloud, Alexa):
        return await _by_directive(cloud, wire, result, seconds)
    if "webrtc" in result:
        return await _by_signalling(wire, result, seconds, origin)
    if "hls" in result:
        return await _by_hls(wire, result["hls"], seconds)
    return None


async def _by_directive(cloud: Alexa, wire: Wire, result: dict[str, Any], seconds: float) -> Playback | None:
    screen = WebRtcScreen()
    session = result["session"]
    try:
        result |= await cloud.offer(wire, session, echo_shaped(await screen.offer()))
        if "answer" not in result:
            return None

        async def connected() -> None:
            result["outcome"].broken += await cloud.connected(wire, session)

        await screen.play(result.pop("answer"), seconds, connected)
    finally:
        await screen.close()
        result["outcome"].broken += await cloud.hide(wire)
    return screen.playback


async def _by_signalling(wire: Wire, result: dict[str, Any], seconds: float, origin: str) -> Playback:
    screen = WebRtcScreen()
    url, token = result["webrtc"]["signalingUrl"], result["webrtc"].get("authToken")
    headers = {"Origin": origin} | ({"Authorization": f"Bearer {token}"} if token else {})
    device = result["camera"]["id"]
    try:
        sdp = await screen.offer()
        body = {"action": "offer", "deviceId": device, "sdp": sdp}
        reply = await wire.send("Player: offer", url, body=body, headers=headers, timeout_s=PICTURE_S)
        answered = reply.json()
        result["outcome"].broken += check_signalling(reply.status, reply.headers, answered, sdp, origin)
        if reply.status != 200 or result["outcome"].broken:
            detail = answered.get("detail") if isinstance(answered, dict) else None
            raise NoPicture(f"the signalling URL answered {reply.status}{f': {detail}' if detail else ''}")
        await screen.play(answered["sdp"], seconds)
    finally:
        await screen.close()
        end = {"action": "end", "deviceId": device}
        await wire.send("Player: end", url, body=end, headers=headers, timeout_s=PICTURE_S)
    return screen.playback


async def _by_hls(wire: Wire, url: str, seconds: float) -> Playback:
    """Reads the first playlist as a Cast receiver does: from another origin, without redirects, with codecs named."""
    reply = await wire.send(
        "Player: master playlist", url, method="GET", headers={"Origin": PLAYER_ORIGIN}, timeout_s=PICTURE_S
    )
    if reply.status != 200:
        raise NoPicture(f"the playlist answered {reply.status}")
    if reply.headers.get("access-control-allow-origin") not in ("*", PLAYER_ORIGIN):
        raise NoPicture("the playlist may not be read from another origin (CORS)")
    lines = [line for line in reply.text.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("#EXTM3U"):
        raise NoPicture("the playlist is not M3U8")
    streams = [at for at, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF")]
    if not streams:
        return await play_hls(url, seconds)
    if "CODECS=" not in lines[streams[0]]:
        raise NoPicture("the master playlist names no CODECS")
    return await play_hls(urljoin(url, lines[streams[0] + 1]), seconds)


def _dark(result: dict[str, Any], why: str) -> Outcome:
    """Returns the outcome of a promised picture that can't be played."""
    name = (result.get("camera") or {}).get("name", "the camera")
    broken = result["outcome"].broken
    return Outcome(
        spoken=f"{name} isn't responding.", person=f"No picture of {name}: {why.rstrip('.')}.", broken=broken
    )
