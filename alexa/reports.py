"""Reports to Alexa what has changed of a link's cameras since it was last reported to.

https://developer.amazon.com/en-US/docs/alexa/smarthome/state-reporting-for-a-smart-home-skill.html
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from alexa import events
from alexa.endpoints import Endpoints
from alexa.events import CauseOf, Report
from alexa.interface import Interface
from alexa.message import Property, timestamp
from alexa.sender import EventSender, Rejected
from alexa.state import SAMPLE_MS, State
from registry.camera import Camera
from registry.telling.reporter import Happened, NotTold, Tell, Told, ToldOf, Undeliverable, message_id
from store.records import Assistant, Link

LARGEST = 200 * 1024  # bytes of endpoints in one message, of the 256 KiB that Alexa takes
MOST_GONE = 30  # endpoints in one DeleteReport
HEALTH, MOTION = "Alexa.EndpointHealth", "Alexa.MotionSensor"
_encode = msgspec.json.Encoder().encode


class Reports:
    """A reporter of `registry.telling`. `interfaces`: those of a camera, as Discover has them."""

    assistant: Assistant = "alexa"

    def __init__(
        self,
        sender: EventSender,
        interfaces: Sequence[Interface],
        works: Callable[[Link], bool],
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sender, self._works, self._clock, self._monotonic = sender, works, clock, monotonic
        self._endpoints, self._state = Endpoints(interfaces), State(interfaces)

    def may_tell(self, link: Link) -> bool:
        return self._works(link)

    def end(self, agent_user: str, deadline_s: float) -> None:
        """Amazon has no call for it: the grant goes with the link."""

    def tell(self, tell: Tell) -> Told:
        turn = _Turn(tell, self._sender, self._monotonic() + tell.deadline_s)
        try:
            self._list(turn)
            for camera in tell.now.cameras:
                self._change(turn, camera)
            for happened in tell.happened:
                self._happen(turn, happened)
        except NotTold as error:
            error.told, error.happened = turn.told, frozenset(turn.happened)
            raise
        if turn.refused:
            reason = "; ".join(dict.fromkeys(turn.refused))
            raise Undeliverable(
                reason, cameras=tuple(sorted(turn.of)), told=turn.told, happened=frozenset(turn.happened)
            )
        return turn.told

    def _list(self, turn: "_Turn") -> None:
        """What is gone, then what is new or listed otherwise."""
        tell = turn.tell
        endpoints = self._endpoints.of(tell.link, tell.now.cameras, reported=True)
        gone = sorted(camera for camera, told in turn.cameras.items() if camera not in endpoints and told.listed)
        for some in _parts(gone, MOST_GONE):
            turn.send(events.gone(message_id(tell.turn, "gone", *some), some), some)
            for camera in some:
                del turn.cameras[camera]
        new: dict[str, tuple[str, bytes]] = {}
        for camera, endpoint in endpoints.items():
            data = _encode(endpoint)
            if turn.cameras.get(camera, ToldOf()).listed != (print_ := fingerprint(data)):
                new[camera] = print_, data
        for batch in _batches(new):
            prints = [f"{camera} {new[camera][0]}" for camera in batch]
            report = events.listed(message_id(tell.turn, "listed", *prints), [new[camera][1] for camera in batch])
            turn.send(report, batch)
            for camera in batch:
                turn.cameras[camera] = replace(turn.cameras.get(camera, ToldOf()), listed=new[camera][0])

    def _change(self, turn: "_Turn", camera: Camera) -> None:
        told = turn.cameras.get(camera.id)
        if told is None:
            return  # beyond what Alexa takes from one customer
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
        if told.states != prints:
            turn.cameras[camera.id] = replace(told, states=prints)

    def _sampled(self, camera: Camera) -> list[Property]:
        """Motion is as of now, since it comes from messages and not with a reading."""
        now = timestamp(self._clock())
        return [
            replace(known, time_of_sample=now) if known.namespace == MOTION else known
            for known in self._state.properties(camera)
        ]

    def _happen(self, turn: "_Turn", happened: Happened) -> None:
        camera = next((camera for camera in turn.tell.now.cameras if camera.id == happened.camera), None)
        message = message_id(happened.row, happened.kind)
        if camera is not None and camera.id in turn.cameras:
            if happened.kind == "doorbell" and camera.kind == "doorbell":
                turn.send(events.pressed(message, camera.id, happened.at), (camera.id,))
            elif happened.kind == "person" and camera.person != "none":
                turn.send(events.detected(message, camera.id, happened.at, SAMPLE_MS), (camera.id,))
        turn.happened.add(happened.row)  # motion is a state, which was reported above


class _Turn:
    """What was accepted so far."""

    def __init__(self, tell: Tell, sender: EventSender, end: float) -> None:
        self.tell, self._sender, self._end = tell, sender, end
        self.cameras: dict[str, ToldOf] = dict(tell.told.cameras) if tell.told else {}
        self.happened: set[str] = set()
        self.refused: list[str] = []
        self.of: set[str] = set()  # the cameras of what was refused

    @property
    def told(self) -> Told:
        return Told(self.cameras)

    def send(self, report: Report, cameras: Iterable[str]) -> None:
        """An event that is refused for good is as if it had been taken, so that it is not sent again."""
        try:
            self._sender.send(self.tell.link.id, report, self._end)
        except Rejected as error:
            self.refused.append(f"{report.header.name}: {error}")
            self.of.update(cameras)


def fingerprint(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _name(known: Property) -> str:
    return f"{known.namespace}/{known.instance or ''}/{known.name}"


def _cause(changed: Sequence[Property]) -> CauseOf:
    namespaces = {known.namespace for known in changed}
    if MOTION in namespaces:
        return "PHYSICAL_INTERACTION"
    return "APP_INTERACTION" if namespaces - {HEALTH} else "PERIODIC_POLL"


def _parts(all_of: list[str], most: int) -> Iterable[list[str]]:
    return (all_of[at : at + most] for at in range(0, len(all_of), most))


def _batches(new: Mapping[str, tuple[str, bytes]]) -> Iterable[list[str]]:
    """Camera ids, as many together as one message holds."""
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
