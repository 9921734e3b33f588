"""H.264 as far as a relay must understand it: parameter sets, and whether a keyframe is a picture at all."""

from media.plane.codec import level
from media.plane.codec.keyframe import Measured, NoPicture, decoded, decoder

START = b"\x00\x00\x00\x01"
_SHORT = START[1:]
_IDR, _SPS, _PPS = 5, 7, 8
_SLICES = frozenset({1, 2, 5})
_B = frozenset({1, 6})


def nal_types(data: bytes) -> list[int]:
    found, at = [], data.find(b"\x00\x00\x01")
    while at != -1 and at + 3 < len(data):
        found.append(data[at + 3] & 0x1F)
        at = data.find(b"\x00\x00\x01", at + 3)
    return found


def is_idr(data: bytes) -> bool:
    return _IDR in nal_types(data)


def parameter_sets(data: bytes) -> bytes:
    """The sets that stand before the slices, where an SPS is among them, else b""."""
    at = data.find(_SHORT)
    found, has_sps = [], False
    while at != -1 and at + 3 < len(data):
        kind, end = data[at + 3] & 0x1F, data.find(_SHORT, at + 3)
        if kind in (_SPS, _PPS):
            has_sps |= kind == _SPS
            found.append(START + data[at + 3 : end if end != -1 else None].rstrip(b"\0"))
        elif kind in _SLICES:
            break
        at = end
    return b"".join(found) if has_sps else b""


def sps(sets: bytes) -> list[bytes]:
    """The parameter sets in Annex B's bytes that describe the stream (SPS)."""
    return [unit for unit in sets.split(START) if unit and unit[0] & 0x1F == _SPS]


def is_bidirectional(data: bytes) -> bool:
    """Whether the first slice is a B slice (H.264 section 7.4.3): what it refers to may be shown after it."""
    at = data.find(_SHORT)
    while at != -1 and at + 4 < len(data):
        if data[at + 3] & 0x1F in _SLICES:
            return _slice_type(data[at + 4 : at + 14]) in _B
        at = data.find(_SHORT, at + 3)
    return False


def _slice_type(head: bytes) -> int:
    """The second of a slice header's Exp-Golomb numbers; the first says where the slice begins."""
    number, left = int.from_bytes(head), 8 * len(head)
    for _ in range(2):
        zeros = left - (number & (1 << left) - 1).bit_length()
        left -= 2 * zeros + 1
        if left < 0:
            return -1
    return (number >> left & (1 << zeros + 1) - 1) - 1


def with_parameters(keyframe: bytes, extradata: bytes) -> bytes:
    """A keyframe that a decoder can start on: the stream's SPS and PPS before it when it has none."""
    return keyframe if _SPS in nal_types(keyframe) else extradata + keyframe


def codec_name(keyframe: bytes) -> str:
    """RFC 6381 section 3.3: profile, constraints and level are the three bytes after the SPS's header."""
    at = keyframe.find(b"\x00\x00\x01")
    while at != -1:
        if at + 6 < len(keyframe) and keyframe[at + 3] & 0x1F == _SPS:
            return "avc1." + keyframe[at + 4 : at + 7].hex()
        at = keyframe.find(b"\x00\x00\x01", at + 3)
    raise NoPicture


def measure(keyframe: bytes) -> Measured:
    """Raises NoPicture."""
    codec = decoder("h264")
    frame = decoded(codec, keyframe)
    return Measured(frame.width, frame.height, codec_name(keyframe), bool(codec.has_b_frames))


def relabelled(keyframe: bytes) -> bytes:
    """The keyframe with the level that its picture needs, where its parameter sets claim more than that."""
    return level.relabelled(keyframe)
