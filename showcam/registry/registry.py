"""A link's view of its cameras; `Registry` and `Owner` are the only access to a camera or a stream.

Each method that answers about a camera takes the Link.
"""

from collections.abc import Callable, Iterable

from showcam.drivers.camera import Camera, Ref, Refusal, Snapshot, State, Stream, StreamRequest, Surface
from showcam.drivers.errors import DriverError, Unavailable
from showcam.drivers.settings import Asked, Setting, Step, check, field_of
from showcam.registry import outcomes
from showcam.registry.gate.gate import PLAYABLE, not_by_voice, overruled
from showcam.registry.owner.control import Control
from showcam.registry.readings.households import Listing
from showcam.registry.readings.judge import Component, Deadline, Ground, Open, Row, VisibleCamera, unreached
from showcam.registry.readings.views import STATES_S, Lists, with_changes, with_sightings
from showcam.registry.scenes import Scenes
from showcam.registry.streams.history import History
from showcam.registry.streams.streams import Streams
from showcam.store.records import Account, Link, Source

__all__ = ["Listing", "Registry"]


class Registry(Component):
    """Safe to use from many threads. `within_s`: the seconds that the surface has left; None: as the rules say."""

    def __init__(
        self, ground: Ground, lists: Lists, streams: Streams, control: Control, scenes: Scenes, history: History | None
    ) -> None:
        super().__init__(ground)
        self._lists, self._streams, self._control, self._history = lists, streams, control, history
        self.playable = self._rules.playable  # the protocols that can show a camera here, best first: "webrtc", "hls"
        self.stills = self._rules.stills  # whether there are still pictures
        self.scenes = scenes  # that show a camera on a TV in the house
        self._listed: tuple[Callable[[Link, Listing], None], ...] = ()
        self._refused: tuple[Callable[[Link], None], ...] = ()

    def cameras(self, link: Link, within_s: float | None = None) -> Listing:
        """The cameras that the link may see, read now, or else as last known. Raises Unavailable."""
        listing = self._lists.of_link(link, within_s)
        for listed in self._listed:
            listed(link, listing)
        return listing

    def when_listed(self, callback: Callable[[Link, Listing], None]) -> None:
        """`callback` too gets each listing before it is returned to its link, in the same thread: it must be quick."""
        self._listed = (*self._listed, callback)

    def states(self, link: Link, camera_ids: Iterable[str], within_s: float | None = None) -> dict[str, State]:
        """The states by camera id, read at most a minute ago. A camera that the link may not see is absent.

        Each source is read once for all its cameras.
        """
        visible = [camera_id for camera_id in camera_ids if link.cameras is None or camera_id in link.cameras]
        if not visible:
            return {}
        try:
            household = self._readings.households.of(link.account)
        except Unavailable as error:
            return {
                camera_id: _unknown(camera_id, overruled(error.reason, None, error.vendor)) for camera_id in visible
            }
        deadline = Deadline(self._rules.states_within(within_s))
        awaited = self._happenings.awaited(link.account)
        max_age_s = 0.0 if awaited else STATES_S  # a change that is awaited is looked for with every query
        found: dict[str, State] = {}
        unknown: Refusal | None = None
        for source in household.sources:
            left = [camera_id for camera_id in visible if camera_id not in found] if found else visible
            try:
                self._find(found, household.account, source, link.assistant, left, max_age_s, deadline)
            except DriverError as error:
                unknown = unreached(error, None)
        if unknown is not None:
            # a source could not be read: its cameras are unknown, not missing
            found |= {camera_id: _unknown(camera_id, unknown) for camera_id in visible if camera_id not in found}
        if awaited:
            found = {camera_id: with_changes(state, awaited) for camera_id, state in found.items()}
        held = self._happenings.held(link.account)
        return {camera_id: with_sightings(state, held) for camera_id, state in found.items()} if held else found

    def _find(
        self,
        found: dict[str, State],
        account: Account,
        source: Source,
        surface: Surface,
        camera_ids: list[str],
        max_age_s: float,
        deadline: Deadline,
    ) -> None:
        """Adds the source's states to `found`. Raises DriverError when it can't be read and no reading is known."""
        try:
            reading = self._readings.recent(account, source, max_age_s, deadline.left)
        except DriverError as error:
            last = self._readings.last(account, source)
            if last is None:
                raise
            found |= {
                camera_id: State(camera, unreached(error, camera))
                for camera_id in camera_ids
                if (camera := last.find(camera_id))
            }
            return
        if not reading.by_id.keys() >= set(camera_ids):
            # another process may have listed it since
            reading = self._readings.newer(account, source) or reading
        for camera_id in camera_ids:
            verdict = self._judge.of_reading(account, source, reading, camera_id, surface, PLAYABLE)
            if isinstance(verdict, Open):
                found[camera_id] = State(verdict.visible.camera)
            elif camera := reading.find(camera_id):
                found[camera_id] = State(camera, verdict)

    def knows(self, link: Link, camera_id: str) -> bool:
        """Whether the link may see the camera, by the last readings; True as long as nothing was read."""
        if link.cameras is not None and camera_id not in link.cameras:
            return False
        try:
            household = self._readings.households.of(link.account)
        except Unavailable:
            return False
        account = household.account
        last = [self._readings.last(account, source) for source in household.sources]
        if any(reading and reading.find(camera_id) for reading in last):
            return True
        newer = [self._readings.newer(account, source) for source in household.sources]
        return not all(last) or any(reading and reading.find(camera_id) for reading in newer)

    def readiness(self, link: Link, within_s: float | None = None) -> list[Row]:
        """Every camera of the link and whether each surface could show it. Raises Unavailable."""
        deadline = Deadline(self._rules.states_within(within_s))
        cameras = self.cameras(link, within_s).cameras
        return self._lists.readiness(self._judge.see(link, camera.id, deadline) for camera in cameras)

    def open_stream(self, link: Link, camera_id: str, request: StreamRequest) -> Stream | Refusal:
        """Opens a stream of the camera, or says why not. Raises BadOffer."""
        requested_at = self._clock()
        outcomes.current().for_picture()
        found = self._streams.open(link, camera_id, request)
        outcomes.current().came_to(camera_id, found)
        if self._history is not None:
            self._history.note(link, camera_id, request.surface, found, requested_at)
        if isinstance(found, Refusal) or found.explains is not None:
            for refused in self._refused:
                refused(link)
        return found

    def when_refused(self, callback: Callable[[Link], None]) -> None:
        """Gives `callback` the link of each refused request for a camera. The request waits meanwhile."""
        self._refused = (*self._refused, callback)

    def end_session(self, link: Link, session: str) -> None:
        self._streams.handover.end(link.id, session, link.account)

    def snapshot(
        self, link: Link, camera_id: str, surface: Surface, within_s: float | None = None
    ) -> Snapshot | Refusal:
        """A still picture's address, good for ten minutes and only with an access token of the link."""
        found = self._streams.snapshot(link, camera_id, surface, within_s)
        outcomes.current().came_to(camera_id, found)
        return found

    def too_large(self, link: Link, camera: Camera) -> Refusal | None:
        """The refusal of the surface "video" for a picture whose known size is too large."""
        return self._streams.sources.too_large(camera)

    def change(
        self, link: Link, camera_id: str, setting: str, value: str, *, within_s: float | None = None
    ) -> Camera | Asked | Refusal:
        """A change by voice, read back as far as the time allows: only what the owner allows for the camera.

        Asked: the change does not show yet. Raises showcam.drivers.settings.BadValue.
        """
        changed = self._changed(link, camera_id, check(setting, value), value, within_s)
        outcomes.current().came_to(camera_id, changed)
        return changed

    def _changed(
        self, link: Link, camera_id: str, setting: Setting, value: str, within_s: float | None
    ) -> Camera | Asked | Refusal:
        deadline = Deadline(self._rules.vendor_within(within_s))
        visible = self._by_voice(link, camera_id, setting, deadline)
        if isinstance(visible, Refusal):
            return visible
        if field_of(visible.camera, setting) == "none":
            return overruled("not_this_way", visible.camera)
        changed = self._control.change(visible, deadline, setting, value)
        # a step asks for a code, and a voice is never asked for one
        return overruled("not_set", visible.camera) if isinstance(changed, Step) else changed

    def restart(self, link: Link, camera_id: str, *, within_s: float | None = None) -> Camera | Refusal:
        """Restarts the camera, which is then offline for a minute or two."""
        deadline = Deadline(self._rules.vendor_within(within_s))
        visible = self._by_voice(link, camera_id, "restart", deadline)
        restarted = visible if isinstance(visible, Refusal) else self._control.restart(visible, deadline)
        outcomes.current().came_to(camera_id, restarted)
        return restarted

    def _by_voice(self, link: Link, camera_id: str, what: str, deadline: Deadline) -> VisibleCamera | Refusal:
        """The camera if a voice may change this there: never Image Encryption."""
        visible = self._judge.see(link, camera_id, deadline)
        if isinstance(visible, Refusal):
            return visible
        return not_by_voice(visible.camera, what) or visible


def _unknown(camera_id: str, refusal: Refusal) -> State:
    return State(Camera(Ref("", "", 0), "", id=camera_id), refusal)
