"""The events of a source's cameras, by ONVIF's pull points (Core, 9.1): motion, people, the bell, tampering.

Topics are ONVIF's own and those of makers, as in Home Assistant (homeassistant/components/onvif/parsers.py lists them).
Only the kind of a message is used, and not its time: cameras' clocks are wrong.

A process with limits on memory and CPU listens until it is stopped. A camera's answers are read for as long as the
camera is there, whatever it answers. A hostile camera makes its own events rare, and ends the process at worst. Then
`Listener` starts another, and the worker goes on.
"""

import contextlib
import logging
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from showcam.drivers.driver import AGAIN_S, LONGEST_PAUSE_S, REREAD_S, RETRY_S, EventKind, Hint
from showcam.drivers.errors import DriverError
from showcam.drivers.lan.devices import Device, Devices
from showcam.drivers.lan.onvif import ANSWER_S, EVENTS, Onvif, OnvifFailed
from showcam.net import child
from showcam.net.child import Broke, Child, Limits
from showcam.net.elements import Element
from showcam.net.house import HouseHttp
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Source

PULL_S = 10  # a device answers by then, also with nothing (ONVIF Core, 9.2: the Timeout of PullMessages)
LASTS = "PT2M"  # a subscription, unless it is pulled from
MOST = 64  # messages that are read of an answer
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_PULL = f"{EVENTS}/PullPointSubscription/PullMessagesRequest"
_PREFIX = re.compile(r"\b\w+:")

# The kind of an event by the end of its topic. An event counts if a value in the message is true.
_TOPICS: dict[str, EventKind] = {
    "RuleEngine/CellMotionDetector/Motion": "motion",
    "RuleEngine/MotionRegionDetector/Motion": "motion",
    "VideoSource/MotionAlarm": "motion",
    "VideoAnalytics/Motion": "motion",
    "RuleEngine/CellMotionDetector/People": "person",
    "RuleEngine/PeopleDetector/People": "person",
    "RuleEngine/MyRuleDetector/PeopleDetect": "person",
    "RuleEngine/MyRuleDetector/Visitor": "doorbell",
    "Device/Trigger/Doorbell": "doorbell",
    "RuleEngine/TamperDetector/Tamper": "tamper",
    "VideoSource/GlobalSceneChange/ImagingService": "tamper",
    "VideoSource/GlobalSceneChange/AnalyticsService": "tamper",
    "VideoSource/GlobalSceneChange/RecordingService": "tamper",
}


class PullPoint:
    """One subscription to a device. Each method raises OnvifFailed."""

    def __init__(self, onvif: Onvif, timeout_s: float) -> None:
        self._onvif = onvif
        lasting = f"<InitialTerminationTime>{LASTS}</InitialTerminationTime>"
        answer = onvif.call(EVENTS, "CreatePullPointSubscription", timeout_s, lasting)
        reference = answer.find("SubscriptionReference")
        self._path = onvif.path_of(reference.get("Address") if reference else "")
        parameters = reference.find("ReferenceParameters") if reference else None
        self._own = "".join(child.encode() for child in parameters.children[:8]) if parameters else ""

    def pull(self) -> list[EventKind]:
        """The events since the last pull; waits PULL_S if there are none."""
        inner = f"<Timeout>PT{PULL_S}S</Timeout><MessageLimit>{MOST}</MessageLimit>"
        header = f'<Action xmlns="{_ADDRESSING}">{_PULL}</Action>{self._own}'
        answer = self._onvif.call(EVENTS, "PullMessages", PULL_S + 5.0, inner, path=self._path, header=header)
        kinds = (kind_of(message) for message in list(answer.all("NotificationMessage"))[:MOST])
        return [kind for kind in kinds if kind is not None]


def kind_of(message: Element) -> EventKind | None:
    """The event in a message; None if the message reports something else, an end, or a state from before."""
    kind = _TOPICS.get(_PREFIX.sub("", message.get("Topic")).strip("/"))
    body = message.find("Message", "Message")
    if kind is None or body is None or body.attributes.get("PropertyOperation") in ("Initialized", "Deleted"):
        return None
    data = body.find("Data")
    values = [item.attributes.get("Value", "") for item in data.all("SimpleItem")] if data else []
    return kind if any(value.lower() in ("true", "1") for value in values) else None


def reported(onvif: Onvif, timeout_s: float) -> tuple[EventKind, ...]:
    """The kinds of events that the device can report; () if it has none."""
    try:
        if not onvif.has(EVENTS, timeout_s):
            return ()
        topics = onvif.call(EVENTS, "GetEventProperties", timeout_s).find("TopicSet")
    except OnvifFailed:
        return ()
    paths = {"/".join(path) for path in _paths(topics)} if topics else set()
    return tuple(dict.fromkeys(kind for topic, kind in _TOPICS.items() if topic in paths))


def _paths(topics: Element, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for element in topics.children:
        path = (*above, element.name)
        found += [path, *_paths(element, path)]
    return found


log = logging.getLogger(__name__)

MODULE = "showcam.drivers.lan.events"
MOST_CAMERAS = 32  # cameras of a source that are listened to
# thirty cameras without events take a second of CPU in a minute
LIMITS = Limits(cpu_s=10, memory=512 * 1024 * 1024, renewed_s=60.0)


class Waits(Struct, frozen=True):
    """A listener's waits in seconds."""

    reread_s: float = REREAD_S  # between two reads of the list of cameras
    pause_s: float = RETRY_S
    longest_s: float = LONGEST_PAUSE_S
    answer_s: float = ANSWER_S
    least_s: float = AGAIN_S  # from one pull to the next, however soon a device answers
    per_cpu_s: float = 50.0  # for each second of CPU that a pull took: one camera takes 2 % of a core at most


class _Order(Struct, frozen=True):
    waits: Waits
    loopback: bool


class _Heard(Struct, frozen=True):
    """An event of a camera; `kind` is None if the camera refused the login."""

    device: str
    channel: int
    kind: EventKind | None = None


class Listener:
    """Listens to a source's cameras. `hint` gets each event as it comes, in a thread."""

    listening = False  # events say nothing of what else changes, so that the cameras are polled all the same

    def __init__(
        self,
        source: Source,
        devices: Devices,
        hint: Callable[[Hint], None],
        waits: Waits,
        *,
        loopback: bool,
        limits: Limits = LIMITS,
    ) -> None:
        self._source, self._devices, self._hint, self._waits = source, devices, hint, waits
        self._loopback, self._limits = loopback, limits
        self._stopped = threading.Event()
        self._refused: set[tuple[str, ...]] = set()  # logins that are not sent again until their owner gives others
        self._process: Child | None = None
        threading.Thread(target=self._run, name=f"events-{source.id}", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        following: list[Device] = []
        pause_s, not_before, began = self._waits.pause_s, 0.0, 0.0
        while not self._stopped.is_set():
            wanted = following
            with contextlib.suppress(DriverError, StoreUnavailable):
                read = [device for device in self._devices.read(self._source) if device.events]
                wanted = [device for device in read if _reached(device) not in self._refused][:MOST_CAMERAS]
            now = time.monotonic()
            if self._process is not None and self._process.has_ended:
                self._end()
                if now - began > self._waits.longest_s:
                    pause_s = self._waits.pause_s
                not_before, pause_s = now + pause_s, min(2 * pause_s, self._waits.longest_s)
            if not wanted:
                self._end()
            elif self._process is None and now >= not_before:
                began, following = now, []
                self._begin()
            if self._process is not None and wanted != following:
                self._process.say(wanted)
                following = wanted
            self._stopped.wait(self._waits.reread_s)
        self._end()

    def _begin(self) -> None:
        try:
            self._process = Child(MODULE, _Order(self._waits, self._loopback), self._limits)
        except Broke as broke:
            log.warning("source %s: nothing listens to its cameras' events: %s", self._source.id, broke)
            return
        threading.Thread(target=self._read, args=(self._process,), name="events", daemon=True).start()

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None

    def _read(self, process: Child) -> None:
        try:
            for line in process.lines():
                self._take(msgspec.json.decode(line, type=_Heard))
        except (Broke, msgspec.MsgspecError) as broke:
            process.kill()
            log.warning("source %s: what listens to its cameras' events ended: %s", self._source.id, broke)

    def _take(self, heard: _Heard) -> None:
        if heard.kind is not None:
            self._hint(Hint(heard.device, heard.channel, heard.kind, time.time()))
            return
        log.warning("source %s: a camera's events want another login", self._source.id)
        with contextlib.suppress(DriverError, StoreUnavailable):
            device = self._devices.find(self._source, heard.device, heard.channel)
            if device is not None:
                self._refused.add(_reached(device))


def _reached(device: Device) -> tuple[str, ...]:
    return device.host, device.onvif, device.user, device.password


# the process that listens


class _Ear:
    """Listens to each camera in its own thread."""

    def __init__(self, order: _Order) -> None:
        self._waits, self._http = order.waits, HouseHttp(loopback=order.loopback)
        self._heard: dict[tuple[str, int], tuple[Device, threading.Event]] = {}

    def follow(self, devices: list[Device]) -> None:
        """Listens to these cameras, as they are stored now, and to no others."""
        wanted = {(device.id, device.channel): device for device in devices}
        for key, (device, over) in list(self._heard.items()):
            if key not in wanted or _reached(device) != _reached(wanted[key]):
                over.set()
                del self._heard[key]
        for key in wanted.keys() - self._heard.keys():
            over = threading.Event()
            self._heard[key] = wanted[key], over
            threading.Thread(target=self._hear, args=(wanted[key], over), name="events", daemon=True).start()

    def _hear(self, device: Device, over: threading.Event) -> None:
        pause_s = self._waits.pause_s
        while not over.is_set():
            onvif = Onvif.of(device, self._http)
            try:
                for kinds in self._pulls(PullPoint(onvif, self._waits.answer_s), over):
                    for kind in kinds:
                        child.say(_Heard(device.id, device.channel, kind))
                    pause_s = self._waits.pause_s
            except OnvifFailed as failed:
                if failed.why == "login":  # the password is not sent again until the owner gives another
                    child.say(_Heard(device.id, device.channel))
                    return
            over.wait(pause_s * random.uniform(0.8, 1.2))  # noqa: S311 - spreads
            pause_s = min(2 * pause_s, self._waits.longest_s)

    def _pulls(self, point: PullPoint, over: threading.Event) -> Iterator[list[EventKind]]:
        """The events since the last pull, each kind once. Raises OnvifFailed."""
        while not over.is_set():
            began, spent = time.monotonic(), time.thread_time()
            yield list(dict.fromkeys(point.pull()))
            pause_s = max(self._waits.least_s, self._waits.per_cpu_s * (time.thread_time() - spent))
            over.wait(began + pause_s - time.monotonic())


def main() -> None:
    """Runs in the process. Each line on its standard input is the whole list of cameras to listen to."""
    orders = child.orders()
    ear = _Ear(msgspec.json.decode(next(orders), type=_Order))
    for line in orders:
        ear.follow(msgspec.json.decode(line, type=list[Device]))
    os._exit(0)  # the threads wait for their cameras


if __name__ == "__main__":
    main()
