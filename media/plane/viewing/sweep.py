"""What time ends: sessions whose viewer left or whose time is over, and pulls, transcodes and places nobody needs."""

import asyncio
import time
from typing import Protocol

import structlog

from media.plane.settings import PlaneSettings
from media.plane.viewing.endings import Endings
from media.plane.viewing.load import Load
from media.plane.viewing.places import Places
from media.plane.viewing.pulls import Pulls
from media.plane.viewing.session import Session
from media.plane.viewing.session_index import SessionIndex
from media.plane.viewing.transcodes import Transcodes

_log = structlog.get_logger()


class Drop(Protocol):
    def __call__(self, session: Session, reason: str, *, final: bool = True) -> None: ...


class Sweep:
    """`drop` ends a session. A pull is needed as long as a session that is watched has it."""

    def __init__(
        self,
        settings: PlaneSettings,
        index: SessionIndex,
        pulls: Pulls,
        transcodes: Transcodes,
        endings: Endings,
        places: Places,
        load: Load,
        drop: Drop,
    ) -> None:
        self._settings, self._index, self._drop = settings, index, drop
        self._pulls, self._transcodes, self._endings, self._places = pulls, transcodes, endings, places
        self._load = load
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(min(0.5, self._settings.idle_s / 4))
            try:
                self._tidy()
            except Exception as error:
                _log.error("sweep broke", error=type(error).__name__)

    def _tidy(self) -> None:
        now, clock, settings = self._loop.time(), time.time(), self._settings
        self._load.sample()
        idle_s, card_s, connect_s = settings.idle_s, settings.card_s, settings.connect_s
        for session in self._index:
            if session.failure is not None:
                self._drop(session, session.failure.reason, final=False)
            elif session.until <= clock or session.is_left(now, idle_s=idle_s, card_s=card_s, connect_s=connect_s):
                self._drop(session, "")
            elif session.watches(now):
                session.pull.need()
        self._pulls.tidy(now)
        self._transcodes.tidy()
        self._endings.tidy()
        self._places.tidy()
