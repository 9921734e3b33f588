"""Keeps pictures warm that an owner chose: a pull is held in the media process, so that a display sees one at once.

Only of cameras on mains, and only over the home network: over a vendor's cloud it would be a stream without end.
"""

import logging

from media.messages import MediaBusy, MediaUnavailable
from registry.camera import Camera, Refusal
from registry.readings.judge import Deadline, Judge, Open, VisibleCamera
from registry.readings.readings import Readings
from registry.rules import Rules
from registry.streams.handover import Handover
from store.ports import Store
from store.records import Link

log = logging.getLogger(__name__)

TURN_S = 10.0  # between two turns; the media process holds a picture for three
READ_S = 60.0  # the greatest age of the reading for the gate, which is read afresh when somebody comes


class Keeping:
    def __init__(
        self,
        store: Store,
        readings: Readings,
        judge: Judge,
        handover: Handover,
        rules: Rules,
    ) -> None:
        self._store, self._readings, self._judge = store, readings, judge
        self._handover, self._rules = handover, rules

    def turn(self) -> None:
        """Says of each picture that is kept warm that it goes on. Raises StoreUnavailable."""
        if self._rules.pictures == "vendor":
            return
        for account in self._store.accounts():
            preferences = self._readings.households.preferences(account.id)
            cameras = [camera for camera, preference in preferences.items() if preference.keep_warm]
            links = self._store.links(account.id) if cameras else []
            for camera in cameras:
                self._keep(links, camera)

    def _keep(self, links: list[Link], camera: str) -> None:
        """In the name of the first link that may see it."""
        for link in links:
            deadline = Deadline(self._rules.vendor_s)
            visible = self._judge.see(link, camera, deadline)
            if isinstance(visible, Refusal):
                continue
            opened = self._judged(visible, deadline)
            if isinstance(opened, Open) and opened.way == "lan" and on_mains(opened.visible.camera):
                self._hold(link, camera)
            return

    def _judged(self, visible: VisibleCamera, deadline: Deadline) -> Open | Refusal:
        return self._judge.judge(
            visible, "still", (), lambda account, source: self._readings.recent(account, source, READ_S, deadline.left)
        )

    def _hold(self, link: Link, camera: str) -> None:
        try:
            self._handover.hold(link, camera)
        except (MediaBusy, MediaUnavailable):
            log.info("a picture is not kept warm: the media process has no room for it, or does not answer")


def on_mains(camera: Camera) -> bool:
    return camera.battery is None and camera.charging == "none"
