"""H.264 (ISO/IEC 14496-10): NAL units, parameter sets, levels and the heads of slices. Standard library only."""

import functools
from dataclasses import dataclass

from showcam.engine.codec import nal
from showcam.engine.codec.nal import PEEK, Bits, Kind, Malformed, Syntax, are_messages, is_filler

DECODER = "h264"  # libav's name
SLICE, PARTITION, IDR, SEI, SPS, PPS, DELIMITER = 1, 2, 5, 6, 7, 8, 9
SLICES = frozenset({SLICE, PARTITION, IDR})
PROFILES = frozenset({44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 244})
_HIGH = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})  # which state their chroma
_LEVELS = frozenset({9, 10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52, 60, 61, 62})
# level_idc: macroblocks a second, macroblocks of a frame, macroblocks of frames kept for reference (table A-1)
_LIMITS = {
    31: (108_000, 3_600, 18_000),
    32: (216_000, 5_120, 20_480),
    40: (245_760, 8_192, 32_768),
    42: (522_240, 8_704, 34_816),
    50: (589_824, 22_080, 110_400),
    51: (983_040, 36_864, 184_320),
    52: (2_073_600, 36_864, 184_320),
}
_HARMLESS = 41  # every display plays a stream of this level or a lower level
_USUAL_FPS, _MOST_FPS = 30.0, 60.0
_LONGEST = 512  # bytes of a parameter set that are read: all fields that are needed here are in its beginning
_B = frozenset({1, 6})
_FIRST_SLICE_BYTES = 10  # bytes that hold the first two numbers of a slice
_ANY = 0xFFFFFFFE
_MOST_REFERENCES = 16
_EXTENSIONS = frozenset({14, 15, 20})  # scalable streams have these as well as their pictures
_RECOVERY_POINT = 6
_MOST_MESSAGES = 8  # messages of an SEI that are read


def kind_of(unit: bytes) -> int:
    return unit[0] & 0x1F


def is_idr(data: bytes) -> bool:
    return any(data[at] & 0x1F == IDR for at in nal.offsets(data))


def parameter_sets(data: bytes) -> bytes:
    """The parameter sets before the slices if an SPS is among them, else b""."""
    found = [unit for unit in nal.leading(data, lambda unit: kind_of(unit) in SLICES) if kind_of(unit) in (SPS, PPS)]
    return nal.joined(found) if any(kind_of(unit) == SPS for unit in found) else b""


def sps(sets: bytes) -> list[bytes]:
    """The parameter sets in Annex B's bytes that describe the stream (SPS)."""
    return [unit for unit in sets.split(nal.START) if unit and kind_of(unit) == SPS]


def with_parameters(keyframe: bytes, extradata: bytes) -> bytes:
    """A keyframe that a decoder can start on: the stream's SPS and PPS before it when it has none."""
    return keyframe if any(keyframe[at] & 0x1F == SPS for at in nal.offsets(keyframe)) else extradata + keyframe


def codec_name(keyframe: bytes) -> str:
    """RFC 6381 section 3.3: profile, constraints and level are the three bytes after the SPS's header.

    Raises NoPicture if there is no SPS.
    """
    for at in nal.offsets(keyframe):
        if at + 3 < len(keyframe) and keyframe[at] & 0x1F == SPS:
            return "avc1." + keyframe[at + 1 : at + 4].hex()
    raise nal.NoPicture


def is_bidirectional(data: bytes) -> bool:
    """Whether the first slice is a B slice (section 7.4.3): it may refer to a frame that is shown after it."""
    for at in nal.offsets(data):
        if data[at] & 0x1F in SLICES:
            bits = Bits(data[at + 1 : at + 1 + _FIRST_SLICE_BYTES])
            try:
                bits.up_to(_ANY)  # the address of the slice's first macroblock
                return bits.up_to(_ANY) in _B
            except Malformed:
                return False
    return False


def has_recovery_point(unit: bytes) -> bool:
    """Whether the SEI has a recovery point (annex D.1.8), as cameras with column refresh send it."""
    at = 1
    for _ in range(_MOST_MESSAGES):
        if at + 2 > len(unit):
            break
        kind, at = nal.message_number(unit, at)
        size, at = nal.message_number(unit, at)
        if kind == _RECOVERY_POINT:
            return True
        at += size
    return False


# parameter sets


@dataclass(frozen=True, slots=True)
class Sps:
    profile: int
    constraints: int
    level: int
    number: int
    separate: bool  # colour planes
    frame_bits: int  # of frame_num
    order_bits: int  # of the picture order count; 0: it is not sent
    references: int  # frames that are kept for reference
    blocks: int  # macroblocks of a picture
    is_interlaced: bool


def read_sps(bits: Bits) -> Sps:
    """A sequence parameter set up to frame_mbs_only_flag (section 7.3.2.1.1). Raises Malformed."""
    profile, constraints, level = bits.take(8), bits.take(8), bits.take(8)
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
    references = bits.up_to(_MOST_REFERENCES)
    bits.take(1)
    blocks, is_interlaced = (bits.up_to(1023) + 1) * (bits.up_to(1023) + 1), not bits.take(1)
    return Sps(
        profile,
        constraints,
        level,
        number,
        bool(separate),
        frame_bits,
        order_bits,
        references,
        blocks << is_interlaced,
        is_interlaced,
    )


def _skip_scaling(bits: Bits, count: int) -> None:
    for number in range(count):
        if not bits.take(1):
            continue
        last = following = 8
        for _ in range(16 if number < 6 else 64):
            if following:
                following = last + bits.signed(-128, 127) & 0xFF
            last = following or last


# levels: how much a decoder must be able to do. Some cameras name 5.1 for every video. A display then refuses a video
# although the display could play it.


def relabelled(keyframe: bytes) -> bytes:
    """The keyframe with the level that its video needs, if its parameter sets claim more than that."""
    out = bytearray(keyframe)
    for unit in nal.offsets(keyframe):
        if keyframe[unit] & 0x1F == IDR:
            break
        if keyframe[unit] & 0x1F == SPS and unit + 3 < len(keyframe) and keyframe[unit + 3] > _HARMLESS:
            level = needed_level(next(nal.units(keyframe[unit - 3 : unit + _LONGEST])))
            if level is not None and level < keyframe[unit + 3]:
                out[unit + 3] = level
    return bytes(out)


@functools.lru_cache(maxsize=64)
def needed_level(sps: bytes) -> int | None:
    """The lowest level that a sequence parameter set's video needs; None if the set makes no sense."""
    bits = Bits(nal.body(sps, 1, _LONGEST))
    try:
        read = read_sps(bits)
        fps = max(_USUAL_FPS, min(_usability(bits, read)[0], _MOST_FPS))
    except Malformed:
        return None
    for level, (a_second, most, kept) in _LIMITS.items():
        if read.blocks <= most and read.blocks * fps <= a_second and read.blocks * read.references <= kept:
            return level
    return None


def buffers(keyframe: bytes) -> int:
    """The frames that a decoder keeps, for reference or to show them later; the most if an SPS makes no sense."""
    return nal.most_of((unit for unit in nal.units(keyframe) if kind_of(unit) == SPS), _buffers, 2 * _MOST_REFERENCES)


def _buffers(sps: bytes) -> int:
    """The frames that a decoder keeps, by a sequence parameter set. Raises Malformed."""
    bits = Bits(nal.body(sps, 1, _LONGEST))
    read = read_sps(bits)
    try:
        return read.references + _usability(bits, read)[1]
    except Malformed:
        return read.references


def _usability(bits: Bits, sps: Sps) -> tuple[float, int]:
    """Frames a second, and frames that others overtake, by the video usability information (annex E.1.1).

    Each is 0 if the information does not say.
    """
    bits.take(1 + sps.is_interlaced)
    if bits.take(1):
        for _ in range(4):
            bits.up_to(_ANY)
    if not bits.take(1):
        return 0.0, 0
    if bits.take(1) and bits.take(8) == 255:
        bits.take(32)
    if bits.take(1):
        bits.take(1)
    if bits.take(1):
        bits.take(4)
        if bits.take(1):
            bits.take(24)
    if bits.take(1):
        bits.up_to(_ANY), bits.up_to(_ANY)
    fps = 0.0
    if bits.take(1):
        ticks, scale, _ = bits.take(32), bits.take(32), bits.take(1)
        fps = scale / (2 * ticks) if ticks else 0.0
    try:
        return fps, _overtaken(bits)
    except Malformed:
        return fps, 0


def _overtaken(bits: Bits) -> int:
    """Reads the rest of the video usability information, which some cameras cut off. Raises Malformed."""
    has_buffers = [_skip_buffers(bits) if bits.take(1) else False for _ in range(2)]
    bits.take(2 if any(has_buffers) else 1)
    if not bits.take(1):
        return 0
    bits.take(1)
    for _ in range(4):
        bits.up_to(_ANY)
    return bits.up_to(_MOST_REFERENCES)


def _skip_buffers(bits: Bits) -> bool:
    """Reads the sizes of a decoder's buffers (annex E.1.2)."""
    count = bits.up_to(31) + 1
    bits.take(8)
    for _ in range(count):
        bits.up_to(_ANY), bits.up_to(_ANY), bits.take(1)
    bits.take(20)
    return True


# checks whether bytes are a unit of this codec


class H264(Syntax):
    """Checks H.264 by the syntax of ISO/IEC 14496-10, 7.3."""

    CODEC, HEAD = "h264", 1

    def __init__(self) -> None:
        self._sps: dict[int, Sps] = {}
        self._pps: dict[int, int] = {}
        self._frame: int | None = None  # frame_num of the slice before
        self._step = 0  # from frame_num of that slice to frame_num of the next picture

    def kind(self, unit: bytes) -> Kind | None:
        if not unit or unit[0] & 0x80:
            return None
        kind, is_referred_to = kind_of(unit), unit[0] >> 5 > 0
        if kind in (IDR, SPS, PPS):
            return ("key" if kind == IDR else "sets") if is_referred_to else None
        if kind == SLICE:
            return "inter"
        if kind in _EXTENSIONS:
            return "other"
        return "other" if kind in range(6, 13) and not is_referred_to else None

    def begins(self, unit: bytes) -> bool:
        return self.kind(unit) == "sets" and kind_of(unit) == SPS

    def _read(self, unit: bytes, *, keep: bool) -> bool | None:
        kind, body = kind_of(unit), nal.body(unit, 1, PEEK)
        if kind == SPS:
            return self._read_sps(Bits(body), keep=keep)
        if kind == PPS:
            return self._read_pps(Bits(body), keep=keep)
        if kind in (SLICE, IDR):
            return self._read_slice(Bits(body), unit[0], keep=keep)
        if kind == SEI:
            return are_messages(body)
        if kind == DELIMITER:
            return len(body) == 1 and body[0] & 0x1F == 0x10
        return is_filler(unit[1:]) if kind == 12 else None

    def _read_sps(self, bits: Bits, *, keep: bool) -> bool:
        sps = read_sps(bits)
        if sps.profile not in PROFILES or sps.constraints & 3 or sps.level not in _LEVELS:
            return False
        if keep:
            self._sps[sps.number] = sps
        return True

    def _read_pps(self, bits: Bits, *, keep: bool) -> bool | None:
        number, sps = bits.up_to(255), bits.up_to(31)
        if self._sps and sps not in self._sps:
            return False
        bits.take(2)
        if bits.up_to(7):
            return None  # slice groups, which cameras do not use
        bits.up_to(31), bits.up_to(31), bits.take(1)
        if bits.take(2) == 3:
            return False
        bits.signed(-62, 25), bits.signed(-26, 25), bits.signed(-12, 12)
        bits.take(3)
        if keep:
            self._pps[number] = sps
        return True

    def _read_slice(self, bits: Bits, header: int, *, keep: bool) -> bool | None:
        is_key = header & 0x1F == IDR
        first, kind, pps = bits.up_to(1 << 21), bits.up_to(9), bits.up_to(255)
        if not self._pps:
            return None
        sps = self._sps.get(self._pps.get(pps, -1))
        if sps is None or first >= sps.blocks or kind % 5 not in ((2,) if is_key else (0, 1, 2)):
            return False
        bits.take(2 if sps.separate else 0)
        frame, turn = bits.take(sps.frame_bits), 1 << sps.frame_bits
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
