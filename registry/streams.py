"""Opening a camera: the gate on a fresh reading, a vendor address, our own grant, and a pull that is already warm."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from media.client import Answer, MediaBusy, MediaUnavailable
from media.grants import START_S, Claims, Grants
from media.source import Denied, SourceSpec
from registry.camera import Refusal, Stream, StreamRequest
from registry.drivers.driver import Driver
from registry.errors import BadOffer, DriverError, Unavailable
from registry.freshness import Breaker
from registry.gate import Surface, not_found, overruled
from registry.judging import Deadline, Judge, Open, Read, unreached
from registry.listing import Reading, Readings
from registry.rate import Rate
from registry.rules import Rules
from store.ports import Store
from store.records import Account, Link, Source

log = logging.getLogger(__name__)

LONGEST_OFFER = 32 * 1024
WATCH_S = 2.0  # the media process's questions about live sessions share a reading this old
ANSWER_S = 1.0  # the media process has at least this for an SDP answer, however long the vendor took
OPENS_S = 60
PLAYABLE = ("webrtc", "hls")
PASSING = frozenset({"vendor_down", "vendor_busy", "media_down", "busy"})


class Pictures(Protocol):
    """The media process, as media.client.MediaClient speaks to it."""

    def warm(self, claims: Claims, source: SourceSpec) -> None: ...

    def answer(
        self, claims: Claims, source: SourceSpec | None, sdp: str, *, replaces: str = "", timeout_s: float | None = None
    ) -> Answer: ...

    def end_session(self, link: str, name: str) -> None: ...


class Streams:
    def __init__(
        self,
        store: Store,
        drivers: Mapping[str, Driver],
        pictures: Pictures,
        grants: Grants,
        rules: Rules,
        readings: Readings,
        judge: Judge,
        breaker: Breaker,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._drivers, self._pictures, self._grants = store, drivers, pictures, grants
        self._rules, self._readings, self._judge = rules, readings, judge
        self._breaker, self._clock = breaker, clock
        self._opens = Rate(OPENS_S)

    def open(self, link: Link, camera: str, request: StreamRequest) -> Stream | Refusal:
        """Raises BadOffer for an offer that is none, before the vendor is asked anything."""
        if request.sdp is not None:
            _check_offer(request.sdp)
        deadline = Deadline(self._rules.vendor_s)
        seen = self._judge.see(link, camera, deadline)
        if isinstance(seen, Refusal):
            return seen
        if self._opens.hit(link.id, self._clock()) > self._rules.opens_per_minute:
            return overruled("busy", seen.camera)
        opened = self._judge.judge(seen, request.surface, request.protocols, self._anew(deadline))
        if isinstance(opened, Refusal):
            return opened
        source = self._mint(opened, deadline)
        if isinstance(source, Refusal):
            return source
        try:
            return self._start(link, opened, source, request, deadline)
        except (MediaBusy, MediaUnavailable, BadOffer) as error:
            self._give_back(opened.seen.source, source.release, deadline)
            if isinstance(error, BadOffer):
                raise
            return _unstarted(error, opened)

    def signal(self, grant: str, sdp: str) -> Stream | Refusal:
        """Answers an offer posted with a webrtc grant. Raises BadGrant, ExpiredGrant, BadOffer."""
        claims = self._grants.verify(grant, "webrtc", self._clock())
        _check_offer(sdp)
        deadline = Deadline(self._rules.vendor_s)
        opened = self._reopened(claims, self._anew(deadline), deadline)
        if isinstance(opened, Refusal):
            return opened
        try:
            # no source: the pull is warm since the grant was made, and else the media process asks for one
            answer = self._answer(claims, None, sdp, claims.nonce, deadline)
        except (MediaBusy, MediaUnavailable) as error:
            return _unstarted(error, opened)
        return self._stream(opened, claims, grant, answer=answer.sdp)

    def end_grant(self, grant: str) -> None:
        """Ends what was opened by it, also after its minute. Raises BadGrant."""
        claims = self._grants.verify(grant, "webrtc", 0.0)
        self.end_session(claims.link, claims.nonce)

    def end_session(self, link: str, session: str) -> None:
        try:
            self._pictures.end_session(link, session)
        except MediaUnavailable:
            log.info("a session could not be ended: the media process does not answer, so nothing is live")

    def source_for(self, claims: Claims) -> SourceSpec | Denied:
        """For the media process, when it opens or opens again."""
        if self._ended(claims):
            return Denied("link_ended")
        deadline = Deadline(self._rules.vendor_s)
        opened = self._reopened(claims, self._anew(deadline), deadline)
        source = opened if isinstance(opened, Refusal) else self._mint(opened, deadline)
        return _denied(source) if isinstance(source, Refusal) else source

    def check(self, claims: Claims) -> Denied | None:
        """For the media process, while a session lives: one reading serves all of an account's sessions."""
        if self._ended(claims):
            return Denied("link_ended")
        deadline = Deadline(self._rules.vendor_s)
        ages = iter((WATCH_S, 0.0))  # what is unknown in the shared reading is read anew

        def shared(account: Account, source: Source) -> Reading:
            return self._readings.recent(account, source, next(ages), deadline.left, "watch")

        opened = self._reopened(claims, shared, deadline)
        return _denied(opened) if isinstance(opened, Refusal) else None

    def release(self, claims: Claims, release: str) -> None:
        """A pull ended: what the driver took for it goes back. Never raises for the vendor's sake."""
        source_id, _, token = release.partition("/")
        try:
            sources = self._readings.household(claims.account).sources
        except Unavailable:
            return
        for source in sources:
            if source.id == source_id and token:
                self._give_back(source, release, Deadline(self._rules.vendor_s))

    def _anew(self, deadline: Deadline) -> Read:
        return lambda account, source: self._readings.read(account, source, deadline.left)

    def _ended(self, claims: Claims) -> bool:
        link = self._store.link(claims.link)
        return link is None or link.ended is not None or link.account != claims.account

    def _reopened(self, claims: Claims, read: Read, deadline: Deadline) -> Open | Refusal:
        """The gate for a grant that is out: the link, what was chosen and the camera may have changed since."""
        link = self._store.link(claims.link)
        if link is None or link.ended is not None or link.account != claims.account:
            return not_found()
        seen = self._judge.see(link, claims.camera, deadline)
        if isinstance(seen, Refusal):
            return seen
        return self._judge.judge(seen, _surface(claims), PLAYABLE, read)

    def _mint(self, opened: Open, deadline: Deadline) -> SourceSpec | Refusal:
        source, camera = opened.seen.source, opened.seen.camera
        driver = self._drivers[source.kind]
        try:
            spec = self._breaker.call(
                f"mint/{source.id}", lambda: driver.mint(source, camera, opened.way, deadline.left)
            )
        except DriverError as error:
            log.warning("no picture from source %s: %s", source.id, error.reason)
            return unreached(error, camera)
        return replace(spec, release=f"{source.id}/{spec.release}") if spec.release else spec

    def _start(
        self, link: Link, opened: Open, source: SourceSpec, request: StreamRequest, deadline: Deadline
    ) -> Stream:
        protocol = next(each for each in request.protocols if each in PLAYABLE)
        grant, claims = self._grants.issue(
            account=link.account,
            link=link.id,
            camera=opened.seen.camera.id,
            protocol="webrtc" if protocol == "webrtc" else "hls",
            surface=request.surface,
            now=self._clock(),
            life_s=START_S,
        )
        if protocol == "hls" or request.sdp is None:
            self._pictures.warm(claims, source)
            return self._stream(opened, claims, grant)
        answer = self._answer(claims, source, request.sdp, request.session or claims.nonce, deadline)
        return self._stream(opened, claims, grant, answer=answer.sdp)

    def _answer(self, claims: Claims, source: SourceSpec | None, sdp: str, session: str, deadline: Deadline) -> Answer:
        left_s = max(ANSWER_S, deadline.left)
        return self._pictures.answer(claims, source, sdp, replaces=session, timeout_s=left_s)

    def _stream(self, opened: Open, claims: Claims, grant: str, answer: str = "") -> Stream:
        snapshot, _ = self._grants.issue(
            account=claims.account,
            link=claims.link,
            camera=claims.camera,
            protocol="snapshot",
            surface=claims.surface,
            now=self._clock(),
            life_s=START_S,
        )
        webrtc = claims.protocol == "webrtc"
        base = self._rules.media_url
        return Stream(
            protocol="webrtc" if webrtc else "hls",
            expires=float(claims.expires),
            idle_timeout_s=self._rules.idle_s,
            video=opened.seen.camera.video,
            sound=opened.allowed.sound,
            url=f"{base}/s/{grant}/{'whep' if webrtc else 'master.m3u8'}",
            image_url=f"{base}/s/{snapshot}/snapshot.jpg",
            grant=grant if webrtc else "",
            answer=answer,
        )

    def _give_back(self, source: Source, release: str, deadline: Deadline) -> None:
        _, _, token = release.partition("/")
        if not token:
            return
        try:
            self._drivers[source.kind].release(source, token, max(0.5, deadline.left))
        except DriverError as error:
            log.info("source %s did not take an address back: %s", source.id, error.reason)


def _surface(claims: Claims) -> Surface:
    if claims.protocol == "snapshot":
        return "still"
    return {"alexa": "alexa", "google": "google"}.get(claims.surface, "page")  # type: ignore[return-value]


def _denied(refusal: Refusal) -> Denied:
    return Denied(refusal.reason, again=refusal.reason in PASSING)


def _unstarted(error: Exception, opened: Open) -> Refusal:
    return overruled("busy" if isinstance(error, MediaBusy) else "media_down", opened.seen.camera)


def _check_offer(sdp: str) -> None:
    """RFC 8866 section 5: an offer starts with its version; one without video has nothing to show."""
    if len(sdp) > LONGEST_OFFER or not sdp.startswith("v=0") or "m=video" not in sdp:
        raise BadOffer("not an SDP offer with video")
