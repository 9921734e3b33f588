"""What of H.264 is parsed to distinguish a NAL unit in the clear from an encrypted one. Standard library only."""

from media.ezviz.bits import Bits
from media.ezviz.syntax import Kind, Sps, Syntax, are_messages, body_of, is_filler

_PROFILES = frozenset({44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 244})
_HIGH = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 244})
_LEVELS = frozenset({9, 10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52, 60, 61, 62})
_EXTENSIONS = frozenset({14, 15, 20})  # what scalable streams have beside their pictures


class H264(Syntax):
    """ISO/IEC 14496-10, 7.3."""

    CODEC, HEAD = "h264", 1

    def __init__(self) -> None:
        self._sps: dict[int, Sps] = {}
        self._pps: dict[int, int] = {}
        self._frame: int | None = None  # frame_num of the slice before
        self._step = 0  # from it to that of the next picture

    def kind(self, unit: bytes) -> Kind | None:
        if not unit or unit[0] & 0x80:
            return None
        kind, is_referred_to = unit[0] & 0x1F, unit[0] >> 5 > 0
        if kind in (5, 7, 8):
            return ("key" if kind == 5 else "sets") if is_referred_to else None
        if kind == 1:
            return "inter"
        if kind in _EXTENSIONS:
            return "other"
        return "other" if kind in range(6, 13) and not is_referred_to else None

    def begins(self, unit: bytes) -> bool:
        return self.kind(unit) == "sets" and unit[0] & 0x1F == 7

    def _read(self, unit: bytes, *, keep: bool) -> bool | None:
        kind, body = unit[0] & 0x1F, body_of(unit, 1)
        if kind == 7:
            return self._read_sps(Bits(body), keep=keep)
        if kind == 8:
            return self._read_pps(Bits(body), keep=keep)
        if kind in (1, 5):
            return self._read_slice(Bits(body), unit[0], keep=keep)
        if kind == 6:
            return are_messages(body)
        if kind == 9:
            return len(body) == 1 and body[0] & 0x1F == 0x10
        return is_filler(unit[1:]) if kind == 12 else None

    def _read_sps(self, bits: Bits, *, keep: bool) -> bool:
        profile, constraints, level = bits.take(8), bits.take(8), bits.take(8)
        if profile not in _PROFILES or constraints & 3 or level not in _LEVELS:
            return False
        number, separate = bits.up_to(31), 0
        if profile in _HIGH:
            chroma = bits.up_to(3)
            separate = bits.take(1) if chroma == 3 else 0
            bits.up_to(6), bits.up_to(6), bits.take(1)
            if bits.take(1):
                _skip_scaling(bits, 12 if chroma == 3 else 8)
        frame_bits, order = bits.up_to(12) + 4, bits.up_to(2)
        order_bits = bits.up_to(12) + 4 if order == 0 else 0
        if order == 1:
            bits.take(1), bits.signed(-(1 << 31), 1 << 31), bits.signed(-(1 << 31), 1 << 31)
            for _ in range(bits.up_to(255)):
                bits.signed(-(1 << 31), 1 << 31)
        bits.up_to(16), bits.take(1)
        blocks, is_interlaced = (bits.up_to(1023) + 1) * (bits.up_to(1023) + 1), not bits.take(1)
        if keep:
            self._sps[number] = Sps(bool(separate), frame_bits, order_bits, blocks << is_interlaced, is_interlaced)
        return True

    def _read_pps(self, bits: Bits, *, keep: bool) -> bool | None:
        number, sps = bits.up_to(255), bits.up_to(31)
        if self._sps and sps not in self._sps:
            return False
        bits.take(2)
        if bits.up_to(7):
            return None  # slice groups, which no camera has
        bits.up_to(31), bits.up_to(31), bits.take(1)
        if bits.take(2) == 3:
            return False
        bits.signed(-62, 25), bits.signed(-26, 25), bits.signed(-12, 12)
        bits.take(3)
        if keep:
            self._pps[number] = sps
        return True

    def _read_slice(self, bits: Bits, header: int, *, keep: bool) -> bool | None:
        is_key = header & 0x1F == 5
        first, kind, pps = bits.up_to(1 << 21), bits.up_to(9), bits.up_to(255)
        if not self._pps:
            return None
        sps = self._sps.get(self._pps.get(pps, -1))
        if sps is None or first >= sps.blocks or kind % 5 not in ((2,) if is_key else (0, 1, 2)):
            return False
        bits.take(2 if sps.separate else 0)
        frame, turn = bits.take(sps.number_bits), 1 << sps.number_bits
        steps = {0 if first else self._step, 0 if first or sps.is_interlaced else self._step}
        follows = self._frame is None or (frame - self._frame) % turn in steps
        self.doubt = int(first > 0)
        if keep:
            self._frame, self._step = frame, int(header >> 5 > 0)
        if not is_key:
            return follows
        if sps.is_interlaced or frame:
            return frame == 0
        bits.up_to(0xFFFF)
        return bits.take(sps.order_bits) == 0


def _skip_scaling(bits: Bits, count: int) -> None:
    for number in range(count):
        if not bits.take(1):
            continue
        last = following = 8
        for _ in range(16 if number < 6 else 64):
            if following:
                following = last + bits.signed(-128, 127) & 0xFF
            last = following or last
