"""Packets of one track in sequence order, with gaps marked."""

from collections.abc import Iterator

from media.rtp.packet import Packet

WAIT_S = 0.1  # how long packets wait for one that is late
_MOST = 512  # packets that wait
_FAR = 3000  # numbers; a leap beyond them is another number line (RFC 3550 appendix A.1)


class Order:
    """`wait_s`: how long a missing packet is waited for; 0 over TCP, which keeps the order."""

    def __init__(self, wait_s: float = 0.0) -> None:
        self._wait_s = wait_s
        self._next: int | None = None
        self._source: int | None = None
        self._waiting: dict[int, Packet] = {}
        self._since = 0.0  # when the first of those that wait came
        self._is_lost = False
        self.lost = self.taken = 0  # packets

    def follows(self, packet: Packet) -> bool:
        """Whether it is due and nothing is missing before it, as nearly always; it is taken then."""
        if packet.number != self._next or packet.source != self._source or self._waiting:
            return False
        self._next = packet.number + 1 & 0xFFFF
        self.taken += 1
        return True

    def take(self, packet: Packet, now: float) -> Iterator[tuple[Packet, bool]]:
        """The packets that are due, each with whether packets are missing directly before it; `now` in seconds."""
        if packet.source != self._source or self._next is None:
            self._restart(packet)
        ahead = packet.number - (self._next or 0) & 0xFFFF
        if ahead >= 0x8000:
            if 0x10000 - ahead <= _FAR:
                return  # twice, or later than it was waited for
            self._restart(packet)
            ahead = 0
        elif ahead > _FAR:
            self._restart(packet)
            ahead = 0
        if ahead and self._wait_s:
            if not self._waiting:
                self._since = now
            self._waiting[packet.number] = packet
            yield from self.due(now)
            return
        if ahead:
            self._skip(ahead)
        yield self._released(packet)
        yield from self._ready(now)

    def due(self, now: float) -> Iterator[tuple[Packet, bool]]:
        """Packets whose missing predecessors are no longer waited for."""
        while self._waiting and (now - self._since >= self._wait_s or len(self._waiting) > _MOST):
            assert self._next is not None
            nearest = min(self._waiting, key=lambda number: number - (self._next or 0) & 0xFFFF)
            self._skip(nearest - self._next & 0xFFFF)
            yield from self._ready(now)

    @property
    def waits(self) -> bool:
        return bool(self._waiting)

    def _ready(self, now: float) -> Iterator[tuple[Packet, bool]]:
        while self._waiting and (packet := self._waiting.pop(self._next or 0, None)) is not None:
            self._since = now
            yield self._released(packet)

    def _released(self, packet: Packet) -> tuple[Packet, bool]:
        is_lost, self._is_lost = self._is_lost, False
        self._next = packet.number + 1 & 0xFFFF
        self.taken += 1
        return packet, is_lost

    def _skip(self, count: int) -> None:
        self.lost += count
        self._is_lost = True
        self._next = (self._next or 0) + count & 0xFFFF

    def _restart(self, packet: Packet) -> None:
        """The sender began new sequence numbers: the unit before may be incomplete.

        Some name another source at each keyframe, and their numbers go on (bluenviron/gortsplib issue 687).
        """
        self._is_lost = self._next not in (None, packet.number)
        self._waiting.clear()
        self._source, self._next = packet.source, packet.number
