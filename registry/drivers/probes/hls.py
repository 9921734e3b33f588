"""Whether a vendor's HLS may be handed to a display unchanged, found by reading the stream itself.

It must come over https with a valid chain, be readable by a player of another origin (CORS), live, in the clear, and
hold H.264 with AAC or no sound. net.http checks the chain, and that hosts are known and public.
"""

import re
import time
from collections.abc import Iterator
from typing import NamedTuple, NoReturn
from urllib.parse import urljoin

from net.exchange import Exchange
from net.http import Page
from registry.driver import Probed
from registry.drivers.probes import mp4, mpegts
from registry.drivers.vendor_http import VendorHttp
from registry.errors import Refused, VendorDown

PLAYER = "https://www.gstatic.com"  # the origin of Google's players
ENOUGH = 64 * 1024  # bytes of a segment, whose tables are at the start
WAIT_S = 0.4  # between reads of a new stream's playlist, which lists nothing yet
_H264, _HEVC, _AAC = 0x1B, 0x24, 0x0F
_H264_NAMES, _HEVC_NAMES, _AAC_NAME = ("avc1", "avc3"), ("hvc1", "hev1"), "mp4a"
LONGEST_LINE = 4096
_ATTRIBUTE = re.compile(r'(?:^|,)\s*([A-Z0-9-]+)=("[^"]*"|[^,]*)')
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})").fullmatch


class _Variant(NamedTuple):
    """The first variant of the master playlist. `sound` None: its CODECS name no H.264."""

    sound: bool | None = None
    width: int = 0
    height: int = 0


def examine(http: VendorHttp, url: str, timeout_s: float) -> Probed:
    """Raises Refused("not_passable" or "not_playable"), VendorDown."""
    with Exchange(timeout_s) as exchange:
        variant, lines = _Variant(), _list(http, url, exchange)
        if (number := _first(lines, "#EXT-X-STREAM-INF:")) is not None:
            variant = _variant(lines, number)
            url = urljoin(url, next(_addresses(lines[number + 1 :]), ""))
            lines = _list(http, url, exchange)
        _judge(lines)
        while not (segments := [*_addresses(lines)]):
            if exchange.left < 2 * WAIT_S:
                raise VendorDown("nothing is in the playlist yet")
            time.sleep(WAIT_S)
            lines = _list(http, url, exchange)
            _judge(lines)
        init = next((_attributes(line).get("URI", "") for line in lines[::-1] if line.startswith("#EXT-X-MAP:")), None)
        segment = _fetched(http, urljoin(url, segments[-1]), exchange, ENOUGH).body
        if init is None:
            return Probed(_sound(segment), variant.width, variant.height)
        return Probed(
            _sound_of_mp4(_fetched(http, urljoin(url, init), exchange, ENOUGH).body, variant),
            variant.width,
            variant.height,
        )


def _list(http: VendorHttp, url: str, exchange: Exchange) -> list[str]:
    """A playlist in the clear, master or media."""
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


def _variant(lines: list[str], number: int) -> _Variant:
    """The variant in the master playlist's line of that number."""
    renditions = [_attributes(line) for line in lines if line.startswith("#EXT-X-MEDIA:")]
    if any("URI" in rendition and rendition.get("TYPE") in ("AUDIO", "VIDEO") for rendition in renditions):
        _refuse("sound or picture in a playlist of its own")
    attributes = _attributes(lines[number])
    codecs = [codec.strip() for codec in attributes.get("CODECS", "").split(",") if codec.strip()]
    if any(codec.startswith(_HEVC_NAMES) for codec in codecs):
        raise Refused("not_playable", "HEVC")
    if any(not codec.startswith((*_H264_NAMES, "mp4a.40")) for codec in codecs):
        _refuse("another codec")
    resolution = _SIZE(attributes.get("RESOLUTION", ""))
    size = (int(resolution[1]), int(resolution[2])) if resolution else (0, 0)
    named = any(codec.startswith(_H264_NAMES) for codec in codecs)
    return _Variant(any(codec.startswith(_AAC_NAME) for codec in codecs) if named else None, *size)


def _judge(lines: list[str]) -> None:
    """Refuses a media playlist that is not live; called for every version of it."""
    if any(line.startswith(("#EXT-X-ENDLIST", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-I-FRAMES-ONLY")) for line in lines):
        _refuse("not live")
    if _first(lines, "#EXT-X-TARGETDURATION") is None:
        _refuse("no target duration")


def _sound(segment: bytes) -> bool:
    try:
        found = mpegts.kinds(segment)
    except mpegts.NoTables:
        _refuse("no transport stream")
    if _HEVC in found:
        raise Refused("not_playable", "HEVC")
    if _H264 not in found or found - {_H264, _AAC}:
        _refuse(f"stream types {sorted(found)}")
    return _AAC in found


def _sound_of_mp4(init: bytes, variant: _Variant) -> bool:
    """A player of MP4 chooses its decoders by CODECS, so the master playlist must have them, and they must be right."""
    try:
        found = mp4.kinds(init)
    except mp4.NoEntries:
        _refuse("no init section")
    if not found.isdisjoint(_HEVC_NAMES):
        raise Refused("not_playable", "HEVC")
    if found.isdisjoint(_H264_NAMES) or found - {*_H264_NAMES, _AAC_NAME}:
        _refuse(f"sample entries {sorted(found)}")
    if variant.sound is None or variant.sound != (_AAC_NAME in found):
        _refuse("CODECS are missing or differ from the MP4")
    return variant.sound


def _refuse(why: str) -> NoReturn:
    raise Refused("not_passable", why)
