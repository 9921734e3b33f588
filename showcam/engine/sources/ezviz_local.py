"""An EZVIZ camera in the house by its own protocol: one session after another, which viewers see as one video.

If a camera brings no video in one manner, the other manner is tried. The manner that worked is kept for the next
opening. If neither works, another way (such as the cloud) may do better.
"""

import asyncio
from typing import Never

import structlog

from showcam.engine.ezviz.address import MAIN, BadAddress
from showcam.engine.ezviz.local_messages import LocalAddress
from showcam.engine.ezviz.local_session import MANNERS, Closed, LocalSession, Manner
from showcam.engine.ezviz.node import SaidNo, Unreached
from showcam.engine.rtsp.connection import CONNECT_S
from showcam.engine.source import EzvizLocal, SourceFailed, WayFailed
from showcam.engine.sources.ezviz_picture import SHORT_S, EzvizPicture, Showing
from showcam.engine.sources.screen import Screen
from showcam.net.cache import Recent

_log = structlog.get_logger()

KEYFRAME_S = 6.0  # the longest wait for video, at the start and later: keyframes are two to four seconds apart
TRIES = 3  # after this number of sessions in a row without video the camera is given up
PAUSE_S = 1.0  # wait after a session without video; it grows with each further session without video
MANY = 256
ENCRYPTED = frozenset({"encryption_on", "code_wrong"})

type Known = Recent[str, Manner]  # by camera: the manner that brought video


class EzvizLocalSource:
    """One opening of the camera. Raises WayFailed if another way may do better."""

    def __init__(self, screen: Screen, spec: EzvizLocal, known: Known, *, loopback: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._spec, self._known, self._loopback = spec, known, loopback
        self._picture = EzvizPicture(screen, spec.sound, deciphers=bool(spec.key))

    async def last(self) -> Never:
        """Runs session after session until the camera fails. Raises SourceFailed."""
        try:
            address = LocalAddress.read(self._spec)
        except BadAddress:
            raise WayFailed("media_down") from None
        manner = await self._first(address)
        empty = 0
        while True:
            empty = 0 if await self._session(address, manner) else empty + 1
            if empty >= TRIES:
                raise WayFailed("media_down")
            if empty:
                await asyncio.sleep(PAUSE_S * empty)

    def close(self) -> None:
        self._picture.close()

    async def _first(self, address: LocalAddress) -> Manner:
        """Runs a session in each manner until one brings video. Returns the manner after this session has ended."""
        known = self._known.get(address.place)
        for manner in sorted(MANNERS, key=lambda each: each != known):
            await self._session(address, manner)
            if self._picture.is_begun:
                return manner
        self._known.drop(address.place)
        raise WayFailed("media_down")

    async def _session(self, address: LocalAddress, manner: Manner) -> bool:
        """Opens a session and shows its video until the end. Returns True if video came for a while.

        Raises SourceFailed.
        """
        began = self._loop.time()
        session = LocalSession(address, manner, loopback=self._loopback)
        showing = Showing(MAIN, session, self._spec.key)
        try:
            await session.open()
            showing.began()
            while not self._is_given_up(showing):
                await self._picture.room.wait()
                await showing.wait()
                was_shown = showing.is_shown
                await self._picture.take(showing)
                if showing.is_shown and not was_shown:
                    self._known.put(address.place, manner)
        except Closed:
            self._tell(manner, "closed")
            if not self._picture.is_begun:
                raise WayFailed("lan_closed") from None
        except Unreached:
            self._tell(manner, "over")
        except SaidNo as no:
            self._tell(manner, "refused", result=no.result)
        except SourceFailed as failed:
            if self._picture.is_begun:
                raise
            self._tell(manner, failed.reason)
            if failed.reason in ENCRYPTED:
                raise WayFailed(failed.reason) from None
            if failed.reason != "media_down":
                raise
        finally:
            showing.close()
        return showing.is_shown and self._loop.time() - began > SHORT_S

    def _is_given_up(self, showing: Showing) -> bool:
        if showing.held and showing.silent_s <= KEYFRAME_S:
            return False
        if showing.is_shown:
            return showing.silent_s > KEYFRAME_S
        return showing.mute_s > CONNECT_S or showing.lasted_s > KEYFRAME_S

    def _tell(self, manner: Manner, how: str, **more: int) -> None:
        if not self._picture.is_begun:
            _log.info("no picture of a camera's own protocol", manner=manner.name, how=how, **more)
