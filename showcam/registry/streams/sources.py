"""The address of a picture from the vendor: chooses the picture and the way, and gives the address back at the end."""

import logging

from msgspec import structs

from showcam.drivers.camera import Camera, Refusal, StreamRequest, Surface
from showcam.drivers.driver import LEAST_S, KeepsAwake, TakesBack
from showcam.drivers.errors import DriverError
from showcam.engine.grants import Picture
from showcam.engine.source import USED, CameraSpec, Ending, Lease
from showcam.registry.gate.gate import GATE, ONE_PICTURE, PLAYABLE, Fit, fits, overruled
from showcam.registry.gate.reasons import FACTS
from showcam.registry.preferences import NONE
from showcam.registry.readings.judge import Component, Deadline, Open, VisibleCamera, unreached
from showcam.store.records import Source

log = logging.getLogger(__name__)


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
            return unreached(error, camera)
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
