"""Without a media process: a display is handed the vendor's own address, when that is fit for it.

Nothing of it can be ended from here: the address is asked to live no longer than a glance takes.
"""

import logging
import time
from collections.abc import Callable, Mapping

from media.source import SourceSpec
from registry.camera import Refusal, Stream, StreamRequest
from registry.driver import Driver, HandsOn, Probed
from registry.errors import DriverError
from registry.gate.displays import shown, within
from registry.gate.fit import VIDEO_APP, Fit
from registry.gate.gate import overruled
from registry.readings.judge import Deadline, Open, unreached
from registry.rules import Rules
from registry.surface import WAITING_FOR_SOUND
from store.ports import Store

log = logging.getLogger(__name__)

PROBE_S = (
    1.5  # the vendor has this to show its stream, however long the address took, where the display can wait for it
)
PICTURE = "/static/camera.png"  # a display may want a picture beside a stream; of the camera there is none


class VendorDirect:
    def __init__(
        self,
        store: Store,
        drivers: Mapping[str, Driver],
        rules: Rules,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._drivers, self._rules, self._clock = store, drivers, rules, clock

    def start(
        self, opened: Open, source: SourceSpec, fit: Fit, request: StreamRequest, deadline: Deadline
    ) -> Stream | Refusal:
        """What it refuses the caller gives back to the vendor."""
        visible, camera = opened.visible, opened.visible.camera
        driver = self._drivers[visible.source.kind]
        if not isinstance(driver, HandsOn):
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
        # nothing shows when a display has had enough: each opening takes a place for as long as its address lives
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
    """Some displays wait for a sound track; the surface "video" plays no large picture besides."""
    if request.surface == "video":
        return probed.sound and small
    return probed.sound or request.surface not in WAITING_FOR_SOUND
