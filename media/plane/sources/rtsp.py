"""A camera in the house by RTSP: libav reads it, through a pipe, and the network is never libav's to open."""

from typing import Any
from urllib.parse import urlsplit

import av

from media.plane.codec.units import SourceFailed
from media.plane.sources.rtsp_proxy import RtspProxy
from media.rtsp.login import Login
from media.source import SourceSpec
from net.addresses import is_in_house

_OPTIONS = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video+audio",
    # of what is sent: with libav's own five seconds the first picture would wait as long. No nobuffer: it throws the
    # first keyframe away
    "analyzeduration": "100000",
    "probesize": "200000",
    "fpsprobesize": "0",
    "timeout": "5000000",  # µs
    "protocol_whitelist": "tcp",
}


class RtspSource:
    """One run of one camera; what HlsSource is for HLS."""

    is_paced = True  # a camera sends at the speed of life
    target_s = 2.0

    def __init__(self, spec: SourceSpec, *, loopback: bool) -> None:
        self._spec, self._loopback = spec, loopback
        self._pipe: RtspProxy | None = None

    @property
    def failure(self) -> SourceFailed | None:
        return self._pipe.failure if self._pipe else None

    async def prepare(self) -> None:
        """Raises SourceFailed; nothing has reached libav by then."""
        host, port, path = self._place()
        self._pipe = RtspProxy(host, port, path, Login(self._spec.user, self._spec.password))
        await self._pipe.open()

    def container(self) -> Any:
        """For the reader's thread."""
        assert self._pipe is not None
        return av.open(self._pipe.url, format="rtsp", options=_OPTIONS)

    async def close(self) -> None:
        """libav is told that everything is over; the reader's thread runs out by itself."""
        if self._pipe:
            self._pipe.close()

    def _place(self) -> tuple[str, int, str]:
        """Raises SourceFailed for an address that is not the one named, or none of a house."""
        try:
            parts = urlsplit(self._spec.url)
            host, port = parts.hostname or "", parts.port or 554
        except ValueError:
            raise SourceFailed("media_down", again=True) from None
        named = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        clean = parts.scheme == "rtsp" and parts.username is None and parts.path.startswith("/")
        printable = (parts.path + parts.query).isascii() and (parts.path + parts.query).isprintable()
        if not clean or not printable or " " in parts.path or self._spec.hosts != (named,):
            raise SourceFailed("media_down", again=True)
        if not is_in_house(host, loopback=self._loopback):
            raise SourceFailed("media_down", again=True)
        return host, port, parts.path + (f"?{parts.query}" if parts.query else "")
