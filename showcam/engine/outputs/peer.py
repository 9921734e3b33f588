"""One WebRTC viewer: H.264 is passed through, with sound or silence."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCRtpSender, RTCSessionDescription

from showcam.engine.outputs import ice
from showcam.engine.outputs.amendments import PeerConnection
from showcam.engine.outputs.ice import Address, NoFreePort
from showcam.engine.outputs.sdp import NoOffer, OfferedSound, as_offered, is_far, normalise, offered_sound
from showcam.engine.outputs.tracks import G711Track, OpusTrack, SoundSource, VideoTrack, Voice
from showcam.engine.source import CLOCK

LEAST_S = 1.0  # least time for opening sockets, even if the answer is late


class NotGathered(Exception):
    """The local candidates were not found in time."""


class Peer:
    """Sends the video track, and the camera's sound, which all viewers share.

    `gone` is called once, when the connection failed, closed, or never came. `servers` are the STUN servers, `ports`
    the UDP ports of the sockets.
    """

    def __init__(
        self,
        video: VideoTrack,
        sound: SoundSource,
        gone: Callable[[], None],
        relays: list[RTCIceServer],
        servers: tuple[Address, ...],
        ports: range,
    ) -> None:
        self._video, self._sound, self._gone, self._servers, self._ports = video, sound, gone, servers, ports
        video.epoch_s = time.time() - sound.now() / CLOCK
        # Each section has its own transport until the offer bundles both. By aiortc's default a second video section
        # would keep the first section's transport, which is closed when the first section is bundled.
        self._connection = PeerConnection(RTCConfiguration(iceServers=relays, bundlePolicy=RTCBundlePolicy.MAX_COMPAT))
        self._connection.on("connectionstatechange", self._changed)
        self._gathering: asyncio.Task[None] | None = None
        self._offer = ""
        self._hears: OfferedSound = ""
        self._closed = False

    @property
    def state(self) -> str:
        return str(self._connection.connectionState)

    def gather(self, sdp: str, within_s: float) -> None:
        """Starts to find candidates for the offer, while the camera's video is not known yet."""
        self._gathering = asyncio.create_task(self._gather(sdp, within_s))

    async def gathered(self, within_s: float) -> None:
        """Waits until the candidates are found. Raises NoOffer, NotGathered, NoFreePort."""
        assert self._gathering is not None
        done, _ = await asyncio.wait({self._gathering}, timeout=max(LEAST_S, within_s))
        if not done:
            raise NotGathered
        failed = self._gathering.exception()
        if isinstance(failed, NoFreePort):
            raise failed
        if failed is not None:
            # aiortc raises errors of any type for a bad text
            raise NoOffer

    async def answer(self, voice: Voice | None) -> str:
        """An answer with every candidate in it, once they are gathered. Raises NoOffer.

        If no sound comes, its section is inactive, but never rejected. The other sections may share its transport, and
        Chromium and GStreamer would then show nothing.
        """
        connection = self._connection
        if self._hears and voice:
            track = OpusTrack(self._sound, voice, measured=self._video.wait_for_sound)
            track.epoch_s = self._video.epoch_s
            connection.addTrack(G711Track(track) if self._hears == "g711" else track)
        for transceiver in connection.getTransceivers():
            transceiver.direction = "sendonly" if transceiver.sender.track is not None else "inactive"
        try:
            await connection.setLocalDescription(await connection.createAnswer())
        except Exception:
            raise NoOffer from None
        return as_offered(self._offer, str(connection.localDescription.sdp))

    async def _gather(self, sdp: str, within_s: float) -> None:
        offer, self._offer = RTCSessionDescription(normalise(sdp), "offer"), sdp
        self._hears = offered_sound(offer.sdp)
        connection = self._connection
        sender = connection.addTrack(self._video)
        transceiver = next(own for own in connection.getTransceivers() if own.sender is sender)
        # this must come before the remote description, else the answer says VP8, and H.264 is sent under that name
        capabilities = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences(
            [capability for capability in capabilities if capability.mimeType == "video/H264"]
        )
        await connection.setRemoteDescription(offer)
        # only now are bundled sections on a shared transport
        transports = {own.sender.transport for own in connection.getTransceivers()}
        if connection.sctp is not None:
            transports.add(connection.sctp.transport)
        far = is_far(sdp)
        own = [transport.transport for transport in transports]
        await ice.gather(own, within_s, self._servers, far=far, ports=self._ports)

    async def close(self) -> None:
        self._closed = True
        for sender in self._connection.getSenders():
            if sender.track is not None:
                sender.track.stop()
        # closing the connection while it gathers would leave sockets open; what takes too long is cancelled
        for end in (self._end_gathering, self._connection.close):
            with contextlib.suppress(Exception):
                await asyncio.wait_for(end(), 3)

    async def _end_gathering(self) -> None:
        if self._gathering is not None:
            await asyncio.gather(self._gathering, return_exceptions=True)

    def _changed(self) -> None:
        if self.state in ("failed", "closed") and not self._closed:
            self._closed = True
            self._gone()
