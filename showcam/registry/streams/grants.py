"""Answers the holders of a grant: a display posts an offer, and the media process asks for sources and checks."""

import contextlib
import logging
from collections.abc import Callable
from copy import replace

from showcam.accounts.console_sessions import ConsoleSessions, OwnersPage, Viewer
from showcam.accounts.links import PLAYER, SESSION
from showcam.drivers.camera import OF_ASSISTANTS, Refusal, Stream, Surface, VideoCodec, is_on_battery
from showcam.drivers.driver import HasSpeakers
from showcam.drivers.errors import DriverError, Unavailable
from showcam.engine.client import LONGEST_S
from showcam.engine.grants import CHECK_S, EVENT, Claims, ExpiredGrant
from showcam.engine.messages import MediaBusy, MediaUnavailable, SessionOver
from showcam.engine.source import USED, CameraSpec, Denied, Ending, Lease, SourceSpec, TalkPhase
from showcam.registry import outcomes
from showcam.registry.gate.gate import GATE, H265, PLAYABLE, Fit, may_talk, not_found
from showcam.registry.gate.reasons import FACTS
from showcam.registry.readings.households import Measurement, Reading
from showcam.registry.readings.judge import Component, Deadline, Ground, Open, Read, VisibleCamera
from showcam.registry.streams.handover import Explaining, Handover, Sight, check_offer, unstarted
from showcam.registry.streams.history import History, Talking
from showcam.registry.streams.streams import StreamSources
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import Account, Ask, Source

log = logging.getLogger(__name__)

MOST_PIXELS = 16_384  # on a side


class Reopening(Component):
    """The gate for an issued grant: its viewer, the viewer's cameras and the camera may have changed since."""

    def ended(self, claims: Claims) -> bool:
        return self._viewer(claims) is None

    def on_battery(self, claims: Claims, deadline: Deadline) -> bool:
        """Whether the camera is known to run on battery."""
        viewer = self._viewer(claims)
        visible = self._judge.see(viewer, claims.camera, deadline) if viewer else None
        return isinstance(visible, VisibleCamera) and is_on_battery(visible.camera)

    def judged(self, claims: Claims, read: Read, deadline: Deadline) -> Open | Refusal:
        viewer = self._viewer(claims)
        if viewer is None:
            return not_found()
        visible = self._judge.see(viewer, claims.camera, deadline)
        if isinstance(visible, Refusal):
            return visible
        # a grant of a program does not say whether it plays H.265; the request for the grant was judged by that
        protocols = (*PLAYABLE, H265) if claims.surface == "player" else PLAYABLE
        return self._judge.judge(visible, surface_of(claims), protocols, read)

    def _viewer(self, claims: Claims) -> Viewer | None:
        viewer = find_viewer(self._store, claims.link)
        return viewer if viewer is not None and viewer.account == claims.account else None


def find_viewer(store: Store, viewer_id: str) -> Viewer | None:
    """Finds the page, link or player with this id; None if there is none, or it has ended. Raises StoreUnavailable."""
    if viewer_id.startswith(SESSION):
        session = ConsoleSessions(store).find(viewer_id)
        if session is None or store.account(session.account) is None:
            return None  # signed out, or its household was removed
        return OwnersPage(session.id, session.account)
    if viewer_id.startswith(PLAYER):
        from showcam.accounts.players import Players  # an installation without players never loads it

        return Players(store).of_id(viewer_id)
    link = store.link(viewer_id)
    return link if link is not None and link.ended is None else None


def surface_of(claims: Claims) -> Surface:
    # a card answers for the surface that was refused, which may ask for more than a still picture does
    if claims.protocol in ("snapshot", "still") and not claims.explains:
        return "still"
    return GATE.get(claims.surface, "page")


class Questions(Component):
    """Answers the media process. Each method takes the claims of a grant, which that process has verified."""

    def __init__(
        self,
        ground: Ground,
        reopening: Reopening,
        sources: StreamSources,
        explaining: Explaining,
        history: History | None,
        judge_key: Callable[..., None],
        talking: Talking,
        note_talk: Callable[[str, str], None],
        alarm: Callable[[str, Ask, float], bytes | Refusal | None],
    ) -> None:
        super().__init__(ground)
        self._reopening, self._sources, self._explaining = reopening, sources, explaining
        self._history, self._judge_key = history, judge_key
        self._talking, self._note_talk, self._alarm = talking, note_talk, alarm

    def source_for(self, claims: Claims) -> SourceSpec | Denied:
        """The source for the media process, when it opens a picture or opens it again."""
        if self._reopening.ended(claims):
            return Denied("link_ended")
        deadline = Deadline(LONGEST_S)
        opened = self._reopening.judged(claims, self._judge.fresh(deadline), deadline)
        if claims.explains:
            spec = self._explaining.card(claims.link, claims.surface, opened) if isinstance(opened, Refusal) else None
            return spec or Denied("mended")
        if isinstance(opened, Refusal):
            return _denied(opened)
        source = self._sources.mint(opened, surface_of(claims), claims.picture, deadline)
        return _denied(source) if isinstance(source, Refusal) else source

    def still_for(self, claims: Claims) -> bytes | Denied | None:
        """A JPEG for the media process if it has no open picture; None if it has to open the camera's picture."""
        if claims.explains or self._reopening.ended(claims):
            return None  # opening the picture then answers why
        deadline = Deadline(LONGEST_S)
        is_event = claims.surface.startswith(EVENT)
        if not is_event and not self._reopening.on_battery(claims, deadline):
            return None
        opened = self._reopening.judged(claims, self._judge.fresh(deadline), deadline)
        if is_event and isinstance(opened, Open) and (alarm := self._alarm_of(claims, deadline.left)):
            return alarm
        still = opened if isinstance(opened, Refusal) else self._sources.still(opened, deadline)
        return _denied(still) if isinstance(still, Refusal) else still

    def _alarm_of(self, claims: Claims, within_s: float) -> bytes | None:
        """The vendor's picture of the event that a still was granted of; None if there is none."""
        from showcam.net.jpeg import is_whole  # no directive needs it

        kind, _, at = claims.surface.removeprefix(EVENT).partition("-")
        sighting = Ask("", claims.camera, "", surface="", at=float(at), took_s=0.0, reason=kind)
        alarm = self._alarm(claims.account, sighting, within_s)
        return alarm if isinstance(alarm, bytes) and is_whole(alarm) else None

    def check(self, claims: Claims, requested_at: float | None = None) -> Denied | None:
        """Checks a living session for the media process, by a reading made since `requested_at`, epoch seconds.

        With an older reading a picture would stay longer than the gate allows, by the reading's age.
        """
        if self._reopening.ended(claims):
            return Denied("link_ended")
        if claims.explains:
            return None  # a card shows why the gate is closed, and ends soon
        deadline = Deadline(self._rules.vendor_s)
        # unknown flags are read once more
        ages = iter((0.0 if requested_at is None else self._clock() - requested_at, 0.0))

        def shared(account: Account, source: Source) -> Reading:
            return self._readings.recent(account, source, next(ages), deadline.left)

        opened = self._reopening.judged(claims, shared, deadline)
        if isinstance(opened, Refusal):
            return _denied(opened)
        self._sources.watched(opened)
        if self._history is not None and claims.surface in OF_ASSISTANTS:
            self._history.is_live(claims)
        return None

    def talk(self, claims: Claims, phase: TalkPhase, reason: str) -> SourceSpec | Denied:
        """The way to the camera's speaker for a viewer who talks; the owner may have taken it back since the answer."""
        if phase == "ended":
            self._talking.end(claims, reason)
            return Denied(reason)
        if self._reopening.ended(claims) or claims.explains:
            return Denied("link_ended")
        deadline = Deadline(self._rules.vendor_s)
        self._readings.households.follow(claims.account)

        def recent(account: Account, source: Source) -> Reading:
            return self._readings.recent(account, source, CHECK_S, deadline.left)

        opened = self._reopening.judged(claims, recent, deadline)
        if isinstance(opened, Refusal):
            return _denied(opened)
        found = self._speaker(opened) if may_talk(opened.visible.camera, claims.surface) else None
        if found is None:
            return Denied("talk_off")
        self._talking.note(claims)
        if phase == "begins":
            self._note_talk(claims.account, claims.camera)
        return found

    def _speaker(self, opened: Open) -> CameraSpec | None:
        """The way to the camera's speaker; None if there is none just now."""
        source, camera = opened.visible.source, opened.visible.camera
        driver = self._drivers[source.kind]
        if not isinstance(driver, HasSpeakers):
            return None
        try:
            return driver.speaker(source, camera)
        except DriverError as error:
            log.info("nobody can talk through a camera of source %s: %s", source.id, error.reason)
            return None

    def learn(
        self,
        claims: Claims,
        width: int,
        height: int,
        *,
        b_frames: bool = False,
        codec: VideoCodec = "unknown",
        lacks_sub: bool = False,
    ) -> None:
        """Takes the measurement of a picture that was opened."""
        if claims.explains or not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
            return
        measurement = Measurement(width, height, b_frames, self._clock(), codec, lacks_sub)
        try:
            self._readings.learn(claims.account, claims.camera, claims.picture, measurement)
        except (Unavailable, StoreUnavailable):
            return  # the next opening measures it again

    def judge_key(self, claims: Claims, mark: str, *, fits: bool) -> None:
        """Notes whether the key that was handed out with the source fits the video."""
        if claims.explains:
            return
        try:
            self._judge_key(claims.account, claims.camera, mark, fits=fits)
        except (Unavailable, StoreUnavailable):
            return  # the next video judges it again

    def release(self, claims: Claims, lease: Lease | None, ending: Ending = USED) -> None:
        """Gives the driver's address back after a pull ended. A failure of the vendor raises nothing."""
        if lease is None:
            return
        try:
            sources = self._readings.households.of(claims.account).sources
        except Unavailable:
            return
        for source in sources:
            if source.id == lease.source:
                self._sources.give_back(source, lease, Deadline(self._rules.vendor_s), ending)


def _denied(refusal: Refusal) -> Denied:
    return Denied(refusal.reason, again=FACTS[refusal.reason].passes)


class Offers(Component):
    """Answers a display that posts an offer with a grant, which names its link and camera."""

    def __init__(self, ground: Ground, reopening: Reopening, handover: Handover, explaining: Explaining) -> None:
        super().__init__(ground)
        self._reopening, self._handover, self._explaining = reopening, handover, explaining

    def camera(self, grant: str) -> str:
        """The id of the grant's camera. Raises BadGrant, ExpiredGrant."""
        return self._handover.verified(grant).camera

    def end(self, grant: str) -> None:
        """Ends the session that the grant opened, also after the grant's minute. Raises BadGrant."""
        self._handover.end_grant(grant)

    def answer(self, grant: str, sdp: str) -> Stream | Refusal:
        """Answers an offer posted with a webrtc grant. Raises BadGrant, ExpiredGrant, BadOffer."""
        claims = self._handover.verified(grant)
        outcomes.current().by(claims.link, claims.account)
        check_offer(sdp)
        deadline = Deadline(self._rules.vendor_s)
        opened = self._reopening.judged(claims, self._judge.fresh(deadline), deadline)
        found = opened if isinstance(opened, Refusal) else self._answered(claims, grant, opened, sdp, deadline)
        if isinstance(found, Refusal):
            with contextlib.suppress(MediaBusy, MediaUnavailable):
                found = self._explaining.answer(replace(claims, explains=True), grant, found, sdp, deadline)
        outcomes.current().came_to(claims.camera, found)
        return found

    def _answered(self, claims: Claims, grant: str, opened: Open, sdp: str, deadline: Deadline) -> Stream | Refusal:
        # no source: the pull has been warm since the grant was issued; if not, the media process asks for a source
        claims = replace(claims, explains=False)
        try:
            answer = self._handover.answer(claims, None, sdp, claims.nonce, deadline)
        except SessionOver:
            raise ExpiredGrant(claims) from None  # a viewer ended it; a new request may well get the picture
        except (MediaBusy, MediaUnavailable) as error:
            return unstarted(error, opened.visible.camera)
        sight = Sight.of(opened, Fit(claims.picture, claims.surface))
        return self._handover.stream(claims, grant, sight, answer.at, answer.sdp)
