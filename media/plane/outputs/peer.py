"""One WebRTC viewer: H.264 passed through, Opus or silence beside it."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Literal, Protocol

import av
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from media.plane.codec.sound import OPUS_CLOCK, OPUS_STEP, SILENT_OPUS
from media.plane.codec.units import CLOCK, Listen, Unit, Watch
from media.plane.outputs import ice
from media.plane.outputs.amendments import PeerConnection
from media.plane.outputs.answers import agreed
from media.plane.outputs.offers import NoOffer, is_far, normalise, takes_opus
from media.plane.outputs.stun import Address

type Voice = Literal["camera", "silence", "none"]

GATHER_S = 1.0
LEAST_QUEUE = 120
_BURST_STEP = CLOCK // 500  # 2 ms
_BURST_BYTES_S = 4_000_000


class Picture(Protocol):
    """What a viewer needs of the picture that all who watch share."""

    def watch(self, viewer: Watch) -> list[Unit]: ...

    def unwatch(self, viewer: Watch) -> None: ...

    def listen(self, listener: Listen) -> None: ...

    def unlisten(self, listener: Listen) -> None: ...


class NotGathered(Exception):
    """No local candidates in time."""


class Peer:
    """`gone` is called once, when the connection failed, closed, or never came.

    `servers`: of STUN.
    """

    def __init__(
        self, picture: Picture, gone: Callable[[], None], relays: list[RTCIceServer], servers: tuple[Address, ...]
    ) -> None:
        self._picture, self._gone, self._servers = picture, gone, servers
        # each section a transport of its own until the offer bundles it: by aiortc's default a second video keeps the
        # first one's, which is closed when that is bundled
        self._connection = PeerConnection(RTCConfiguration(iceServers=relays, bundlePolicy=RTCBundlePolicy.MAX_COMPAT))
        self._connection.on("connectionstatechange", self._changed)
        self._video = _VideoTrack(picture)
        self._gathering: asyncio.Task[None] | None = None
        self._offer = ""
        self._hears = False
        self._closed = False

    @property
    def state(self) -> str:
        return str(self._connection.connectionState)

    def gather(self, sdp: str, within_s: float) -> None:
        """Find candidates for the offer from now on, while it is not known yet what there will be to send."""
        self._gathering = asyncio.create_task(self._gather(sdp, within_s))

    async def gathered(self) -> None:
        """Raises NoOffer, NotGathered."""
        assert self._gathering is not None
        done, _ = await asyncio.wait({self._gathering}, timeout=GATHER_S)
        if not done:
            raise NotGathered
        if self._gathering.exception() is not None:
            # aiortc raises whatever the text made it trip over
            raise NoOffer

    async def answer(self, voice: Voice) -> str:
        """An answer with every candidate in it, once they are gathered. Raises NoOffer.

        Where no sound comes its section is inactive, and never rejected: it may be the one whose transport is shared,
        and Chromium and GStreamer then show nothing.
        """
        connection = self._connection
        if not self._hears:
            voice = "none"
        if voice != "none":
            connection.addTrack(_SilentTrack() if voice == "silence" else _OpusTrack(self._picture))
        for each in connection.getTransceivers():
            each.direction = "sendonly" if each.sender.track is not None else "inactive"
        try:
            await connection.setLocalDescription(await connection.createAnswer())
        except Exception:
            raise NoOffer from None
        return agreed(self._offer, str(connection.localDescription.sdp))

    async def _gather(self, sdp: str, within_s: float) -> None:
        offer, self._offer = RTCSessionDescription(normalise(sdp), "offer"), sdp
        self._hears = takes_opus(offer.sdp)
        connection = self._connection
        sender = connection.addTrack(self._video)
        transceiver = next(each for each in connection.getTransceivers() if each.sender is sender)
        # before the remote description: afterwards VP8 would be answered, and H.264 sent under its name
        capabilities = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([each for each in capabilities if each.mimeType == "video/H264"])
        await connection.setRemoteDescription(offer)
        # only now: what is bundled shares one transport from here on
        transports = {each.sender.transport for each in connection.getTransceivers()}
        if connection.sctp is not None:
            transports.add(connection.sctp.transport)
        far = is_far(sdp)
        await ice.gather([each.transport for each in transports], within_s, self._servers, far=far)

    async def close(self) -> None:
        self._closed = True
        for sender in self._connection.getSenders():
            if sender.track is not None:
                sender.track.stop()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._end(), 3)

    async def _end(self) -> None:
        if self._gathering is not None:
            # a connection that is closed meanwhile would leave sockets open
            await asyncio.gather(self._gathering, return_exceptions=True)
        await self._connection.close()

    def _changed(self) -> None:
        if self.state in ("failed", "closed") and not self._closed:
            self._closed = True
            self._gone()


class _Track(MediaStreamTrack):
    """Packets as they come. aiortc asks for the first once the connection stands."""

    def __init__(self) -> None:
        super().__init__()
        self._arrival: asyncio.Future[None] | None = None

    def _wake(self) -> None:
        if self._arrival and not self._arrival.done():
            self._arrival.set_result(None)

    async def _sleep(self) -> None:
        if self.readyState != "live":
            raise MediaStreamError
        self._arrival = asyncio.get_running_loop().create_future()
        await self._arrival

    def stop(self) -> None:
        super().stop()
        self._wake()


class _VideoTrack(_Track):
    kind = "video"

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self._picture = picture
        self._queue: deque[Unit] = deque()
        self._burst: deque[Unit] | None = None
        self._limit = LEAST_QUEUE
        self._wants_key = False
        self.drops = 0

    async def recv(self) -> Any:
        if self._burst is None:
            self._burst = self._join()
        if self._burst:
            unit = self._burst.popleft()
            # a whole group of pictures at line speed would overrun what receivers buffer
            await asyncio.sleep(len(unit.data) / _BURST_BYTES_S)
        else:
            while not self._queue:
                await self._sleep()
            unit = self._queue.popleft()
        packet = av.Packet(unit.data)
        packet.pts, packet.dts, packet.time_base = unit.pts, unit.dts, Fraction(1, CLOCK)
        packet.is_keyframe = unit.key
        return packet

    def _join(self) -> deque[Unit]:
        """The pictures since the last keyframe, their times pressed together just before now.

        A display that plays by the times it is told would else stay behind by as much for good.
        """
        units = self._picture.watch(self._take)
        self._wants_key = not units
        self._limit = max(LEAST_QUEUE, 2 * len(units))
        newest = units[-1].dts if units else 0
        times = [newest - back * _BURST_STEP for back in reversed(range(len(units)))]
        return deque(unit._replace(pts=time, dts=time) for unit, time in zip(units, times, strict=True))

    def _take(self, unit: Unit) -> None:
        if self._wants_key and not unit.key:
            return
        self._wants_key = False
        if len(self._queue) >= self._limit:
            self.drops += 1
            self._queue.clear()
            if not unit.key:
                self._wants_key = True
                return
        self._queue.append(unit)
        self._wake()

    def stop(self) -> None:
        self._picture.unwatch(self._take)
        super().stop()


class _OpusTrack(_Track):
    kind = "audio"

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self._picture = picture
        self._queue: deque[tuple[bytes, int]] = deque(maxlen=100)
        self._joined = False

    async def recv(self) -> Any:
        if not self._joined:
            self._joined = True
            self._picture.listen(self._take)
        while not self._queue:
            await self._sleep()
        return _opus(*self._queue.popleft())

    def _take(self, data: bytes, pts: int) -> None:
        self._queue.append((data, pts))
        self._wake()

    def stop(self) -> None:
        self._picture.unlisten(self._take)
        super().stop()


class _SilentTrack(_Track):
    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._sent = 0
        self._began: float | None = None

    async def recv(self) -> Any:
        loop = asyncio.get_running_loop()
        if self._began is None:
            self._began = loop.time()
        await asyncio.sleep(max(0.0, self._began + self._sent * OPUS_STEP / OPUS_CLOCK - loop.time()))
        if self.readyState != "live":
            raise MediaStreamError
        self._sent += 1
        return _opus(SILENT_OPUS, (self._sent - 1) * OPUS_STEP)


def _opus(data: bytes, pts: int) -> Any:
    packet = av.Packet(data)
    packet.pts = packet.dts = pts
    packet.time_base = Fraction(1, OPUS_CLOCK)
    return packet
