"""Opens a camera's source by its kind, and lets it last."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable

from media.plane.event_loop import Background
from media.plane.sources import card
from media.plane.sources.ezviz import EzvizCameras, EzvizSource
from media.plane.sources.ezviz_local import MANY, EzvizLocalSource, Known
from media.plane.sources.hls import HlsSource
from media.plane.sources.reader import Run
from media.plane.sources.rtsp import RtspSource
from media.plane.sources.screen import Screen
from media.source import SourceSpec
from media.trust import OnLoopback
from net.cache import Recent

type Mint = Callable[[], Awaitable[SourceSpec]]
type GiveBack = Callable[[str], None]


class Opener:
    """`context` verifies the certificates of vendors; `loopback` names the sources that may be on this machine.

    `open_s`: a camera in the house has this to show its first picture.
    """

    def __init__(self, context: ssl.SSLContext, loopback: OnLoopback, open_s: float) -> None:
        self._context, self._loopback, self._open_s = context, loopback, open_s
        self._of_ezviz = EzvizCameras(asyncio.get_running_loop().time)
        self._manners: Known = Recent(MANY)

    async def last(
        self,
        screen: Screen,
        spec: SourceSpec,
        mint: Mint,
        give_back: GiveBack,
        background: Background,
        *,
        camera: str,
    ) -> None:
        """One opening of the source, to its end. `camera` names it for one account. Raises SourceFailed.

        `mint` returns a new address of the same source; `give_back` takes the `release` of one that was used up before
        the opening ended. What takes time to close goes to `background`.
        """
        if spec.kind == "card":
            await card.play(screen, spec.card, asyncio.get_running_loop().time)
        if spec.kind == "ezviz":
            with contextlib.closing(
                EzvizSource(
                    screen, spec, mint, give_back, camera=camera, loopback=self._loopback, cameras=self._of_ezviz
                )
            ) as source:
                await source.last()
        if spec.kind == "ezviz_local":
            with contextlib.closing(
                EzvizLocalSource(screen, spec, self._manners, loopback=self._loopback.every)
            ) as source:
                await source.last()
        if spec.kind == "rtsp":
            with contextlib.closing(
                RtspSource(screen, spec, loopback=self._loopback.every, open_s=self._open_s)
            ) as source:
                await source.last()
        origin = HlsSource(spec, self._context, mint, loopback=self._loopback)
        run = Run(screen, origin)
        try:
            await origin.prepare()
            await run.last()
        finally:
            run.close()
            background.later(origin.close())
