"""Who is watching: sessions, the pulls under them, and when either is over."""

import asyncio
import contextlib
import ssl
import time

import structlog

from media.grants import SESSION_OF, Claims, Grants
from media.messages import Stats
from media.plane.background import Background
from media.plane.codec.units import SourceFailed
from media.plane.outputs import ice
from media.plane.outputs.peer import Peer
from media.plane.outputs.stun import StunServers
from media.plane.settings import PlaneSettings
from media.plane.sources.network import OnLoopback
from media.plane.viewing.endings import Ended, Endings
from media.plane.viewing.guard import Guard
from media.plane.viewing.places import Places
from media.plane.viewing.pull import Pull, key_of
from media.plane.viewing.pulls import Pulls
from media.plane.viewing.session import VERDICT_S, Session
from media.plane.viewing.session_index import SessionIndex
from media.plane.viewing.transcodes import Transcodes
from media.plane.viewing.view import View
from media.source import Denied, Sources, SourceSpec

_log = structlog.get_logger()

FINISH_S = 0.1  # for writing an answer once it is known what is in it
ANSWER_S = VERDICT_S + FINISH_S  # for all of it, where nobody says when it is wanted
LOOK_S = 15.0  # a picture that is opened for nobody has this to show what it is like


class Sessions:
    def __init__(self, settings: PlaneSettings, grants: Grants, sources: Sources, context: ssl.SSLContext) -> None:
        self._settings, self._grants, self._sources, self._context = settings, grants, sources, context
        self._loop = asyncio.get_running_loop()
        self._loopback = OnLoopback(settings.allow_loopback_sources, frozenset(settings.loopback_vendors))
        self._index = SessionIndex()
        self._endings = Endings()
        self._transcodes = Transcodes(settings.transcodes)
        self._pulls = Pulls(settings, self._pull, self._held, self._in_use)
        self._places = Places(settings, self.live)
        self._background = Background()
        self._stun = StunServers(settings.stun)
        self.guard = Guard(settings, sources)
        watch = self.guard.watch(lambda: list(self._index), self._shut)
        self._tasks = [asyncio.create_task(self._sweep()), asyncio.create_task(watch)]

    # opening

    def warm(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        """Start the pull, or join the one there is. Raises Ended, TooMany."""
        self._endings.refuse(claims)
        return self._pulls.warm(claims, spec)

    def expect(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        """A warm pull, and a place for who comes with this grant until it lapses. Raises Ended, TooMany."""
        self._endings.refuse(claims)
        if not self._index.has_begun(claims.nonce):
            self._places.keep(claims)
        try:
            return self.warm(claims, spec)
        except BaseException:
            self._places.give_back(claims.link, claims.nonce)
            raise

    def look(self, claims: Claims, spec: SourceSpec | None) -> None:
        """Opens the picture for nobody, so that it is told what it is like, and leaves it. Raises Ended, TooMany."""
        runs = self._pulls.runs(claims)
        pull = self.warm(claims, spec)
        if not runs:
            self._background.later(self._looked(pull))

    async def _looked(self, pull: Pull) -> None:
        needed = pull.needed
        with contextlib.suppress(SourceFailed):
            await pull.opened(LOOK_S)
        if pull.needed == needed:  # nobody came for it meanwhile
            self._pulls.leave(pull)

    async def still(self, claims: Claims, timeout_s: float) -> bytes:
        """A JPEG of now. Raises Ended, TooMany, SourceFailed."""
        # a pull that runs already went through the gate once, for whoever began it
        if self._pulls.runs(claims):
            await self.guard.pass_by(claims)
        return await self.warm(claims, None).jpeg(timeout_s, small=claims.protocol == "still")

    def open(self, claims: Claims, spec: SourceSpec | None = None, name: str = "") -> Session:
        """The session of a start grant, of a session grant, or of a name. Raises Ended, TooMany."""
        self._endings.refuse(claims)
        session = self._index.find(claims, name)
        if session is not None and session.failure is None and session.pull.key == key_of(claims):
            if spec is not None:
                self.warm(claims, spec)
            session.used = self._loop.time()
            return session
        if session is not None:
            self._drop(session, session.failure.reason if session.failure else "", final=False)
        return self._begin(claims, spec, name)

    def _begin(self, claims: Claims, spec: SourceSpec | None, name: str) -> Session:
        self._places.take(claims)
        now, clock = self._loop.time(), int(time.time())
        own = claims
        if protocol := SESSION_OF.get(claims.protocol):
            _, own = self._grants.issue(
                account=claims.account,
                link=claims.link,
                camera=claims.camera,
                protocol=protocol,
                surface=claims.surface,
                now=clock,
                life_s=self._settings.stream_cap_s,
                explains=claims.explains,
                picture=claims.picture,
            )
        pull = self.warm(claims, spec)
        pull.claims = own
        session = Session(own, self._grants.sign(own), pull, now, now, now, View(pull, own.surface), name)
        self._index.add(session, claims.nonce)
        return session

    def find(self, claims: Claims) -> Session:
        """The live session of a session grant. Raises Ended."""
        session = self._index.of_id(claims.nonce)
        if session is not None and session.failure is not None:
            self._drop(session, session.failure.reason, final=False)
            session = None
        if session is None:
            raise Ended(self._endings.reason(claims.nonce))
        session.used = self._loop.time()
        return session

    def resume(self, claims: Claims) -> Session:
        """The live session of a session grant; one whose viewer began with the process before this is opened.

        Raises Ended, TooMany.
        """
        if self._index.of_id(claims.nonce) or self._endings.knows(claims.nonce):
            return self.find(claims)
        return self.open(claims)

    async def answer(
        self,
        claims: Claims,
        sdp: str,
        spec: SourceSpec | None = None,
        name: str = "",
        within_s: float = ANSWER_S,
    ) -> tuple[str, str]:
        """An SDP answer and the session's grant; an earlier answer of the same session ends.

        `within_s`: when it is wanted; it is late only by what STUN and TURN have at the least.
        Raises Ended, TooMany, SourceFailed, NoOffer, NotGathered.
        """
        due = self._loop.time() + within_s - FINISH_S
        session = self.open(claims, spec, name)
        async with session.answering:
            peer: Peer | None = None

            def gone() -> None:
                if session.peer is peer:
                    self._drop(session, "", final=False)

            relays = ice.relays(self._settings, time.time())
            view = session.view = View(session.pull, session.claims.surface)
            peer = Peer(view, gone, relays, self._stun.addresses)
            try:
                answer = await session.answer(peer, sdp, due - self._loop.time())
            except BaseException as error:
                self._background.later(peer.close())
                if isinstance(error, SourceFailed):
                    self._drop(session, error.reason, final=False)
                elif session.peer is None:
                    self._drop(session, "", final=False)
                raise
            before, session.peer, session.began = session.peer, peer, self._loop.time()
            if before is not None:
                self._background.later(before.close())
            if not self._index.holds(session):
                self._background.later(peer.close())
                raise Ended
        return answer, session.grant

    # ending

    def end(self, claims: Claims) -> None:
        """By its own viewer; ending it twice is fine."""
        if session := self._index.of_id(claims.nonce):
            self._drop(session, "")

    def end_named(self, link: str, name: str) -> None:
        if session := self._index.named(link, name):
            self._drop(session, "")
        elif claims := self._places.give_back(link, name):  # a grant is a name too, and nobody came with this one
            self._endings.note([name], claims.expires + 1)

    def end_link(self, link: str) -> None:
        """Its grants open nothing from here on."""
        self._endings.note_link(link, time.time() + self._settings.stream_cap_s + 120)
        for session in self._index:
            if session.claims.link == link:
                self._drop(session, "")
        self._places.leave_link(link)
        self._pulls.leave_link(link)

    def live(self, account: str | None = None) -> int:
        now = self._loop.time()
        return sum(account in (None, session.claims.account) and session.watches(now) for session in self._index)

    def stats(self) -> Stats:
        return {
            "sessions": len(self._index),
            "live": self.live(),
            "webrtc": sum(session.peer is not None for session in self._index),
            **self._pulls.stats(),
            **self._transcodes.stats(),
        }

    async def close(self) -> None:
        self._stun.stop()
        for task in self._tasks:
            task.cancel()
        for session in self._index:
            self._drop(session, "")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.gather(*self._tasks, self._pulls.close(), self._background.done(), return_exceptions=True)

    def _drop(self, session: Session, reason: str, *, final: bool = True) -> None:
        nonces = self._index.remove(session)
        self._endings.note(nonces, session.claims.expires + 1, reason, final=final)
        peer, session.peer = session.peer, None
        if peer is not None:
            self._background.later(peer.close())
        session.pull.need()
        if session.claims.explains:
            self._pulls.leave(session.pull)

    # what is shared

    def _pull(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        return Pull(claims, spec, self._sources, self._context, self._transcodes, loopback=self._loopback)

    def _held(self, pull: Pull) -> bool:
        return self._index.watch_pull(pull)

    def _in_use(self, pull: Pull) -> bool:
        """Watched just now, or an address of it is out: who left without a word holds nothing up."""
        return self._index.watch_pull(pull, self._loop.time()) or self._places.expects(pull.key)

    # time passing

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(0.5, self._settings.idle_s / 4))
            try:
                self._tidy()
            except Exception as error:
                _log.error("sweep broke", error=type(error).__name__)

    def _tidy(self) -> None:
        now, clock, idle = self._loop.time(), time.time(), self._settings.idle_s
        for session in self._index:
            if session.failure is not None:
                self._drop(session, session.failure.reason, final=False)
            elif session.claims.expires <= clock or session.is_left(now, idle, self._settings.card_s):
                self._drop(session, "")
            elif session.watches(now):
                session.pull.need()
        self._pulls.tidy(now)
        self._transcodes.tidy()
        self._endings.tidy()
        self._places.tidy()

    def _shut(self, session: Session, verdict: Denied) -> None:
        self._drop(session, verdict.reason)
        self._pulls.leave(session.pull)
