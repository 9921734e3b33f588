"""How sessions are over: by their viewer, by name, with their link, or since the gate closed."""

import time

from media.grants import SNAPSHOT_S, Claims
from media.plane.settings import PlaneSettings
from media.plane.viewing.endings import Endings
from media.plane.viewing.peers import Peers
from media.plane.viewing.places import Places
from media.plane.viewing.pulls import Pulls
from media.plane.viewing.session import Session
from media.plane.viewing.session_index import SessionIndex
from media.source import Denied

EXPLAINED_S = 120.0  # after its end a session's viewers are answered why for this long at the least


class Leaving:
    """Ends sessions, and notes each end, so that no grant opens what is over."""

    def __init__(
        self,
        settings: PlaneSettings,
        index: SessionIndex,
        endings: Endings,
        places: Places,
        pulls: Pulls,
        peers: Peers,
    ) -> None:
        self._settings, self._index, self._endings = settings, index, endings
        self._places, self._pulls, self._peers = places, pulls, peers

    def end(self, claims: Claims) -> None:
        """By its own viewer; ending it twice is fine."""
        if session := self._index.of_id(claims.nonce):
            self.drop(session, "")

    def end_named(self, link: str, name: str) -> None:
        if session := self._index.named(link, name):
            self.drop(session, "")
        elif claims := self._places.give_back(link, name):  # a grant is a name too, and nobody came with this one
            self._endings.note([name], claims.expires + 1)

    def end_link(self, link: str) -> None:
        """Its grants open nothing from here on, as long as any of them verifies."""
        self._endings.note_link(link, time.time() + max(self._settings.life_s, SNAPSHOT_S) + 120)
        for session in self._index.of_link(link):
            self.drop(session, "")
        self._places.leave_link(link)
        self._pulls.leave_link(link)

    def shut(self, session: Session, verdict: Denied) -> None:
        """By the gate, and what is kept of the picture goes too."""
        self.drop(session, verdict.reason)
        self._pulls.leave(session.pull)

    def drop(self, session: Session, reason: str, *, final: bool = True) -> None:
        """Not `final`: a fault, after which its grant may open it again."""
        nonces = self._index.remove(session)
        # a grant that its session outlived is over by itself; who still asks with it is answered why
        until = max(session.claims.expires + 1, time.time() + EXPLAINED_S)
        self._endings.note(nonces, until, reason, final=final)
        self._peers.end(session)
        session.pull.need()
        if session.claims.explains:
            self._pulls.leave(session.pull)
