"""A WebRTC display: a real peer connection that counts what it decodes."""

import array
import asyncio
import time

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError


class Viewer:
    """`pictures` are the times of frames, `loud` the loudness of sound, `ended` the kinds of tracks that ended."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pictures: list[float] = []
        self.loud: list[float] = []
        self.sizes: set[tuple[int, int]] = set()
        self.ended: set[str] = set()
        self.tasks: list[asyncio.Task] = []
        self.connection.on("track", lambda track: self.tasks.append(asyncio.create_task(self._watch(track))))

    async def offer(self) -> str:
        for kind in ("audio", "video"):
            self.connection.addTransceiver(kind, direction="recvonly")
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def accept(self, sdp: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def until(self, condition, within_s: float = 10.0) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        await self.connection.close()
        await asyncio.gather(*self.tasks)

    async def _watch(self, track) -> None:
        try:
            while True:
                frame = await track.recv()
                if track.kind == "video":
                    self.pictures.append(time.monotonic())
                    self.sizes.add((frame.width, frame.height))
                else:
                    samples = array.array("h", bytes(frame.planes[0])[: frame.samples * 4])
                    self.loud.append((sum(sample * sample for sample in samples) / len(samples)) ** 0.5)
        except MediaStreamError:
            self.ended.add(track.kind)
