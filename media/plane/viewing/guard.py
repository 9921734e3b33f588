"""The gate, asked while somebody watches: by the web process, which alone knows the cameras and who may see them."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from media.grants import Claims
from media.plane.settings import PlaneSettings
from media.plane.units import SourceFailed
from media.source import UNASKED, Denied, Sources

_log = structlog.get_logger()

CHECK_S = 3.0
LONGEST_BEARER = 512


class Watching(Protocol):
    """A session, as far as the gate is concerned."""

    claims: Claims


class Guard:
    def __init__(self, settings: PlaneSettings, sources: Sources) -> None:
        self._settings, self._sources = settings, sources

    async def admits(self, claims: Claims, bearer: str) -> bool:
        """Whether a still may be given to whoever holds this access token. False too where nobody can be asked."""
        if not 0 < len(bearer) <= LONGEST_BEARER:
            return False
        try:
            return await asyncio.wait_for(self._sources.admits(claims, bearer), CHECK_S)
        except Exception as error:
            _log.warning("a bearer could not be asked about", error=type(error).__name__)
            return False

    async def pass_by(self, claims: Claims) -> None:
        """For what is opened without going through the gate. Raises SourceFailed where it is shut or not asked."""
        verdict = (await self._asked([claims]))[0]
        if verdict is not None and verdict.reason == UNASKED:
            raise SourceFailed("media_down", again=True)
        if verdict is not None and not verdict.again:
            raise SourceFailed(verdict.reason, again=False)

    async def watch[S: Watching](
        self, sessions: Callable[[], list[S]], renew: Callable[[S], None], shut: Callable[[S, Denied], None]
    ) -> None:
        """Until cancelled; `renew` gets each session that may go on, `shut` each that may not.

        The question is put each `gate_check_s`, however long the answer takes: what a gate that closed is outlasted by
        is that and one answer. A session that nobody judges goes on for `unasked_s`: long enough for the web process to
        be started again.
        """
        loop = asyncio.get_running_loop()
        unasked: dict[S, float] = {}  # since when
        began = loop.time()
        while True:
            await asyncio.sleep(max(0.0, began + self._settings.gate_check_s - loop.time()))
            watching = sessions()
            began, before, unasked = loop.time(), unasked, {}
            for session, verdict in zip(
                watching, await self._asked([viewed.claims for viewed in watching]), strict=False
            ):
                if verdict is None:
                    renew(session)
                elif verdict.reason == UNASKED:
                    unasked[session] = before.get(session, began)
                    if loop.time() - unasked[session] > self._settings.unasked_s:
                        shut(session, Denied("media_down"))
                elif not verdict.again:
                    shut(session, verdict)

    async def _asked(self, claims: list[Claims]) -> list[Denied | None]:
        if not claims:
            return []
        try:
            return await asyncio.wait_for(self._sources.check(claims), CHECK_S)
        except Exception as error:
            _log.warning("the gate could not be asked", error=type(error).__name__)
            return [Denied(UNASKED, again=True)] * len(claims)
