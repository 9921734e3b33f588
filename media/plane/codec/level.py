"""The level that an H.264 stream names (annex A.3): how much a decoder must be able to do for it.

Some cameras name 5.1 for every picture, and a display then refuses what it could play.
"""

import functools

_SPS, _IDR = 7, 5
_HARMLESS = 41  # every display plays what names this or less
_LONGEST = 512  # bytes of a parameter set that are read: what is needed here stands in its beginning
_USUAL_FPS, _MOST_FPS = 30.0, 60.0
# level_idc: macroblocks a second, macroblocks of a picture, macroblocks that are kept to refer to (table A-1)
_LEVELS = {
    31: (108_000, 3_600, 18_000),
    32: (216_000, 5_120, 20_480),
    40: (245_760, 8_192, 32_768),
    42: (522_240, 8_704, 34_816),
    50: (589_824, 22_080, 110_400),
    51: (983_040, 36_864, 184_320),
    52: (2_073_600, 36_864, 184_320),
}
_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


def relabelled(keyframe: bytes) -> bytes:
    """The keyframe with the level that its picture needs, where its parameter sets claim more than that."""
    at = keyframe.find(b"\x00\x00\x01")
    out = bytearray(keyframe)
    while at != -1 and at + 6 < len(keyframe):
        kind, end = keyframe[at + 3] & 0x1F, keyframe.find(b"\x00\x00\x01", at + 3)
        if kind == _SPS and keyframe[at + 6] > _HARMLESS:
            level = needed(keyframe[at + 3 : end if end != -1 else None][:_LONGEST])
            if level is not None and level < keyframe[at + 6]:
                out[at + 6] = level
        elif kind == _IDR:
            break
        at = end
    return bytes(out)


@functools.lru_cache(maxsize=64)
def needed(sps: bytes) -> int | None:
    """The least level that a sequence parameter set's pictures need; None if it makes no sense."""
    try:
        blocks, references, fps = _limits(_Bits(sps))
    except ValueError:
        return None
    for level, (a_second, most, kept) in _LEVELS.items():
        if blocks <= most and blocks * fps <= a_second and blocks * references <= kept:
            return level
    return None


class _Bits:
    """Reads the bits of a NAL unit after its header. Raises ValueError at its end."""

    def __init__(self, unit: bytes) -> None:
        data = unit[1:].replace(b"\x00\x00\x03", b"\x00\x00")
        self._number, self._left = int.from_bytes(data), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError
        return self._number >> self._left & (1 << count) - 1

    def golomb(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        number = self.golomb()
        return (number + 1) // 2 if number % 2 else -(number // 2)


def _limits(bits: _Bits) -> tuple[int, int, float]:
    """Macroblocks of a picture, pictures that are kept, pictures a second (H.264 section 7.3.2.1.1)."""
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    if profile in _WITH_CHROMA:
        _skip_chroma(bits)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.signed(), bits.signed()
        for _ in range(bits.golomb()):
            bits.signed()
    references = bits.golomb()
    bits.take(1)
    wide, high = bits.golomb() + 1, bits.golomb() + 1
    is_progressive = bits.take(1)
    if not is_progressive:
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        for _ in range(4):
            bits.golomb()
    fps = _fps(bits) if bits.take(1) else 0.0
    return wide * high * (2 - is_progressive), references, max(_USUAL_FPS, min(fps, _MOST_FPS))


def _skip_chroma(bits: _Bits) -> None:
    form = bits.golomb()
    if form == 3:
        bits.take(1)
    bits.golomb()
    bits.golomb()
    bits.take(1)
    if not bits.take(1):
        return
    for number in range(8 if form != 3 else 12):
        if bits.take(1):
            _skip_scaling(bits, 16 if number < 6 else 64)


def _skip_scaling(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _fps(bits: _Bits) -> float:
    """Pictures a second by the video usability information (annex E.1.1); 0.0: it does not say."""
    if bits.take(1) and bits.take(8) == 255:
        bits.take(32)
    if bits.take(1):
        bits.take(1)
    if bits.take(1):
        bits.take(4)
        if bits.take(1):
            bits.take(24)
    if bits.take(1):
        bits.golomb(), bits.golomb()
    if not bits.take(1):
        return 0.0
    ticks, scale = bits.take(32), bits.take(32)
    return scale / (2 * ticks) if ticks else 0.0
