"""Opening a camera: the gate on a fresh reading, a vendor address, our own grant, and a pull that is already warm."""

import logging
import time
from collections.abc import Callable, Mapping
from copy import replace

from media.client import MediaBusy, MediaUnavailable, NoPicture, SessionOver
from media.grants import Claims, Grants
from media.source import Denied, SourceSpec
from registry.camera import Refusal, Snapshot, Stream, StreamRequest
from registry.driver import Driver
from registry.errors import BadOffer, ExpiredGrant, Unavailable
from registry.gate import cards
from registry.gate.displays import PLAYABLE, plain
from registry.gate.fit import GATE, Fit, common
from registry.gate.gate import Surface, not_found, overruled
from registry.gate.reasons import REASONS
from registry.gate.sizes import Looks
from registry.readings.judge import Deadline, Judge, Open, Read
from registry.readings.readings import Reading, Readings
from registry.rules import Rules
from registry.streams.handover import Handover, Pictures, Sight
from registry.streams.look import Looking
from registry.streams.quota import Opens, OpensHere
from registry.streams.sources import Minting
from registry.streams.vendor_direct import Passing
from store.ports import Store, StoreUnavailable
from store.records import Account, Link, Source

log = logging.getLogger(__name__)

LONGEST_OFFER = 32 * 1024
MOST_PIXELS = 16_384  # on a side
OFFER_S = 0.6  # kept of a surface's time for the SDP answer: STUN and TURN have half of it, however late it is
SOURCE_S = 5.0  # of the six seconds that a media process waits for a source
PASSING = frozenset({"vendor_down", "vendor_busy", "media_down", "busy", "waking"})


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
        minting: Minting,
        clock: Callable[[], float] = time.time,
        opens: Opens | None = None,
    ) -> None:
        self._store, self._pictures, self._grants = store, pictures, grants
        self._handover = Handover(pictures, grants, rules, clock)
        self._rules, self._readings, self._judge, self._playable = rules, readings, judge, rules.playable
        self._minting, self._clock = minting, clock
        self._opens = opens or OpensHere(rules.opens_per_minute)
        self.looking = Looking(rules, readings, judge, minting, self._handover, clock)
        self._passing = Passing(store, drivers, rules, clock) if rules.pictures == "vendor" else None

    def open(self, link: Link, camera: str, request: StreamRequest) -> Stream | Refusal:
        """Raises BadOffer for an offer that is none, before the vendor is asked anything."""
        if request.sdp is not None:
            _check_offer(request.sdp)
        deadline = self._deadline(request)
        seen = self._judge.see(link, camera, deadline)
        if isinstance(seen, Refusal):
            return seen
        if self._opens.spent(link.id, self._clock()):
            return overruled("busy", seen.camera)
        protocols = common(request.protocols, self._playable)
        opened = self._judge.judge(seen, GATE[request.surface], protocols, self._anew(deadline))
        if isinstance(opened, Refusal):
            if opened.reason == "beyond_displays":
                self.looking.anew(link, seen, deadline)
            return self._explained(link, camera, opened, request, deadline)
        if request.silent and opened.allowed.sound:
            return overruled("no_common_protocol", opened.seen.camera)  # a stream comes with what the camera sends
        # what is refused uses up none: whoever mends the reason and asks again gets the picture
        if not self._opens.take(link.id, self._clock()):
            return overruled("busy", seen.camera)
        found = self._minting.fitted(opened, request, deadline)
        if isinstance(found, Refusal):
            self._opens.give_back(link.id, self._clock())
            return self._explained(link, camera, found, request, deadline)
        source, fit = found
        if self._passing is not None:
            return self._passed(link, opened, source, fit, request, deadline)
        try:
            return self._handover.start(link, camera, source, Sight.of(opened, fit), request, deadline)
        except (MediaBusy, MediaUnavailable, BadOffer) as error:
            self._opens.give_back(link.id, self._clock())
            self._minting.give_back(opened.seen.source, source.release, deadline)
            if isinstance(error, BadOffer):
                raise
            refusal = self._unstarted(error, opened, GATE[request.surface], protocols)
            return self._explained(link, camera, refusal, request, deadline)

    def _passed(
        self, link: Link, opened: Open, source: SourceSpec, fit: Fit, request: StreamRequest, deadline: Deadline
    ) -> Stream | Refusal:
        assert self._passing is not None
        stream = self._passing.start(opened, source, fit, request, deadline)
        if isinstance(stream, Refusal):
            self._opens.give_back(link.id, self._clock())
            self._minting.give_back(opened.seen.source, source.release, deadline)
        return stream

    def snapshot(self, link: Link, camera: str, surface: Surface, within_s: float | None = None) -> Snapshot | Refusal:
        """Where a still picture may be fetched; the gate is asked now, and by each fetch that wakes the camera."""
        deadline = Deadline(self._rules.vendor_within(within_s))
        seen = self._judge.see(link, camera, deadline)
        if isinstance(seen, Refusal):
            return seen
        opened = self._judge.judge(seen, "still", (), self._anew(deadline))
        if isinstance(opened, Refusal):
            return opened
        if self._passing is not None:
            return overruled("not_passable", opened.seen.camera)
        return self._handover.snapshot(link, camera, surface, plain(opened.seen.camera))

    def signal(self, grant: str, sdp: str) -> Stream | Refusal:
        """Answers an offer posted with a webrtc grant. Raises BadGrant, ExpiredGrant, BadOffer."""
        claims = self._grants.verify(grant, "webrtc", self._clock())
        _check_offer(sdp)
        deadline = Deadline(self._rules.vendor_s)
        opened = self._reopened(claims, self._anew(deadline), deadline)
        found = opened if isinstance(opened, Refusal) else self._signalled(claims, grant, opened, sdp, deadline)
        if not isinstance(found, Refusal):
            return found
        try:
            return self._signal_card(replace(claims, explains=True), grant, found, sdp, deadline)
        except (MediaBusy, MediaUnavailable):
            return found

    def _signalled(self, claims: Claims, grant: str, opened: Open, sdp: str, deadline: Deadline) -> Stream | Refusal:
        # no source: the pull is warm since the grant was made, and else the media process asks for one
        claims = replace(claims, explains=False)
        try:
            answer = self._handover.answer(claims, None, sdp, claims.nonce, deadline)
        except SessionOver:
            raise ExpiredGrant from None  # a viewer ended it; asked for again the camera may well be shown
        except (MediaBusy, MediaUnavailable) as error:
            return self._unstarted(error, opened, _surface(claims), PLAYABLE)
        sight = Sight.of(opened, Fit(claims.picture, claims.surface))
        return self._handover.stream(claims, grant, sight, answer.at, answer.sdp)

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
        deadline = Deadline(SOURCE_S)
        opened = self._reopened(claims, self._anew(deadline), deadline)
        if claims.explains:
            spec = self._card(claims.link, claims.surface, opened) if isinstance(opened, Refusal) else None
            return spec or Denied("mended")
        if isinstance(opened, Refusal):
            return _denied(opened)
        source = self._minting.mint(opened, _surface(claims), claims.picture, deadline)
        return _denied(source) if isinstance(source, Refusal) else source

    def check(self, claims: Claims, asked: float | None = None) -> Denied | None:
        """For the media process, while a session lives: a reading made since it `asked` serves the whole account.

        An older one would let a picture outlast its gate by as much.
        """
        if self._ended(claims):
            return Denied("link_ended")
        if claims.explains:
            return None  # it says why the gate is closed, and is over in a moment
        deadline = Deadline(self._rules.vendor_s)
        ages = iter((0.0 if asked is None else self._clock() - asked, 0.0))  # what is unknown is read once more

        def shared(account: Account, source: Source) -> Reading:
            return self._readings.recent(account, source, next(ages), deadline.left)

        opened = self._reopened(claims, shared, deadline)
        return _denied(opened) if isinstance(opened, Refusal) else None

    def learn(self, claims: Claims, width: int, height: int, *, b_frames: bool) -> None:
        """What a picture turned out to be like when it was opened."""
        if claims.explains or not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
            return
        looks = Looks(width, height, b_frames, self._clock())
        try:
            self._readings.learn(claims.account, claims.camera, claims.picture, looks)
        except (Unavailable, StoreUnavailable):
            return  # it is told again whenever it is opened

    def release(self, claims: Claims, release: str) -> None:
        """A pull ended: what the driver took for it goes back. Never raises for the vendor's sake."""
        source_id, _, token = release.partition("/")
        try:
            sources = self._readings.household(claims.account).sources
        except Unavailable:
            return
        for source in sources:
            if source.id == source_id and token:
                self._minting.give_back(source, release, Deadline(self._rules.vendor_s))

    def _deadline(self, request: StreamRequest) -> Deadline:
        if request.within_s is None:
            return Deadline(self._rules.vendor_s)
        after_s = OFFER_S if request.sdp is not None else 0.0
        return Deadline(request.within_s, hard=True, after_s=after_s)

    def _unstarted(self, error: Exception, opened: Open, surface: Surface, protocols: tuple[str, ...]) -> Refusal:
        if isinstance(error, NoPicture) and error.reason in REASONS:
            return overruled(error.reason, opened.seen.camera)  # as it turned out, which beats what was known
        if isinstance(error, MediaBusy):
            return self._judge.crowded(opened.seen, surface, protocols)
        return overruled("media_down", opened.seen.camera)

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

    def _explained(
        self, link: Link, camera: str, refusal: Refusal, request: StreamRequest, deadline: Deadline
    ) -> Stream | Refusal:
        """The reason as a picture, where the owner wants that and the display can play it. Raises BadOffer."""
        source = None if request.surface == "page" else self._card(link.id, request.surface, refusal)
        if source is None or not {*request.protocols} & {*PLAYABLE}:
            return refusal
        try:
            return self._handover.start(link, camera, source, Sight.card(refusal), request, deadline)
        except (MediaBusy, MediaUnavailable):
            return refusal

    def _signal_card(
        self, claims: Claims, grant: str, refusal: Refusal, sdp: str, deadline: Deadline
    ) -> Stream | Refusal:
        source = self._card(claims.link, claims.surface, refusal)
        if source is None:
            return refusal
        answer = self._handover.answer(claims, source, sdp, claims.nonce, deadline)
        return self._handover.stream(claims, grant, Sight.card(refusal), answer.at, answer.sdp)

    def _card(self, link_id: str, surface: str, refusal: Refusal) -> SourceSpec | None:
        """In the language of the link."""
        if self._passing is not None or self._rules.explain != "picture" or not cards.fits(refusal, surface):
            return None
        link = self._store.link(link_id)
        return cards.card(refusal, link.locale, self._rules.web_url) if link else None


def _surface(claims: Claims) -> Surface:
    # a card answers for the surface that was refused, which may ask for more than a still picture does
    if claims.protocol in ("snapshot", "still") and not claims.explains:
        return "still"
    return GATE.get(claims.surface, "page")


def _denied(refusal: Refusal) -> Denied:
    return Denied(refusal.reason, again=refusal.reason in PASSING)


def _check_offer(sdp: str) -> None:
    """RFC 8866 section 5: an offer starts with its version; one without video has nothing to show."""
    if len(sdp) > LONGEST_OFFER or not sdp.startswith("v=0") or "m=video" not in sdp:
        raise BadOffer("not an SDP offer with video")
