"""H.265 in RTP with the fragments of EZVIZ's cameras, which do not always follow RFC 7798. Standard library only.

A later fragment may have no own header, or the unit's header in its place. The last fragment of a unit may be marked
only by the packet's marker or the beginning of the next unit.
"""

from showcam.engine.rtp.nal import H265Depacketizer
from showcam.engine.rtp.packets import AccessUnit

_FIRST, _LAST = 0x80, 0x40
# a picture may have these units as well as its slices, which are all of one kind
_BESIDE = frozenset({32, 33, 34, 39, 40})


class EzvizH265Depacketizer(H265Depacketizer):
    _marks = False  # whether the packet at hand has the marker

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        self._marks = marker
        return super().feed(payload, timestamp, marker=marker, lost=lost)

    def _unpack(self, payload: bytes) -> None:
        super()._unpack(payload)
        if self._marks:
            self._end_fragment(whole=True)

    def _unpack_fragment(self, payload: bytes) -> None:
        if self._fragment is None or len(payload) < 4:
            super()._unpack_fragment(payload)
            return
        flags, head = payload[2], self._fragment[0]
        kind, own = flags & 0x3F, head[0] >> 1 & 0x3F
        if flags & _FIRST and not flags & _LAST and (kind == own or {kind, own} & _BESIDE):
            super()._unpack_fragment(payload)
        elif (kind == own and not flags & _FIRST) or flags | _LAST == head[0] | _LAST:
            is_last = bool(flags & _LAST) and (kind == own or not head[0] & _LAST)
            self._go_on(payload[3:], is_last=is_last)
        else:
            self._go_on(payload[2:], is_last=False)

    def _add(self, unit: bytes) -> None:
        self._end_fragment(whole=True)
        super()._add(unit)

    def _begin(self, head: bytes, piece: bytes, *, is_last: bool) -> None:
        self._end_fragment(whole=True)
        super()._begin(head, piece, is_last=False)  # the next unit ends it

    def _break_off(self, *, lost: bool) -> None:
        self._end_fragment(whole=not lost)
