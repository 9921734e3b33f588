"""Who is watching: sessions, the pulls under them, and when either is over."""

import asyncio
import contextlib
import ssl
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog

from media.grants import Claims, Grants
from media.plane import ice
from media.plane.network import OnLoopback
from media.plane.peer import Peer, Voice
from media.plane.pull import Key, Pull, key_of
from media.plane.settings import PlaneSettings
from media.plane.units import SourceFailed
from media.source import Denied, Sources, SourceSpec

_log = structlog.get_logger()

CONNECT_S = 20.0  # an answer nobody connects to is dropped after this
CHECK_S = 3.0
LONGEST_BEARER = 512
VERDICT_S = 1.0  # a camera has this to say that it can't be shown
FINISH_S = 0.1  # for writing an answer once it is known what is in it
ANSWER_S = VERDICT_S + FINISH_S  # for all of it, where nobody says when it is wanted


class Ended(Exception):
    """The session, or the link behind it, is over. Answer 410."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class TooMany(Exception):
    """A limit is reached. Answer 429."""

    def __init__(self, retry_s: int, *, full: bool = False) -> None:
        super().__init__(retry_s)
        self.retry_s = retry_s
        self.full = full  # of this process, not of the household: another process may have room


@dataclass(eq=False)
class Session:
    """One viewer. Its grant is in the addresses it uses from here on."""

    claims: Claims  # protocol "session"; the nonce is its id
    grant: str
    pull: Pull
    began: float  # with its latest answer
    seen: float
    opened: float
    name: str = ""
    peer: Peer | None = None
    starts: dict[str, str] = field(default_factory=dict)  # by the start id in a playlist's address, what it shows
    answering: asyncio.Lock = field(default_factory=asyncio.Lock)

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
        self._pulls: dict[Key, Pull] = {}
        self._ended: dict[str, _End] = {}  # by session id, nonce of a start grant, or link
        self._opens: dict[str, deque[float]] = {}
        self._work: set[asyncio.Task[None]] = set()
        self._tasks = [asyncio.create_task(self._sweep()), asyncio.create_task(self._guard())]

    # opening

    def warm(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        """Start the pull, or join the one there is. Raises Ended, TooMany."""
        self._refuse_ended(claims)
        key = key_of(claims)
        pull = self._pulls.get(key)
        if pull is not None and spec is not None and not pull.says(spec):
            self._stop(key)  # another reason than a moment ago
            pull = None
        if pull is not None and pull.failure is None:
            pull.need()
            if spec is not None and spec.release and not pull.holds(spec.release):
                pull.give_back(spec.release)
            return pull
        self._make_room(claims.account)
        pull = Pull(claims, spec, self._sources, self._context, loopback=self._loopback)
        self._pulls[key] = pull
        return pull

    async def admits(self, claims: Claims, bearer: str) -> bool:
        """Whether a still may be given to whoever holds this access token. False too where nobody can be asked."""
        if not 0 < len(bearer) <= LONGEST_BEARER:
            return False
        try:
            return await asyncio.wait_for(self._sources.admits(claims, bearer), CHECK_S)
        except Exception as error:
            _log.warning("a bearer could not be asked about", error=type(error).__name__)
            return False

    async def still(self, claims: Claims, timeout_s: float) -> bytes:
        """A JPEG of now. Raises Ended, TooMany, SourceFailed."""
        # a pull that runs already went through the gate once, for whoever began it
        if key_of(claims) in self._pulls:
            try:
                [verdict] = await asyncio.wait_for(self._sources.check([claims]), CHECK_S)
            except Exception as error:
                _log.warning("the gate could not be asked", error=type(error).__name__)
                raise SourceFailed("media_down", again=True) from None
            if verdict is not None and not verdict.again:
                raise SourceFailed(verdict.reason, again=False)
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
        self._limit(claims)
        now, clock = self._loop.time(), int(time.time())
        own = claims
        if claims.protocol != "session":
            _, own = self._grants.issue(
                account=claims.account,
                link=claims.link,
                camera=claims.camera,
                protocol="session",
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

            servers = ice.servers(self._settings, time.time())
            # Amazon wants no audio section for a camera without sound
            peer = Peer(session.pull, gone, servers, rejects=session.claims.surface == "alexa")
            try:
                answer = await self._answer(session, peer, sdp, due)
            except BaseException as error:
                self._later(peer.close())
                if isinstance(error, SourceFailed):
                    self._drop(session, error.reason, final=False)
                elif session.peer is None:
                    self._drop(session, "", final=False)
                raise
            before, session.peer, session.began = session.peer, peer, self._loop.time()
            if before is not None:
                self._later(before.close())
            if self._by_id.get(session.claims.nonce) is not session:
                self._later(peer.close())
                raise Ended
        return answer, session.grant

    async def _answer(self, session: Session, peer: Peer, sdp: str, due: float) -> str:
        left_s = due - self._loop.time()
        peer.gather(sdp, left_s)
        # a source that can't be shown is best said now, but a slow one must not cost the answer
        await session.pull.opened(min(VERDICT_S, left_s))
        await peer.gathered()
        await session.pull.opened(0)
        if session.pull.format is not None and session.pull.format.b_frames:
            raise SourceFailed("not_playable", again=False)  # others watch it by HLS, where they do no harm
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

    def end_link(self, link: str) -> None:
        """Its grants open nothing from here on."""
        self._ended[_link_key(link)] = _End(time.time() + self._settings.stream_cap_s + 120, "", final=True)
        for session in list(self._by_id.values()):
            if session.claims.link == link:
                self._drop(session, "")
        for key, pull in list(self._pulls.items()):
            if pull.claims.link == link and not self._watched(pull):
                self._stop(key)

    def live(self, account: str | None = None) -> int:
        now = self._loop.time()
        return sum(
            (account is None or each.claims.account == account) and each.watches(now) for each in self._by_id.values()
        )

    def stats(self) -> dict[str, int]:
        pulls = list(self._pulls.values())
        return {
            "sessions": len(self._by_id),
            "live": self.live(),
            "webrtc": sum(each.peer is not None for each in self._by_id.values()),
            "pulls": len(pulls),
            "pulls_live": sum(pull.is_live for pull in pulls),
            "reopened": sum(pull.reopened for pull in pulls),
            "minted": sum(pull.minted for pull in pulls),
        }

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for session in list(self._by_id.values()):
            self._drop(session, "")
        for key in list(self._pulls):
            self._stop(key)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.gather(*self._tasks, *self._work, return_exceptions=True)

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
            self._later(peer.close())
        session.pull.need()
        if session.claims.explains:
            self._leave(session.pull)

    def _leave(self, pull: Pull) -> None:
        """Without a viewer it ends now, and what is kept of the picture goes too."""
        if not self._watched(pull) and self._pulls.get(pull.key) is pull:
            self._stop(pull.key)

    def _stop(self, key: Key) -> None:
        pull = self._pulls.pop(key)
        self._later(pull.stop())

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    # limits

    def _refuse_ended(self, claims: Claims) -> None:
        for key in (claims.nonce, _link_key(claims.link)):
            end = self._ended.get(key)
            if end is not None and end.final:
                raise Ended(end.reason)

    def _limit(self, claims: Claims) -> None:
        if self.live(claims.account) >= self._settings.live_per_account:
            raise TooMany(10)
        if self.live() >= self._settings.live_per_process:
            raise TooMany(10, full=True)
        now = self._loop.time()
        opens = self._opens.setdefault(claims.link, deque())
        while opens and now - opens[0] > 60:
            opens.popleft()
        if len(opens) >= self._settings.opens_per_minute:
            raise TooMany(int(60 - (now - opens[0])) + 1)
        opens.append(now)

    def _make_room(self, account: str) -> None:
        """As many pulls as there may be viewers; one that nobody watches gives way. Raises TooMany."""
        for key in [key for key, pull in self._pulls.items() if pull.failure is not None]:
            self._stop(key)
        own = [key for key in self._pulls if key[0] == account]
        for keys, most in (
            (own, self._settings.live_per_account),
            (list(self._pulls), self._settings.live_per_process),
        ):
            if len(keys) < most:
                continue
            idle = [key for key in keys if key in self._pulls and not self._watched(self._pulls[key])]
            if not idle:
                raise TooMany(10, full=keys is not own)
            self._stop(min(idle, key=lambda key: self._pulls[key].needed))

    def _watched(self, pull: Pull) -> bool:
        return any([each.pull is pull for each in self._by_id.values()])

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
        for key, pull in list(self._pulls.items()):
            if pull.failure is not None:
                if not self._watched(pull):
                    self._stop(key)
            elif now - pull.needed > idle:
                self._stop(key)
        self._ended = {key: each for key, each in self._ended.items() if each.until > clock}
        self._opens = {link: opens for link, opens in self._opens.items() if opens and now - opens[-1] < 60}

    async def _guard(self) -> None:
        """The gate, while a session lasts."""
        while True:
            await asyncio.sleep(self._settings.gate_check_s)
            sessions = list(self._by_id.values())
            if not sessions:
                continue
            try:
                verdicts = await asyncio.wait_for(self._sources.check([each.claims for each in sessions]), CHECK_S)
            except Exception as error:
                # nobody could be asked: a fault that may pass, and the cap bounds it
                _log.warning("the gate could not be asked", error=type(error).__name__)
                continue
            for session, verdict in zip(sessions, verdicts, strict=False):
                if verdict is not None and not verdict.again:
                    self._close_gate(session, verdict)

    def _close_gate(self, session: Session, verdict: Denied) -> None:
        self._drop(session, verdict.reason)
        self._leave(session.pull)


def _voice(session: Session) -> Voice:
    pull = session.pull
    has_sound = pull.sound == "on" and (pull.format is None or pull.format.audio)
    if has_sound:
        return "camera"
    return "silence" if session.claims.surface == "google" and pull.sound != "off" else "none"


def _link_key(link: str) -> str:
    return f"link/{link}"
