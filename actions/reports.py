"""Reports to Google the changes of a link's cameras since the last report.

https://developers.home.google.com/cloud-to-cloud/integration/report-state
https://developers.home.google.com/cloud-to-cloud/integration/request-sync
https://developers.home.google.com/cloud-to-cloud/traits/objectdetection
"""

import time
from collections.abc import Callable, Mapping

import msgspec
from msgspec.structs import replace

from actions.devices import Device, SceneDevice, States, device, scene_devices
from actions.homegraph import HomeGraph, Notification, ReportedDevices, ReportRequest
from actions.trait import Trait
from actions.traits import ObjectDetection
from showcam.drivers.camera import Camera, State
from showcam.net.cache import Recent
from showcam.registry.readings.households import IN_MEMORY
from showcam.registry.reporting.reporter import (
    Happened,
    Later,
    NotNow,
    RefusedKey,
    Rejected,
    Tell,
    Told,
    ToldOf,
    TryAgain,
    Turn,
    Undeliverable,
    fingerprint,
    message_id,
)
from showcam.registry.scenes import scenes_of
from showcam.store.records import Assistant, Link

FETCHES_S = 60.0  # Google fetches the list of a new link within this, and answers 404 until then
SYNC_S = 15.0  # between two Request Syncs of a link, as Scrypted's plugin google-home pauses
STATE = ""  # the key of a device's only fingerprint: Google takes all states of a device together or rejects the report
_encode = msgspec.json.Encoder().encode


class Reports:
    """A reporter of `showcam.registry.reporting`, with a key that was examined. `scenes`: whether SYNC lists those that
    show a camera on a TV. `clock`: epoch seconds.
    """

    assistant: Assistant = "google"

    def __init__(
        self,
        homegraph: HomeGraph,
        traits: tuple[Trait, ...],
        states: States,
        *,
        scenes: bool = False,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._homegraph, self._traits, self._states, self._scenes = homegraph, traits, states, scenes
        self._clock, self._monotonic = clock, monotonic
        self._synced: Recent[str, float] = Recent(IN_MEMORY)  # time of the last Request Sync, by link

    def may_tell(self, link: Link) -> bool:
        return True

    def end(self, agent_user: str, deadline_s: float) -> None:
        try:
            self._homegraph.delete(agent_user, message_id(agent_user, "ended"), self._monotonic() + deadline_s)
        except (Rejected, RefusedKey) as error:
            raise Undeliverable(f"agentUsers.delete: {error}", why=error.why) from None

    def tell(self, tell: Tell) -> Told:
        if not tell.listed and self._clock() - tell.link.created < FETCHES_S:
            raise NotNow("Google has not fetched the list yet")
        turn = _HomeGraphTurn(tell, self._homegraph, self._monotonic() + tell.deadline_s)
        told = turn.take(self._send, self._announce)
        if turn.later_s:
            rows = frozenset(happened.row for happened in tell.happened)
            raise Later("the next Request Sync waits", turn.later_s, told=told, happened=rows)
        return told

    def _send(self, turn: "_HomeGraphTurn") -> None:
        self._list(turn)
        self._report(turn)

    def _list(self, turn: "_HomeGraphTurn") -> None:
        """Sends a Request Sync if a camera's entry in the list has changed: Google then fetches the whole list."""
        cameras = turn.tell.now.cameras
        prints = {camera.id: fingerprint(_encode(self._listed(camera, turn.tell.link.locale))) for camera in cameras}
        if {camera: told.listed for camera, told in turn.cameras.items()} == prints and turn.tell.told is not None:
            return
        if not turn.tell.now.can_list:  # a SYNC would fail now; once the source can be read again, a report is due
            turn.stale = turn.outdated(prints)
            return
        since_s = self._clock() - (self._synced.get(turn.tell.link.id) or 0.0)
        if 0 <= since_s < SYNC_S:
            turn.later_s = SYNC_S - since_s
            turn.stale = turn.outdated(prints)
            return
        turn.request_sync()
        self._synced.put(turn.tell.link.id, self._clock())
        turn.cameras = {
            camera: replace(turn.cameras.get(camera, ToldOf()), listed=listed) for camera, listed in prints.items()
        }

    def _listed(self, camera: Camera, locale: str) -> list[Device | SceneDevice]:
        """A camera's entries in SYNC's list: the camera itself and its scenes."""
        scenes = scenes_of(camera.id, camera.decided.tv_scenes) if self._scenes else ()
        listed = device(camera, self._traits, reported=True)
        return [listed, *scene_devices(scenes, {camera.id: camera.name}, locale)]

    def _report(self, turn: "_HomeGraphTurn") -> None:
        tell = turn.tell
        states = {
            camera.id: self._states.reported(tell.now.states.get(camera.id, State(camera)), tell.link.locale)
            for camera in tell.now.cameras
            if camera.id not in turn.stale  # Google refuses the states of a trait that SYNC has not listed yet
        }
        prints = {camera: fingerprint(_encode(reported)) for camera, reported in states.items()}
        new = {camera: states[camera] for camera in states if turn.cameras[camera].states.get(STATE) != prints[camera]}
        if not new:
            return
        about = [f"{camera} {prints[camera]}" for camera in new]
        turn.report(message_id(tell.turn, "states", *about), {"states": new}, tuple(new))
        for camera in new:
            turn.cameras[camera] = replace(turn.cameras[camera], states={STATE: prints[camera]})

    def _announce(self, turn: "_HomeGraphTurn", camera: Camera, happened: Happened) -> None:
        """Reports a doorbell's ring. Motion is a state, which `_report` reports."""
        if camera.id not in turn.cameras:
            return  # Google has not fetched the camera yet
        if (notification := self._notification(camera, happened)) is not None:
            message = message_id(happened.row, happened.kind)
            turn.report(message, {"notifications": {camera.id: notification}}, (camera.id,), event=message)

    @staticmethod
    def _notification(camera: Camera, happened: Happened) -> Notification | None:
        """The notification of a ring, with a chime. Other people cause none: see actions/traits.py."""
        if happened.kind != "doorbell" or ObjectDetection().attributes(camera) is None:
            return None
        notification: Notification = {
            "ObjectDetection": {
                "objects": {"unclassified": 1},  # nobody knows who rang
                "priority": 0,
                "detectionTimestamp": int(happened.at * 1000),
            }
        }
        return notification


class _HomeGraphTurn(Turn):
    """A turn whose messages are HomeGraph's."""

    def __init__(self, tell: Tell, homegraph: HomeGraph, end: float) -> None:
        super().__init__(tell)
        self._homegraph, self._end = homegraph, end
        self.later_s = 0.0  # seconds until the next Request Sync may be sent; 0 if none waits
        self.stale: set[str] = set()  # cameras whose entry in Google's list is out of date

    def listed(self, camera: str) -> str:
        return self.cameras.get(camera, ToldOf()).listed

    def outdated(self, prints: Mapping[str, str]) -> set[str]:
        """The cameras whose entry in Google's list has another fingerprint than in `prints`."""
        return {camera for camera, listed in prints.items() if self.listed(camera) != listed}

    def request_sync(self) -> None:
        try:
            self._homegraph.request_sync(self.tell.link.agent_user, self._end)
        except Rejected as error:
            raise TryAgain(f"Request Sync: {error}", why=error.why) from None

    def report(self, message: str, devices: ReportedDevices, cameras: tuple[str, ...], event: str = "") -> None:
        """Sends the report. If Google refuses a report about several cameras, each camera is then reported separately.

        A report that Google refuses for good counts as reported, so that it is not sent again.
        """
        request: ReportRequest = {
            "requestId": message,
            "agentUserId": self.tell.link.agent_user,
            "payload": {"devices": devices},
        }
        if event:
            request["eventId"] = event
        try:
            self._homegraph.report(request, self._end)
        except Rejected as error:
            states: Mapping[str, Mapping[str, object]] = devices.get("states", {})
            if len(states) > 1:
                for camera, state in states.items():
                    self.report(message_id(message, camera), {"states": {camera: state}}, (camera,))
                return
            self.refuse("reportStateAndNotification", error, cameras)
