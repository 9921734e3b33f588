"""Whether a vendor's HLS may be handed to a display as it is: looked at, not judged by the vendor's word.

It must come over https with a valid chain, be readable by a player of another origin (CORS), live, in the clear, and
hold H.264 with AAC or no sound. registry.drivers.http sees to the chain and to known, public hosts.
"""

import re
import time
from typing import NoReturn
from urllib.parse import urljoin

from registry.drivers.driver import Look
from registry.drivers.http import Exchange, Http, Page
from registry.drivers.transport_stream import NoTables, kinds
from registry.errors import Refused, VendorDown

PLAYER = "https://www.gstatic.com"  # the origin of Google's players
ENOUGH = 64 * 1024  # of a segment: its tables stand at the start
WAIT_S = 0.4  # for a stream that has only just begun, and lists nothing yet
_H264, _HEVC, _AAC = 0x1B, 0x24, 0x0F
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


def examine(http: Http, url: str, timeout_s: float) -> Look:
    """Raises Refused("not_passable" or "not_playable"), VendorDown."""
    with Exchange(timeout_s) as exchange:
        width = height = 0
        told: bool | None = None
        lines = _list(http, url, exchange)
        for number, line in enumerate(lines):
            if line.startswith("#EXT-X-STREAM-INF:"):
                told, (width, height) = _variant(line)
                url = urljoin(url, next((each for each in lines[number + 1 :] if not each.startswith("#")), ""))
                lines = _list(http, url, exchange)
                break
        _judge(lines)
        while not (segments := [each for each in lines if not each.startswith("#")]):
            if exchange.left < 2 * WAIT_S:
                raise VendorDown("nothing is in the playlist yet")
            time.sleep(WAIT_S)
            lines = _list(http, url, exchange)
        if any(each.startswith("#EXT-X-MAP") for each in lines):  # MP4: only the variant's own word tells of it
            return Look(told, width, height) if told is not None else _refuse("no CODECS beside MP4")
        return Look(_sound(_fetched(http, urljoin(url, segments[-1]), exchange, ENOUGH).body), width, height)


def _list(http: Http, url: str, exchange: Exchange) -> list[str]:
    text = _fetched(http, url, exchange).body.decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "#EXTM3U":
        _refuse("no playlist")
    return lines


def _fetched(http: Http, url: str, exchange: Exchange, enough: int = 0) -> Page:
    headers = {"Origin": PLAYER} | ({"Range": f"bytes=0-{enough - 1}"} if enough else {})
    page = http.look(url, exchange.left, headers, enough=enough)
    if page.status not in (200, 206):
        raise VendorDown(f"HTTP {page.status}")
    if page.headers.get("access-control-allow-origin") not in ("*", PLAYER):
        _refuse("no CORS")
    return page


def _variant(line: str) -> tuple[bool, tuple[int, int]]:
    """Whether there is sound, and the size, as the master playlist tells them."""
    told = {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}
    codecs = [each.strip() for each in told.get("CODECS", "").split(",") if each.strip()]
    if any(each.startswith(("hvc1", "hev1")) for each in codecs):
        raise Refused("not_playable", "HEVC")
    strange = [each for each in codecs if not each.startswith(("avc1", "avc3", "mp4a.40"))]
    if strange:
        _refuse("another codec")
    width, _, height = told.get("RESOLUTION", "").partition("x")
    size = (int(width), int(height)) if width.isdecimal() and height.isdecimal() else (0, 0)
    return any(each.startswith("mp4a.40") for each in codecs), size


def _judge(lines: list[str]) -> None:
    for line in lines:
        if line.startswith(("#EXT-X-ENDLIST", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-I-FRAMES-ONLY")):
            _refuse("not live")
        if line.startswith(("#EXT-X-KEY", "#EXT-X-SESSION-KEY")) and "METHOD=NONE" not in line:
            _refuse("encrypted")
    if not any(line.startswith("#EXT-X-TARGETDURATION") for line in lines):
        _refuse("no target duration")


def _sound(segment: bytes) -> bool:
    try:
        found = kinds(segment)
    except NoTables:
        _refuse("no transport stream")
    if _HEVC in found:
        raise Refused("not_playable", "HEVC")
    strange = found - {_H264, _AAC}
    if _H264 not in found or strange:
        _refuse(f"stream types {sorted(found)}")
    return _AAC in found


def _refuse(why: str) -> NoReturn:
    raise Refused("not_passable", why)
