"""A WebRTC display: a real peer connection that counts what it decodes."""

import array
import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from tests.doubles.seen import Seen
from tests.doubles.waiting import LONG_S


class Viewer:
    """`pictures` are the times of frames, `shown` their places on the camera's own clock (s), `keys` the times of
    keyframes and `key_places` their places, `changes` each size in the order they were seen, `loud` the loudness of
    sound, `ended` the kinds of tracks that ended, `seen` what is seen and heard.
    """

    def __init__(self) -> None:
        self.seen = Seen()
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pictures: list[float] = []
        self.shown: list[float] = []
        self.keys: list[float] = []
        self.key_places: list[float] = []
        self.changes: list[tuple[int, int]] = []
        self.loud: list[float] = []
        self.sizes: set[tuple[int, int]] = set()
        self._said = 0
        self.ended: set[str] = set()
        self.tasks: list[asyncio.Task[None]] = []
        self.connection.on("track", lambda track: self.tasks.append(asyncio.create_task(self._watch(track))))

    async def offer(self) -> str:
        for kind in ("audio", "video"):
            self.connection.addTransceiver(kind, direction="recvonly")
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def accept(self, sdp: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def until(self, condition: Callable[..., object], within_s: float = LONG_S) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.02)

    async def want_key(self) -> None:
        """Say that no picture can be made of what comes (PLI)."""
        receiver, ssrc = self._video()
        await receiver._send_rtcp_pli(ssrc)

    async def lose(self, packets: int) -> None:
        """Say of so many packets that they did not come (NACK)."""
        receiver, ssrc = self._video()
        numbers = [(self._said + number) % 65536 for number in range(packets)]
        self._said += packets
        for at in range(0, packets, 16):
            await receiver._send_rtcp_nack(ssrc, numbers[at : at + 16])

    def _video(self) -> tuple[Any, int]:
        receiver = next(
            transceiver.receiver for transceiver in self.connection.getTransceivers() if transceiver.kind == "video"
        )
        [source] = receiver.getSynchronizationSources()
        return receiver, source.source

    async def close(self) -> None:
        await self.connection.close()
        await asyncio.gather(*self.tasks)

    async def _watch(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame: Any = await track.recv()
                (self.seen.frame if track.kind == "video" else self.seen.sound)(frame)
                if track.kind == "video":
                    self.pictures.append(time.monotonic())
                    self.shown.append(frame.time)
                    self.sizes.add((frame.width, frame.height))
                    if frame.key_frame:
                        self.keys.append(time.monotonic())
                        self.key_places.append(frame.time)
                    if self.changes[-1:] != [(frame.width, frame.height)]:
                        self.changes.append((frame.width, frame.height))
                else:
                    samples = array.array("h", bytes(frame.planes[0])[: frame.samples * 4])
                    self.loud.append((math.sumprod(samples, samples) / len(samples)) ** 0.5)
        except MediaStreamError:
            self.ended.add(track.kind)
