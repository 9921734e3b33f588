"""Ends sessions, and remembers the reason for a viewer who still asks afterwards."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

from showcam.engine.gate import Background
from showcam.engine.grants import SNAPSHOT_S, Claims
from showcam.engine.sessions.pulls import Ended, Places, Pulls
from showcam.engine.sessions.session import Session, SessionIndex
from showcam.engine.settings import PlaneSettings
from showcam.engine.source import Denied

EXPLAINED_S = 120.0  # the reason is kept for at least this time: a player asks again when it becomes visible again


@dataclass(frozen=True, slots=True)
class _Past:
    until: float  # epoch s; no grant works later, so the end is forgotten then
    reason: str
    is_final: bool


class Endings:
    """Ends sessions, and remembers each end while a grant of the session verifies, so that no grant opens it again."""

    def __init__(
        self, settings: PlaneSettings, index: SessionIndex, places: Places, pulls: Pulls, background: Background
    ) -> None:
        self._settings, self._index, self._places, self._pulls = settings, index, places, pulls
        self._background = background
        self._past: dict[str, _Past] = {}  # by session id, nonce of a start grant, or link

    def end(self, session: Session, reason: str = "", *, is_final: bool) -> None:
        """Ends the session and its connection. A second call does no harm.

        `is_final`: no grant of the session opens it again. Else the end was a fault, and the viewer may come back with
        the same address. The pull goes on for `idle_s`, for a viewer who comes back. A card ends now.
        """
        nonces = self._index.remove(session)
        # a grant may have expired before its session ended; a viewer who still asks with this grant gets the reason
        until = max(session.claims.expires + 1, time.time() + EXPLAINED_S)
        self._note(nonces, until, reason, is_final=is_final)
        self.disconnect(session)
        session.pull.need()
        if session.claims.explains:
            self._pulls.leave(session.pull)

    def disconnect(self, session: Session) -> None:
        """Closes the session's WebRTC connection, if there is one."""
        peer, session.peer = session.peer, None
        if peer is not None:
            self._background.later(peer.close())

    # the causes

    def by_viewer(self, claims: Claims) -> None:
        if session := self._index.of_id(claims.nonce):
            self.end(session, is_final=True)

    def by_name(self, link: str, name: str) -> None:
        if session := self._index.named(link, name):
            self.end(session, is_final=True)
        elif claims := self._places.give_back(link, name):  # the name is an unused grant's nonce
            self._note([name], claims.expires + 1, "", is_final=True)

    def by_link(self, link: str) -> None:
        """Ends the sessions of a link. From now on the link's grants open nothing, even if they have not expired."""
        # the machine that made a grant and the one that verifies it may differ by two minutes
        life_s = self._settings.stream_cap_s or self._settings.session_s
        until = time.time() + max(life_s, SNAPSHOT_S) + 120
        self._note([_link_key(link)], until, "", is_final=True)
        for session in self._index.of_link(link):
            self.end(session, is_final=True)
        self._places.leave_link(link)
        self._pulls.leave_link(link)

    def by_gate(self, session: Session, verdict: Denied) -> None:
        """Ends the session, and the pull with its last session, since the gate has closed."""
        self.end(session, verdict.reason, is_final=True)
        self._pulls.leave(session.pull)

    def by_picture(self, session: Session) -> bool:
        """Ends the session if its video has ended. Returns True if it has."""
        if session.failure is not None:
            self.end(session, session.failure.reason, is_final=False)
        return session.failure is not None

    def by_time(self) -> None:
        """Ends the sessions whose time has expired or whose viewer left silently. Keeps the pulls that are watched."""
        now = asyncio.get_running_loop().time()
        for session in self._index:
            if self.by_picture(session):
                continue
            if self._is_due(session, now):
                self.end(session, is_final=True)
            elif session.watches(now):
                session.pull.need()
        clock = time.time()
        self._past = {key: past for key, past in self._past.items() if past.until > clock}

    def _is_due(self, session: Session, now: float) -> bool:
        """True if a limit ends the session: its time, a card's time, an HLS viewer's silence, or no connection."""
        settings = self._settings
        if session.until <= time.time() or (session.claims.explains and now - session.opened > settings.card_s):
            return True
        if session.peer is None:
            return not session.is_fetching and now - session.used > settings.idle_s
        return session.peer.state != "connected" and now - session.began > settings.connect_s

    # past sessions

    def knows(self, nonce: str) -> bool:
        return nonce in self._past

    def stays(self, nonce: str) -> bool:
        """True if the session ended for good or for a reason. The session's address then opens nothing."""
        past = self._past.get(nonce)
        return past is not None and (past.is_final or past.reason != "")

    def reason(self, nonce: str) -> str:
        """The reason why the session ended; "" if none was given."""
        past = self._past.get(nonce)
        return past.reason if past else ""

    def refuse(self, claims: Claims) -> None:
        """Raises Ended if the session or its link has ended for good."""
        for key in (claims.nonce, _link_key(claims.link)):
            past = self._past.get(key)
            if past is not None and past.is_final:
                raise Ended(past.reason)

    def _note(self, nonces: Iterable[str], until: float, reason: str, *, is_final: bool) -> None:
        """Remembers an end. A final end is never replaced by a later end."""
        past = _Past(until, reason, is_final)
        for nonce in nonces:
            known = self._past.get(nonce)
            if is_final or known is None or not known.is_final:
                self._past[nonce] = past


def _link_key(link: str) -> str:
    return f"link/{link}"
