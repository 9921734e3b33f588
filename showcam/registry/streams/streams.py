"""Opening a camera: the gate on a fresh reading, a vendor address, our own grant, and a pull that is already warm."""

import logging

from msgspec import structs

from showcam.accounts.console_sessions import Viewer
from showcam.drivers.camera import (
    WAITING_FOR_SOUND,
    Camera,
    Refusal,
    Snapshot,
    Stream,
    StreamRequest,
    Surface,
    is_on_battery,
)
from showcam.drivers.driver import LEAST_S, HandsOn, KeepsAlarms, KeepsAwake, Probed, TakesBack
from showcam.drivers.errors import DriverError
from showcam.engine.grants import Picture
from showcam.engine.messages import BadOffer, MediaBusy, MediaUnavailable
from showcam.engine.source import USED, CameraSpec, Ending, Hls, Lease, SourceSpec
from showcam.net.cache import Rate
from showcam.registry.gate.gate import (
    GATE,
    ONE_PICTURE,
    PLAYABLE,
    VIDEO_APP,
    Fit,
    common,
    fits,
    overruled,
    plain,
    shown,
    within,
)
from showcam.registry.gate.reasons import FACTS
from showcam.registry.preferences import NONE
from showcam.registry.readings.judge import Component, Deadline, Ground, Open, VisibleCamera, unreached
from showcam.registry.streams.handover import WINDOW_S, Explaining, Handover, Sight, check_offer, unstarted
from showcam.store.ports import Throttle
from showcam.store.records import Source

log = logging.getLogger(__name__)

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


class StreamSources(Component):
    """Finds a source for each stream that is opened; answers with a Refusal if no way brings an address."""

    def fitted(self, opened: Open, request: StreamRequest, deadline: Deadline) -> tuple[CameraSpec, Fit] | Refusal:
        """The best picture for the display that the camera has."""
        camera = opened.visible.camera
        refusal: Refusal | None = None
        for fit in fits(request, camera, transcodes=self._rules.transcodes):
            found, way = self._mint(opened, GATE[fit.surface], fit.picture, deadline)
            if not isinstance(found, Refusal):
                return found, Fit("main" if way in ONE_PICTURE else fit.picture, fit.surface, way)
            if not FACTS[found.reason].of_one_way:
                return found
            refusal = found
            if fit.picture == "sub" and request.surface != "video":
                # without a smaller picture the gate may refuse for another reason
                alone = structs.replace(camera, listed_sub=None)
                without_sub = VisibleCamera(opened.visible.account, opened.visible.source, alone)
                verdict = self._judge.verdict(without_sub, GATE[fit.surface], request.protocols)
                if isinstance(verdict, Refusal):
                    return verdict
        return refusal or overruled("too_large", camera)

    def joined(self, opened: Open, request: StreamRequest, flows: tuple[Picture, ...]) -> Fit | None:
        """The best picture for the display, if that picture is pulled already."""
        for fit in fits(request, opened.visible.camera, transcodes=self._rules.transcodes)[:1]:
            picture: Picture = "main" if opened.way in ONE_PICTURE else fit.picture
            if picture in flows:
                return Fit(picture, fit.surface, opened.way)
        return None

    def too_large(self, camera: Camera) -> Refusal | None:
        """The refusal for the surface "video" if the picture is known to be too large."""
        request = StreamRequest("video", ("hls",))
        return None if fits(request, camera, transcodes=self._rules.transcodes) else overruled("too_large", camera)

    def mint(self, opened: Open, surface: Surface, picture: Picture, deadline: Deadline) -> CameraSpec | Refusal:
        """An address by the best way that brings one; if none does, the refusal of the first."""
        found, _ = self._mint(opened, surface, picture, deadline)
        return found

    def _mint(
        self, opened: Open, surface: Surface, picture: Picture, deadline: Deadline
    ) -> tuple[CameraSpec | Refusal, str]:
        """The result of `mint`, with the last way that was tried."""
        refusal: Refusal | None = None
        tried: tuple[str, ...] = ()
        while True:
            found = self._mint_by(opened, picture, deadline)
            if not isinstance(found, Refusal):
                return found, opened.way
            refusal, tried = refusal or found, (*tried, opened.way)
            if not FACTS[found.reason].of_one_way:
                return found, opened.way
            # the gate may ask more of another way, such as Image Encryption off
            other = self._judge.verdict(opened.visible, surface, PLAYABLE, tried)
            if isinstance(other, Refusal):
                return refusal, opened.way
            opened = other

    def _mint_by(self, opened: Open, picture: Picture, deadline: Deadline) -> CameraSpec | Refusal:
        source, camera, way = opened.visible.source, opened.visible.camera, opened.way
        driver, left_s = self._drivers[source.kind], deadline.left
        try:
            # each way has its own breaker: a camera that is not in the house says nothing about its vendor
            spec = self._breaker.call(
                f"mint/{source.id}/{way}",
                left_s,
                driver.mint,
                source,
                camera,
                way,
                left_s,
                picture=picture,
                life_s=self._rules.passed_s if self._rules.pictures == "vendor" else 0,
            )
        except DriverError as error:
            log.warning(
                "no picture from source %s by way %s: %s", source.id, way, error.reason, extra={"reason": error.reason}
            )
            return structs.replace(unreached(error, camera), relays=self._rules.relays)
        return self._handed(opened, spec)

    def _handed(self, opened: Open, spec: CameraSpec) -> CameraSpec:
        """The source for the media process; with a key only if the owner has the picture deciphered."""
        camera = opened.visible.camera
        return structs.replace(
            spec,
            key=spec.key if spec.key and self._deciphers(opened) else b"",
            # undecodable video can be encrypted only if the camera has Image Encryption
            encrypts=camera.encryption != "none",
            alone=spec.alone or (camera.sub is not None and camera.sub.is_foreign),
        )

    def _deciphers(self, opened: Open) -> bool:
        """Whether the owner has the picture deciphered."""
        preferences = self._readings.households.preferences(opened.visible.account.id)
        return self._rules.exception(preferences.get(opened.visible.camera.id, NONE).while_encrypted) == "code"

    def watched(self, opened: Open) -> None:
        """Tells the driver that somebody watches the camera at this moment."""
        source, camera = opened.visible.source, opened.visible.camera
        driver = self._drivers[source.kind]
        if camera.battery is not None and isinstance(driver, KeepsAwake):
            driver.watched(source, camera)

    def still(self, opened: Open, deadline: Deadline) -> bytes | Refusal | None:
        """A JPEG of a camera on battery, which need not wake for a stream; None if a picture has to be opened."""
        source, camera = opened.visible.source, opened.visible.camera
        driver = self._drivers[source.kind]
        if camera.battery is None or not isinstance(driver, KeepsAwake):
            return None
        try:
            return driver.still(source, camera, deadline.left, deciphers=self._deciphers(opened))
        except DriverError as error:
            return unreached(error, camera)

    def give_back(self, source: Source, lease: Lease | None, deadline: Deadline, ending: Ending = USED) -> None:
        driver = self._drivers[source.kind]
        if lease is None or not isinstance(driver, TakesBack):
            return
        try:
            driver.release(source, lease.lent, ending, deadline.or_at_least(LEAST_S))
        except DriverError as error:
            log.info("source %s did not take an address back: %s", source.id, error.reason)


class VendorDirect(Component):
    """Hands the vendor's own address to a display that can play it; used without a media process.

    showcam can't end such a stream: it asks the vendor for an address that lives no longer than a glance takes.
    """

    def start(
        self, opened: Open, source: SourceSpec, fit: Fit, request: StreamRequest, deadline: Deadline
    ) -> Stream | Refusal:
        """Starts a stream. If it is refused, the caller gives the address back to the vendor.

        Raises StoreUnavailable: then, too, the caller gives it back.
        """
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
        # a program opens all its cameras too, and one that fails asks again and again
        counted = f"{viewer.id}/{camera}" if request.surface == "player" else viewer.id
        if is_counted and self._quota.spent(counted, self._clock()) and not self._flows(viewer, camera, deadline):
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
        if is_counted and not self._quota.take(counted, self._clock()):
            return overruled("too_often", opened.visible.camera)
        is_shown = False
        try:
            found = self._opened(viewer, opened, request, deadline)
            is_shown = isinstance(found, Stream) and found.explains is None
        finally:
            if is_counted and not is_shown:
                self._quota.give_back(counted, self._clock())  # a request after the fix gets the picture
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
        is_started = False
        try:
            stream = self._vendor_direct.start(opened, source, fit, request, deadline)
            is_started = isinstance(stream, Stream)
        finally:
            if not is_started:  # refused, or the store can't be used
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
        source, listed = opened.visible.source, opened.visible.camera
        has_pictures = listed.can_ring and isinstance(self._drivers[source.kind], KeepsAlarms)
        seen = self._happenings.sighting(viewer.account, camera) if has_pictures else None
        return self.handover.snapshot(viewer, camera, surface, _still_of(opened), seen)

    def still(self, viewer: Viewer, camera: str, *, once: bool = False) -> Snapshot | Refusal:
        """A still picture for an owner's page, by what is known; the fetch asks the gate on a fresh reading.

        A camera on battery is refused as `waking`: a picture that renews itself would empty the battery. `once`: the
        still does not renew itself.
        """
        visible = self._judge.see(viewer, camera, Deadline(self._rules.vendor_s))
        if isinstance(visible, Refusal):
            return visible
        if is_on_battery(visible.camera) and not once:
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
