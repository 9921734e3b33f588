"""One incoming track: packets in order, access units, and reports of the sender's clock."""

from typing import Protocol

from media.rtp import reports
from media.rtp.order import Order
from media.rtp.packet import NotRtp, Packet, read
from media.rtp.unit import AccessUnit, Depacketizer


class Hears(Protocol):
    """Receives the units and reports of a track; `at` is the time of arrival by the loop's clock, in seconds."""

    def unit(self, kind: str, unit: AccessUnit, at: float) -> None: ...

    def report(self, kind: str, report: reports.SenderReport, at: float) -> None: ...


class Incoming:
    """`kind` is the hearer's name of the track. Packets of another payload type and broken ones are dropped."""

    def __init__(self, kind: str, payload: int, depacketizer: Depacketizer, hears: Hears, *, wait_s: float = 0) -> None:
        self.kind, self._payload, self._depacketizer, self._hears = kind, payload, depacketizer, hears
        self._order = Order(wait_s)
        self._highest = self._source = 0
        self.is_over = False  # its sender said good-bye

    def rtp(self, data: bytes, at: float) -> None:
        try:
            packet = read(data)
        except NotRtp:
            return
        if packet.kind != self._payload:
            return
        self._source, self._highest = packet.source, packet.number
        if self._order.follows(packet):
            self._feed(packet, at, lost=False)
            return
        for released, lost in self._order.take(packet, at):
            self._feed(released, at, lost=lost)

    def rtcp(self, data: bytes, at: float) -> None:
        try:
            compound = reports.read(data)
        except NotRtp:
            return
        self.is_over |= compound.is_over
        for report in compound.reports:
            if report.source == self._source or not self._source:
                self._hears.report(self.kind, report, at)

    def tidy(self, at: float) -> None:
        """Release packets that have waited long enough for a missing one."""
        for packet, lost in self._order.due(at):
            self._feed(packet, at, lost=lost)

    def report(self, own: int) -> bytes:
        """The receiver report that is due; b"" before the first packet."""
        if not self._source:
            return b""
        return reports.receiver_report(own, self._source, self._highest, self._order.lost)

    def _feed(self, packet: Packet, at: float, *, lost: bool) -> None:
        for unit in self._depacketizer.feed(packet.payload, packet.timestamp, marker=packet.marker, lost=lost):
            self._hears.unit(self.kind, unit, at)
