"""Reads a vendor's HLS stream to find out whether a display may be handed its address unchanged.

The stream must come over https with a valid chain. It must be live, in the clear, and readable by a player of another
origin (CORS). It must hold H.264 with AAC or no sound. The client in showcam.net.http checks the chain, and that hosts
are known and public. The codecs of a transport stream are read from its two tables (ISO/IEC 13818-1, 2.4.4). MP4 is
refused: no vendor was seen to send it.
"""

import re
import time
from collections.abc import Iterator
from typing import NoReturn
from urllib.parse import urljoin

from showcam.drivers.driver import AGAIN_S, Probed
from showcam.drivers.errors import Refused, VendorDown
from showcam.drivers.vendor import VendorHttp
from showcam.net.exchange import Exchange
from showcam.net.http import Page

PACKET = 188
_SYNC, _PAT_PID = 0x47, 0
_PAT, _PMT = 0x00, 0x02
# stream types that are ignored: private sections, and ID3 as HLS carries it
_BESIDE = frozenset({0x05, 0x06, 0x15, 0x86})


class NoTables(Exception):
    """The data is no transport stream, or has no tables at the start."""


def stream_types(data: bytes) -> frozenset[int]:
    """The stream types of pictures and sounds. Raises NoTables."""
    program = -1
    for pid, section in _sections(data):
        if pid == _PAT_PID and section[:1] == bytes([_PAT]) and program < 0:
            program = _program(section)
        elif pid == program and section[:1] == bytes([_PMT]):
            return _streams(section)
    raise NoTables


def _sections(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each section that begins in a packet, cut off at the packet's end."""
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


PLAYER = "https://www.gstatic.com"  # the origin of Google's players
ENOUGH = 64 * 1024  # bytes of a segment, whose tables are at the start
_H264, _HEVC, _AAC = 0x1B, 0x24, 0x0F
LONGEST_LINE = 4096
_ATTRIBUTE = re.compile(r'(?:^|,)\s*([A-Z0-9-]+)=("[^"]*"|[^,]*)')
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})").fullmatch


def examine(http: VendorHttp, url: str, timeout_s: float) -> Probed:
    """Reads the stream at `url`. Raises Refused("not_passable" or "not_playable"), VendorDown."""
    with Exchange(timeout_s) as exchange:
        size, lines = (0, 0), _list(http, url, exchange)
        if (number := _first(lines, "#EXT-X-STREAM-INF:")) is not None:
            size = _variant(lines, number)
            url = urljoin(url, next(_addresses(lines[number + 1 :]), ""))
            lines = _list(http, url, exchange)
        _judge(lines)
        while not (segments := [*_addresses(lines)]):
            if exchange.left < 2 * AGAIN_S:
                raise VendorDown("nothing is in the playlist yet")
            time.sleep(AGAIN_S)
            lines = _list(http, url, exchange)
            _judge(lines)
        segment = _fetched(http, urljoin(url, segments[-1]), exchange, ENOUGH).body
        return Probed(_sound(segment), *size)


def _list(http: VendorHttp, url: str, exchange: Exchange) -> list[str]:
    """The lines of a playlist, master or media. Refuses an encrypted one."""
    text = _fetched(http, url, exchange).body.decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "#EXTM3U":
        _refuse("no playlist")
    for line in lines:
        if len(line) > LONGEST_LINE:
            _refuse("a line that is too long")
        if line.startswith(("#EXT-X-KEY", "#EXT-X-SESSION-KEY")) and _attributes(line).get("METHOD") != "NONE":
            _refuse("encrypted")
    return lines


def _fetched(http: VendorHttp, url: str, exchange: Exchange, enough: int = 0) -> Page:
    headers = {"Origin": PLAYER} | ({"Range": f"bytes=0-{enough - 1}"} if enough else {})
    page = http.fetch(url, exchange.left, headers, enough=enough)
    if page.status not in (200, 206):
        raise VendorDown(f"HTTP {page.status}")
    if page.headers.get("access-control-allow-origin") not in ("*", PLAYER):
        _refuse("no CORS")
    return page


def _first(lines: list[str], tag: str) -> int | None:
    return next((number for number, line in enumerate(lines) if line.startswith(tag)), None)


def _addresses(lines: list[str]) -> Iterator[str]:
    return (line for line in lines if not line.startswith("#"))


def _attributes(line: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}


def _variant(lines: list[str], number: int) -> tuple[int, int]:
    """The size of the variant in the master playlist's line of that number; 0, 0 without one."""
    renditions = [_attributes(line) for line in lines if line.startswith("#EXT-X-MEDIA:")]
    if any("URI" in rendition and rendition.get("TYPE") in ("AUDIO", "VIDEO") for rendition in renditions):
        _refuse("sound or picture in a playlist of its own")
    attributes = _attributes(lines[number])
    codecs = [codec.strip() for codec in attributes.get("CODECS", "").split(",") if codec.strip()]
    if any(codec.startswith(("hvc1", "hev1")) for codec in codecs):
        raise Refused("not_playable", "HEVC")
    if any(not codec.startswith(("avc1", "avc3", "mp4a.40")) for codec in codecs):
        _refuse("another codec")
    resolution = _SIZE(attributes.get("RESOLUTION", ""))
    return (int(resolution[1]), int(resolution[2])) if resolution else (0, 0)


def _judge(lines: list[str]) -> None:
    """Refuses a media playlist that is not live; called for every version of the playlist."""
    if any(line.startswith(("#EXT-X-ENDLIST", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-I-FRAMES-ONLY")) for line in lines):
        _refuse("not live")
    if _first(lines, "#EXT-X-TARGETDURATION") is None:
        _refuse("no target duration")
    if _first(lines, "#EXT-X-MAP") is not None:
        _refuse("MP4")


def _sound(segment: bytes) -> bool:
    try:
        found = stream_types(segment)
    except NoTables:
        _refuse("no transport stream")
    if _HEVC in found:
        raise Refused("not_playable", "HEVC")
    if _H264 not in found or found - {_H264, _AAC}:
        _refuse(f"stream types {sorted(found)}")
    return _AAC in found


def _refuse(why: str) -> NoReturn:
    raise Refused("not_passable", why)
