"""Reports to Google what has changed of a link's cameras since it was last reported to.

https://developers.home.google.com/cloud-to-cloud/integration/report-state
https://developers.home.google.com/cloud-to-cloud/integration/request-sync
https://developers.home.google.com/cloud-to-cloud/traits/objectdetection
"""

import hashlib
import time
from collections.abc import Callable, Mapping

import msgspec
from msgspec.structs import replace

from actions.devices import Device, SceneDevice, device, scene_devices
from actions.homegraph import HomeGraph, Notification, Rejected, ReportedDevices, ReportRequest
from actions.object_detection import ObjectDetection
from actions.reported import Reported
from actions.states import States
from actions.trait import Trait
from registry.camera import Camera, State
from registry.scene import scenes_of
from registry.telling.reporter import (
    GrantDead,
    Happened,
    NotNow,
    NotTold,
    Tell,
    Told,
    ToldOf,
    TryAgain,
    Undeliverable,
    message_id,
)
from store.records import Assistant, Link

STATE = ""  # Google takes all states of a device or none, so they have one fingerprint
_encode = msgspec.json.Encoder().encode


class Reports:
    """A reporter of `registry.telling`. `scenes`: whether SYNC lists those that show a camera on a TV."""

    assistant: Assistant = "google"

    def __init__(
        self,
        homegraph: HomeGraph,
        reported: Reported,
        traits: tuple[Trait, ...],
        states: States,
        *,
        scenes: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._homegraph, self._reported = homegraph, reported
        self._traits, self._states, self._scenes, self._monotonic = traits, states, scenes, monotonic

    def may_tell(self, link: Link) -> bool:
        return self._reported(link)

    def end(self, agent_user: str, deadline_s: float) -> None:
        try:
            self._homegraph.delete(agent_user, message_id(agent_user, "ended"), self._monotonic() + deadline_s)
        except (Rejected, GrantDead) as error:
            raise Undeliverable(f"agentUsers.delete: {error}") from None

    def tell(self, tell: Tell) -> Told:
        if not tell.listed:
            raise NotNow("Google has not fetched the list yet")
        turn = _Turn(tell, self._homegraph, self._monotonic() + tell.deadline_s)
        try:
            self._list(turn)
            self._report(turn)
            for happened in tell.happened:
                self._happen(turn, happened)
        except NotTold as error:
            if isinstance(error, GrantDead):
                self._reported.bar(tell.link)
            error.told, error.happened = turn.told, frozenset(turn.happened)
            raise
        if turn.refused:
            reason = "; ".join(dict.fromkeys(turn.refused))
            raise Undeliverable(
                reason, cameras=tuple(sorted(turn.of)), told=turn.told, happened=frozenset(turn.happened)
            )
        return turn.told

    def _list(self, turn: "_Turn") -> None:
        """Google fetches the whole list where anything of it differs."""
        cameras = turn.tell.now.cameras
        prints = {camera.id: fingerprint(self._listed(camera, turn.tell.link.locale)) for camera in cameras}
        if {camera: told.listed for camera, told in turn.cameras.items()} == prints and turn.tell.told is not None:
            return
        turn.request_sync()
        turn.cameras = {
            camera: replace(turn.cameras.get(camera, ToldOf()), listed=listed) for camera, listed in prints.items()
        }

    def _listed(self, camera: Camera, locale: str) -> list[Device | SceneDevice]:
        """All that SYNC lists of a camera."""
        scenes = scenes_of(camera.id, camera.tv_scenes) if self._scenes else ()
        listed = device(camera, self._traits, reported=True)
        return [listed, *scene_devices(scenes, {camera.id: camera.name}, locale)]

    def _report(self, turn: "_Turn") -> None:
        tell = turn.tell
        states = {
            camera.id: self._states.reported(tell.now.states.get(camera.id, State(camera)), tell.link.locale)
            for camera in tell.now.cameras
        }
        prints = {camera: fingerprint(reported) for camera, reported in states.items()}
        new = {camera: states[camera] for camera in states if turn.cameras[camera].states.get(STATE) != prints[camera]}
        if not new:
            return
        about = [f"{camera} {prints[camera]}" for camera in new]
        turn.report(message_id(tell.turn, "states", *about), {"states": new}, tuple(new))
        for camera in new:
            turn.cameras[camera] = replace(turn.cameras[camera], states={STATE: prints[camera]})

    def _happen(self, turn: "_Turn", happened: Happened) -> None:
        camera = next((camera for camera in turn.tell.now.cameras if camera.id == happened.camera), None)
        if camera is not None and (notification := self._notification(camera, happened)) is not None:
            message = message_id(happened.row, happened.kind)
            turn.report(message, {"notifications": {camera.id: notification}}, (camera.id,), event=message)
        turn.happened.add(happened.row)  # motion is a state, which was reported above

    @staticmethod
    def _notification(camera: Camera, happened: Happened) -> Notification | None:
        """A display announces it. Nobody knows who rang; a person was recognised as one, and not who it is."""
        if happened.kind == "motion" or ObjectDetection().attributes(camera) is None:
            return None
        seen: Notification = {
            "ObjectDetection": {
                "objects": {"unclassified": 1} if happened.kind == "doorbell" else {"unfamiliar": 1},
                "priority": 0,
                "detectionTimestamp": int(happened.at * 1000),
            }
        }
        return seen


class _Turn:
    """What was accepted so far."""

    def __init__(self, tell: Tell, homegraph: HomeGraph, end: float) -> None:
        self.tell, self._homegraph, self._end = tell, homegraph, end
        self.cameras: dict[str, ToldOf] = dict(tell.told.cameras) if tell.told else {}
        self.happened: set[str] = set()
        self.refused: list[str] = []
        self.of: set[str] = set()  # the cameras of what was refused

    @property
    def told(self) -> Told:
        return Told(self.cameras)

    def request_sync(self) -> None:
        try:
            self._homegraph.request_sync(self.tell.link.agent_user, self._end)
        except Rejected as error:
            raise TryAgain(f"Request Sync: {error}") from None

    def report(self, message: str, devices: ReportedDevices, cameras: tuple[str, ...], event: str = "") -> None:
        """Google refuses a report whole; of one about several cameras each is then reported by itself.

        What is refused for good is as if it had been taken, so that it is not sent again.
        """
        try:
            self._homegraph.report(self._request(message, devices, event), self._end)
        except Rejected as error:
            states: Mapping[str, Mapping[str, object]] = devices.get("states", {})
            if len(states) > 1:
                for camera, state in states.items():
                    self.report(message_id(message, camera), {"states": {camera: state}}, (camera,))
                return
            self.refused.append(f"reportStateAndNotification: {error}")
            self.of.update(cameras)

    def _request(self, message: str, devices: ReportedDevices, event: str) -> ReportRequest:
        request: ReportRequest = {
            "requestId": message,
            "agentUserId": self.tell.link.agent_user,
            "payload": {"devices": devices},
        }
        if event:
            request["eventId"] = event
        return request


def fingerprint(value: object) -> str:
    return hashlib.sha256(_encode(value)).hexdigest()[:16]
