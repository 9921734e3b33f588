"""The default media receiver's player: fetches live HLS as a page of Google's would, and decodes it."""

import io
import threading
from collections.abc import Callable
from typing import Any, Literal
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

import av
import av.container

from showcam.simulator.camera import TICK_S

ORIGIN = "https://www.gstatic.com"
PLAYLISTS = ("application/vnd.apple.mpegurl", "application/x-mpegurl")
FETCH_S = 10.0  # to fetch a list or a segment
LOST_S = 20.0  # a live stream without a new segment has ended after this

type State = Literal["BUFFERING", "PLAYING", "IDLE"]


class Refused(Exception):
    """The receiver does not play it; the text says why."""


class Player(threading.Thread):
    """`hears` gets each state, in this thread; `why` is set if the last state is IDLE without a stop."""

    def __init__(self, media: dict[str, Any], hears: Callable[[State], None]) -> None:
        super().__init__(daemon=True, name="television")
        self._media, self._hears = media, hears
        self._ended = threading.Event()
        self.frames, self.width, self.height, self.sound = 0, 0, 0, False
        self.why = ""
        self._last: av.VideoFrame | None = None

    def run(self) -> None:
        self._hears("BUFFERING")
        try:
            self._play()
        except Refused as refused:
            self.why = str(refused)
        except (OSError, ValueError, av.FFmpegError) as error:
            self.why = type(error).__name__
        if not self._ended.is_set():
            self._hears("IDLE")

    def stop(self) -> None:
        self._ended.set()

    def jpeg(self) -> bytes | None:
        last = self._last
        if last is None:
            return None
        out = io.BytesIO()
        image: Any = last.to_image()  # type: ignore[no-untyped-call]
        image.save(out, "JPEG", quality=80)
        return out.getvalue()

    def _play(self) -> None:
        if self._media.get("streamType") != "LIVE" or self._media.get("contentType") not in PLAYLISTS:
            raise Refused("what is to be played is no live HLS")
        if self._media.get("hlsVideoSegmentFormat", "mpeg2_ts") != "mpeg2_ts":
            raise Refused("the segments are announced to be of another format than they are")
        address = self._variant(str(self._media.get("contentId")))
        played: set[str] = set()
        quiet_s = 0.0
        while not self._ended.is_set():
            lines = self._text(address).splitlines()
            fresh = [urljoin(address, line) for line in lines if line and not line.startswith("#")]
            new = [segment for segment in fresh[-3:] if segment not in played]
            for segment in new:
                played.add(segment)
                self._decode(self._fetched(segment)[0])
            if "#EXT-X-ENDLIST" in lines:
                raise Refused("the stream has ended")
            quiet_s = 0.0 if new else quiet_s + TICK_S
            if quiet_s > LOST_S:
                raise Refused("no segment came for long")
            self._ended.wait(TICK_S)

    def _variant(self, master: str) -> str:
        lines = [line for line in self._text(master).splitlines() if line]
        if not lines or lines[0] != "#EXTM3U":
            raise Refused("the playlist is not M3U8")
        for at, line in enumerate(lines):
            if line.startswith("#EXT-X-STREAM-INF"):
                if "CODECS=" not in line:
                    raise Refused("the master playlist names no CODECS")
                return urljoin(master, lines[at + 1])
        return master

    def _text(self, address: str) -> str:
        data, kind = self._fetched(address)
        if kind.partition(";")[0].lower() not in PLAYLISTS:
            raise Refused("a playlist has another content type")
        return data.decode()

    def _fetched(self, address: str) -> tuple[bytes, str]:
        """Fetches the address. Raises Refused if a page of Google's might not read the answer."""
        if urlsplit(address).scheme not in ("http", "https"):
            raise Refused("the address is no http")
        requested = Request(address, headers={"Origin": ORIGIN, "User-Agent": "CrKey"})  # noqa: S310
        try:
            with urlopen(requested, timeout=FETCH_S) as answer:  # noqa: S310
                if answer.headers.get("Access-Control-Allow-Origin") not in ("*", ORIGIN):
                    raise Refused("it may not be read from another origin (CORS)")
                return answer.read(), answer.headers.get("Content-Type", "")
        except HTTPError as error:
            raise Refused(f"it is answered {error.code}") from None
        except URLError:
            raise Refused("nobody answers there") from None

    def _decode(self, segment: bytes) -> None:
        with av.open(io.BytesIO(segment), "r", format="mpegts") as container:
            if not container.streams.video or not container.streams.audio:
                raise Refused("a segment lacks picture or sound")
            video = container.streams.video[0]
            if video.codec_context.name != "h264" or not container.streams.audio[0].codec_context.name.startswith(
                "aac"
            ):
                raise Refused("it plays H.264 with AAC alone")
            self.sound = True
            for frame in container.decode(video):
                if self._ended.is_set():
                    return
                assert isinstance(frame, av.VideoFrame)
                self._show(frame)

    def _show(self, frame: av.VideoFrame) -> None:
        if frame.width > 1920 or frame.height > 1088:
            raise Refused("it is larger than Full HD")
        self.frames, self.width, self.height, self._last = self.frames + 1, frame.width, frame.height, frame
        if self.frames == 1:
            self._hears("PLAYING")
