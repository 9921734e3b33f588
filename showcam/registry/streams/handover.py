"""The media process as the registry uses it: grants for displays with their pulls, cards, and pictures kept warm."""

import logging
from collections.abc import Callable, Collection
from typing import Literal, Protocol

from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSessions, Viewer
from showcam.drivers.camera import Camera, Refusal, Snapshot, Stream, StreamRequest, Video, is_on_battery
from showcam.drivers.driver import LEAST_S
from showcam.drivers.errors import is_reason
from showcam.engine import grants
from showcam.engine.client import Answer, MediaClient
from showcam.engine.grants import EVENT, SNAPSHOT_S, START_S, Claims, Grants, Picture
from showcam.engine.messages import BadOffer, MediaBusy, MediaFull, MediaGone, MediaUnavailable, NoPicture
from showcam.engine.source import SourceSpec
from showcam.net.cache import Rate
from showcam.registry.gate import reasons
from showcam.registry.gate.gate import PLAYABLE, Fit, as_played, may_talk, overruled, shown
from showcam.registry.readings.judge import Component, Deadline, Ground, Open, VisibleCamera
from showcam.registry.readings.views import STATES_S
from showcam.store.ports import StoreUnavailable
from showcam.store.processes import Process, Processes
from showcam.store.records import Happening, Link

log = logging.getLogger(__name__)

WINDOW_S = 60  # openings and cards are counted for this time; a picture that no display plays is measured once in it
LONGEST_OFFER = 32 * 1024
ANSWER_S = 1.0  # the media process has this time, however long the vendor took, if the display can wait
PAGE_S = 6.0  # the same for an owner's page, which no assistant's clock hurries
WITHIN_S = 1.8  # of a request, to have an SDP answer; the rest of two seconds is for the way there and back
TURN_S = 10.0  # between two turns of Keeping; the media process holds a picture for three


class Pictures(Protocol):
    """The media process, or several, as showcam.engine.client.MediaClient and showcam.engine.fleet.Fleet speak to them.

    Every stream's address begins with the origin of its media process: https, without a trailing slash.
    """

    def place(self, account: str, camera: str) -> str:
        """The address for fetching the camera's stills; asks no media process."""
        ...

    def flows(self, account: str, camera: str, timeout_s: float | None = None) -> tuple[Picture, ...]:
        """The camera's pictures that showcam pulls now for the account."""
        ...

    def warm(self, claims: Claims, source: SourceSpec | None, *, timeout_s: float | None = None) -> str:
        """Begins or joins a pull, and returns the address of its media process."""
        ...

    def answer(
        self,
        claims: Claims,
        source: SourceSpec | None,
        sdp: str,
        *,
        replaces: str = "",
        timeout_s: float | None = None,
        within_s: float | None = None,
    ) -> Answer:
        """`timeout_s`: the whole wait; `within_s`: the wait for a slow camera."""
        ...

    def keep(self, claims: Claims) -> None:
        """Holds the camera's picture open for a while, if it comes over the home network."""
        ...

    def end_session(self, link: str, name: str, account: str) -> None: ...


class Sight(Struct, frozen=True):
    """The picture on a display: the camera, or the card of a refusal."""

    video: Video
    sound: bool
    camera: Camera | None = None
    explains: Refusal | None = None
    fit: Fit | None = None  # None: any picture, for the request's surface

    @classmethod
    def of(cls, opened: Open, fit: Fit, *, transcodes: bool = False) -> "Sight":
        camera = opened.visible.camera
        video = shown(camera, fit.picture)
        return cls(as_played(video, fit.surface) if transcodes else video, opened.allowed.sound, camera, fit=fit)

    @classmethod
    def card(cls, refusal: Refusal) -> "Sight":
        return cls(reasons.CARD, sound=False, explains=refusal)


class Handover(Component):
    """Raises MediaBusy, MediaUnavailable, BadOffer as the media process does."""

    def __init__(self, ground: Ground, pictures: Pictures, issuer: Grants) -> None:
        super().__init__(ground)
        self._pictures, self._grants = pictures, issuer

    def start(
        self,
        viewer: Viewer,
        camera: str,
        source: SourceSpec | None,
        sight: Sight,
        request: StreamRequest,
        deadline: Deadline,
    ) -> Stream:
        """Starts a stream. `source` is None for a picture that is already pulled."""
        fit = sight.fit or Fit("main", request.surface)
        protocol = _best(request.protocols, sight.video)
        is_card = sight.explains is not None
        talks = protocol == "webrtc" and sight.camera is not None and may_talk(sight.camera, fit.surface)
        grant, claims = self._issue(viewer, camera, protocol, fit.surface, fit.picture, explains=is_card, talks=talks)
        if protocol == "hls" or request.sdp is None:
            at = self._pictures.warm(claims, source, timeout_s=deadline.or_at_least(ANSWER_S))
            return self.stream(claims, grant, sight, at, image=request.image)
        answer = self.answer(claims, source, request.sdp, request.session or claims.nonce, deadline)
        return self.stream(claims, grant, sight, answer.at, answer.sdp, image=request.image)

    def flows(self, account: str, camera: str, deadline: Deadline) -> tuple[Picture, ...]:
        """The camera's pictures that are pulled now; empty if no media process answers.

        A viewer who joins one of them costs neither the vendor nor the camera anything.
        """
        try:
            return self._pictures.flows(account, camera, min(LEAST_S, deadline.or_at_least(LEAST_S)))
        except MediaUnavailable:
            return ()

    def answer(self, claims: Claims, source: SourceSpec | None, sdp: str, session: str, deadline: Deadline) -> Answer:
        left_s = deadline.or_at_least(PAGE_S if claims.surface == "page" else ANSWER_S)
        within_s = min(left_s, deadline.left_of(WITHIN_S))
        return self._pictures.answer(claims, source, sdp, replaces=session, timeout_s=left_s, within_s=within_s)

    def stream(
        self, claims: Claims, grant: str, sight: Sight, at: str, answer: str = "", *, image: bool = False
    ) -> Stream:
        """The stream for a grant. `at`: the origin of its media process; `answer`: the SDP, if there was an offer."""
        webrtc = claims.protocol == "webrtc"
        return Stream(
            protocol="webrtc" if webrtc else "hls",
            expires=float(claims.expires),
            idle_timeout_s=self._rules.idle_s,
            video=sight.video,
            sound=sight.sound,
            way=sight.fit.way if sight.fit else "",
            url=f"{at}/s/{grant}/{'whep' if webrtc else 'master.m3u8'}",
            image_url=self._image(claims, at) if image else "",
            grant=grant if webrtc else "",
            answer=answer,
            camera=sight.camera,
            explains=sight.explains,
        )

    def snapshot(
        self, viewer: Viewer, camera: str, surface: str, picture: Picture, seen: Happening | None = None
    ) -> Snapshot:
        """A still picture: may be fetched repeatedly within its time, each time with an access token of the link.

        `seen`: the sighting that the still is of; None for a still of now.
        """
        if seen is not None:
            surface = f"{EVENT}{seen.kind}-{int(seen.at)}"
        grant, claims = self._issue(viewer, camera, "still", surface, picture, SNAPSHOT_S)
        at = self._pictures.place(viewer.account, camera)
        return Snapshot(f"{at}/s/{grant}/snapshot.jpg", float(claims.expires), seen.at if seen else self._clock())

    def still(self, viewer: Viewer, camera: str, picture: Picture) -> Snapshot:
        """A still picture for an owner's page, whose images carry no token: it may be fetched for a minute."""
        grant, claims = self._issue(viewer, camera, "snapshot", "page", picture)
        at = self._pictures.place(viewer.account, camera)
        return Snapshot(f"{at}/s/{grant}/snapshot.jpg", float(claims.expires), self._clock())

    def measure(self, viewer: Viewer, camera: str, source: SourceSpec, deadline: Deadline) -> None:
        """Opens the whole picture without a viewer: the media process measures and closes it."""
        _, claims = self._issue(viewer, camera, "snapshot", "still")
        self._pictures.warm(claims, source, timeout_s=deadline.or_at_least(ANSWER_S))

    def hold(self, viewer: Viewer, camera: str) -> None:
        """Keeps the camera's whole picture open for a while: a display then shows it at once."""
        _, claims = self._issue(viewer, camera, "snapshot", "page")
        self._pictures.keep(claims)

    def _issue(
        self,
        viewer: Viewer,
        camera: str,
        protocol: grants.Protocol,
        surface: str,
        picture: Picture = "main",
        life_s: int = START_S,
        *,
        explains: bool = False,
        talks: bool = False,
    ) -> tuple[str, Claims]:
        return self._grants.issue(
            account=viewer.account,
            link=viewer.id,
            camera=camera,
            protocol=protocol,
            surface=surface,
            now=self._clock(),
            life_s=life_s,
            explains=explains,
            picture=picture,
            talks=talks,
        )

    def verified(self, grant: str) -> Claims:
        """The claims of a webrtc grant within its minute. Raises BadGrant, ExpiredGrant."""
        return self._grants.verify(grant, "webrtc", self._clock())

    def end_grant(self, grant: str) -> None:
        """Ends the session that the grant opened, also after the grant's minute. Raises BadGrant."""
        claims = self._grants.verify(grant, "webrtc", 0.0)
        self.end(claims.link, claims.nonce, claims.account)

    def end(self, link_id: str, session: str, account: str) -> None:
        try:
            self._pictures.end_session(link_id, session, account)
        except MediaUnavailable:
            log.info("a session could not be ended: the media process does not answer, so nothing is live")

    def _image(self, claims: Claims, at: str) -> str:
        """The address of a still to go with a stream. It needs no bearer, and is good for only a minute."""
        return f"{at}/s/{self._grants.beside(claims, 'snapshot')}/snapshot.jpg"


def _best(protocols: tuple[str, ...], video: Video) -> Literal["webrtc", "hls"]:
    """The first protocol that plays the picture; the gate has refused surfaces that have none."""
    if video.b_frames and "hls" in protocols:
        return "hls"
    for protocol in protocols:
        if protocol == "webrtc":
            return "webrtc"
        if protocol == "hls":
            return "hls"
    raise ValueError("no protocol that is played")


class Registered:
    """The media processes that report themselves, behind one address: a roster for showcam.engine.fleet.Fleet."""

    def __init__(self, processes: Processes, front: MediaClient) -> None:
        self._processes, self._front = processes, front

    def member(self, account: str, camera: str, without: Collection[str]) -> MediaClient | None:
        choose = self._processes.holder if camera else self._processes.shown
        return self._client(choose, account, camera, without)

    def shown(self, account: str, camera: str, without: Collection[str] = ()) -> MediaClient | None:
        return self._client(self._processes.shown, account, camera, without)

    def lost(self, member: MediaClient) -> None:
        self._processes.suspect(_id_of(member.public))

    def members(self, account: str) -> list[MediaClient]:
        try:
            alive = {process.id for process in self._processes.alive()}
            if account:
                alive &= {hold.owner for hold in self._processes.held(account).values()}
        except StoreUnavailable:
            raise MediaGone("the store can't be asked for media processes") from None
        return [self._front.behind(process) for process in sorted(alive)]

    def _client(
        self,
        choose: Callable[[str, str, Collection[str]], Process | None],
        account: str,
        camera: str,
        without: Collection[str],
    ) -> MediaClient | None:
        try:
            process = choose(account, camera, {_id_of(public) for public in without})
        except StoreUnavailable:
            raise MediaGone("the store can't be asked for a media process") from None
        return self._front.behind(process.id) if process else None


def _id_of(public: str) -> str:
    return public.rpartition("/")[2]


def unstarted(error: Exception, camera: Camera) -> Refusal:
    """The refusal for a picture that the media process did not start."""
    if isinstance(error, NoPicture) and is_reason(error.reason):
        return overruled(error.reason, camera)  # found when it was opened, whatever the list says
    if isinstance(error, MediaBusy):
        return overruled("machine_full" if isinstance(error, MediaFull) else "household_full", camera)
    return overruled("media_down", camera)


def check_offer(sdp: str) -> None:
    """RFC 8866 section 5: an offer starts with its version; an offer without video has nothing to show."""
    if len(sdp) > LONGEST_OFFER or not sdp.startswith("v=0") or "m=video" not in sdp:
        raise BadOffer("not an SDP offer with video")


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
        uncarded = request.surface in ("page", "tv", "player")  # a recorder would record the card
        source = None if uncarded else self.card(viewer.id, request.surface, refusal)
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


class Keeping(Component):
    """Keeps the pictures warm that an owner chose: a pull is held, so that a display shows the camera at once.

    This is only for cameras on mains and the home network: over a vendor's cloud it would be a stream without end.
    """

    def __init__(self, ground: Ground, handover: Handover) -> None:
        super().__init__(ground)
        self._handover = handover

    def turn(self) -> None:
        """Prolongs the hold of each picture that is kept warm. Raises StoreUnavailable."""
        if self._rules.pictures == "vendor":
            return
        for account in self._store.accounts():
            preferences = self._readings.households.preferences(account.id)
            cameras = [camera for camera, preference in preferences.items() if preference.keep_warm]
            links = self._store.links(account.id) if cameras else []
            for camera in cameras:
                self._keep(links, camera)

    def _keep(self, links: list[Link], camera: str) -> None:
        """Holds the camera's picture in the name of the first link that may see the camera."""
        for link in links:
            deadline = Deadline(self._rules.vendor_s)
            visible = self._judge.see(link, camera, deadline)
            if isinstance(visible, Refusal):
                continue
            opened = self._judged(visible, deadline)
            if isinstance(opened, Open) and opened.way == "lan" and not is_on_battery(opened.visible.camera):
                self._hold(link, camera)
            return

    def _judged(self, visible: VisibleCamera, deadline: Deadline) -> Open | Refusal:
        return self._judge.judge(
            visible,
            "still",
            (),
            lambda account, source: self._readings.recent(account, source, STATES_S, deadline.left),
        )

    def _hold(self, link: Link, camera: str) -> None:
        try:
            self._handover.hold(link, camera)
        except (MediaBusy, MediaUnavailable):
            log.info("a picture is not kept warm: the media process has no room for it, or does not answer")
