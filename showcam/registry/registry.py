"""A link's view of its cameras; `Registry` and `Owner` are the only access to a camera or a stream.

Each method that answers about a camera takes the Link.
"""

import time
from collections.abc import Callable, Iterable

from showcam.drivers.camera import Camera, Refusal, Snapshot, State, Stream, StreamRequest, Surface
from showcam.drivers.settings import Asked
from showcam.registry import outcomes
from showcam.registry.owner.control import Voice
from showcam.registry.readings.households import Listing
from showcam.registry.readings.judge import Deadline, Readiness, Row
from showcam.registry.readings.views import Lists, States
from showcam.registry.rules import Rules
from showcam.registry.scenes import Scenes
from showcam.registry.streams.history import History
from showcam.registry.streams.streams import Streams
from showcam.store.records import Link

__all__ = ["Listing", "Registry"]


class Registry:
    """Safe to use from many threads. `within_s`: the seconds that the surface has left; None: as the rules say."""

    def __init__(
        self,
        lists: Lists,
        states: States,
        readiness: Readiness,
        streams: Streams,
        voice: Voice,
        scenes: Scenes,
        rules: Rules,
        history: History | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._history, self._clock = history, clock
        self._lists, self._states, self._readiness = lists, states, readiness
        self._streams, self._voice, self._rules = streams, voice, rules
        self.scenes = scenes  # that show a camera on a TV in the house
        self._listed: tuple[Callable[[Link, Listing], None], ...] = ()
        self._asked: tuple[Callable[[Link], None], ...] = ()

    @property
    def playable(self) -> tuple[str, ...]:
        """The protocols that can show a camera here, best first: "webrtc", "hls"."""
        return self._rules.playable

    @property
    def stills(self) -> bool:
        """Whether there are still pictures."""
        return self._rules.stills

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
        """The states by camera id, read at most a minute ago. A camera that the link may not see is absent."""
        return self._states.of(link, camera_ids, within_s)

    def knows(self, link: Link, camera_id: str) -> bool:
        """Whether the link may see the camera, by the last readings; True as long as nothing was read."""
        return self._states.knows(link, camera_id)

    def readiness(self, link: Link, within_s: float | None = None) -> list[Row]:
        """Every camera of the link and whether each surface could show it. Raises Unavailable."""
        deadline = Deadline(self._rules.states_within(within_s))
        return self._readiness.of_link(link, self.cameras(link, within_s).cameras, deadline)

    def open_stream(self, link: Link, camera_id: str, request: StreamRequest) -> Stream | Refusal:
        """Opens a stream of the camera, or says why not. Raises BadOffer."""
        requested_at = self._clock()
        found = self._streams.open(link, camera_id, request)
        outcomes.came_to(camera_id, found)
        if self._history is not None:
            self._history.note(link, camera_id, request.surface, found, requested_at)
        for asked in self._asked:
            asked(link)
        return found

    def when_asked(self, callback: Callable[[Link], None]) -> None:
        """`callback` too gets the link of each request to show a camera, in the same thread: it must be quick."""
        self._asked = (*self._asked, callback)

    def end_session(self, link: Link, session: str) -> None:
        self._streams.end_session(link, session)

    def snapshot(
        self, link: Link, camera_id: str, surface: Surface, within_s: float | None = None
    ) -> Snapshot | Refusal:
        """A still picture's address, good for ten minutes and only with an access token of the link."""
        found = self._streams.snapshot(link, camera_id, surface, within_s)
        outcomes.came_to(camera_id, found)
        return found

    def too_large(self, link: Link, camera: Camera) -> Refusal | None:
        """The refusal of the surface "video" for a picture whose known size is too large."""
        return self._streams.too_large(link, camera)

    def change(
        self, link: Link, camera_id: str, setting: str, value: str, *, within_s: float | None = None
    ) -> Camera | Asked | Refusal:
        """A change by voice, read back as far as the time allows. Raises showcam.drivers.settings.BadValue."""
        changed = self._voice.change(link, camera_id, setting, value, within_s)
        outcomes.came_to(camera_id, changed)
        return changed

    def restart(self, link: Link, camera_id: str, *, within_s: float | None = None) -> Camera | Refusal:
        restarted = self._voice.restart(link, camera_id, within_s)
        outcomes.came_to(camera_id, restarted)
        return restarted
