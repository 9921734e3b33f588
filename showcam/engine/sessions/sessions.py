"""Opens, finds and answers sessions, and holds the pulls that bring their video.

`Endings` has everything that ends a session.
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from showcam.engine.client import LONGEST_S
from showcam.engine.gate import Background, Gate
from showcam.engine.grants import SNAPSHOT_S, Claims, ExpiredGrant, Grants, Protocol
from showcam.engine.messages import Stats
from showcam.engine.outputs import ice
from showcam.engine.outputs.peer import Peer
from showcam.engine.outputs.tracks import VideoTrack
from showcam.engine.sessions.pull import Pull
from showcam.engine.sessions.pulls import Ended, Load, Places, Pulls, TooMany, Warming
from showcam.engine.sessions.session import Listening, Session, SessionIndex, View
from showcam.engine.sessions.transcodes import Transcodes
from showcam.engine.settings import PlaneSettings
from showcam.engine.source import MOVED, Denied, SourceFailed, Sources, SourceSpec
from showcam.engine.sources.opener import Opener
from showcam.net.addresses import OnLoopback

_log = structlog.get_logger()

FINISH_S = 0.1  # for writing an answer once its parts are known
MOST_MOVED = 1024
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
        self.moved: set[tuple[str, str]] = set()  # account and camera of sessions that go on in another process
        self._past: dict[str, _Past] = {}  # by session id, nonce of a start grant, or link

    def end(self, session: Session, reason: str = "", *, is_final: bool) -> None:
        """Ends the session and its connection. A second call does no harm.

        `is_final`: no grant of the session opens it again. Else the end was a fault, and the viewer may come back with
        the same address. The pull goes on for `idle_s`, for a viewer who comes back. A card ends now.
        """
        # a grant may have expired before its session ended; a viewer who still asks with this grant gets the reason
        until = max(session.claims.expires + 1, time.time() + EXPLAINED_S)
        self._note(self._index.remove(session), until, reason, is_final=is_final)
        self.disconnect(session)
        session.left()
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
        """Ends the session, and the pull with its last session. If another process has the camera it goes on there."""
        is_moved = verdict.reason == MOVED
        if is_moved and len(self.moved) < MOST_MOVED:
            self.moved.add((session.claims.account, session.claims.camera))
        self.end(session, "" if is_moved else verdict.reason, is_final=not is_moved)
        self._pulls.leave(session.pull)

    def by_source(self, pull: Pull, claims: Claims, refusal: SourceFailed) -> bool:
        """Ends the viewer with these claims if the pull has another, and returns whether it has."""
        has_other = any([session.pull is pull and session.claims.nonce != claims.nonce for session in self._index])
        if has_other and (session := self._index.of_id(claims.nonce)):
            session.view.refuse(refusal)
            self.by_gate(session, Denied(refusal.reason))
        return has_other

    def by_picture(self, session: Session) -> bool:
        """Ends a session whose video has ended. Returns whether the session ended."""
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
        return self._past[nonce].reason if nonce in self._past else ""

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


class Sessions:
    def __init__(self, settings: PlaneSettings, grants: Grants, sources: Sources, context: ssl.SSLContext) -> None:
        self._settings, self._grants, self._sources = settings, grants, sources
        self._loop = asyncio.get_running_loop()
        loopback = OnLoopback(settings.allow_loopback_sources, frozenset(settings.loopback_vendors))
        self._opener = Opener(context, loopback, settings.open_s)
        self._stun = ice.StunServers(settings.stun)
        self._index = SessionIndex()
        self._transcodes = Transcodes(settings.transcodes)
        self._load = Load(settings.full_load)
        self._places = Places()
        self.pulls = Pulls(settings, self._load, self._pull, self._index.watch_pull, self._in_use)
        self._background = Background()
        self.gate = Gate(sources, self._background)
        self._listening = Listening(self.gate, settings)
        self.endings = Endings(settings, self._index, self._places, self.pulls, self._background)
        self.warming = Warming(
            settings, self._index, self.endings.refuse, self._places, self.pulls, self.gate, self._background
        )
        watch = self.gate.watch(settings, lambda: list(self._index), self._renew, self.endings.by_gate)
        self._tasks = [asyncio.create_task(self._tidy()), asyncio.create_task(watch)]

    def verified(self, grant: str, *protocols: Protocol) -> Claims:
        """The claims of a grant for one of these protocols. The grant has not expired, or its session was renewed.

        Raises BadGrant, ExpiredGrant, Ended.
        """
        try:
            return self._grants.verify(grant, protocols, time.time())
        except ExpiredGrant as expired:
            nonce = expired.claims.nonce
            if self._index.of_id(nonce) is not None:
                return expired.claims
            if self.endings.knows(nonce):
                raise Ended(self.endings.reason(nonce)) from None
            raise

    # opening

    def open(self, claims: Claims, spec: SourceSpec | None = None, name: str = "") -> Session:
        """The session of a start grant, of a session grant, or of a name. Raises Ended, TooMany."""
        self.endings.refuse(claims)
        session = self._index.find(claims, name)
        if session is not None and not self.endings.by_picture(session):
            if self._shows(session, claims, spec):
                return self._come_back(session)
            self.endings.end(session, is_final=False)  # its grant now stands for another picture
        return self._begin(claims, spec, name)

    def _shows(self, session: Session, claims: Claims, spec: SourceSpec | None) -> bool:
        """True if the session shows the video that these claims are for. Raises Ended, TooMany."""
        if session.pull.key != self.pulls.key(claims):
            return False
        return spec is None or self.warming.warm(claims, spec) is session.pull

    def _begin(self, claims: Claims, spec: SourceSpec | None, name: str) -> Session:
        if self._index.count(claims.account) >= self._settings.sessions_of_one:
            raise TooMany(10)
        self._places.give_back(claims.link, claims.nonce)  # the session holds its camera from now on
        now, clock = self._loop.time(), int(time.time())
        life_s = self._settings.stream_cap_s or self._settings.session_s
        own = self._grants.for_session(claims, clock + life_s)
        pull = self.warming.warm(claims, spec)
        pull.claims = own
        until = own.expires if self._settings.stream_cap_s else clock + self._settings.session_s
        session = Session(own, self._grants.sign(own), pull, now, now, now, View(pull, own.surface), until, name)
        self._index.add(session, claims.nonce)
        return session

    def find(self, claims: Claims) -> Session:
        """The live session of a session grant. Raises Ended."""
        session = self._index.of_id(claims.nonce)
        if session is None or self.endings.by_picture(session):
            raise Ended(self.endings.reason(claims.nonce))
        return self._come_back(session)

    def _come_back(self, session: Session) -> Session:
        session.used = self._loop.time()
        return session

    def resume(self, claims: Claims) -> Session:
        """The live session of a session grant.

        The session is opened again if its viewer began before this process did, or if the viewer was silent while its
        video made room for another. Raises Ended, TooMany.
        """
        is_known = self._index.of_id(claims.nonce) is not None or self.endings.knows(claims.nonce)
        if is_known and (claims.explains or not self._made_room(claims.nonce)):
            return self.find(claims)
        return self.open(claims)

    def _made_room(self, nonce: str) -> bool:
        session = self._index.of_id(nonce)
        if session is None:
            return not self.endings.stays(nonce)
        return session.failure is not None and not session.failure.reason

    # WebRTC

    async def answer(
        self, claims: Claims, sdp: str, spec: SourceSpec | None = None, name: str = "", within_s: float = LONGEST_S
    ) -> tuple[str, str]:
        """An SDP answer and the session's grant. The connection of an earlier answer in the session ends.

        `within_s` is the time limit. An answer is late only if sockets, STUN and TURN need their least time.
        Raises Ended, TooMany, SourceFailed, NoOffer, NotGathered.
        """
        due = self._loop.time() + within_s - FINISH_S
        while True:
            session = self.open(claims, spec, name)
            async with session.answering:
                if self._index.holds(session):
                    return await self._answer(session, sdp, due), session.grant
            spec = None  # another offer's failure has given the address back or used it up

    async def _answer(self, session: Session, sdp: str, due: float) -> str:
        """Connects, and ends the session if that fails. Raises Ended, SourceFailed, NoOffer, NotGathered."""
        try:
            answer = await self._connect(session, sdp, due)
        except SourceFailed as failed:
            self.endings.end(session, failed.reason, is_final=False)
            self.endings.refuse(session.claims)  # raises Ended if the session was ended meanwhile
            raise
        except BaseException:
            if session.peer is None:
                self.endings.end(session, is_final=False)
            raise
        if not self._index.holds(session):
            self.endings.disconnect(session)
            raise Ended(self.endings.reason(session.claims.nonce))
        return answer

    async def _connect(self, session: Session, sdp: str, due: float) -> str:
        """Answers an offer by `due`, in the loop's time. The new connection replaces the session's old connection.

        Raises SourceFailed, NoOffer, NotGathered.
        """
        peer: Peer | None = None

        def gone() -> None:
            if session.peer is peer:
                self.endings.end(session, is_final=False)

        view, settings = View(session.pull, session.claims.surface), self._settings
        video = VideoTrack(view, again_s=settings.again_s)
        relays = ice.relays(settings, time.time())
        listen = self._listening.of(session.claims)
        peer = Peer(video, session.pull, gone, relays, self._stun.addresses, settings.webrtc_ports, listen)
        try:
            answer = await session.answer(peer, view, sdp, due - self._loop.time())
        except BaseException:
            self._background.later(peer.close())
            raise
        self.endings.disconnect(session)
        session.peer, session.view, session.began = peer, view, self._loop.time()
        return answer

    # questions of other parts

    def watched_by(self, link: str) -> bool:
        """True if the link has a live session."""
        return bool(self._index.of_link(link))

    def live(self, account: str | None = None) -> int:
        return self._index.watched(self._loop.time(), account)

    def stats(self) -> Stats:
        return {
            "sessions": len(self._index),
            "live": self.live(),
            "webrtc": sum(session.peer is not None for session in self._index),
            **self.pulls.stats(),
            **self._transcodes.stats(),
        }

    # upkeep

    def _pull(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        return Pull(
            claims,
            spec,
            self._sources,
            self._opener,
            self._transcodes,
            sub=self.warming.sub,
            has_answered=self._index.has_answered,
            viewer=self._index.viewer,
            refused=self.endings.by_source,
            connect_s=self._settings.connect_s,
        )

    def _in_use(self, pull: Pull) -> bool:
        """True if the pull has a viewer now or an unused grant. A viewer that left silently does not count."""
        return self._index.watch_pull(pull, self._loop.time()) or self._places.expects(
            lambda claims: self.pulls.key(claims) == pull.key
        )

    def _renew(self, session: Session) -> None:
        if not self._settings.stream_cap_s:
            session.until = max(session.until, time.time() + self._settings.session_s)

    async def _tidy(self) -> None:
        """Ends expired sessions and unneeded pulls again and again, until the task is cancelled."""
        while True:
            await asyncio.sleep(min(0.5, self._settings.idle_s / 4))
            try:
                self._load.sample()
                self.endings.by_time()
                self.pulls.tidy(self._loop.time())
                self._transcodes.tidy()
                self._places.tidy()
            except Exception as error:
                _log.error("sweep broke", error=type(error).__name__)

    async def close(self) -> None:
        self._stun.stop()
        for task in self._tasks:
            task.cancel()
        for session in self._index:
            self.endings.end(session, is_final=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):  # showcam ends within three seconds
                await asyncio.gather(*self._tasks, self.pulls.close(), self._background.done(), return_exceptions=True)
