"""Who is watching: sessions, the pulls under them, and when either is over."""

import asyncio
import contextlib
import ssl
import time
from dataclasses import dataclass, field
from typing import Literal

import structlog

from media.grants import SESSION_OF, Claims, Grants
from media.messages import Stats
from media.plane import displays, ice
from media.plane.background import Background
from media.plane.guard import Guard
from media.plane.network import OnLoopback
from media.plane.peer import Peer, Voice
from media.plane.places import Places
from media.plane.pull import Pull, key_of
from media.plane.pulls import Pulls
from media.plane.settings import PlaneSettings
from media.plane.stun import StunServers
from media.plane.units import SourceFailed
from media.source import Denied, Sources, SourceSpec

_log = structlog.get_logger()

CONNECT_S = 20.0  # an answer nobody connects to is dropped after this
VERDICT_S = 1.0  # a camera has this to say that it can't be shown
FINISH_S = 0.1  # for writing an answer once it is known what is in it
ANSWER_S = VERDICT_S + FINISH_S  # for all of it, where nobody says when it is wanted
LOOK_S = 15.0  # a picture that is opened for nobody has this to show what it is like


class Ended(Exception):
    """The session, or the link behind it, is over. Answer 410."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(eq=False)
class Session:
    """One viewer. Its grant is in the addresses it uses from here on."""

    claims: Claims  # for the protocol it began with; the nonce is its id
    grant: str
    pull: Pull
    began: float  # with its latest answer
    seen: float
    opened: float
    name: str = ""
    peer: Peer | None = None
    starts: dict[str, str] = field(default_factory=dict)  # by the start id in a playlist's address, what it shows
    answering: asyncio.Lock = field(default_factory=asyncio.Lock)

    def check(self, protocol: Literal["webrtc", "hls"]) -> None:
        """Others may watch what this viewer can't be shown. Raises SourceFailed."""
        form = self.pull.format
        if form and (reason := displays.unplayed(form, self.claims.surface, protocol)):
            raise SourceFailed(reason, again=False)

    def watches(self, now: float) -> bool:
        """A WebRTC viewer is a connection, an HLS viewer a request within three target durations."""
        if self.peer is not None:
            return True
        target = max([output.target_s for output in self.pull.outputs.values()], default=2)
        return now - self.seen < max(6, 3 * target)


@dataclass(frozen=True, slots=True)
class _End:
    until: float  # epoch s; forgotten then, since no grant reaches beyond it
    reason: str
    final: bool  # False: a fault, after which its grant may open it again


class Sessions:
    def __init__(self, settings: PlaneSettings, grants: Grants, sources: Sources, context: ssl.SSLContext) -> None:
        self._settings, self._grants, self._sources, self._context = settings, grants, sources, context
        self._loop = asyncio.get_running_loop()
        self._loopback = OnLoopback(settings.allow_loopback_sources, frozenset(settings.loopback_vendors))
        self._by_id: dict[str, Session] = {}
        self._by_start: dict[str, Session] = {}  # nonce of the grant it was started with
        self._by_name: dict[tuple[str, str], Session] = {}
        self._pulls = Pulls(settings, self._pull, self._held, self._in_use)
        self._places = Places(settings, self.live)
        self._ended: dict[str, _End] = {}  # by session id, nonce of a start grant, or link
        self._background = Background()
        self._stun = StunServers(settings.stun)
        self.guard = Guard(settings, sources)
        watch = self.guard.watch(lambda: list(self._by_id.values()), self._shut)
        self._tasks = [asyncio.create_task(self._sweep()), asyncio.create_task(watch)]

    # opening

    def warm(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        """Start the pull, or join the one there is. Raises Ended, TooMany."""
        self._refuse_ended(claims)
        return self._pulls.warm(claims, spec)

    def expect(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        """A warm pull, and a place for who comes with this grant until it lapses. Raises Ended, TooMany."""
        self._refuse_ended(claims)
        if claims.nonce not in self._by_start:
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
        self._refuse_ended(claims)
        session = self._by_id.get(claims.nonce) or self._by_start.get(claims.nonce)
        if session is None and name:
            session = self._by_name.get((claims.link, name))
        if session is not None and session.pull.failure is None and session.pull.key == key_of(claims):
            if spec is not None:
                self.warm(claims, spec)
            session.seen = self._loop.time()
            return session
        if session is not None:
            self._drop(session, session.pull.failure.reason if session.pull.failure else "", final=False)
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
        session = Session(own, self._grants.sign(own), pull, now, now, now, name)
        self._by_id[own.nonce] = session
        self._by_start[claims.nonce] = session
        if name:
            self._by_name[claims.link, name] = session
        return session

    def find(self, claims: Claims) -> Session:
        """The live session of a session grant. Raises Ended."""
        session = self._by_id.get(claims.nonce)
        if session is not None and session.pull.failure is not None:
            self._drop(session, session.pull.failure.reason, final=False)
            session = None
        if session is None:
            end = self._ended.get(claims.nonce)
            raise Ended(end.reason if end else "")
        session.seen = self._loop.time()
        return session

    def resume(self, claims: Claims) -> Session:
        """Likewise, and opens it where this process never heard of it: its viewer began with the process before.

        Raises Ended, TooMany.
        """
        if claims.nonce in self._by_id or claims.nonce in self._ended:
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
            peer = Peer(session.pull, gone, relays, self._stun.addresses)
            try:
                answer = await self._answer(session, peer, sdp, due)
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
            if self._by_id.get(session.claims.nonce) is not session:
                self._background.later(peer.close())
                raise Ended
        return answer, session.grant

    async def _answer(self, session: Session, peer: Peer, sdp: str, due: float) -> str:
        left_s = due - self._loop.time()
        peer.gather(sdp, left_s)
        # a source that can't be shown is best said now, but a slow one must not cost the answer
        await session.pull.opened(min(VERDICT_S, left_s))
        await peer.gathered()
        await session.pull.opened(0)
        session.check("webrtc")
        return await peer.answer(_voice(session))

    # ending

    def end(self, claims: Claims) -> None:
        """By its own viewer; ending it twice is fine."""
        session = self._by_id.get(claims.nonce)
        if session is not None:
            self._drop(session, "")

    def end_named(self, link: str, name: str) -> None:
        session = self._by_name.get((link, name))
        if session is not None:
            self._drop(session, "")
        elif claims := self._places.give_back(link, name):  # a grant is a name too, and nobody came with this one
            self._ended[name] = _End(claims.expires + 1, "", final=True)

    def end_link(self, link: str) -> None:
        """Its grants open nothing from here on."""
        self._ended[_link_key(link)] = _End(time.time() + self._settings.stream_cap_s + 120, "", final=True)
        for session in list(self._by_id.values()):
            if session.claims.link == link:
                self._drop(session, "")
        self._places.leave_link(link)
        self._pulls.leave_link(link)

    def live(self, account: str | None = None) -> int:
        now = self._loop.time()
        return sum(
            (account is None or each.claims.account == account) and each.watches(now) for each in self._by_id.values()
        )

    def stats(self) -> Stats:
        return {
            "sessions": len(self._by_id),
            "live": self.live(),
            "webrtc": sum(each.peer is not None for each in self._by_id.values()),
            **self._pulls.stats(),
        }

    async def close(self) -> None:
        self._stun.stop()
        for task in self._tasks:
            task.cancel()
        for session in list(self._by_id.values()):
            self._drop(session, "")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.gather(*self._tasks, self._pulls.close(), self._background.done(), return_exceptions=True)

    def _drop(self, session: Session, reason: str, *, final: bool = True) -> None:
        self._by_id.pop(session.claims.nonce, None)
        starts = [nonce for nonce, each in self._by_start.items() if each is session]
        for nonce in starts:
            del self._by_start[nonce]
        for name in [name for name, each in self._by_name.items() if each is session]:
            del self._by_name[name]
        end = _End(session.claims.expires + 1, reason, final)
        self._ended.update(dict.fromkeys([session.claims.nonce, *starts], end))
        peer, session.peer = session.peer, None
        if peer is not None:
            self._background.later(peer.close())
        session.pull.need()
        if session.claims.explains:
            self._pulls.leave(session.pull)

    # what is shared

    def _refuse_ended(self, claims: Claims) -> None:
        for key in (claims.nonce, _link_key(claims.link)):
            end = self._ended.get(key)
            if end is not None and end.final:
                raise Ended(end.reason)

    def _pull(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        return Pull(claims, spec, self._sources, self._context, loopback=self._loopback)

    def _held(self, pull: Pull) -> bool:
        return any([each.pull is pull for each in self._by_id.values()])

    def _in_use(self, pull: Pull) -> bool:
        """Watched just now, or an address of it is out: who left without a word holds nothing up."""
        now = self._loop.time()
        watched = any([each.pull is pull and each.watches(now) for each in self._by_id.values()])
        return watched or self._places.expects(pull.key)

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
        for session in list(self._by_id.values()):
            waiting = session.peer is not None and session.peer.state != "connected"
            if session.pull.failure is not None:
                self._drop(session, session.pull.failure.reason, final=False)
            elif (
                session.claims.expires <= clock
                or (session.peer is None and now - session.seen > idle)
                or (waiting and now - session.began > CONNECT_S)
                or (session.claims.explains and now - session.opened > self._settings.card_s)
            ):
                self._drop(session, "")
            elif session.watches(now):
                session.pull.need()
        self._pulls.tidy(now)
        self._ended = {key: each for key, each in self._ended.items() if each.until > clock}
        self._places.tidy()

    def _shut(self, session: Session, verdict: Denied) -> None:
        self._drop(session, verdict.reason)
        self._pulls.leave(session.pull)


def _voice(session: Session) -> Voice:
    pull = session.pull
    has_sound = pull.sound == "on" and (pull.format is None or pull.format.audio)
    if has_sound:
        return "camera"
    # both assistants' displays are sent silence; a camera whose Audio is off is Google's only where the gate lets it
    waits = session.claims.surface == "alexa" or (session.claims.surface == "google" and pull.sound != "off")
    return "silence" if waits else "none"


def _link_key(link: str) -> str:
    return f"link/{link}"
