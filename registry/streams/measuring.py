"""Opens a picture without a viewer, to measure it. The measurement comes back through `Questions.learn`."""

import time
from collections.abc import Callable

from accounts.viewers import Viewer
from media.errors import MediaBusy, MediaUnavailable
from media.grants import Picture
from net.rate import Rate
from registry.camera import Camera, Refusal
from registry.gate.ways import ONE_PICTURE, choose
from registry.readings.judge import Deadline, Judge, Open, VisibleCamera
from registry.readings.readings import Readings
from registry.rules import Rules
from registry.streams.handover import Handover
from registry.streams.sources import StreamSources

SHRUNK_S = 60  # a picture that displays can't play is measured once within this
AGAIN_S = 600  # a picture of unknown size is opened once within this
SHOWS_S = 15.0  # the wait for the measurement; the media process closes the picture then too
READ_S = 60.0  # the greatest age of the reading for the gate


def unseen(camera: Camera) -> tuple[Picture, ...]:
    """The camera's pictures of unknown size.

    None of a camera on battery, which opening them would drain, and one of a camera whose way brings one picture.
    """
    if camera.battery is not None or camera.charging != "none":
        return ()
    pictures: tuple[tuple[Picture, bool], ...] = (
        ("main", camera.video.width == 0 and camera.video.codec != "h265"),
        (
            "sub",
            camera.sub is not None
            and camera.sub.width == 0
            and camera.sub.codec != "h265"
            and choose(camera) not in ONE_PICTURE,
        ),
    )
    return tuple([picture for picture, unknown in pictures if unknown])


class Measuring:
    def __init__(
        self,
        rules: Rules,
        readings: Readings,
        judge: Judge,
        sources: StreamSources,
        handover: Handover,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._rules, self._readings, self._judge = rules, readings, judge
        self._sources, self._handover, self._clock = sources, handover, clock
        self._shrunk, self._again = Rate(SHRUNK_S), Rate(AGAIN_S)

    def shrunk(self, viewer: Viewer, visible: VisibleCamera, deadline: Deadline) -> None:
        """Measures the whole picture, which the owner may have made smaller, for the next request; does not wait."""
        if self._rules.pictures == "plane" and self._shrunk.hit(_key(visible, "main"), self._clock()) == 1:
            verdict = self._judge.verdict(visible, "still", ())
            if isinstance(verdict, Open):
                self._begin(viewer, verdict, "main", deadline)

    def first(self, viewer: Viewer, camera_id: str, picture: Picture) -> None:
        """Measures a picture of unknown size, if the gate is open; waits for it, SHOWS_S at most."""
        deadline = Deadline(self._rules.vendor_s)
        visible = self._judge.see(viewer, camera_id, deadline)
        if isinstance(visible, Refusal) or picture not in unseen(visible.camera) or self._rules.pictures == "vendor":
            return
        if self._again.hit(_key(visible, picture), self._clock()) > 1:
            return
        opened = self._judge.judge(
            visible,
            "still",
            (),
            lambda account, source: self._readings.recent(account, source, READ_S, deadline.left),
        )
        if isinstance(opened, Open) and self._begin(viewer, opened, picture, deadline):
            self._wait(viewer, camera_id, picture)

    def _begin(self, viewer: Viewer, opened: Open, picture: Picture, deadline: Deadline) -> bool:
        source = self._sources.mint(opened, "still", picture, deadline)
        if isinstance(source, Refusal):
            return False
        try:
            self._handover.measure(viewer, opened.visible.camera.id, source, picture, deadline)
        except (MediaBusy, MediaUnavailable):
            self._sources.give_back(opened.visible.source, source.release, deadline)
            return False
        return True

    def _wait(self, viewer: Viewer, camera_id: str, picture: Picture) -> None:
        deadline = Deadline(SHOWS_S)
        while deadline.left:
            visible = self._judge.see(viewer, camera_id, deadline)
            if isinstance(visible, Refusal) or picture not in unseen(visible.camera):
                return
            time.sleep(min(0.1, deadline.left))


def _key(visible: VisibleCamera, picture: Picture) -> str:
    return f"{visible.account.id}/{visible.camera.id}/{picture}"
