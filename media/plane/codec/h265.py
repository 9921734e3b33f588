"""H.265 as far as a relay must understand it: parameter sets, and whether a keyframe is a picture at all."""

from collections.abc import Iterator

from av.video.frame import VideoFrame

from media.plane.codec.keyframe import Measured, NoPicture, decoded, decoder

START = b"\x00\x00\x00\x01"
_SHORT = START[1:]
_IDR = frozenset({19, 20})
_LAST_SLICE = 31
_SPS, _SETS = 33, frozenset({32, 33, 34})  # VPS, SPS, PPS
_LAST_PIXELS = 8  # less than any block of a picture has
_HEAD = 2  # bytes of a NAL unit's head
_LONGEST = 32  # bytes of an SPS that hold profile, tier and level, with room for what is escaped


def is_idr(data: bytes) -> bool:
    return any(_kind(unit) in _IDR for unit in _units(data))


def parameter_sets(data: bytes) -> bytes:
    """The sets that stand before the slices, where an SPS is among them, else b""."""
    found, has_sps = [], False
    for unit in _units(data):
        kind = _kind(unit)
        if kind <= _LAST_SLICE:
            break
        if kind in _SETS:
            has_sps |= kind == _SPS
            found.append(START + unit.rstrip(b"\0"))
    return b"".join(found) if has_sps else b""


def sps(sets: bytes) -> list[bytes]:
    """The parameter sets in Annex B's bytes that describe the stream (SPS)."""
    return [unit for unit in sets.split(START) if unit and _kind(unit) == _SPS]


def is_bidirectional(_data: bytes) -> bool:
    """Whether it refers to pictures that are shown after it. No slice shows it: the SPS alone does."""
    return False


def with_parameters(keyframe: bytes, extradata: bytes) -> bytes:
    """A keyframe that a decoder can start on: the stream's parameter sets before it when it has none."""
    return keyframe if parameter_sets(keyframe) else extradata + keyframe


def relabelled(keyframe: bytes) -> bytes:
    """The keyframe unchanged: nobody is sent H.265 as it is, so the level that it claims does not matter."""
    return keyframe


def codec_name(keyframe: bytes) -> str:
    """RFC 6381, as ISO 14496-15 annex E writes it. Raises NoPicture where there is no SPS."""
    head = next(iter(sps(parameter_sets(keyframe))), b"")[_HEAD : _HEAD + _LONGEST].replace(b"\0\0\3", b"\0\0")
    if len(head) < 13:
        raise NoPicture
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


def measure(keyframe: bytes) -> Measured:
    """Raises NoPicture."""
    codec = decoder("hevc")
    frame = decoded(codec, keyframe)
    if _lacks_its_end(frame):
        raise NoPicture
    return Measured(frame.width, frame.height, codec_name(keyframe), bool(codec.has_b_frames))


def _lacks_its_end(frame: VideoFrame) -> bool:
    """Noise mostly decodes as a slice that ends early, and libav says nothing: what it did not write stays zero."""
    lines = [(bytes(plane)[-plane.line_size :], plane.width) for plane in frame.planes]
    return not any([any(line[max(0, width - _LAST_PIXELS) : width]) for line, width in lines])


def _units(data: bytes) -> Iterator[bytes]:
    at = data.find(_SHORT)
    while at != -1 and at + 4 < len(data):
        end = data.find(_SHORT, at + 3)
        yield data[at + 3 : end if end != -1 else len(data)]
        at = end


def _kind(unit: bytes) -> int:
    return unit[0] >> 1 & 0x3F
