"""CASTV2 on the wire: a length of four bytes, and a CastMessage with JSON in it."""

import asyncio
import json
from typing import Any, NamedTuple

from pychromecast.generated.cast_channel_pb2 import CastMessage

LONGEST = 64 * 1024  # what a receiver takes
OF_ANYBODY, PREFIX = "urn:x-cast:", "urn:x-cast:com.google.cast."


class Message(NamedTuple):
    """`space` is the namespace behind PREFIX, or all of one that is not Google's."""

    space: str
    source: str
    destination: str
    body: dict[str, Any]


class BadMessage(Exception):
    """The sender broke the protocol: a receiver ends the connection."""


async def read(reader: asyncio.StreamReader) -> Message:
    """Raises BadMessage, asyncio.IncompleteReadError at the end."""
    length = int.from_bytes(await reader.readexactly(4))
    if not 0 < length <= LONGEST:
        raise BadMessage("a message is too long")
    message = CastMessage()
    try:
        message.ParseFromString(await reader.readexactly(length))
        body = json.loads(message.payload_utf8)
    except (ValueError, RecursionError) as error:
        raise BadMessage("no CastMessage with JSON in it") from error
    if not message.namespace.startswith(OF_ANYBODY) or not isinstance(body, dict):
        raise BadMessage("no message of a namespace")
    return Message(message.namespace.removeprefix(PREFIX), message.source_id, message.destination_id, body)


def written(message: Message) -> bytes:
    sent = CastMessage(
        protocol_version=CastMessage.CASTV2_1_0,
        source_id=message.source,
        destination_id=message.destination,
        namespace=message.space if message.space.startswith(OF_ANYBODY) else PREFIX + message.space,
        payload_type=CastMessage.STRING,
        payload_utf8=json.dumps(message.body),
    )
    data = sent.SerializeToString()
    return len(data).to_bytes(4) + bytes(data)
