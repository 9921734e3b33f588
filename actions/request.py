"""An intent as it comes in. Read leniently: real requests carry more than Google's schema, and sometimes less.

Shapes: cloud-to-cloud "SYNC", "QUERY", "EXECUTE", "DISCONNECT".
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from actions.errors import Malformed
from net.json_depth import shallow, too_deep

MOST_DEVICES = 1000  # asked about at once
MOST_EXECUTIONS = 320  # device times command: "turn off all cameras" of the largest household is one request


class Input(Struct):
    intent: str
    payload: Raw = Raw(b"{}")


class Request(Struct, rename="camel"):
    inputs: list[Input]
    request_id: Any = None


class Device(Struct):
    id: str


class Execution(Struct):
    command: str
    params: Any = None
    challenge: Any = None  # what the person answered when asked to confirm it: {"pin"} or {"ack"}


class _Query(Struct):
    devices: list[Device]


class _Command(Struct):
    devices: list[Device]
    execution: list[Execution]


class _Execute(Struct):
    commands: list[_Command]


_request = msgspec.json.Decoder(Request)
_query = msgspec.json.Decoder(_Query)
_execute = msgspec.json.Decoder(_Execute)
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def read(body: bytes) -> tuple[str, Input | None]:
    """The request's id as text, echoed as it is, and its one intent; None where that can't be read."""
    try:
        request = None if too_deep(body) else _request.decode(body)
    except _UNREADABLE:
        request = None
    if request is None:
        return _salvaged(body), None
    return _told(request.request_id), request.inputs[0] if len(request.inputs) == 1 else None


def queried(given: Input) -> list[str]:
    """The ids asked about, each once. Raises Malformed."""
    ids = list(dict.fromkeys(device.id for device in _payload(_query, given).devices))
    if len(ids) > MOST_DEVICES:
        raise Malformed(f"At most {MOST_DEVICES} devices are taken at once.")
    return ids


def executions(given: Input) -> dict[str, list[Execution]]:
    """By device id what is to be done with it, in order and each thing once. Raises Malformed."""
    commands = _payload(_execute, given).commands
    if sum(len(each.devices) * max(1, len(each.execution)) for each in commands) > MOST_EXECUTIONS:
        raise Malformed(f"At most {MOST_EXECUTIONS} executions are taken at once.")
    wanted: dict[str, list[Execution]] = {}
    for command in commands:
        for device in command.devices:
            mine = wanted.setdefault(device.id, [])
            for execution in command.execution:
                if execution not in mine:
                    mine.append(execution)
    return wanted


def _payload[T](shape: msgspec.json.Decoder[T], given: Input) -> T:
    try:
        return shape.decode(given.payload)
    except _UNREADABLE:
        raise Malformed("The payload does not have the shape this intent has.") from None


def _salvaged(body: bytes) -> str:
    """The id lies in the outermost object: whatever is wrong deeper down, or breaks off there, is passed over."""
    try:
        given = msgspec.json.decode(shallow(body, 1))
    except _UNREADABLE:
        return ""
    return _told(given.get("requestId")) if isinstance(given, dict) else ""


def _told(request_id: Any) -> str:
    """Google's is a number written as text; one that is a number keeps its digits."""
    if isinstance(request_id, str):
        return request_id
    return str(request_id) if isinstance(request_id, int) and not isinstance(request_id, bool) else ""
