"""G.711 (RFC 3551) and Opus (RFC 7587): each packet is one unit."""

from media.rtp.unit import AccessUnit

LONGEST = 8192  # bytes: a second of G.711


class PlainDepacketizer:
    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        return [AccessUnit(payload, timestamp)] if 0 < len(payload) <= LONGEST else []
