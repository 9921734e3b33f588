"""What ONVIF's messages are made of: namespaces, paths of the services, and the XML of an answer."""

import html
from typing import Any

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SCHEMA = "http://www.onvif.org/ver10/schema"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
IMAGING = "http://www.onvif.org/ver20/imaging/wsdl"
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


def nested(tree: dict[str, Any], space: str) -> str:
    inner = {name: nested(below, space) for name, below in tree.items()}
    return "".join(f'<t:{name} xmlns:t="{space}">{below}</t:{name}>' for name, below in inner.items())


def uri(space: str, address: str) -> str:
    address = html.escape(address)
    if space == MEDIA2:
        return f"<Uri>{address}</Uri>"
    return f'<MediaUri><Uri xmlns="{SCHEMA}">{address}</Uri></MediaUri>'


def within(space: str, element: str) -> str:
    return element.replace(">", f' xmlns="{space}">', 1)


def enveloped(body: str) -> bytes:
    return f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'.encode()
