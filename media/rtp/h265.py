"""H.265 from RTP (RFC 7798) in decoding order: single units, aggregation and fragmentation packets."""

from media.rtp.nal import NalDepacketizer, Part

_AGGREGATION, _FRAGMENTATION = 48, 49
_LAST_SLICE = 31
_KEYS = range(16, 24)  # IRAP: BLA, IDR and CRA pictures
_HEADS = frozenset({32, 33, 34, 35})  # VPS, SPS, PPS, delimiter


class H265Depacketizer(NalDepacketizer):
    """Streams with sprop-max-don-diff above 0 are not supported."""

    HEAD = 2

    def _unpack(self, payload: bytes) -> None:
        if not payload:
            return
        kind = payload[0] >> 1 & 0x3F
        if kind == _FRAGMENTATION:
            self._unpack_fragment(payload)
        elif kind == _AGGREGATION:
            self._unpack_several(payload, 2)
        elif kind < _AGGREGATION:
            self._add(payload)
        else:
            self._damage()

    def _unpack_fragment(self, payload: bytes) -> None:
        if len(payload) < 4:
            self._damage()
            return
        flags = payload[2]
        if self._is_open and not flags & 0x80:
            self._go_on(payload[3:], is_last=bool(flags & 0x40))
            return
        head = bytes((payload[0] & 0x81 | (flags & 0x3F) << 1, payload[1]))
        if flags & 0x80:
            self._begin(head, payload[3:], is_last=bool(flags & 0x40))
        else:
            self._miss(head)

    def _part(self, unit: bytes) -> Part:
        kind = unit[0] >> 1 & 0x3F
        if kind <= _LAST_SLICE:
            is_first = len(unit) > 2 and unit[2] >= 0x80  # first_slice_segment_in_pic_flag
            if kind in _KEYS:
                return Part.FIRST_KEY if is_first else Part.KEY
            return Part.FIRST_SLICE if is_first else Part.SLICE
        return Part.HEAD if kind in _HEADS else Part.OTHER
