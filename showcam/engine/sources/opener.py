"""Opens a camera's source and runs it, by any way to get video.

To add a way, add a struct to showcam.engine.source, which says what the way can do, and a case to `Opener.last`.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from showcam.engine.source import Card, Ending, EzvizCloud, EzvizLocal, Hls, Lease, Rtsp, SourceSpec
from showcam.engine.sources import card
from showcam.engine.sources.ezviz import EzvizCameras, EzvizSource
from showcam.engine.sources.ezviz_local import MANY, EzvizLocalSource, Known
from showcam.engine.sources.hls import HlsSource
from showcam.engine.sources.rtsp import RtspSource
from showcam.engine.sources.screen import Screen
from showcam.net.addresses import OnLoopback
from showcam.net.cache import Recent

type Mint = Callable[[], Awaitable[SourceSpec]]
type GiveBack = Callable[[Lease, Ending], None]
type Later = Callable[[Coroutine[Any, Any, None]], None]


class Opener:
    """`context` verifies the certificates of vendors; `loopback` names the sources that may be on this machine.

    `open_s`: a camera in the house has this to show its first picture.
    """

    def __init__(self, context: ssl.SSLContext, loopback: OnLoopback, open_s: float) -> None:
        self._context, self._loopback, self._open_s = context, loopback, open_s
        self._ezviz = EzvizCameras(asyncio.get_running_loop().time)
        self._manners: Known = Recent(MANY)

    async def last(
        self,
        screen: Screen,
        spec: SourceSpec,
        mint: Mint,
        give_back: GiveBack,
        later: Later,
        *,
        camera: str,
    ) -> None:
        """Runs the source until the video ends. `camera` names the camera within an account. Raises SourceFailed.

        `mint` returns a new address of the same source. `give_back` takes the lease of an address that was used up
        before the opening ended. Slow closing is handed to `later`.
        """
        loopback = self._loopback
        source: HlsSource | RtspSource | EzvizSource | EzvizLocalSource
        match spec:
            case Card():
                await card.play(screen, spec.card, asyncio.get_running_loop().time)
            case Hls():
                source = HlsSource(screen, spec, self._context, mint, later, loopback=loopback)
            case Rtsp():
                source = RtspSource(screen, spec, loopback=loopback.every, open_s=self._open_s)
            case EzvizCloud():
                known = self._ezviz
                source = EzvizSource(screen, spec, mint, give_back, camera=camera, loopback=loopback, cameras=known)
            case EzvizLocal():
                source = EzvizLocalSource(screen, spec, self._manners, loopback=loopback.every)
            case _:
                raise TypeError(type(spec).__name__)
        with contextlib.closing(source):
            await source.last()
