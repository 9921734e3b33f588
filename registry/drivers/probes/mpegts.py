"""The codecs in an MPEG transport stream, by its two tables (ISO/IEC 13818-1, 2.4.4)."""

from collections.abc import Iterator

PACKET = 188
_SYNC, _PAT_PID = 0x47, 0
_PAT, _PMT = 0x00, 0x02
# ignored beside picture and sound: private sections, and ID3 as HLS carries it
_BESIDE = frozenset({0x05, 0x06, 0x15, 0x86})


class NoTables(Exception):
    """No transport stream, or one without tables at its start."""


def kinds(data: bytes) -> frozenset[int]:
    """The stream types of pictures and sounds. Raises NoTables."""
    program = -1
    for pid, section in _sections(data):
        if pid == _PAT_PID and section[:1] == bytes([_PAT]) and program < 0:
            program = _program(section)
        elif pid == program and section[:1] == bytes([_PMT]):
            return _streams(section)
    raise NoTables


def _sections(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Sections that begin in a packet of their own, as far as that packet holds them."""
    for start in range(0, len(data) - PACKET + 1, PACKET):
        packet = data[start : start + PACKET]
        if packet[0] != _SYNC:
            raise NoTables
        begins, adaptation = packet[1] & 0x40, packet[3] >> 4 & 3
        at = 4 + (1 + packet[4] if adaptation & 2 else 0)
        if not begins or not adaptation & 1 or at >= PACKET:
            continue
        at += 1 + packet[at]  # the pointer field
        yield (packet[1] & 0x1F) << 8 | packet[2], packet[at:]


def _body(section: bytes) -> bytes:
    """The table's body without its CRC. Raises NoTables when it goes on in another packet."""
    if len(section) < 8:
        raise NoTables
    end = 3 + ((section[1] & 0x0F) << 8 | section[2])
    if end > len(section) or end < 12:
        raise NoTables
    return section[: end - 4]


def _program(section: bytes) -> int:
    body = _body(section)
    for at in range(8, len(body) - 3, 4):
        if body[at : at + 2] != b"\0\0":  # 0 names the network
            return (body[at + 2] & 0x1F) << 8 | body[at + 3]
    raise NoTables


def _streams(section: bytes) -> frozenset[int]:
    body, found = _body(section), set()
    if len(body) < 12:
        raise NoTables
    at = 12 + ((body[10] & 0x0F) << 8 | body[11])
    while at + 5 <= len(body):
        found.add(body[at])
        at += 5 + ((body[at + 3] & 0x0F) << 8 | body[at + 4])
    return frozenset(found - _BESIDE)
