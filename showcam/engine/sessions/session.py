"""A session: a viewer's use of a camera's video, from the first fetch to the end."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from showcam.engine.gate import Gate
from showcam.engine.grants import Claims
from showcam.engine.outputs.hls import HlsOutput
from showcam.engine.outputs.peer import Listen, Peer
from showcam.engine.outputs.tracks import Voice
from showcam.engine.sessions.fanout import SILENT_S, Fanout, NotYet, Signal
from showcam.engine.sessions.pull import Pull
from showcam.engine.sessions.slim import Slim
from showcam.engine.settings import PlaneSettings
from showcam.engine.source import SourceFailed, Unit, Watch

if TYPE_CHECKING:
    from showcam.engine.sessions.talk import Talks

NEWS_S = 1.0  # an answer waits this long for a failure of the camera, and a playlist for a segment new to the viewer


class View:
    """Chooses the video for a viewer: as the camera sends it or, if the viewer can't play that, transcoded."""

    def __init__(self, pull: Pull, surface: str) -> None:
        self._pull, self._surface = pull, surface
        self._at: Fanout = pull
        self._viewers: set[Watch] = set()  # the track of a WebRTC viewer
        self._failure: SourceFailed | None = None
        self._start_id = ""  # of the rendition that an HLS viewer gets
        self.takes_h265 = False  # the HLS viewer has said that it plays H.265
        self.entry = 0  # the HLS viewer's first segment; 0 if all listed segments began with a keyframe

    @property
    def failure(self) -> SourceFailed | None:
        return self._failure or self._at.failure

    @property
    def signal(self) -> Signal:
        return self._at.signal

    def refuse(self, refusal: SourceFailed) -> None:
        """Ends the video for this viewer only. The viewer's waiting request is answered with the reason."""
        self._failure = refusal

    def check(self) -> None:
        """Begins to transcode if a WebRTC viewer needs it. Raises SourceFailed."""
        self._pull.shown(self._surface, "webrtc")

    # by HLS

    @property
    def _is_settled(self) -> bool:
        """True if the viewer's rendition goes on: then the viewer is not moved to another."""
        return self._pull.shows(self._start_id)

    async def output(self, *, silent_track: bool, timeout_s: float) -> HlsOutput:
        """The viewer's rendition, once it has a first segment. Raises SourceFailed, NotYet."""
        pull, tv, hevc = self._pull, self._surface == "tv", self.takes_h265
        self._at = self._for_hls(silent_track=silent_track)
        ends = asyncio.get_running_loop().time() + timeout_s
        if self._at is pull and not self._is_settled:

            def may_begin() -> bool:
                made = pull.renditions.ready(silent_track=silent_track, tv=tv, hevc=hevc)
                return made is not None and (made.failure is not None or made.entry is not None)

            # while this waits for the first segment, it finds out whether keyframes are far apart
            await pull.signal.until(lambda: pull.failure or pull.is_slow or may_begin(), timeout_s)
            self._at = self._for_hls(silent_track=silent_track)
        output = await self._at.first_segment(silent_track=silent_track, timeout_s=timeout_s, tv=tv, hevc=hevc)
        if output.start_id != self._start_id:
            left_s = ends - asyncio.get_running_loop().time()
            await self.signal.until(lambda: self.failure or output.entry is not None, left_s)
            if output.entry is None:
                raise self.failure or NotYet
            self.entry = output.entry
        if self._failure is not None:
            raise self._failure
        self._start_id = output.start_id
        return output

    def _for_hls(self, *, silent_track: bool) -> Fanout:
        at = self._chosen()
        at.renditions.need(silent_track=silent_track, tv=self._surface == "tv", hevc=self.takes_h265)
        return at

    def _chosen(self) -> Fanout:
        pull = self._pull
        if self.takes_h265 and pull.format is not None and pull.format.kind == "h265":
            return pull
        at = pull.shown(self._surface, "hls")
        if at is not pull:
            return at
        if self._at is pull and (self._is_settled or not pull.is_slow):
            return pull
        return pull.quickened()

    # showcam.engine.outputs.tracks.WholePicture

    def watch(self, viewer: Watch) -> list[Unit]:
        self._viewers.add(viewer)
        self._pull.follow(self._settle)
        try:
            self._at = self._pull.shown(self._surface, "webrtc")
        except SourceFailed as failed:
            self._failure = failed
            return []
        return self._at.watch(viewer)

    def unwatch(self, viewer: Watch) -> None:
        self._viewers.discard(viewer)
        self._at.unwatch(viewer)
        if not self._viewers:
            self._pull.unfollow(self._settle)

    def sync(self) -> bool:
        return self._at.sync()

    async def smaller(self) -> Slim | None:
        return await self._pull.smaller()

    def _settle(self) -> None:
        """Chooses again after an opening, because the source's format may have changed."""
        before = self._at
        for viewer in list(self._viewers):
            units = self.watch(viewer)
            if self._at is before:
                return
            before.unwatch(viewer)
            for unit in units:
                viewer(unit)


@dataclass(eq=False)
class Session:
    """A viewer's session. The viewer's addresses contain `grant` from here on."""

    claims: Claims  # for the protocol at the beginning; the nonce is the session's id
    grant: str
    pull: Pull
    began: float  # time of the latest answer
    used: float  # time of the viewer's latest request
    opened: float
    view: View
    until: float  # epoch s; the gate's check renews it unless `stream_cap_s` is set
    name: str = ""
    left: Callable[[], None] = lambda: None  # called once the session has ended
    started_by: set[str] = field(default_factory=set)  # nonces of start grants
    peer: Peer | None = None
    starts: dict[str, str] = field(default_factory=dict)  # start id in a playlist's address → start id shown
    answering: asyncio.Lock = field(default_factory=asyncio.Lock)
    _fetches: int = 0
    # the output of the viewer's latest list, and the number of the next segment after that list
    listed: tuple[HlsOutput, int] | None = None
    _listed_at: float = 0.0

    @property
    def failure(self) -> SourceFailed | None:
        """The reason why the video has ended; None while it goes on."""
        return self.pull.failure or self.view.failure

    def watches(self, now: float) -> bool:
        """True if the session has a WebRTC connection, or an HLS request now or within the last SILENT_S."""
        return self.peer is not None or self.is_fetching or now - self.used < SILENT_S

    @property
    def is_fetching(self) -> bool:
        """True while a request of the viewer waits for an answer."""
        return self._fetches > 0

    @contextlib.contextmanager
    def fetching(self) -> Iterator[None]:
        """Marks a request of the viewer as waiting, for `is_fetching`."""
        self._fetches += 1
        try:
            yield
        finally:
            self._fetches -= 1
            self.used = asyncio.get_running_loop().time()

    def hand_list(self, output: HlsOutput) -> None:
        """Notes that the viewer gets this output's playlist now."""
        self.listed, self._listed_at = (output, output.due), asyncio.get_running_loop().time()

    async def news(self) -> bool:
        """Waits for a segment that is new to the viewer. Returns False without a wait if none was needed.

        A player that finds an old list comes again after half a target duration, and may stand still until then. A
        player that asks again sooner is not kept waiting: some ask twice at the beginning.
        """
        if self.listed is None:
            return False
        output, due = self.listed
        half_s = output.target_s / 2
        if output.due != due or asyncio.get_running_loop().time() - self._listed_at < half_s:
            return False
        with self.fetching():
            await self.view.signal.until(lambda: output.due != due or self.failure, min(NEWS_S, half_s))
        return True

    async def answer(self, peer: Peer, view: View, sdp: str, left_s: float) -> str:
        """The peer's answer to an offer, within `left_s`. Raises SourceFailed, NoOffer, NotGathered."""
        loop = asyncio.get_running_loop()
        due = loop.time() + left_s
        peer.gather(sdp, left_s)
        # a failed source is best reported now, but a slow source must not cost the answer
        await self.pull.opened(min(NEWS_S, left_s))
        await peer.gathered(due - loop.time())
        await self.pull.opened(0)
        view.check()
        answer = await peer.answer(self._voice())
        if self.pull.failure is not None:
            raise self.pull.failure  # failed meanwhile; later failures are tried again
        return answer

    def _voice(self) -> Voice | None:
        pull = self.pull
        if pull.sound == "on":
            # a camera's first sound may come after the first picture
            return "camera" if pull.format is None or pull.format.sound else "late"
        # displays of both assistants get silence; Google's show a camera without sound only if the gate allows it
        waits = self.claims.surface == "alexa" or (self.claims.surface in ("google", "tv") and pull.sound != "off")
        return "silence" if waits else None


class Listening:
    """Listens to viewers who may talk. Nothing for this is loaded before the first such viewer comes."""

    def __init__(self, gate: Gate, settings: PlaneSettings) -> None:
        self._gate, self._settings = gate, settings
        self._talks: Talks | None = None

    def of(self, claims: Claims) -> Listen | None:
        """The function for the viewer's sound; None if the viewer may not talk."""
        if not claims.talks:
            return None
        if self._talks is None:
            from showcam.engine.sessions.talk import Talks

            settings = self._settings
            self._talks = Talks(self._gate, loopback=settings.allow_loopback_sources, talk_s=settings.talk_s)
        return partial(self._talks.listen, claims)


class SessionIndex:
    """The live sessions: by id, by the grant that started them, and by the name that others gave them."""

    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}

    def __iter__(self) -> Iterator[Session]:
        """Iterates over a copy, since sessions may be removed meanwhile."""
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, session: Session, start: str) -> None:
        """Adds a session. `start` is the nonce of the start grant."""
        self._by_id[session.claims.nonce] = session
        session.started_by.add(start)

    def remove(self, session: Session) -> list[str]:
        """Removes the session. Returns the nonces of its grants."""
        self._by_id.pop(session.claims.nonce, None)
        return [session.claims.nonce, *session.started_by]

    def find(self, claims: Claims, name: str) -> Session | None:
        """The session of a start grant, of a session grant, or of a name."""
        session = self._by_id.get(claims.nonce) or self._started(claims.nonce)
        return session or (self.named(claims.link, name) if name else None)

    def _started(self, start: str) -> Session | None:
        return next((session for session in self if start in session.started_by), None)

    def of_id(self, nonce: str) -> Session | None:
        return self._by_id.get(nonce)

    def named(self, link: str, name: str) -> Session | None:
        return next((session for session in self.of_link(link) if session.name == name), None)

    def of_link(self, link: str) -> list[Session]:
        return [session for session in self if session.claims.link == link]

    def count(self, account: str) -> int:
        return sum(session.claims.account == account for session in self)

    def watched(self, now: float, account: str | None) -> int:
        """The number of sessions with a viewer; `account` None counts all accounts."""
        return sum(account in (None, session.claims.account) and session.watches(now) for session in self)

    def has_begun(self, start: str) -> bool:
        return self._started(start) is not None

    def holds(self, session: Session) -> bool:
        return self._by_id.get(session.claims.nonce) is session

    def watch_pull(self, pull: Pull, now: float | None = None) -> bool:
        """True if a session has this pull. With `now`, the loop's time, its viewer must also watch."""
        return any([session.pull is pull and (now is None or session.watches(now)) for session in self])

    def viewer(self, pull: Pull) -> Claims | None:
        """The claims of the latest viewer of this pull who has not left."""
        return next((session.claims for session in reversed(list(self)) if session.pull is pull), None)

    def has_answered(self, pull: Pull) -> bool:
        """True if a WebRTC viewer of this pull already has its answer."""
        return any([session.pull is pull and session.peer is not None for session in self])
