"""What ONVIF's messages are made of: namespaces, paths of the services, and the XML of an answer."""

import html
from collections.abc import Iterable
from typing import Any

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SCHEMA = "http://www.onvif.org/ver10/schema"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
IMAGING = "http://www.onvif.org/ver20/imaging/wsdl"
_NOTIFY = "http://docs.oasis-open.org/wsn/b-2"
_TOPICS1 = "http://www.onvif.org/ver10/topics"
PATHS = {DEVICE: "/onvif/device_service", MEDIA: "/onvif/media", MEDIA2: "/onvif/media2"} | {
    EVENTS: "/onvif/events",
    IMAGING: "/onvif/imaging",
}
TOPICS = {
    "RuleEngine/CellMotionDetector/Motion": "IsMotion",
    "RuleEngine/MyRuleDetector/PeopleDetect": "State",
    "RuleEngine/MyRuleDetector/Visitor": "State",
    "RuleEngine/TamperDetector/Tamper": "IsTamper",
}


def topic_set(topics: Iterable[str]) -> str:
    tree: dict[str, Any] = {}
    for topic in topics:
        at = tree
        for name in topic.split("/"):
            at = at.setdefault(name, {})
    return f'<TopicSet xmlns="{_NOTIFY}">{_nested(tree)}</TopicSet>'


def _nested(tree: dict[str, Any]) -> str:
    inner = {name: _nested(below) for name, below in tree.items()}
    return "".join(f'<t:{name} xmlns:t="{_TOPICS1}">{below}</t:{name}>' for name, below in inner.items())


def notification(topic: str, name: str, value: str, operation: str) -> str:
    """A notification that the topic's value `name` is now `value`."""
    return (
        f'<NotificationMessage xmlns="{_NOTIFY}"><Topic xmlns:tns1="{_TOPICS1}">tns1:{topic}</Topic><Message>'
        f'<Message xmlns="{SCHEMA}" UtcTime="2001-01-01T00:00:00Z" PropertyOperation="{operation}">'
        f'<Data><SimpleItem Name="{name}" Value="{value}"/></Data></Message></Message></NotificationMessage>'
    )


def fault(code: str) -> str:
    return (
        f'<s:Fault xmlns:ter="http://www.onvif.org/ver10/error"><s:Code><s:Value>s:Sender</s:Value><s:Subcode>'
        f"<s:Value>{code}</s:Value></s:Subcode></s:Code></s:Fault>"
    )


def uri(space: str, address: str) -> str:
    address = html.escape(address)
    if space == MEDIA2:
        return f"<Uri>{address}</Uri>"
    return f'<MediaUri><Uri xmlns="{SCHEMA}">{address}</Uri></MediaUri>'


def within(space: str, element: str) -> str:
    return element.replace(">", f' xmlns="{space}">', 1)


def enveloped(body: str) -> bytes:
    return f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'.encode()
