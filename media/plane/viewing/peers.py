"""The WebRTC connections of sessions: an offer makes one, and the next offer in its session ends it."""

import asyncio
import time
from collections.abc import Callable

from media.plane.event_loop import Background
from media.plane.outputs import ice
from media.plane.outputs.ice import StunServers
from media.plane.outputs.peer import Peer
from media.plane.outputs.tracks import VideoTrack
from media.plane.settings import PlaneSettings
from media.plane.viewing.session import Session
from media.plane.viewing.view import View

FINISH_S = 0.1  # for writing an answer once it is known what is in it


class Peers:
    def __init__(self, settings: PlaneSettings, background: Background) -> None:
        self._settings, self._background = settings, background
        self._loop = asyncio.get_running_loop()
        self._stun = StunServers(settings.stun)

    async def answer(self, session: Session, sdp: str, due: float, gone: Callable[[], None]) -> str:
        """The answer to an offer in that session, by `due` of the loop's time. It replaces the session's connection.

        `gone` is called when the connection fails or closes while it is the session's.
        Raises SourceFailed, NoOffer, NotGathered.
        """
        peer: Peer | None = None

        def left() -> None:
            if session.peer is peer:
                gone()

        view = View(session.pull, session.claims.surface)
        settings = self._settings
        video = VideoTrack(view, again_s=settings.again_s, calm_s=settings.calm_s)
        peer = Peer(video, view, left, ice.relays(settings, time.time()), self._stun.addresses)
        try:
            answer = await session.answer(peer, view, sdp, due - self._loop.time())
        except BaseException:
            self._background.later(peer.close())
            raise
        self.end(session)
        session.peer, session.view, session.began = peer, view, self._loop.time()
        return answer

    def end(self, session: Session) -> None:
        """Close its connection, if it has one."""
        peer, session.peer = session.peer, None
        if peer is not None:
            self._background.later(peer.close())

    def stop(self) -> None:
        self._stun.stop()
