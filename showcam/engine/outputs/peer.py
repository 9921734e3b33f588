"""One WebRTC viewer: H.264 is passed through, with sound or silence, by an aiortc that displays understand.

`amend` changes aiortc and aioice in memory. Only this module uses the private names of these two libraries. The changes
were checked against aiortc 1.16.0 and aioice 0.13.0. If a name is gone or takes other arguments, showcam does not
start: unnoticed, the change would cause a black screen on some display.
"""

import asyncio
import contextlib
import inspect
import struct
import time
from collections.abc import Callable, Coroutine
from typing import Any

import aioice.ice
import aiortc.rtcdtlstransport
import aiortc.rtcicetransport
import aiortc.rtcpeerconnection
import aiortc.rtcrtpsender
from aiortc import (
    RTCBundlePolicy,
    RTCCertificate,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.codecs import HEADER_EXTENSIONS
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    HeaderExtensionsMap,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    pack_header_extensions,
    unpack_header_extensions,
    unpack_remb_fci,
)

from showcam.engine.outputs import ice
from showcam.engine.outputs.ice import Address, NoFreePort
from showcam.engine.outputs.sdp import NoOffer, OfferedSound, as_offered, is_far, normalise, offered_sound
from showcam.engine.outputs.tracks import G711Track, OpusTrack, SoundSource, Track, VideoTrack, Voice
from showcam.engine.source import CLOCK

_DIRECTIONS = "inactive", "recvonly", "sendonly", "sendrecv"  # by 1 if it receives and 2 if it sends
LEAST_S = 1.0  # least time for opening sockets, even if the answer is late
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
_UNIT_S, _MOST = 0.01, 0xFFF  # the unit of a playout delay, and the longest delay
_NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
HISTORY = 1024  # packets that are kept to be sent again; aiortc keeps 128, a third of a second at 4 Mbit/s

# aiortc offers only the first four. A display that has an RSA certificate accepts none of them (aiortc issue 1434).
CIPHERS = tuple(
    f"ECDHE-{key}-{rest}"
    for key in ("ECDSA", "RSA")
    for rest in ("AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
)


class LibraryChanged(Exception):
    """A library differs from the version that this module was written for. The text says where."""


def _its_own(owner: Any, name: str, *parameters: str) -> Any:
    """The library's function of this name. Raises LibraryChanged if its parameters are others."""
    found = getattr(owner, name, None)
    if not callable(found) or tuple(inspect.signature(found).parameters) != parameters:
        raise LibraryChanged(f"{owner.__name__}.{name} is not there any more with ({', '.join(parameters)})")
    return found


_ssl_context = _its_own(RTCCertificate, "_create_ssl_context", "self", "srtp_profiles")
_connect = _its_own(RTCPeerConnection, "_RTCPeerConnection__connect", "self")
_hear = _its_own(RTCRtpSender, "_handle_rtcp_packet", "self", "packet")
_hear_sender = _its_own(RTCRtpReceiver, "_handle_rtcp_packet", "self", "packet")
_next_frame = _its_own(RTCRtpSender, "_next_encoded_frame", "self", "codec")
_send_again = _its_own(RTCRtpSender, "_retransmit", "self", "sequence_number")
_its_own(HeaderExtensionsMap, "set", "self", "values")
_its_own(HeaderExtensionsMap, "configure", "self", "parameters")
_KEPT, _MAP, _RTT = "_RTCRtpSender__rtp_history", "_RTCRtpSender__rtp_header_extensions_map", "_RTCRtpSender__rtt"
if not {_KEPT, _MAP, _RTT} <= {*RTCRtpSender.__init__.__code__.co_names} or not isinstance(
    vars(aiortc.rtcrtpsender).get("RTP_HISTORY_SIZE"), int
):
    raise LibraryChanged("RTCRtpSender keeps what it sent in another way")
_NTP = "_RTCRtpSender__ntp_timestamp"
_run_rtp = _its_own(RTCRtpSender, "_run_rtp", "self", "codec")
_run_rtcp = _its_own(RTCRtpSender, "_run_rtcp", "self")
if any(_NTP not in sends.__code__.co_names for sends in (_run_rtp, _run_rtcp)):
    raise LibraryChanged("RTCRtpSender reports its times in another way")
_made_by_peers = vars(aiortc.rtcpeerconnection)
if (_made_by_peers.get("RTCRtpSender"), _made_by_peers.get("RTCRtpReceiver")) != (RTCRtpSender, RTCRtpReceiver):
    raise LibraryChanged("RTCPeerConnection makes its senders or receivers in another way")
_its_own(aiortc.rtcicetransport, "Connection", *inspect.signature(aioice.ice.Connection).parameters)
_its_own(aioice.ice.Connection, "get_component_candidates", "self", "component", "addresses", "timeout")
_its_own(aioice.ice.StunProtocol, "__init__", "self", "receiver")
_its_own(aioice.ice.Connection, "data_received", "self", "data", "component")
_its_own(aioice.ice.Connection, "request_received", "self", "message", "addr", "protocol")
_its_own(aioice.ice.Connection, "query_consent", "self")
_its_own(aioice.ice.Connection, "build_request", "self", "pair", "nominate")
_its_own(aioice.ice, "get_host_addresses", "use_ipv4", "use_ipv6")
_its_own(aioice.ice, "server_reflexive_candidate", "protocol", "stun_server")


def amend(addresses: tuple[str, ...]) -> None:
    """Changes the libraries in the whole process. `addresses` replace the machine's own, which lack loopback.

    Raises LibraryChanged.
    """
    vars(aiortc.rtcicetransport)["Connection"] = ice.Connection
    _made_by_peers.update(RTCRtpSender=Sender, RTCRtpReceiver=Receiver)
    vars(aiortc.rtcrtpsender)["RTP_HISTORY_SIZE"] = HISTORY
    if all(extension.uri != PLAYOUT_DELAY for extension in HEADER_EXTENSIONS["video"]):
        free = 1 + max(extension.id for every in HEADER_EXTENSIONS.values() for extension in every)
        HEADER_EXTENSIONS["video"].append(RTCRtpHeaderExtensionParameters(id=free, uri=PLAYOUT_DELAY))
    RTCCertificate._create_ssl_context = _with_rsa  # type: ignore[method-assign, assignment]
    if addresses:
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [
            address for address in addresses if (use_ipv6 if ":" in address else use_ipv4)
        ]
    transport = vars(aiortc.rtcdtlstransport)
    context = RTCCertificate.generateCertificate()._create_ssl_context(transport["SRTP_PROFILES"])
    if missing := set(CIPHERS).difference(transport["SSL"].Connection(context).get_cipher_list()):
        raise LibraryChanged(f"the library for TLS has no {', '.join(sorted(missing))}")


def _with_rsa(certificate: RTCCertificate, srtp_profiles: Any) -> Any:
    context = _ssl_context(certificate, srtp_profiles)
    context.set_cipher_list(":".join(CIPHERS).encode())
    return context


class Sender(RTCRtpSender):
    """Tells a video track's congestion control about sent packets and the receiver's reports.

    This class's own sender reports contain the time when a picture or sound was recorded. aiortc's contain the time of
    sending. Late sound or a transcoded picture would then be shown with another moment.
    """

    _taken_ntp: int | None = None  # recording time of the frame that is being sent
    _reported_ntp = 0

    @property
    def _RTCRtpSender__ntp_timestamp(self) -> int:  # noqa: N802
        return self._reported_ntp

    @_RTCRtpSender__ntp_timestamp.setter
    def _RTCRtpSender__ntp_timestamp(self, sent_ntp: int) -> None:  # noqa: N802
        self._reported_ntp = sent_ntp if self._taken_ntp is None else self._taken_ntp

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._extensions = Extensions()
        setattr(self, _MAP, self._extensions)

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(self.track, VideoTrack):
            _feed_back(self.track, packet, self._ssrc)
        await _hear(self, packet)
        if isinstance(self.track, VideoTrack) and (rtt_s := getattr(self, _RTT)) is not None:
            self.track.congestion.turned(rtt_s)

    async def _next_encoded_frame(self, codec: Any) -> Any:
        frame = await _next_frame(self, codec)
        if isinstance(self.track, VideoTrack) and frame is not None:
            if self.track.congestion.take_start():
                getattr(self, _KEPT).clear()
            self.track.congestion.sent(len(frame.payloads))
            self._extensions.least_s = self.track.delay_s
        epoch_s = self.track.epoch_s if isinstance(self.track, Track) else None
        if frame is not None and epoch_s is not None:
            self._taken_ntp = round((_NTP_EPOCH + epoch_s + frame.timestamp / codec.clockRate) * 2**32)
        return frame

    async def _retransmit(self, sequence_number: int) -> None:
        copies = self.track.congestion.copies if isinstance(self.track, VideoTrack) else 1
        for _ in range(copies):
            await _send_again(self, sequence_number)


class Extensions(HeaderExtensionsMap):
    """Adds the least playout delay to each packet, if the receiver has accepted this header extension."""

    def __init__(self) -> None:
        super().__init__()
        self._id: int | None = None
        self._is_delayed = False
        self.least_s = 0.0

    def configure(self, parameters: Any) -> None:
        super().configure(parameters)
        self._id = next(
            (extension.id for extension in parameters.headerExtensions if extension.uri == PLAYOUT_DELAY), None
        )

    def set(self, values: Any) -> tuple[int, bytes]:
        profile, data = super().set(values)
        self._is_delayed |= self.least_s > 0  # from then on each packet carries the delay, also when it is 0 again
        if self._id is None or not self._is_delayed:
            return profile, data
        delay = (round(self.least_s / _UNIT_S) << 12 | _MOST).to_bytes(3)
        return pack_header_extensions([*unpack_header_extensions(profile, data), (self._id, delay)])


def _feed_back(track: VideoTrack, packet: Any, ssrc: int) -> None:
    control = track.congestion
    if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
        for report in packet.reports:
            if report.ssrc == ssrc:
                control.reported(report.packets_lost, report.highest_sequence)
    elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
        control.asked_again(packet.lost)
    elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
        control.wants_key()
    elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
        with contextlib.suppress(ValueError, struct.error):  # another application's feedback, not an estimate
            bits_s, ssrcs = unpack_remb_fci(packet.fci)
            if ssrc in ssrcs:
                control.estimated(bits_s, track.rate)


class PeerConnection(RTCPeerConnection):
    """Watches the tasks that aiortc connects in. aiortc never checks their result, and they go on after a close.

    Here the connection closes if such a task fails, and a close first ends the tasks.
    """

    def __init__(self, configuration: RTCConfiguration) -> None:
        super().__init__(configuration)
        self._connecting: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        others = self._connecting - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await super().close()

    async def _RTCPeerConnection__connect(self) -> None:  # noqa: N802
        task = asyncio.current_task()
        assert task is not None
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        try:
            await _connect(self)
        except Exception:
            await self.close()


# Takes the viewer's voice until the track ends. The callable switches the camera's sound for this viewer off and on.
type Listen = Callable[[MediaStreamTrack, Callable[[bool], None]], Coroutine[Any, Any, None]]


class Receiver(RTCRtpReceiver):
    """Goes on after a goodbye (RTCP BYE): Chromium says it each time a microphone is taken away."""

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if not isinstance(packet, RtcpByePacket):
            await _hear_sender(self, packet)


class NotGathered(Exception):
    """The local candidates were not found in time."""


class Peer:
    """Sends the video track, and the camera's sound, which all viewers share.

    `gone` is called once, when the connection failed, closed, or never came. `servers` are the STUN servers, `ports`
    the UDP ports of the sockets. `listen`: the viewer may talk, so the answer takes sound if the offer sends it.
    """

    def __init__(
        self,
        video: VideoTrack,
        sound: SoundSource,
        gone: Callable[[], None],
        relays: list[RTCIceServer],
        servers: tuple[Address, ...],
        ports: range,
        listen: Listen | None = None,
    ) -> None:
        self._video, self._sound, self._gone, self._servers, self._ports = video, sound, gone, servers, ports
        video.epoch_s = time.time() - sound.now() / CLOCK
        # Each section has its own transport until the offer bundles both. By aiortc's default a second video section
        # would keep the first section's transport, which is closed when the first section is bundled.
        self._connection = PeerConnection(RTCConfiguration(iceServers=relays, bundlePolicy=RTCBundlePolicy.MAX_COMPAT))
        self._connection.on("connectionstatechange", self._changed)
        self._gathering: asyncio.Task[None] | None = None
        self._listen, self._listening = listen, asyncio.Future[None]()
        self._opus: OpusTrack | None = None
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
            track = self._opus = OpusTrack(self._sound, voice, measured=self._video.wait_for_sound)
            track.epoch_s = self._video.epoch_s
            connection.addTrack(G711Track(track) if self._hears == "g711" else track)
        microphone = self._microphone()
        for transceiver in connection.getTransceivers():
            sends, hears = transceiver.sender.track is not None, transceiver is microphone
            transceiver.direction = _DIRECTIONS[2 * sends + hears]
        try:
            await connection.setLocalDescription(await connection.createAnswer())
        except Exception:
            raise NoOffer from None
        if self._listen and microphone and microphone.currentDirection in ("sendrecv", "recvonly"):
            self._listening = asyncio.create_task(self._listen(microphone.receiver.track, self._hush))
        return as_offered(self._offer, str(connection.localDescription.sdp))

    def _microphone(self) -> RTCRtpTransceiver | None:
        """The section that what the viewer says may come in: the one that the camera's sound goes out in, if any."""
        if not self._listen or not self._hears:
            return None
        sections = [section for section in self._connection.getTransceivers() if section.kind == "audio"]
        return max(sections, key=lambda section: section.sender.track is not None, default=None)

    def _hush(self, is_hushed: bool) -> None:
        if self._opus is not None:
            self._opus.is_hushed = is_hushed

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
        self._listening.cancel()
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
