"""A vendor's live HLS, which libav reads under names that showcam chooses.

libav asks by `io_open` from the reader's thread, and the event loop fetches the answer. When the vendor cuts the
session, the source gets a new address and answers the same request from there, so libav notices nothing.
"""

import asyncio
import concurrent.futures
import io
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import av

from showcam.engine.settings import OnLoopback
from showcam.engine.source import Hls, SourceSpec
from showcam.engine.sources.fetcher import LIST_CAP, LIST_S, SEGMENT_CAP, SEGMENT_S, Cut, Fault, Fetcher, Forbidden
from showcam.engine.sources.screen import TURN_S
from showcam.engine.units import SourceFailed

ROOT = "https://source/index.m3u8"
_ASKED = re.compile(r"https://source/(?:(index\.m3u8)|(\d{1,20})\.(?:ts|m4s)|init-(\d{1,4})\.mp4)$")
FIRST_SEGMENT_S = 6.0  # an Echo gives up after 6 s, and the list of a camera that has just woken is empty at first
_OPTIONS = {
    # begin at the newest segment but one: else a viewer freezes whenever a vendor's segment comes a little late
    "live_start_index": "-2",
    "probesize": "500000",
    "analyzeduration": "500000",
    "fpsprobesize": "0",
}
MOST_SEGMENTS = 2000
# libav needs these lines, and they contain no address
_KEPT = re.compile(
    r"#(EXTM3U|EXT-X-VERSION|EXT-X-TARGETDURATION|EXT-X-MEDIA-SEQUENCE|EXT-X-DISCONTINUITY|EXT-X-DISCONTINUITY-SEQUENCE"
    r"|EXTINF|EXT-X-BYTERANGE|EXT-X-ENDLIST|EXT-X-INDEPENDENT-SEGMENTS|EXT-X-PROGRAM-DATE-TIME|EXT-X-GAP)(:|$)"
)
_URI = re.compile(r'URI="([^"]*)"')


class NotPlaylist(Exception):
    """The text is not an HLS playlist, or names far too many segments."""


class Encrypted(Exception):
    """The segments of a playlist are encrypted."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A media playlist. `segments` are addresses by media sequence number, `inits` are addresses of init sections."""

    first: int
    target_s: float
    segments: dict[int, str]
    inits: tuple[str, ...]
    text: str

    @property
    def last(self) -> int:
        return self.first + len(self.segments) - 1

    def continues(self, before: "Listing") -> bool:
        """True if a reader of all of `before` finds the next segment in this playlist."""
        return before.first <= self.first <= before.last + 1 and self.last >= before.last


def variant(text: str, base: str, index: int = 0) -> str | None:
    """The address of a master playlist's variant; None when this is a media playlist."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [
        lines[at + 1]
        for at, line in enumerate(lines[:-1])
        if line.startswith("#EXT-X-STREAM-INF") and not lines[at + 1].startswith("#")
    ]
    return urljoin(base, found[min(index, len(found) - 1)]) if found else None


def read_playlist(text: str, base: str) -> Listing:
    """Reads a playlist (RFC 8216) and renames its segments, so that libav never sees a vendor's address.

    Raises NotPlaylist, Encrypted.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0].lstrip("\ufeff") != "#EXTM3U":
        raise NotPlaylist
    first = _number(text, "#EXT-X-MEDIA-SEQUENCE:", 0)
    segments: dict[int, str] = {}
    inits: list[str] = []
    out: list[str] = []
    for line in lines:
        if line.startswith("#EXT-X-KEY") and "METHOD=NONE" not in line:
            raise Encrypted
        if line.startswith("#EXT-X-MAP"):
            out.append(_map(line, base, inits))
        elif not line.startswith("#"):
            number = first + len(segments)
            segments[number] = urljoin(base, line)
            out.append(f"{number}.m4s" if inits else f"{number}.ts")
        elif _KEPT.match(line):
            out.append(line)
    if len(segments) > MOST_SEGMENTS:
        raise NotPlaylist
    target = float(_number(text, "#EXT-X-TARGETDURATION:", 2))
    return Listing(first, target, segments, tuple(inits), "\n".join(out) + "\n")


def _map(line: str, base: str, inits: list[str]) -> str:
    found = _URI.search(line)
    if found is None:
        raise NotPlaylist
    address = urljoin(base, found[1])
    if address not in inits:
        inits.append(address)
    return _URI.sub(f'URI="init-{inits.index(address)}.mp4"', line)


def _number(text: str, tag: str, default: int) -> int:
    found = re.search(rf"^{tag}(\d{{1,18}})", text, re.MULTILINE)
    return int(found[1]) if found else default


class HlsSource:
    """A vendor's HLS of one camera. `mint` asks the gate for a new address and raises SourceFailed."""

    def __init__(
        self,
        spec: Hls,
        context: ssl.SSLContext,
        mint: Callable[[], Awaitable[SourceSpec]],
        *,
        loopback: OnLoopback,
    ) -> None:
        self._context, self._loopback, self._mint = context, loopback, mint
        self.encrypts = spec.encrypts  # the camera's vendor has a setting that encrypts pictures
        self._loop = asyncio.get_running_loop()
        self._fetchers: list[Fetcher] = []
        self._use(spec)
        self._listing: Listing | None = None
        self._fresh: Listing | None = None
        self._asked: set[concurrent.futures.Future[bytes]] = set()
        self._closed = False
        self.failure: SourceFailed | None = None
        self.mints = 0

    async def prepare(self) -> None:
        """Waits until the vendor lists a first segment. Raises SourceFailed; libav has read nothing by then."""
        self._listing = self._fresh = await self._settled()

    @property
    def target_s(self) -> float:
        return self._listing.target_s if self._listing else 2.0

    def container(self) -> Any:
        """Opens the stream in libav. The reader's thread calls this."""
        return av.open(ROOT, format="hls", options=_OPTIONS, io_open=self.io_open)

    def io_open(self, url: str, _flags: int, options: dict[str, str]) -> io.BytesIO:
        """libav calls this in the reader's thread. Never raises: libav would print the exception, later choke on it."""
        try:
            part = (int(options["offset"]), int(options["end_offset"])) if "end_offset" in options else None
            question = self._answer(url, part)
            try:
                future = asyncio.run_coroutine_threadsafe(question, self._loop)
            except RuntimeError:
                question.close()  # the loop is gone
                return io.BytesIO()
            self._asked.add(future)
            try:
                return io.BytesIO(future.result())
            finally:
                self._asked.discard(future)
        except BaseException:
            return io.BytesIO()

    async def close(self) -> None:
        """Answers every further request of libav with an end of file, so that the reader's thread ends."""
        self._closed = True
        for future in list(self._asked):
            future.cancel()
        for fetcher in self._fetchers:
            await fetcher.close()

    def _use(self, spec: Hls) -> None:
        self._root = self._media = spec.url
        self._fetcher = Fetcher(spec.hosts, self._context, loopback=self._loopback.has(spec.hosts))
        self._fetchers.append(self._fetcher)

    async def _settled(self) -> Listing:
        """Waits until the playlist names a segment: a camera that has just woken has no playlist, or an empty one."""
        deadline = self._loop.time() + FIRST_SEGMENT_S
        while True:
            try:
                listing = await self._open_list()
                if listing.segments:
                    return listing
            except Cut as cut:
                if cut.status != 404:
                    raise SourceFailed("media_down", again=True) from None
            except Fault:
                raise SourceFailed("media_down", again=True) from None
            if self._loop.time() > deadline:
                raise SourceFailed("media_down", again=True)
            await asyncio.sleep(TURN_S)

    async def _open_list(self) -> Listing:
        """The media playlist behind the address, through a master playlist if there is one."""
        text = await self._patiently(self._root)
        self._media = variant(text, self._root) or self._root
        if self._media != self._root:
            text = await self._text(self._media)
        return self._read(text)

    def _read(self, text: str) -> Listing:
        try:
            return read_playlist(text, self._media)
        except Encrypted:
            raise SourceFailed("encryption_on", again=False) from None
        except NotPlaylist:
            raise SourceFailed("media_down", again=True) from None

    async def _text(self, url: str) -> str:
        try:
            data = await self._fetcher.get(url, cap=LIST_CAP, deadline_s=LIST_S)
        except Forbidden:
            raise SourceFailed("media_down", again=True) from None
        return data.decode("utf-8", "replace")

    async def _answer(self, url: str, part: tuple[int, int] | None) -> bytes:
        matched = _ASKED.match(url)
        if self._closed or self.failure or matched is None:
            return b""
        try:
            if matched[1]:
                return (await self._list()).text.encode()
            return await self._piece(int(matched[2]) if matched[2] else None, int(matched[3] or 0), part)
        except SourceFailed as failure:
            self.failure = failure
            return b""
        except Forbidden:
            self.failure = SourceFailed("media_down", again=True)
            return b""
        except (Cut, Fault):
            return b""

    async def _list(self) -> Listing:
        if self._fresh is not None:
            listing, self._fresh = self._fresh, None
            return listing
        try:
            self._listing = self._read(await self._patiently(self._media))
        except Cut:
            await self._remint()
        assert self._listing is not None
        return self._listing

    async def _patiently(self, url: str) -> str:
        try:
            return await self._text(url)
        except Fault:
            await asyncio.sleep(TURN_S)
            return await self._text(url)

    async def _piece(self, number: int | None, init: int, part: tuple[int, int] | None) -> bytes:
        try:
            return await self._fetch(number, init, part)
        except Fault:
            return await self._fetch(number, init, part)
        except Cut:
            # either only this segment is too old, or the vendor ended the session: the playlist shows which
            try:
                self._listing = self._read(await self._patiently(self._media))
            except Cut:
                await self._remint()
            return await self._fetch(number, init, part)

    async def _fetch(self, number: int | None, init: int, part: tuple[int, int] | None) -> bytes:
        assert self._listing is not None
        if number is None:
            url = self._listing.inits[init] if init < len(self._listing.inits) else None
        else:
            url = self._listing.segments.get(number)
        if url is None:
            raise Cut(404)
        return await self._fetcher.get(url, cap=SEGMENT_CAP, deadline_s=SEGMENT_S, part=part)

    async def _remint(self) -> None:
        """Gets a new address after the vendor cut the old one. Raises SourceFailed if the video does not go on."""
        before = self._listing
        self.mints += 1
        minted = await self._mint()
        if not isinstance(minted, Hls):
            raise SourceFailed("media_down", again=True)  # there is a better way by now
        self._use(minted)
        listing = await self._settled()
        if before is not None and not listing.continues(before):
            raise SourceFailed("media_down", again=True)
        self._listing = listing
        for fetcher in self._fetchers[:-1]:
            await fetcher.close()
        del self._fetchers[:-1]
