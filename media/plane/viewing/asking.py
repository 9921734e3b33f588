"""What a pull asks of those who hand out sources, and what it reports to them."""

import asyncio

import structlog

from media.grants import Claims
from media.plane.event_loop import Background
from media.plane.units import Format, SourceFailed
from media.source import Denied, Sources, SourceSpec, mark_of

_log = structlog.get_logger()

ASK_S = 10.0


class Asking:
    """`minted` counts the sources that were handed out."""

    def __init__(self, sources: Sources, background: Background) -> None:
        self._sources, self._background = sources, background
        self.minted = 0

    async def source(self, claims: Claims) -> SourceSpec:
        """A new address, through the gate. Raises SourceFailed."""
        try:
            answer = await asyncio.wait_for(self._sources.open(claims), ASK_S)
        except Exception as error:
            _log.warning("nobody could be asked for a source", error=type(error).__name__)
            raise SourceFailed("media_down", again=True) from None
        if isinstance(answer, Denied):
            raise SourceFailed(answer.reason, again=answer.again)
        self.minted += 1
        return answer

    async def still(self, claims: Claims) -> bytes | None:
        """Raises SourceFailed where the gate is shut."""
        try:
            answer = await asyncio.wait_for(self._sources.still(claims), ASK_S)
        except Exception as error:
            _log.warning("nobody could be asked for a still", error=type(error).__name__)
            return None
        if isinstance(answer, Denied):
            raise SourceFailed(answer.reason, again=answer.again)
        return answer

    def give_back(self, claims: Claims, release: str) -> None:
        self._background.later(self.given_back(claims, release))

    async def given_back(self, claims: Claims, release: str) -> None:
        try:
            await asyncio.wait_for(self._sources.closed(claims, release), ASK_S)
        except Exception as error:
            _log.warning("a vendor's place could not be given back", error=type(error).__name__)

    def report(self, claims: Claims, form: Format) -> None:
        """What the picture turned out to be like."""
        self._background.later(self._report(claims, form))

    def judge(self, claims: Claims, key: bytes, *, fits: bool) -> None:
        """What the video showed of the key that came with its source."""
        self._background.later(self._judge(claims, mark_of(key), fits=fits))

    async def _judge(self, claims: Claims, mark: str, *, fits: bool) -> None:
        try:
            await asyncio.wait_for(self._sources.judged(claims, mark, fits=fits), ASK_S)
        except Exception as error:
            _log.warning("what the video showed of a key could not be reported", error=type(error).__name__)

    async def _report(self, claims: Claims, form: Format) -> None:
        try:
            learnt = self._sources.learnt(
                claims, form.width, form.height, codec=form.kind, b_frames=form.b_frames, lacks_sub=form.lacks_sub
            )
            await asyncio.wait_for(learnt, ASK_S)
        except Exception as error:
            _log.warning("what a picture is like could not be reported", error=type(error).__name__)
