"""Opening a camera: the gate on a fresh reading, a vendor address, our own grant, and a pull that is already warm."""

import logging

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.accounts.links import Viewer
from showcam.drivers.camera import (
    WAITING_FOR_SOUND,
    Refusal,
    Snapshot,
    Stream,
    StreamRequest,
    Surface,
    is_on_battery,
)
from showcam.drivers.driver import HandsOn, Probed
from showcam.drivers.errors import DriverError
from showcam.engine.grants import Claims, Picture
from showcam.engine.messages import BadOffer, MediaBusy, MediaUnavailable
from showcam.engine.source import Hls, SourceSpec
from showcam.net.cache import Rate
from showcam.registry.gate import reasons
from showcam.registry.gate.gate import (
    GATE,
    ONE_PICTURE,
    PLAYABLE,
    VIDEO_APP,
    Fit,
    common,
    overruled,
    plain,
    shown,
    within,
)
from showcam.registry.readings.judge import Component, Deadline, Ground, Open, VisibleCamera, unreached
from showcam.registry.streams.handover import Handover, Sight, check_offer, unstarted
from showcam.registry.streams.sources import StreamSources
from showcam.store.ports import Throttle

log = logging.getLogger(__name__)

WINDOW_S = 60  # openings and cards are counted for this time; a picture that no display plays is measured once in it
# the vendor has this time to show its stream, however long the address took, if the display can wait
PROBE_S = 1.5
PICTURE = "/static/camera.png"  # for displays that want a still with a stream: there is none of the camera
OFFER_S = 0.6  # reserved for the SDP answer in a surface's time: STUN and TURN have half of this, however late it is


class Quota:
    """Counts a link's streams in the present minute, in this process; with a store, there for all processes.

    In this process, a stream that showed nothing is not counted. In the store there is one write for each stream that
    the gate allows, shown or not: a second write would cost more than that rare case is worth.
    """

    def __init__(self, most: int, store: Throttle | None = None) -> None:
        self._most, self._store, self._rate = most, store, Rate(WINDOW_S)

    def spent(self, link_id: str, now: float) -> bool:
        """Whether the quota is known to be used up, before the vendor is called."""
        return self._store is None and self._rate.count(link_id, now) >= self._most

    def take(self, link_id: str, now: float) -> bool:
        """Takes a stream of the quota; False if none is left. May raise StoreUnavailable, which counts as none left."""
        if self._store is None:
            return self._rate.hit(link_id, now) <= self._most
        return self._store.hit(f"opens/{link_id}", WINDOW_S, now) <= self._most

    def give_back(self, link_id: str, now: float) -> None:
        """Gives a stream back after nothing was shown."""
        if self._store is None:
            self._rate.hit(link_id, now, -1)


class VendorDirect(Component):
    """Hands the vendor's own address to a display that can play it; used without a media process.

    showcam can't end such a stream: it asks the vendor for an address that lives no longer than a glance takes.
    """

    def start(
        self, opened: Open, source: SourceSpec, fit: Fit, request: StreamRequest, deadline: Deadline
    ) -> Stream | Refusal:
        """Starts a stream. If it is refused, the caller gives the address back to the vendor."""
        visible, camera = opened.visible, opened.visible.camera
        driver = self._drivers[visible.source.kind]
        if not isinstance(driver, HandsOn) or not isinstance(source, Hls):
            return overruled("not_passable", camera)
        try:
            probed = driver.probe(visible.source, source, deadline.or_at_least(PROBE_S))
        except DriverError as error:
            log.warning("the stream of source %s is not passed on: %s (%s)", visible.source.id, error.reason, error)
            return unreached(error, camera)
        video = shown(camera, fit.picture)
        if probed.width:
            video = type(video)("h264", probed.width, probed.height)
        if not _plays(request, probed, small=within(video, VIDEO_APP)):
            return overruled("not_passable", camera)
        now = self._clock()
        # showcam does not learn when a display stops: each opening takes a place as long as its address lives
        if self._store.hit(f"passed/{visible.account.id}", self._rules.passed_s, now) > self._rules.live_per_account:
            return overruled("household_full", camera)
        return Stream(
            protocol="hls",
            expires=now + self._rules.passed_s,
            idle_timeout_s=self._rules.idle_s,
            video=video,
            sound=opened.allowed.sound and probed.sound,
            url=source.url,
            image_url=f"{self._rules.web_url}{PICTURE}",
            camera=camera,
        )


def _plays(request: StreamRequest, probed: Probed, *, small: bool) -> bool:
    """Whether the display plays it: some displays wait for a sound track, and "video" also needs a small picture."""
    if request.surface == "video":
        return probed.sound and small
    return probed.sound or request.surface not in WAITING_FOR_SOUND


class Explaining(Component):
    """Shows a display why a camera can't be shown, if the owner wants this and the display can play it.

    Cards are counted separately from openings of cameras: after a fix the next request gets the picture. A link gets
    as many cards in a minute as it may open cameras.
    """

    def __init__(self, ground: Ground, handover: Handover) -> None:
        super().__init__(ground)
        self._handover, self._shown, self._sessions = handover, Rate(WINDOW_S), ConsoleSessions(ground.store)
        self._wanted = self._rules.explain == "picture" and self._rules.pictures == "plane"

    def stream(
        self, viewer: Viewer, camera: str, refusal: Refusal, request: StreamRequest, deadline: Deadline
    ) -> Stream | Refusal:
        """The reason as a picture, or else the refusal as it is. Raises BadOffer."""
        source = None if request.surface in ("page", "tv") else self.card(viewer.id, request.surface, refusal)
        if source is None or not {*request.protocols} & {*PLAYABLE}:
            return refusal
        if self._shown.hit(viewer.id, self._clock()) > self._rules.opens_per_minute:
            return refusal
        try:
            return self._handover.start(viewer, camera, source, Sight.card(refusal), request, deadline)
        except (MediaBusy, MediaUnavailable):
            return refusal

    def answer(self, claims: Claims, grant: str, refusal: Refusal, sdp: str, deadline: Deadline) -> Stream | Refusal:
        source = self.card(claims.link, claims.surface, refusal)
        if source is None:
            return refusal
        answer = self._handover.answer(claims, source, sdp, claims.nonce, deadline)
        return self._handover.stream(claims, grant, Sight.card(refusal), answer.at, answer.sdp)

    def card(self, link_id: str, surface: str, refusal: Refusal) -> SourceSpec | None:
        """A card in the language of the link, or of the browser that tries a sentence instead of a link."""
        if not self._wanted or not reasons.has_card(refusal, surface):
            return None
        link = self._store.link(link_id)
        locale = link.locale if link else self._tried_in(link_id)
        return None if locale is None else reasons.card(refusal, locale, self._rules.web_url)

    def _tried_in(self, session_id: str) -> str | None:
        """The language of a try on the console; None if this id is not a console session that tries a sentence."""
        session = self._sessions.find(session_id)
        kept = self._sessions.remembered(session, "language") if session else None
        return kept.decode() if kept else None


class Streams(Component):
    """Opens and ends streams. If there is no media process, VendorDirect starts them and Handover does not."""

    def __init__(
        self, ground: Ground, sources: StreamSources, quota: Quota, handover: Handover, explaining: Explaining
    ) -> None:
        super().__init__(ground)
        self.sources, self.handover = sources, handover
        self._quota, self._explaining, self._measured = quota, explaining, Rate(WINDOW_S)
        self._vendor_direct = VendorDirect(ground) if self._rules.pictures == "vendor" else None

    def open(self, viewer: Viewer, camera: str, request: StreamRequest) -> Stream | Refusal:
        """Opens a stream. Raises BadOffer before any call to the vendor."""
        if request.sdp is not None:
            check_offer(request.sdp)
        deadline = self._deadline(request)
        visible = self._judge.see(viewer, camera, deadline)
        if isinstance(visible, Refusal):
            return visible
        is_counted = request.surface != "page"  # an owner's page opens all its cameras, and is opened again soon
        if is_counted and self._quota.spent(viewer.id, self._clock()) and not self._flows(viewer, camera, deadline):
            return overruled("too_often", visible.camera)
        protocols = common(request.protocols, self._rules.playable)
        opened = self._judge.judge(visible, GATE[request.surface], protocols, self._judge.fresh(deadline))
        if isinstance(opened, Refusal):
            if opened.reason == "beyond_displays":
                self._measure(viewer, visible, deadline)
            return self._explaining.stream(viewer, camera, opened, request, deadline)
        if request.silent and opened.allowed.sound:
            return overruled("no_common_protocol", opened.visible.camera)  # a stream comes with what the camera sends
        flowing = self.sources.joined(opened, request, self._flows(viewer, camera, deadline))
        if flowing is not None:
            return self._started(viewer, opened, None, flowing, request, deadline)
        if is_counted and not self._quota.take(viewer.id, self._clock()):
            return overruled("too_often", opened.visible.camera)
        is_shown = False
        try:
            found = self._opened(viewer, opened, request, deadline)
            is_shown = isinstance(found, Stream) and found.explains is None
        finally:
            if is_counted and not is_shown:
                self._quota.give_back(viewer.id, self._clock())  # a request after the fix gets the picture
        return found

    def _measure(self, viewer: Viewer, visible: VisibleCamera, deadline: Deadline) -> None:
        """Has the whole picture opened for the next request: the owner may have made it smaller. Does not wait."""
        key = f"{visible.account.id}/{visible.camera.id}"
        if self._rules.pictures != "plane" or self._measured.hit(key, self._clock()) > 1:
            return
        opened = self._judge.verdict(visible, "still", ())
        source = self.sources.mint(opened, "still", "main", deadline) if isinstance(opened, Open) else opened
        if isinstance(source, Refusal):
            return
        try:
            self.handover.measure(viewer, visible.camera.id, source, deadline)
        except (MediaBusy, MediaUnavailable):
            self.sources.give_back(visible.source, source.lease, deadline)

    def _flows(self, viewer: Viewer, camera: str, deadline: Deadline) -> tuple[Picture, ...]:
        return () if self._vendor_direct is not None else self.handover.flows(viewer.account, camera, deadline)

    def _opened(self, viewer: Viewer, opened: Open, request: StreamRequest, deadline: Deadline) -> Stream | Refusal:
        """Opens a stream with an address of the vendor's. Raises BadOffer."""
        found = self.sources.fitted(opened, request, deadline)
        if isinstance(found, Refusal):
            return self._explaining.stream(viewer, opened.visible.camera.id, found, request, deadline)
        source, fit = found
        if self._vendor_direct is None:
            return self._started(viewer, opened, source, fit, request, deadline)
        stream = self._vendor_direct.start(opened, source, fit, request, deadline)
        if isinstance(stream, Refusal):
            self.sources.give_back(opened.visible.source, source.lease, deadline)
        return stream

    def _started(
        self,
        viewer: Viewer,
        opened: Open,
        source: SourceSpec | None,
        fit: Fit,
        request: StreamRequest,
        deadline: Deadline,
    ) -> Stream | Refusal:
        """Starts a stream in the media process; a picture that is pulled already needs no source. Raises BadOffer."""
        camera = opened.visible.camera.id
        try:
            sight = Sight.of(opened, fit, transcodes=self._rules.transcodes)
            return self.handover.start(viewer, camera, source, sight, request, deadline)
        except (MediaBusy, MediaUnavailable, BadOffer) as error:
            if source is not None:
                self.sources.give_back(opened.visible.source, source.lease, deadline)
            if isinstance(error, BadOffer):
                raise
            refusal = unstarted(error, opened.visible.camera)
            return self._explaining.stream(viewer, camera, refusal, request, deadline)

    def snapshot(
        self, viewer: Viewer, camera: str, surface: Surface, within_s: float | None = None
    ) -> Snapshot | Refusal:
        """The address of a still picture; the gate is asked now, and by each fetch that wakes the camera."""
        deadline = Deadline(self._rules.vendor_within(within_s))
        visible = self._judge.see(viewer, camera, deadline)
        if isinstance(visible, Refusal):
            return visible
        opened = self._judge.judge(visible, "still", (), self._judge.fresh(deadline))
        if isinstance(opened, Refusal):
            return opened
        if self._vendor_direct is not None:
            return overruled("not_passable", opened.visible.camera)
        return self.handover.snapshot(viewer, camera, surface, _still_of(opened))

    def still(self, viewer: Viewer, camera: str) -> Snapshot | Refusal:
        """A still picture for an owner's page, by what is known; the fetch asks the gate on a fresh reading.

        A camera on battery is refused as `waking`: a picture that renews itself would empty the battery.
        """
        visible = self._judge.see(viewer, camera, Deadline(self._rules.vendor_s))
        if isinstance(visible, Refusal):
            return visible
        if is_on_battery(visible.camera):
            return overruled("waking", visible.camera)
        if not self._rules.stills:
            return overruled("not_passable", visible.camera)
        verdict = self._judge.verdict(visible, "still", ())
        return verdict if isinstance(verdict, Refusal) else self.handover.still(viewer, camera, _still_of(verdict))

    def _deadline(self, request: StreamRequest) -> Deadline:
        if request.within_s is None:
            return Deadline(self._rules.vendor_s)
        after_s = OFFER_S if request.sdp is not None else 0.0
        return Deadline(request.within_s, hard=True, after_s=after_s)


def _still_of(opened: Open) -> Picture:
    """The picture that a still is made of."""
    return "main" if opened.way in ONE_PICTURE else plain(opened.visible.camera)
