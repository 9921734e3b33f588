"""One RTSP session (RFC 2326): DESCRIBE, SETUP, PLAY, keep-alive, TEARDOWN; and one to a camera's speaker."""

import asyncio
import re
import secrets
from collections.abc import Callable
from typing import Protocol

from showcam.engine.rtp.packets import (
    HEAD,
    PLAIN,
    WAIT_S,
    AccessUnit,
    Depacketizer,
    NotRtp,
    Order,
    Packet,
    SenderReport,
    read,
    read_reports,
    receiver_report,
)
from showcam.engine.rtsp.connection import Connection, PortPair, RtspFailed
from showcam.engine.rtsp.description import SPEAKABLE, Description, Track, address
from showcam.engine.rtsp.login import Login
from showcam.engine.rtsp.messages import Message

REPORT_S = 5.0  # between reports that packets arrive
_ALIVE_S = (5, 30)  # between requests that keep the session, at least and at most
_TURN_S = WAIT_S / 2  # between two checks for packets that have waited
_TIMEOUT = re.compile(r";\s*timeout\s*=\s*(\d{1,5})", re.IGNORECASE)
_CHANNELS = re.compile(r"interleaved\s*=\s*(\d{1,3})", re.IGNORECASE)
_LAST_CHANNEL = 255  # of one byte; the reports of a track have the channel after the track's
BACK = "Require", "www.onvif.org/ver20/backchannel"  # ONVIF Streaming Specification, section 5.3
_SCHEME = re.compile(r"(?:rtsp://)+", re.IGNORECASE)
_PORT = re.compile(r"server_port\s*=\s*(\d{1,5})", re.IGNORECASE)


class Hears(Protocol):
    """Receives the units and reports of a track; `at` is the time of arrival by the loop's clock, in seconds."""

    def unit(self, kind: str, unit: AccessUnit, at: float) -> None: ...

    def report(self, kind: str, report: SenderReport, at: float) -> None: ...


class Incoming:
    """A track that the camera sends. `kind` is the hearer's name of the track.

    Packets of another payload type and broken ones are dropped.
    """

    def __init__(self, kind: str, payload: int, depacketizer: Depacketizer, hears: Hears, *, wait_s: float = 0) -> None:
        self.kind, self._payload, self._depacketizer, self._hears = kind, payload, depacketizer, hears
        self._order = Order(wait_s)
        self._highest = 0  # number that came, plus 65,536 for each time that numbers began again at 0
        self._source = 0
        self.is_over = False  # whether the track's sender has ended its stream (BYE)

    def rtp(self, data: bytes, at: float) -> None:
        if len(data) > HEAD.size:
            first, second, number, timestamp, source = HEAD.unpack_from(data)
            if first == PLAIN and second & 0x7F == self._payload and self._order.follows(number, source):
                # nearly every packet: an object and a few calls less, thousands of times a second
                self._highest += number - self._highest & 0xFFFF
                for unit in self._depacketizer.feed(data[HEAD.size :], timestamp, marker=second > 0x7F):
                    self._hears.unit(self.kind, unit, at)
                return
        try:
            packet = read(data)
        except NotRtp:
            return
        if packet.kind != self._payload:
            return
        self._count_number(packet)
        for released, lost in self._order.take(packet, at):
            self._feed(released, at, lost=lost)

    def rtcp(self, data: bytes, at: float) -> None:
        try:
            compound = read_reports(data)
        except NotRtp:
            return
        self.is_over |= compound.is_over
        for report in compound.reports:
            if report.source == self._source or not self._source:
                self._hears.report(self.kind, report, at)

    def tidy(self, at: float) -> None:
        """Releases packets that have waited long enough for the missing packet."""
        for packet, lost in self._order.due(at):
            self._feed(packet, at, lost=lost)

    def report(self, own: int) -> bytes:
        """The receiver report that is due; b"" before the first packet."""
        if not self._source:
            return b""
        return receiver_report(own, self._source, self._highest, self._order.lost)

    def _count_number(self, packet: Packet) -> None:
        """Counts for receiver reports (RFC 3550 appendix A.1); a late packet is not the highest."""
        ahead = packet.number - self._highest & 0xFFFF
        if packet.source != self._source:
            self._source, self._highest = packet.source, packet.number
        elif ahead < 0x8000:
            self._highest += ahead

    def _feed(self, packet: Packet, at: float, *, lost: bool) -> None:
        for unit in self._depacketizer.feed(packet.payload, packet.timestamp, marker=packet.marker, lost=lost):
            self._hears.unit(self.kind, unit, at)


class Session:
    """A session with a camera. `over` is called once with the reason when the session ends, unless we closed it.

    Times in RTP-Info are not read: cameras send wrong ones, and sender reports and arrival show the same better.
    """

    def __init__(self, host: str, port: int, path: str, login: Login, over: Callable[[RtspFailed], None]) -> None:
        self._host, self._port, self._login, self._over = host, port, login, over
        at = f"rtsp://[{host}]:{port}" if ":" in host else f"rtsp://{host}:{port}"
        self._uri = self._base = at + path
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._session = ""
        self._keeper = "OPTIONS"  # the kind of request that keeps the session alive
        self._timeout_s = 60
        self._incoming: dict[int, Incoming] = {}  # by channel
        self._pairs: dict[int, PortPair] = {}
        self._uses_udp = False
        self._own = secrets.randbits(32)
        self._timers: set[asyncio.TimerHandle] = set()
        self._closed = False

    async def describe(self, *headers: tuple[str, str]) -> Description:
        """Connects, and reads the camera's description. `headers` go with the request. Raises RtspFailed."""
        self._connection = await Connection.open(self._host, self._port, self._login, self._frame, self._over)
        answered = await self._connection.ask("OPTIONS", self._uri)
        if "GET_PARAMETER" in answered.value("public").upper():
            self._keeper = "GET_PARAMETER"
        answer = _good(await self._connection.ask("DESCRIBE", self._uri, ("Accept", "application/sdp"), *headers))
        description = Description.read(answer.body)
        if description is None:
            raise RtspFailed("down")
        self._base = _base(answer.value("content-base") or answer.value("content-location")) or self._uri
        return description

    async def play(
        self,
        description: Description,
        tracks: list[tuple[str, Track, Depacketizer]],
        hears: Hears,
        has_time: Callable[[], bool] = lambda: False,
    ) -> None:
        """Starts the tracks. `tracks`: the hearer's name, the track and its depacketizer.

        Tracks after the first may be refused. `has_time`: whether data over TCP may be heard a tenth of a second later.
        Raises RtspFailed.
        """
        for kind, track, depacketizer in tracks:
            if not await self._set_up(kind, track, depacketizer, hears) and not self._incoming:
                raise RtspFailed("down")
        assert self._connection is not None
        whole = address(self._base, description.control)
        answer = _good(await self._connection.ask("PLAY", whole, *self._in_session(), ("Range", "npt=0.000-")))
        self._take_session(answer)  # some cameras name the session only here (bluenviron/mediamtx issue 840)
        self._connection.batch(has_time)
        self._every(max(_ALIVE_S[0], min(_ALIVE_S[1], self._timeout_s / 2)), self._keep_alive)
        self._every(REPORT_S, self._report)
        if self._uses_udp:
            self._every(_TURN_S, self._tidy)

    def has(self, kind: str) -> bool:
        """Whether the camera sends a track of that name."""
        return any(track.kind == kind for track in self._incoming.values())

    def close(self) -> None:
        """Closes at once, with TEARDOWN, since a camera has few places."""
        self._closed = True
        for timer in self._timers:
            timer.cancel()
        for pair in self._pairs.values():
            pair.close()
        if self._connection:
            if self._session:
                self._send("TEARDOWN")
            self._connection.close()

    async def _set_up(self, kind: str, track: Track, depacketizer: Depacketizer, hears: Hears) -> bool:
        """Sets up a track over TCP, or over UDP if the camera answers 461. False: the camera refuses the track."""
        assert self._connection is not None
        channel = next(number for number in range(0, 256, 2) if number not in self._incoming)
        uri = address(self._base, track.control)
        session = self._in_session()
        if not self._uses_udp:
            self._incoming[channel] = Incoming(kind, track.payload, depacketizer, hears)
            wanted = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
            answer = await self._connection.ask("SETUP", uri, ("Transport", wanted), *session)
            if answer.status == 200:
                self._take_session(answer)
                self._take_channel(channel, answer.value("transport"))
                return True
            del self._incoming[channel]
            if answer.status != 461 or session:
                return False
            self._uses_udp = True
        incoming = self._incoming[channel] = Incoming(kind, track.payload, depacketizer, hears, wait_s=WAIT_S)
        pair = await self._pair(channel, incoming)
        wanted = f"RTP/AVP;unicast;client_port={pair.port}-{pair.port + 1}"
        answer = await self._connection.ask("SETUP", uri, ("Transport", wanted), *session)
        if answer.status != 200:
            del self._incoming[channel]
            self._pairs.pop(channel).close()
            return False
        self._take_session(answer)
        port = _PORT.search(answer.value("transport"))
        if port and 0 < int(port[1]) < 0xFFFF:
            pair.to(int(port[1]))
        return True

    async def _pair(self, channel: int, incoming: Incoming) -> PortPair:
        assert self._connection is not None

        def rtp(data: bytes) -> None:
            self._count(data)
            incoming.rtp(data, self._loop.time())

        def rtcp(data: bytes) -> None:
            self._count(data)
            self._receive_rtcp(incoming, data)

        pair = await PortPair.open(self._connection.own_address, self._host, rtp, rtcp)
        self._pairs[channel] = pair
        return pair

    def _take_session(self, answer: Message) -> None:
        answered = answer.value("session")
        self._session = _clean(answered.partition(";")[0].strip()) or self._session
        if found := _TIMEOUT.search(answered):
            self._timeout_s = int(found[1])

    def _take_channel(self, channel: int, transport: str) -> None:
        """Uses the channel that the camera names, if this is not the requested channel."""
        channels = _CHANNELS.search(transport)
        named = int(channels[1]) if channels else channel
        if named < _LAST_CHANNEL and named not in self._incoming:
            self._incoming[named] = self._incoming.pop(channel)

    # received data

    def _frame(self, channel: int, data: bytes) -> None:
        if self._closed or self._connection is None:
            return
        incoming = self._incoming.get(channel)
        if incoming is not None:
            incoming.rtp(data, self._connection.read_at)
        elif (incoming := self._incoming.get(channel - 1)) is not None:
            self._receive_rtcp(incoming, data)

    def _receive_rtcp(self, incoming: Incoming, data: bytes) -> None:
        incoming.rtcp(data, self._loop.time())
        if all(track.is_over for track in self._incoming.values()) and not self._closed:
            self._over(RtspFailed("down"))

    def _count(self, data: bytes) -> None:
        if self._connection:
            self._connection.count(len(data), 1)

    # requests at intervals, and helpers

    def _keep_alive(self) -> None:
        self._send(self._keeper)

    def _report(self) -> None:
        for channel, incoming in self._incoming.items():
            report = incoming.report(self._own)
            if report and channel in self._pairs:
                self._pairs[channel].report(report)
            elif report and self._connection:
                self._connection.send_frame(channel + 1, report)

    def _tidy(self) -> None:
        for incoming in self._incoming.values():
            incoming.tidy(self._loop.time())

    def _send(self, method: str) -> None:
        assert self._connection is not None
        self._connection.send(method, self._base, *self._in_session())

    def _in_session(self) -> tuple[tuple[str, str], ...]:
        return (("Session", self._session),) if self._session else ()

    def _every(self, seconds: float, call: Callable[[], None]) -> None:
        def turn() -> None:
            self._timers.discard(timer)
            if not self._closed:
                call()
                self._every(seconds, call)

        timer = self._loop.call_later(seconds, turn)
        self._timers.add(timer)


class BackChannel(Session):
    """Sends sound to a camera's speaker (ONVIF Streaming Specification, section 5.3).

    It is a connection only for this: some cameras send no video over a connection that names the back channel
    (AlexxIT/go2rtc issue 830).
    """

    _channel = 0
    _source = _number = _timestamp = 0
    _payload = 0

    async def open(self) -> Track:
        """Connects, and sets up the track that the camera plays. Raises RtspFailed, as not_playable without one."""
        description = await self.describe(BACK)
        track = speaker_of(description)
        if track is None:
            raise RtspFailed("not_playable")
        assert self._connection is not None
        wanted = ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")
        answer = _good(await self._connection.ask("SETUP", address(self._base, track.control), wanted, BACK))
        self._take_session(answer)
        channels = _CHANNELS.search(answer.value("transport"))
        self._channel = min(int(channels[1]), _LAST_CHANNEL) if channels else 0
        whole = address(self._base, description.control)
        self._take_session(_good(await self._connection.ask("PLAY", whole, *self._in_session(), BACK)))
        self._payload, self._source = track.payload, secrets.randbits(32)
        self._number, self._timestamp = secrets.randbits(16), secrets.randbits(32)
        return track

    def send(self, sound: bytes, samples: int, *, skipped: int = 0, begins: bool = False) -> None:
        """Sends a packet of so many samples. `skipped`: samples of silence before it. `begins`: silence ends here."""
        assert self._connection is not None
        self._timestamp = self._timestamp + skipped & 0xFFFFFFFF
        second = self._payload | (0x80 if begins else 0)
        head = HEAD.pack(PLAIN, second, self._number, self._timestamp, self._source)
        self._connection.send_frame(self._channel, head + sound)
        self._number, self._timestamp = self._number + 1 & 0xFFFF, self._timestamp + samples & 0xFFFFFFFF

    async def stay(self) -> None:
        """Keeps the session alive until it fails. Raises RtspFailed, also if the camera stalls and answers nothing."""
        assert self._connection is not None
        while True:
            await asyncio.sleep(_ALIVE_S[0])
            await self._connection.ask(self._keeper, self._base, *self._in_session())


def speaker_of(description: Description) -> Track | None:
    """The track of the camera's speaker, if showcam can send the encoding."""
    return next((track for track in description.tracks if _is_speaker(track)), None)


def _is_speaker(track: Track) -> bool:
    return track.kind == "audio" and track.is_back and track.encoding in SPEAKABLE and 8000 <= track.clock_hz <= 48_000


def _good(answer: Message) -> Message:
    """The answer, if its status is 200. Raises RtspFailed."""
    if answer.status != 200:
        raise RtspFailed("down")
    return answer


def _base(told: str) -> str:
    """The address; "" if the text is none. Some cameras write its scheme twice (AlexxIT/go2rtc issue 208)."""
    found = _SCHEME.match(_clean(told))
    return f"rtsp://{told[found.end() :]}" if found else ""


def _clean(session: str) -> str:
    """The text if it is safe to put into a request, else ""."""
    is_clean = session.isascii() and session.isprintable() and " " not in session and len(session) <= 1024
    return session if is_clean else ""
