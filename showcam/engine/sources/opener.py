"""Opens a camera's source and runs it. The table WAYS has a row for each way to get video.

To add a way, add a struct to showcam.engine.source, which says what the way can do, and a row to WAYS.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
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
        self.context, self.loopback, self.open_s = context, loopback, open_s
        self.ezviz = EzvizCameras(asyncio.get_running_loop().time)
        self.manners: Known = Recent(MANY)

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
        await WAYS[type(spec)](spec, Opening(self, screen, mint, give_back, later, camera))


@dataclass(frozen=True, slots=True)
class Opening:
    """The arguments for a function in WAYS, which opens one source."""

    opener: Opener
    screen: Screen
    mint: Mint
    give_back: GiveBack
    later: Later
    camera: str


async def _card(spec: Card, opening: Opening) -> None:
    await card.play(opening.screen, spec.card, asyncio.get_running_loop().time)


async def _hls(spec: Hls, opening: Opening) -> None:
    opener = opening.opener
    source = HlsSource(opening.screen, spec, opener.context, opening.mint, loopback=opener.loopback)
    try:
        await source.last()
    finally:
        source.close()
        opening.later(source.end())


async def _rtsp(spec: Rtsp, opening: Opening) -> None:
    loopback, open_s = opening.opener.loopback.every, opening.opener.open_s
    with contextlib.closing(RtspSource(opening.screen, spec, loopback=loopback, open_s=open_s)) as source:
        await source.last()


async def _ezviz(spec: EzvizCloud, opening: Opening) -> None:
    source = EzvizSource(
        opening.screen,
        spec,
        opening.mint,
        opening.give_back,
        camera=opening.camera,
        loopback=opening.opener.loopback,
        cameras=opening.opener.ezviz,
    )
    with contextlib.closing(source):
        await source.last()


async def _ezviz_local(spec: EzvizLocal, opening: Opening) -> None:
    manners, loopback = opening.opener.manners, opening.opener.loopback.every
    with contextlib.closing(EzvizLocalSource(opening.screen, spec, manners, loopback=loopback)) as source:
        await source.last()


WAYS: Mapping[type[SourceSpec], Callable[[Any, Opening], Awaitable[None]]] = {
    Card: _card,
    Hls: _hls,
    Rtsp: _rtsp,
    EzvizCloud: _ezviz,
    EzvizLocal: _ezviz_local,
}
