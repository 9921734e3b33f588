"""The vendor's pictures of what happened at a camera, fetched while somebody looks at them and kept nowhere."""

from typing import cast

from showcam.drivers.camera import Refusal
from showcam.drivers.driver import EventKind, KeepsAlarms
from showcam.drivers.errors import DriverError, Unavailable
from showcam.registry.gate.gate import overruled
from showcam.registry.preferences import NONE
from showcam.registry.readings.judge import Component, Deadline, unreached
from showcam.store.records import Ask

KINDS = frozenset({"motion", "person", "doorbell"})  # sightings that a vendor may keep a picture of
MOST_A_MINUTE = 30  # pictures of a household: each is up to 18 requests to the vendor
WITHIN_S = 8.0  # other calls of the vendor wait meanwhile, for the same connection


class AlarmPictures(Component):
    def sources_with(self, account_id: str) -> frozenset[str]:
        """The ids of the sources whose vendor keeps pictures. Raises Unavailable."""
        sources = self._readings.households.of(account_id).sources
        return frozenset(source.id for source in sources if isinstance(self._drivers[source.kind], KeepsAlarms))

    def of(self, account_id: str, sighting: Ask, within_s: float = WITHIN_S) -> bytes | Refusal | None:
        """The picture as JPEG; None if the vendor has none.

        Its being asleep or offline now is no hindrance. An encrypted picture is deciphered only while the owner has
        decided that showcam does that for this camera.
        """
        deadline = Deadline(within_s)
        visible = self._judge.find(account_id, sighting.camera, deadline)
        if isinstance(visible, Refusal):
            return visible
        driver, camera = self._drivers[visible.source.kind], visible.camera
        if sighting.kind not in KINDS or not isinstance(driver, KeepsAlarms):
            return None
        if self._store.hit(f"alarm_picture/{account_id}", 60, self._clock()) > MOST_A_MINUTE:
            return overruled("too_often", camera)
        try:
            decided = self._readings.households.preferences(account_id).get(camera.id, NONE).while_encrypted
            return self._breaker.call(
                f"alarm/{visible.source.id}",
                deadline.left,
                driver.alarm_picture,
                visible.source,
                camera,
                cast("EventKind", sighting.kind),
                sighting.at,
                deadline.left,
                deciphers=self._rules.exception(decided) == "code",
            )
        except DriverError as error:
            return unreached(error, camera)
        except Unavailable:
            return None  # the household was removed meanwhile
