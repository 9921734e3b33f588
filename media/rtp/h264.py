"""H.264 from RTP (RFC 6184), packetization modes 0 and 1: single units, STAP-A and FU-A."""

from media.rtp.nal import NalDepacketizer, Part

_STAP_A, _FU_A = 24, 28
_SLICE, _PARTITION, _IDR, _SEI = 1, 2, 5, 6
_HEADS = frozenset({7, 8, 9})  # SPS, PPS, delimiter
_RECOVERY_POINT = 6
_MOST_MESSAGES = 8  # that are looked at


class H264Depacketizer(NalDepacketizer):
    """STAP-B, MTAP and FU-B, whose units are not in decoding order, count as damage."""

    HEAD = 1

    def _unpack(self, payload: bytes) -> None:
        if not payload:
            return
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            self._unpack_fragment(payload)
        elif kind == _STAP_A:
            self._unpack_several(payload, 1)
        elif 0 < kind < _STAP_A:
            self._add(payload)
        else:
            self._damage()

    def _unpack_fragment(self, payload: bytes) -> None:
        if len(payload) < 3:
            self._damage()
            return
        flags = payload[1]
        if self._is_open and not flags & 0x80:
            self._go_on(payload[2:], is_last=bool(flags & 0x40))
            return
        head = bytes((payload[0] & 0xE0 | flags & 0x1F,))
        if flags & 0x80:
            self._begin(head, payload[2:], is_last=bool(flags & 0x40))
        else:
            self._miss(head)

    def _part(self, unit: bytes) -> Part:
        kind = unit[0] & 0x1F
        if kind in (_SLICE, _PARTITION, _IDR):
            is_first = len(unit) > 1 and unit[1] >= 0x80  # first_mb_in_slice is 0
            if kind == _IDR:
                return Part.FIRST_KEY if is_first else Part.KEY
            return Part.FIRST_SLICE if is_first else Part.SLICE
        if kind in _HEADS:
            return Part.HEAD
        return Part.REFRESH if kind == _SEI and _names_recovery(unit) else Part.OTHER


def _names_recovery(unit: bytes) -> bool:
    """Whether the SEI has a recovery point (H.264 annex D.1.8), as cameras with column refresh send it."""
    at = 1
    for _ in range(_MOST_MESSAGES):
        if at + 2 > len(unit):
            break
        kind, at = _number(unit, at)
        size, at = _number(unit, at)
        if kind == _RECOVERY_POINT:
            return True
        at += size
    return False


def _number(unit: bytes, at: int) -> tuple[int, int]:
    total = 0
    while at < len(unit) and unit[at] == 0xFF:
        total, at = total + 0xFF, at + 1
    return total + (unit[at] if at < len(unit) else 0), at + 1
