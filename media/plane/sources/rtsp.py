"""A camera in the house by RTSP."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from media.ezviz.decipher import Decipherer
from media.plane.codec.units import SourceFailed
from media.plane.sources.live import Live
from media.plane.sources.screen import Screen
from media.plane.sources.timeline import Timeline
from media.plane.sources.tracks import choose
from media.rtsp.failed import RtspFailed
from media.rtsp.login import Login
from media.rtsp.session import Session
from media.source import SourceSpec
from net.addresses import is_in_house

KEYFRAME_S = 25.0  # for a keyframe while pictures come: some send one in twenty seconds
SILENCE_S = 8.0


class RtspSource:
    """One run of one camera, read in the event loop.

    `open_s`: from the first packet sent to the first picture that comes.
    """

    def __init__(self, screen: Screen, spec: SourceSpec, *, loopback: bool, open_s: float) -> None:
        self._screen, self._spec, self._loopback, self._open_s = screen, spec, loopback, open_s
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[SourceFailed] = self._loop.create_future()
        self._session: Session | None = None
        self._live: Live | None = None

    async def last(self) -> None:
        """Run until it is over. Raises SourceFailed."""
        began = self._loop.time()
        try:
            async with asyncio.timeout(self._open_s):
                await self._open()
        except TimeoutError:
            raise SourceFailed("media_down", again=True) from None
        except RtspFailed as failed:
            raise _failure(failed) from None
        while True:
            done, _ = await asyncio.wait([self._over], timeout=0.5)
            if done:
                raise self._over.result()
            self._check(began)

    def close(self) -> None:
        if self._session:
            self._session.close()
        if self._live:
            self._live.close()

    async def _open(self) -> None:
        """Raises SourceFailed, RtspFailed."""
        session = self._session = session_of(
            self._spec, lambda failed: self._ended(_failure(failed)), loopback=self._loopback
        )
        description = await session.describe()
        decipherer = Decipherer(self._spec.key) if self._spec.key else None
        chosen = choose(description, sound=self._spec.sound != "off", opener=decipherer)
        if decipherer and chosen.codec != "mjpeg":
            decipherer.picture(chosen.sets.get(chosen.codec, b""))
        timeline = Timeline(chosen.video.clock_hz, (chosen.audio or chosen.video).clock_hz)
        self._live = Live(
            self._screen,
            lambda: chosen.heard() if session.has("audio") or chosen.audio is None else None,
            timeline,
            codec_of=lambda: chosen.codec,
            sets=chosen.sets,
            encrypts=self._spec.encrypts,
            decipherer=decipherer,
            over=self._ended,
        )
        await session.play(description, chosen.played, self._live, lambda: self._screen.has_time)

    def _check(self, began: float) -> None:
        """Raises SourceFailed if the picture has stopped."""
        assert self._live is not None
        self._live.check()
        now, heard = self._loop.time(), self._live.heard
        is_silent = now - began > self._open_s if heard is None else now - heard > SILENCE_S
        if is_silent or now - (self._live.shown or began) > KEYFRAME_S:
            raise SourceFailed("media_down", again=True)

    def _ended(self, failure: SourceFailed) -> None:
        if not self._over.done():
            self._over.set_result(failure)


def session_of(spec: SourceSpec, over: Callable[[RtspFailed], None], *, loopback: bool) -> Session:
    """A session that is not open yet; `over` hears why it ended.

    Raises SourceFailed for an address that the source does not name, or that is none of a house.
    """
    try:
        parts = urlsplit(spec.url)
        host, port = parts.hostname or "", parts.port or 554
    except ValueError:
        raise SourceFailed("media_down", again=True) from None
    named = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    clean = parts.scheme == "rtsp" and parts.username is None and parts.path.startswith("/")
    printable = (parts.path + parts.query).isascii() and (parts.path + parts.query).isprintable()
    if not clean or not printable or " " in parts.path or spec.hosts != (named,):
        raise SourceFailed("media_down", again=True)
    if not is_in_house(host, loopback=loopback):
        raise SourceFailed("media_down", again=True)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return Session(host, port, path, Login(spec.user, spec.password, basic=spec.basic), over)


def _failure(failed: RtspFailed) -> SourceFailed:
    if failed.why == "down":
        return SourceFailed("media_down", again=True)
    return SourceFailed(failed.why, again=failed.why == "busy")
