"""What a camera reports by ONVIF's pull points (Core, 9.1): motion, people, the bell, tampering.

Topics are ONVIF's own and those of makers, as Home Assistant's ONVIF integration knows them (homeassistant/components/
onvif/parsers.py). Of a message the kind is taken, and no time: cameras' clocks are wrong.
"""

import re

from net.elements import Element
from registry.driver import EventKind
from registry.drivers.lan.onvif import EVENTS, Onvif
from registry.drivers.lan.soap import OnvifFailed

PULL_S = 10  # a device answers by then, also with nothing
LASTS = "PT2M"  # a subscription, unless it is pulled from
MOST = 64  # messages of one answer that are read
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_PULL = f"{EVENTS}/PullPointSubscription/PullMessagesRequest"
_PREFIX = re.compile(r"\b\w+:")

# The end of a topic: what it says, and where that is in the message, as true.
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
        """What has happened; waits PULL_S where nothing has."""
        inner = f"<Timeout>PT{PULL_S}S</Timeout><MessageLimit>{MOST}</MessageLimit>"
        header = f'<Action xmlns="{_ADDRESSING}">{_PULL}</Action>{self._own}'
        answer = self._onvif.call(EVENTS, "PullMessages", PULL_S + 5.0, inner, path=self._path, header=header)
        kinds = (kind_of(message) for message in list(answer.all("NotificationMessage"))[:MOST])
        return [kind for kind in kinds if kind is not None]


def kind_of(message: Element) -> EventKind | None:
    """None for a message about something else, about the end of it, or about how it is since before."""
    kind = _TOPICS.get(_PREFIX.sub("", message.get("Topic")).strip("/"))
    body = message.find("Message", "Message")
    if kind is None or body is None or body.attributes.get("PropertyOperation") in ("Initialized", "Deleted"):
        return None
    data = body.find("Data")
    values = [item.attributes.get("Value", "") for item in data.all("SimpleItem")] if data else []
    return kind if any(value.lower() in ("true", "1") for value in values) else None


def reported(onvif: Onvif, timeout_s: float) -> tuple[EventKind, ...]:
    """The kinds that the device says it can report; () where it has no events."""
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
    for child in topics.children:
        path = (*above, child.name)
        found += [path, *_paths(child, path)]
    return found
