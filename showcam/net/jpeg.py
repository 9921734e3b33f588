"""Judges whether bytes are a JPEG, by its marks (ITU-T T.81, annex B), and decodes nothing: they come from outside."""

LARGEST = 1024 * 1024  # bytes: as much as any vendor's answer may have
MOST_PIXELS = 16_384  # on a side
_SIZES = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})  # SOF
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})  # marks without a length
_SCAN = 0xDA
_END = b"\xff\xd9"


def is_whole(data: bytes) -> bool:
    """Whether the bytes are a JPEG with a size and an end, which a picture lacks after a broken transfer."""
    if not data.startswith(b"\xff\xd8") or len(data) > LARGEST:
        return False
    at, has_size = 2, False
    while at + 4 <= len(data) and data[at] == 0xFF:
        mark = data[at + 1]
        if mark == 0xFF or mark in _BARE:  # filled up, or bare
            at += 1 if mark == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        if mark == _SCAN:
            return has_size and data.rfind(_END) > at
        if mark in _SIZES:
            height, width = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
            has_size = 0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS
            if not has_size:
                return False
        at += 2 + max(2, length)
    return False
