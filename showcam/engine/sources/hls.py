"""A vendor's live HLS (RFC 8216): lists and segments are fetched by https, and libav takes the segments apart.

When the vendor cuts the session, the source gets a new address and goes on with the next segment.
"""

import asyncio
import contextlib
import io
import re
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from itertools import pairwise
from typing import Any, Literal, NamedTuple, Never
from urllib.parse import urljoin

import av
import av.error
from av.bitstream import BitStreamFilterContext

from showcam.engine.codec.bitstream import BITSTREAMS, Bitstream
from showcam.engine.codec.sound import adts, read_adts
from showcam.engine.keyframe import Measured
from showcam.engine.source import CLOCK, Format, Hls, SoundFormat, SourceFailed, SourceSpec, Unit
from showcam.engine.sources.fetcher import LIST_CAP, LIST_S, SEGMENT_CAP, SEGMENT_S, Cut, Fault, Fetcher, Forbidden
from showcam.engine.sources.screen import SILENCE_S, TURN_S, Bursts, Screen
from showcam.net.addresses import OnLoopback

FIRST_SEGMENT_S = 6.0  # an Echo gives up after 6 s, and the list of a camera that has just woken is empty at first
MOST_SEGMENTS = 2000
_OPTIONS = {
    "protocol_whitelist": "none",  # a segment names no file that libav would open
    "probesize": "500000",
    "analyzeduration": "500000",
    "fpsprobesize": "0",
}
_VIDEOS = {"h264": BITSTREAMS["h264"], "hevc": BITSTREAMS["h265"]}
_SOUNDS = ("aac", "pcm_mulaw", "pcm_alaw")
_URI = re.compile(r'URI="([^"]*)"')
_RANGE = re.compile(r"(\d{1,12})(?:@(\d{1,12}))?")


class NotPlaylist(Exception):
    """The text is not an HLS playlist, or names far too many segments."""


class NotVideo(Exception):
    """A segment has no video, or none that can be played."""


class Encrypted(Exception):
    """The segments of a playlist are encrypted."""


class Piece(NamedTuple):
    """The address of a segment or of an init section, and its byte range, whose end is excluded."""

    url: str
    part: tuple[int, int] | None = None


class Listing(NamedTuple):
    """A media playlist. `first` is the number of the first segment. A segment may have an init section."""

    first: int
    target_s: float
    pause_s: float  # until a list with a further segment may be there: the duration of the last segment
    segments: list[tuple[Piece, Piece | None]]
    is_over: bool  # no segment will follow

    @property
    def last(self) -> int:
        return self.first + len(self.segments) - 1

    def continues(self, before: "Listing") -> bool:
        """True if a reader of all of `before` finds the next segment in this playlist."""
        return before.first <= self.first <= before.last + 1 and self.last >= before.last


def variant(text: str, base: str) -> str | None:
    """The address of a master playlist's first variant; None when this is a media playlist."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line, following in pairwise(lines):
        if line.startswith("#EXT-X-STREAM-INF") and not following.startswith("#"):
            return urljoin(base, following)
    return None


def read_playlist(text: str, base: str) -> Listing:
    """Reads a playlist (RFC 8216). Raises NotPlaylist, Encrypted."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0].lstrip("\ufeff") != "#EXTM3U":
        raise NotPlaylist
    segments: list[tuple[Piece, Piece | None]] = []
    init: Piece | None = None
    part: tuple[int, int] | None = None
    end = 0  # of the byte range before
    try:
        for line in lines:
            tag, _, value = line.partition(":")
            if tag == "#EXT-X-KEY" and "METHOD=NONE" not in value:
                raise Encrypted
            if tag == "#EXT-X-MAP":
                init = _init(value, base)
            elif tag == "#EXT-X-BYTERANGE":
                part = _part(value, end)
                end = part[1]
            elif not line.startswith("#"):
                segments.append((Piece(urljoin(base, line), part), init))
                part = None
        first = int(_numbers("#EXT-X-MEDIA-SEQUENCE", text, "0")[-1])
    except ValueError:
        raise NotPlaylist from None
    if len(segments) > MOST_SEGMENTS:
        raise NotPlaylist
    target_s = float(_numbers("#EXT-X-TARGETDURATION", text)[-1])
    pause_s = min(target_s, float(_numbers("#EXTINF", text)[-1]))
    return Listing(first, target_s, pause_s, segments, "#EXT-X-ENDLIST" in lines)


def _numbers(tag: str, text: str, default: str = "2") -> list[str]:
    """The numbers after this tag, at least the default."""
    return [default, *re.findall(rf"^{tag}:(\d{{1,18}}(?:\.\d{{1,9}})?)", text, re.MULTILINE)]


def _init(value: str, base: str) -> Piece:
    """The init section that the attributes of EXT-X-MAP name. Raises NotPlaylist, ValueError."""
    uri, _, ranged = _URI.search(value), *value.partition('BYTERANGE="')[1:]
    if uri is None:
        raise NotPlaylist
    return Piece(urljoin(base, uri[1]), _part(ranged, 0) if ranged else None)


def _part(value: str, after: int) -> tuple[int, int]:
    """A byte range. Without an offset the range begins at `after`, the end of the range before. Raises NotPlaylist."""
    found = _RANGE.match(value)
    if found is None:
        raise NotPlaylist
    begin = int(found[2]) if found[2] else after
    return begin, begin + int(found[1])


class Contents(NamedTuple):
    """A segment's pictures and sound. `sound` is None without sound that can be played."""

    codec: Bitstream
    has_b_frames: bool
    sound: SoundFormat | None
    parameters: bytes
    units: list[Unit]


def contents(data: bytes, parameters: bytes = b"") -> Contents:
    """Takes a segment apart. `parameters` are the parameter sets of the segments before.

    Raises NotVideo, and errors of libav, which quote the data.
    """
    form = "mp4" if data[4:8] == b"ftyp" else "mpegts"
    with av.open(io.BytesIO(data), "r", format=form, options=_OPTIONS) as container:
        video: Any = next(iter(container.streams.video), None)
        codec = _VIDEOS.get(_decoder(video)) if video else None
        if codec is None:
            raise NotVideo
        audio: Any = next((stream for stream in container.streams.audio if _decoder(stream) in _SOUNDS), None)
        parameters = video.codec_context.extradata or parameters
        to_annexb = None
        if parameters[:1] == b"\x01":  # as in MP4; libav's filter writes the parameter sets into keyframes
            to_annexb, parameters = BitStreamFilterContext(f"{video.codec_context.name}_mp4toannexb", video), b""
        config = b""
        if audio and audio.codec_context.name == "aac":
            config = audio.codec_context.extradata or b""
        units: list[Unit] = []
        for packet in container.demux(*((video, audio) if audio else (video,))):
            if packet.size and packet.stream_index != video.index:
                units += _unit("audio", packet, _with_adts(bytes(packet), config), key=True)
            elif packet.size:
                for part in to_annexb.filter(packet) if to_annexb else (packet,):
                    whole = codec.with_parameters(bytes(part), parameters) if part.is_keyframe else bytes(part)
                    units += _unit("video", part, whole, key=bool(part.is_keyframe))
        sound = SoundFormat(audio.codec_context.name, audio.codec_context.rate) if audio else None
        return Contents(codec, bool(video.codec_context.has_b_frames), sound, parameters, units)


def _decoder(stream: Any) -> str:
    """The name of the stream's decoder; "" if libav has none."""
    return str(stream.codec_context.name) if stream.codec_context else ""


def _unit(kind: Literal["video", "audio"], packet: Any, data: bytes, *, key: bool) -> list[Unit]:
    """The packet as a unit with times of showcam's clock; none for a packet without a time."""
    dts = packet.dts if packet.dts is not None else packet.pts
    if dts is None or not packet.time_base:
        return []
    pts, scale = packet.pts if packet.pts is not None else dts, packet.time_base * CLOCK
    if scale != 1:
        dts, pts = round(dts * scale), round(pts * scale)
    return [Unit(kind, data, max(pts, dts), dts, key)]


def _with_adts(data: bytes, config: bytes) -> bytes:
    return data if len(config) < 2 or read_adts(data) else adts(data, config)


class HlsSource(Bursts):
    """A vendor's HLS of one camera. `mint` asks the gate for a new address and raises SourceFailed.

    Slow closing is handed to `later`.
    """

    def __init__(
        self,
        screen: Screen,
        spec: Hls,
        context: ssl.SSLContext,
        mint: Callable[[], Awaitable[SourceSpec]],
        later: Callable[[Coroutine[Any, Any, None]], None],
        *,
        loopback: OnLoopback,
    ) -> None:
        super().__init__(screen, encrypts=spec.encrypts)
        self._context, self._loopback, self._mint, self._later = context, loopback, mint, later
        self._use(spec)
        self._due = 0.0  # when the list may be fetched again
        self._latest: Contents | None = None
        self._init: tuple[Piece | None, bytes] = (None, b"")

    async def last(self) -> Never:
        """Shows segment after segment until the source ends. Raises SourceFailed."""
        listing = await self._settled()
        # begin at the newest segment but one: else a viewer freezes whenever a vendor's segment comes a little late
        number, self.heard = max(listing.first, listing.last - 1), self._loop.time()
        try:
            async with asyncio.timeout(SILENCE_S) as limit:
                while True:
                    self.check()
                    if number > listing.last:
                        listing = await self._next(listing)
                        number = max(number, listing.first)
                        continue
                    await self.room.wait()
                    listing = await self._show_segment(listing, number)
                    number += 1
                    silence_s = max(SILENCE_S, 3 * listing.target_s + 2) if self.is_begun else SILENCE_S
                    limit.reschedule(self.heard + silence_s)
        except (Cut, Fault, Forbidden, TimeoutError):
            raise SourceFailed("media_down", again=True) from None

    def close(self) -> None:
        super().close()
        self._later(self._fetcher.close())

    def _use(self, spec: Hls) -> None:
        self._root = self._media = spec.url
        self._fetcher = Fetcher(spec.hosts, self._context, loopback=self._loopback.has(spec.hosts))

    # lists

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
            except (Fault, Forbidden):
                raise SourceFailed("media_down", again=True) from None
            if self._loop.time() > deadline:
                raise SourceFailed("media_down", again=True)
            await asyncio.sleep(TURN_S)

    async def _open_list(self) -> Listing:
        """The media playlist behind the address, through a master playlist if there is one."""
        text = await self._text(self._root)
        self._media = variant(text, self._root) or self._root
        if self._media != self._root:
            text = await self._text(self._media)
        listing = self._read(text)
        self._due = self._loop.time() + listing.pause_s
        return listing

    async def _next(self, before: Listing) -> Listing:
        """Waits for the time to ask again, and returns the list of then."""
        if before.is_over:
            raise SourceFailed("media_down", again=True)
        await asyncio.sleep(self._due - self._loop.time())
        asked = self._loop.time()
        listing = await self._list(before)
        self._due = asked + (listing.pause_s if listing.last > before.last else listing.target_s / 2)
        return listing

    async def _list(self, before: Listing) -> Listing:
        try:
            return self._read(await self._text(self._media))
        except Cut:
            return await self._remint(before)

    async def _text(self, url: str) -> str:
        """Fetches a list. A vendor that did not answer is asked a second time."""
        try:
            data = await self._fetcher.get(url, cap=LIST_CAP, deadline_s=LIST_S)
        except Fault:
            await asyncio.sleep(TURN_S)
            data = await self._fetcher.get(url, cap=LIST_CAP, deadline_s=LIST_S)
        return data.decode("utf-8", "replace")

    def _read(self, text: str) -> Listing:
        try:
            return read_playlist(text, self._media)
        except Encrypted:
            raise SourceFailed("encryption_on", again=False) from None
        except NotPlaylist:
            raise SourceFailed("media_down", again=True) from None

    async def _remint(self, before: Listing) -> Listing:
        """Gets a new address after the vendor cut the old one. Raises SourceFailed if the video does not go on."""
        minted = await self._mint()
        if not isinstance(minted, Hls):
            raise SourceFailed("media_down", again=True)  # there is a better way by now
        self._later(self._fetcher.close())
        self._use(minted)
        listing = await self._settled()
        if not listing.continues(before):
            raise SourceFailed("media_down", again=True)
        return listing

    # segments

    async def _show_segment(self, listing: Listing, number: int) -> Listing:
        """Hands the units of a segment to the screen; none if fetching or reading fails. Returns the latest list."""
        data = b""
        with contextlib.suppress(Cut, Fault):
            try:
                data = await self._segment(listing, number)
            except Fault:
                data = await self._segment(listing, number)
            except Cut:
                # either only this segment is too old, or the vendor ended the session: the playlist shows which
                listing = await self._list(listing)
                data = await self._segment(listing, number)
        if data:
            try:
                await self._show_contents(data)
            except NotVideo:
                if not self.is_begun:
                    raise SourceFailed("not_playable", again=False) from None
            except (av.error.FFmpegError, ValueError):
                if not self.is_begun:
                    raise SourceFailed("media_down", again=True) from None
        return listing

    async def _segment(self, listing: Listing, number: int) -> bytes:
        """The bytes of a segment, with the bytes of its init section before them."""
        if not listing.first <= number <= listing.last:
            raise Cut(404)
        segment, init = listing.segments[number - listing.first]
        if init is not None and init != self._init[0]:
            self._init = init, await self._fetch(init)
        return (self._init[1] if init else b"") + await self._fetch(segment)

    async def _fetch(self, piece: Piece) -> bytes:
        return await self._fetcher.get(piece.url, cap=SEGMENT_CAP, deadline_s=SEGMENT_S, part=piece.part)

    async def _show_contents(self, data: bytes) -> None:
        parameters = self._latest.parameters if self._latest else b""
        self._latest = await asyncio.to_thread(contents, data, parameters)
        self.codec = self._latest.codec
        for unit in self._latest.units:
            await self.show(unit)

    def _described(self, measured: Measured) -> Format:
        assert self._latest is not None
        # not every camera announces B frames in its parameter sets; libav may have noticed them in the segment
        b_frames = measured.b_frames or self._latest.has_b_frames
        return Format(measured.width, measured.height, measured.codec, self._latest.sound, b_frames=b_frames)
