"""H.265 (ISO/IEC 23008-2): kinds of NAL units, parameter sets and the heads of slices. Standard library only."""

from collections.abc import Sequence

from showcam.engine.codec import nal
from showcam.engine.codec.nal import PEEK, Bits, Kind, Syntax, are_messages, is_filler

DECODER = "hevc"  # libav's name
IDR = frozenset({19, 20})
KEYS = range(16, 24)  # IRAP: BLA, IDR and CRA pictures
LAST_SLICE = 31
VPS, SPS, PPS, DELIMITER = 32, 33, 34, 35
SETS = frozenset({VPS, SPS, PPS})
_HEAD = 2  # bytes of a NAL unit's head
_LONGEST = 32  # bytes of an SPS that hold profile, tier and level, with room for what is escaped
_MOST_BUFFERS = 16  # pictures that a decoder has room for
_ANY = 0xFFFFFFFE
_FAR = 16  # between the order counts of a picture and the one before


def kind_of(unit: bytes) -> int:
    return unit[0] >> 1 & 0x3F


def is_idr(data: bytes) -> bool:
    return any(data[at] >> 1 & 0x3F in IDR for at in nal.offsets(data))


def parameter_sets(data: bytes) -> bytes:
    """The parameter sets before the slices if an SPS is among them, else b""."""
    found = [unit for unit in nal.leading(data, lambda unit: kind_of(unit) <= LAST_SLICE) if kind_of(unit) in SETS]
    return nal.joined(found) if any(kind_of(unit) == SPS for unit in found) else b""


def sps(sets: bytes) -> list[bytes]:
    """The parameter sets in Annex B's bytes that describe the stream (SPS)."""
    return [unit for unit in sets.split(nal.START) if unit and kind_of(unit) == SPS]


def with_parameters(keyframe: bytes, extradata: bytes) -> bytes:
    """A keyframe that a decoder can start on: the stream's parameter sets before it when it has none."""
    return keyframe if parameter_sets(keyframe) else extradata + keyframe


def codec_name(keyframe: bytes) -> str:
    """The codec's name of RFC 6381, in the form of ISO 14496-15 annex E. Raises NoPicture if there is no SPS."""
    head = nal.body(next(iter(sps(parameter_sets(keyframe))), b""), _HEAD, _HEAD + _LONGEST)
    if len(head) < 13:
        raise nal.NoPicture
    space, tier, profile = head[1] >> 6, head[1] >> 5 & 1, head[1] & 31
    flags = int(f"{int.from_bytes(head[2:6]):032b}"[::-1], 2)
    constraints = head[6:12].rstrip(b"\0")
    level = f"{'H' if tier else 'L'}{head[12]}"
    parts = [
        f"{('', 'A', 'B', 'C')[space]}{profile}",
        f"{flags:X}",
        level,
        *(f"{constraint:X}" for constraint in constraints),
    ]
    return ".".join(["hvc1", *parts])


def is_bidirectional(_data: bytes) -> bool:
    """False, because a slice of H.265 does not show whether its picture refers to later ones: only the SPS does."""
    return False


def relabelled(keyframe: bytes) -> bytes:
    """The keyframe unchanged: no viewer gets H.265 unchanged, so the level that it claims does not matter."""
    return keyframe


def buffers(keyframe: bytes) -> int:
    """The pictures that a decoder keeps, for reference or to show them later; the most if an SPS makes no sense."""
    return nal.most_of((unit for unit in nal.units(keyframe) if kind_of(unit) == SPS), _buffers, _MOST_BUFFERS)


def _buffers(sps: bytes) -> int:
    """The pictures that a decoder keeps, by an SPS. Raises Malformed."""
    bits = Bits(nal.body(sps, _HEAD, PEEK))
    bits.take(4)
    layers = bits.take(3)
    bits.take(1)
    _is_profile(bits, layers)
    _read_form(bits)
    count = 0
    for _ in range(layers + 1 if bits.take(1) else 1):
        count = max(count, bits.up_to(_MOST_BUFFERS - 1) + 1)
        bits.up_to(_ANY), bits.up_to(_ANY)
    return count


class H265(Syntax):
    """Checks H.265 by the syntax of ISO/IEC 23008-2, 7.3."""

    CODEC, HEAD = "h265", 2

    def __init__(self) -> None:
        self._sps: dict[int, tuple[int, int]] = {}  # whether colour planes are separate, bits of an order count
        # SPS, whether a slice has pic_output_flag, extra bits of a slice's header
        self._pps: dict[int, tuple[int, int, int]] = {}
        self._order: int | None = None  # picture order count of the picture before

    def kind(self, unit: bytes) -> Kind | None:
        if len(unit) < 2 or unit[0] & 0x81 or not 1 <= unit[1] <= 7:
            return None
        kind = unit[0] >> 1
        if kind in range(32, 35) or kind in range(16, 22):
            return ("sets" if kind >= 32 else "key") if unit[1] == 1 else None
        if kind < 10:
            return "inter"
        return "other" if kind in range(35, 41) else None

    def begins(self, unit: bytes) -> bool:
        return self.kind(unit) == "sets" and unit[0] >> 1 != 34

    def _read(self, unit: bytes, *, keep: bool) -> bool | None:
        kind, body = unit[0] >> 1, nal.body(unit, 2, PEEK)
        if kind == 32:
            return self._is_vps(Bits(body))
        if kind == 33:
            return self._read_sps(Bits(body), keep=keep)
        if kind == 34:
            return self._read_pps(Bits(body), keep=keep)
        if kind < 22:
            return self._read_slice(Bits(body), kind, keep=keep)
        if kind == 35:
            return len(body) == 1 and body[0] & 0x1F == 0x10
        if kind == 38:
            return is_filler(unit[2:])
        return are_messages(body) if kind in (39, 40) else None

    @staticmethod
    def _is_vps(bits: Bits) -> bool:
        bits.take(4)
        return bits.take(2) == 3 and bits.take(6) == 0 and bits.take(3) < 7 and bits.take(17) & 0xFFFF == 0xFFFF

    def _read_sps(self, bits: Bits, *, keep: bool) -> bool:
        bits.take(4)
        layers = bits.take(3)
        if layers == 7:
            return False
        bits.take(1)
        if not _is_profile(bits, layers):
            return False
        number, separate, order_bits = _read_form(bits)
        if keep:
            self._sps[number] = separate, order_bits
        return True

    def _read_pps(self, bits: Bits, *, keep: bool) -> bool:
        number, sps = bits.up_to(63), bits.up_to(15)
        if self._sps and sps not in self._sps:
            return False
        bits.take(1)
        tells_output, extra = bits.take(1), bits.take(3)
        bits.take(2), bits.up_to(14), bits.up_to(14), bits.signed(-74, 25)
        if keep:
            self._pps[number] = sps, tells_output, extra
        return True

    def _read_slice(self, bits: Bits, kind: int, *, keep: bool) -> bool | None:
        is_first, is_key = bits.take(1), kind >= 16
        bits.take(is_key)
        number = bits.up_to(63)
        if not self._pps:
            return None
        pps = self._pps.get(number)
        sps = self._sps.get(pps[0]) if pps else None
        if pps is None or sps is None:
            return False
        if not is_first:
            return None
        bits.take(pps[2])
        if (bits.up_to(2) == 2) < is_key:
            return False
        bits.take(pps[1] + 2 * sps[0])
        order = 0 if kind in (19, 20) else bits.take(sps[1])
        before = self._order
        if keep:
            self._order = order
        turn = 1 << sps[1]
        ahead = 0 if is_key or before is None else order - before & turn - 1
        self.doubt = min(ahead, turn - ahead)
        return self.doubt <= _FAR


def _read_form(bits: Bits) -> tuple[int, int, int]:
    """The number of an SPS, whether colour planes are separate, and the bits of an order count. Raises Malformed."""
    number = bits.up_to(15)
    separate = bits.take(1) if bits.up_to(3) == 3 else 0
    bits.up_to(16384), bits.up_to(16384)
    if bits.take(1):
        for _ in range(4):
            bits.up_to(16384)
    bits.up_to(8), bits.up_to(8)
    return number, separate, bits.up_to(12) + 4


def _is_profile(bits: Bits, layers: int) -> bool:
    """The profile and level of an SPS, and of its temporal layers."""
    space, _tier, profile = bits.take(2), bits.take(1), bits.take(5)
    bits.take(32 + 48)
    level = bits.take(8)
    flags: Sequence[int] = [bits.take(2) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for flag in flags:
        bits.take((88 if flag & 2 else 0) + (8 if flag & 1 else 0))
    return not space and 1 <= profile <= 11 and level > 0 and level % 3 == 0
