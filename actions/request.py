"""An incoming intent. Decoded leniently: real requests carry more than Google's schema, and sometimes less.

Shapes: cloud-to-cloud "SYNC", "QUERY", "EXECUTE", "DISCONNECT".
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from actions.errors import Malformed
from showcam.net.text import shallow, too_deep

SHOW = "action.devices.commands.GetCameraStream"  # the command that asks for a live picture
MOST_DEVICES = 1000  # in one QUERY
MOST_EXECUTIONS = 320  # devices times commands: "turn off all cameras" of the largest household is one request


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
    challenge: Any = None  # the person's answer to a challenge: {"pin"} or {"ack"}


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
    """The request's id as text, and its one intent, or None if the body can't be read."""
    try:
        request = None if too_deep(body) else _request.decode(body)
    except _UNREADABLE:
        request = None
    if request is None:
        return _salvaged(body), None
    return _id_text(request.request_id), request.inputs[0] if len(request.inputs) == 1 else None


def queried(intent: Input) -> list[str]:
    """The queried ids without duplicates. Raises Malformed."""
    ids = list(dict.fromkeys(device.id for device in _payload(_query, intent).devices))
    if len(ids) > MOST_DEVICES:
        raise Malformed(f"At most {MOST_DEVICES} devices are taken at once.")
    return ids


def executions(intent: Input) -> dict[str, list[Execution]]:
    """The executions by device id, in order and without duplicates. Raises Malformed."""
    commands = _payload(_execute, intent).commands
    if sum(len(command.devices) * max(1, len(command.execution)) for command in commands) > MOST_EXECUTIONS:
        raise Malformed(f"At most {MOST_EXECUTIONS} executions are taken at once.")
    wanted: dict[str, list[Execution]] = {}
    for command in commands:
        for device in command.devices:
            of_device = wanted.setdefault(device.id, [])
            for execution in command.execution:
                if execution not in of_device:
                    of_device.append(execution)
    return wanted


def asks_for_picture(executions: list[Execution]) -> bool:
    return any(execution.command == SHOW for execution in executions)


def may_ask_for_picture(intent: Input) -> bool:
    """Tells whether the payload names the command anywhere, also if the payload can't be decoded."""
    return f'"{SHOW}"'.encode() in bytes(intent.payload)


def _payload[T](shape: msgspec.json.Decoder[T], intent: Input) -> T:
    try:
        return shape.decode(intent.payload)
    except _UNREADABLE:
        raise Malformed("The payload does not have the shape this intent has.") from None


def _salvaged(body: bytes) -> str:
    """The request's id from the outermost object, whatever is malformed or truncated inside it."""
    try:
        request = msgspec.json.decode(shallow(body, 1))
    except _UNREADABLE:
        return ""
    return _id_text(request.get("requestId")) if isinstance(request, dict) else ""


def _id_text(request_id: Any) -> str:
    """The id as text. Google sends digits as text; an integer keeps its digits."""
    if isinstance(request_id, str):
        return request_id
    return str(request_id) if isinstance(request_id, int) and not isinstance(request_id, bool) else ""
