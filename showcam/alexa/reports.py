"""Reports to Alexa the changes of a link's cameras since the last report.

https://developer.amazon.com/en-US/docs/alexa/smarthome/state-reporting-for-a-smart-home-skill.html
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import batched

import msgspec
from msgspec.structs import replace

from showcam.alexa import events
from showcam.alexa.discovery import MOST, Endpoints, friendly_names, scene_endpoints
from showcam.alexa.events import CauseOf, EventSender, Report
from showcam.alexa.interface import Interface, Property, timestamp
from showcam.alexa.states import SAMPLE_MS, State
from showcam.drivers.camera import Camera
from showcam.registry.reporting.reporter import Happened, Rejected, Tell, Told, ToldOf, Turn, fingerprint, message_id
from showcam.registry.scenes import scenes_of
from showcam.store.records import Assistant, Link

LARGEST = 200 * 1024  # bytes of endpoints in one message, of the 256 KiB that Alexa takes
MOST_GONE = 30  # endpoints in one DeleteReport
# A scene's key among its camera's states: this and the scene's id. The value is the fingerprint of its endpoint.
SCENE = "scene/"
HEALTH, MOTION = "Alexa.EndpointHealth", "Alexa.MotionSensor"
_encode = msgspec.json.Encoder().encode


class Reports:
    """A reporter of `showcam.registry.reporting`.

    `interfaces`: those of a camera, as Discover has them; `scenes`: whether the link lists scenes that show a camera on
    a TV.
    """

    assistant: Assistant = "alexa"

    def __init__(
        self,
        sender: EventSender,
        interfaces: Sequence[Interface],
        works: Callable[[Link], bool],
        *,
        scenes: bool = False,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sender, self._works, self._clock, self._monotonic = sender, works, clock, monotonic
        self._endpoints, self._state, self._scenes = Endpoints(interfaces), State(interfaces), scenes

    def may_tell(self, link: Link) -> bool:
        return self._works(link)

    def end(self, agent_user: str, deadline_s: float) -> None:
        """A call without effect: Amazon has no call for the end of a link, and the grant goes with the link."""

    def tell(self, tell: Tell) -> Told:
        return _EventTurn(tell, self._sender, self._monotonic() + tell.deadline_s).take(self._send, self._announce)

    def _send(self, turn: "_EventTurn") -> None:
        self._list(turn)
        for camera in turn.tell.now.cameras:
            self._change(turn, camera)

    def _list(self, turn: "_EventTurn") -> None:
        """Reports endpoints that are gone, then new endpoints and endpoints with another entry."""
        tell, endpoints = turn.tell, self._encoded(turn.tell)
        gone = {endpoint: camera for endpoint, camera in turn.listed() if endpoint not in endpoints}
        for removed in batched(sorted(gone), MOST_GONE, strict=False):
            turn.send(
                events.gone(message_id(tell.turn, "gone", *removed), removed), {gone[endpoint] for endpoint in removed}
            )
            for endpoint in removed:
                turn.forget(gone[endpoint], endpoint)
        new = {
            endpoint: (fingerprint(data), data)
            for endpoint, (camera, data) in endpoints.items()
            if turn.print_of(camera, endpoint) != fingerprint(data)
        }
        for batch in _batches(new):
            prints = [f"{endpoint} {new[endpoint][0]}" for endpoint in batch]
            report = events.listed(message_id(tell.turn, "listed", *prints), [new[endpoint][1] for endpoint in batch])
            turn.send(report, {endpoints[endpoint][0] for endpoint in batch})
            for endpoint in batch:
                turn.keep(endpoints[endpoint][0], endpoint, new[endpoint][0])

    def _encoded(self, tell: Tell) -> dict[str, tuple[str, bytes]]:
        """The camera and the whole endpoint by endpoint id. Cameras come first, then scenes."""
        cameras = tell.now.cameras
        found = {
            camera: (camera, _encode(endpoint))
            for camera, endpoint in self._endpoints.of(tell.link, cameras, reported=True).items()
        }
        names = friendly_names(cameras)
        for camera in cameras if self._scenes else ():
            scenes = scenes_of(camera.id, camera.decided.tv_scenes) if camera.id in found else ()
            for scene in scene_endpoints(scenes, names, tell.link.locale):
                if len(found) < MOST:
                    found[scene.endpoint_id] = camera.id, _encode(scene)
        return found

    def _change(self, turn: "_EventTurn", camera: Camera) -> None:
        told = turn.cameras.get(camera.id)
        if told is None:
            return  # Alexa takes no more cameras from one customer
        state = turn.tell.now.states.get(camera.id)
        properties = self._sampled(camera if state is None else state.camera)
        if all(known.namespace != HEALTH for known in properties):
            return  # each report holds the connectivity, which is not known yet
        prints = {_name(known): fingerprint(_encode(known.value)) for known in properties}
        changed = [known for known in properties if told.states.get(_name(known)) != prints[_name(known)]]
        if changed:
            unchanged = [known for known in properties if known not in changed]
            about = [f"{_name(known)} {prints[_name(known)]}" for known in changed]
            message = message_id(turn.tell.turn_of(camera.id), "changed", camera.id, *about)
            turn.send(events.changed(message, camera.id, _cause(changed), changed, unchanged), (camera.id,))
        states = prints | {name: print_ for name, print_ in told.states.items() if name.startswith(SCENE)}
        if told.states != states:
            turn.cameras[camera.id] = replace(told, states=states)

    def _sampled(self, camera: Camera) -> list[Property]:
        """The states of the camera with the time of the report, because Alexa drops a state older than the one it
        knows.

        The uncertainty of a state is the age of the list. Motion comes from messages and not with a list.
        """
        now = self._clock()
        age_ms = max(0, round((now - (camera.as_of or now)) * 1000))
        return [
            replace(
                known,
                time_of_sample=timestamp(now),
                uncertainty_in_milliseconds=SAMPLE_MS + (0 if known.namespace == MOTION else age_ms),
            )
            for known in self._state.properties(camera)
        ]

    @staticmethod
    def _announce(turn: "_EventTurn", camera: Camera, happened: Happened) -> None:
        """Sends a ring or a detection. Motion is a state, which `_change` reports."""
        if camera.id not in turn.cameras:
            return
        message = message_id(happened.row, happened.kind)
        if happened.kind == "doorbell" and camera.can_ring:
            turn.send(events.pressed(message, camera.id, happened.at), (camera.id,))
        elif happened.kind == "person" and camera.person != "none":
            turn.send(events.detected(message, camera.id, happened.at, SAMPLE_MS), (camera.id,))


class _EventTurn(Turn):
    """A turn whose messages are events to the customer's gateway.

    The fingerprint of a scene is stored with the states of its camera.
    """

    def __init__(self, tell: Tell, sender: EventSender, end: float) -> None:
        super().__init__(tell)
        self._sender, self._end = sender, end

    def listed(self) -> Iterable[tuple[str, str]]:
        """Every endpoint that Alexa has, with the endpoint's camera."""
        for camera, told in self.cameras.items():
            if told.listed:
                yield camera, camera
            for name in told.states:
                if name.startswith(SCENE):
                    yield name.removeprefix(SCENE), camera

    def print_of(self, camera: str, endpoint: str) -> str:
        """The fingerprint of the endpoint that Alexa has; "" if Alexa does not have the endpoint."""
        told = self.cameras.get(camera, ToldOf())
        return told.listed if endpoint == camera else told.states.get(SCENE + endpoint, "")

    def keep(self, camera: str, endpoint: str, print_: str) -> None:
        told = self.cameras.get(camera, ToldOf())
        if endpoint == camera:
            self.cameras[camera] = replace(told, listed=print_)
        else:
            self.cameras[camera] = replace(told, states={**told.states, SCENE + endpoint: print_})

    def forget(self, camera: str, endpoint: str) -> None:
        if endpoint == camera:
            self.cameras.pop(camera, None)
        elif (told := self.cameras.get(camera)) is not None:
            left = {name: print_ for name, print_ in told.states.items() if name != SCENE + endpoint}
            self.cameras[camera] = replace(told, states=left)

    def send(self, report: Report, cameras: Iterable[str]) -> None:
        """Sends an event. An event that is refused for good counts as sent, so that it is not sent again."""
        try:
            self._sender.send(self.tell.link.id, report, self._end)
        except Rejected as error:
            self.refuse(report.header.name, error, cameras)


def _name(known: Property) -> str:
    return f"{known.namespace}/{known.instance or ''}/{known.name}"


def _cause(changed: Sequence[Property]) -> CauseOf:
    namespaces = {known.namespace for known in changed}
    if MOTION in namespaces:
        return "PHYSICAL_INTERACTION"
    return "APP_INTERACTION" if namespaces - {HEALTH} else "PERIODIC_POLL"


def _batches(new: Mapping[str, tuple[str, bytes]]) -> Iterable[list[str]]:
    """Lists of camera ids. Each list fits into one message."""
    batch: list[str] = []
    size = 0
    for camera, (_, data) in new.items():
        if batch and size + len(data) > LARGEST:
            yield batch
            batch, size = [], 0
        batch.append(camera)
        size += len(data) + 1
    if batch:
        yield batch
