"""Messages of a queue: each tells the function `reports` that a link is due. The table says what is due.

A message may come twice, late or not at all: a claim makes the first harmless, `sweep` the last.
"""

import json
import math
from collections.abc import Iterable, Iterator
from itertools import batched
from typing import Any, TypedDict

from msgspec import Struct

from showcam.net.text import JsonObject

LONGEST_S = 900  # the longest time that SQS holds a message back
_AT_ONCE = 10  # messages in one request


class Wake(Struct, frozen=True):
    account: str
    link: str
    assistant: str
    in_s: int = 0  # before it is delivered


class Failure(TypedDict):
    """Names a message of a batch that SQS has to deliver again."""

    itemIdentifier: str


class NotSent(Exception):
    """The queue did not take every message."""


class Queue:
    """`client` is boto3.client("sqs")."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def send(self, wakes: Iterable[Wake]) -> int:
        """Sends the messages, and returns how many the queue took. Raises NotSent, and botocore's errors."""
        sent = 0
        for batch in batched(wakes, _AT_ONCE, strict=False):
            entries = [
                {
                    "Id": str(number),
                    "MessageBody": json.dumps(
                        {"account": wake.account, "link": wake.link, "assistant": wake.assistant}
                    ),
                    "DelaySeconds": wake.in_s,
                }
                for number, wake in enumerate(batch)
            ]
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            if answer.get("Failed"):
                raise NotSent(f"the queue did not take {len(answer['Failed'])} of {len(entries)} messages")
            sent += len(entries)
        return sent


def of_stream(event: JsonObject, now: float) -> list[Wake]:
    """A message for each link that has something due, by the records of the table's stream."""
    found: dict[str, Wake] = {}
    for record in event["Records"]:
        image = record["dynamodb"].get("NewImage", {})
        if image.get("kind", {}).get("S") != "telling" or "wanted" not in image or "claimed" in image:
            continue
        due = max(float(image[name]["N"]) for name in ("wanted", "free") if name in image)
        wait_s = min(max(0, math.ceil(due - now)), LONGEST_S)
        link = image["link"]["S"]
        found[link] = Wake(image["account"]["S"], link, image["assistant"]["S"], wait_s)
    return list(found.values())


def of_queue(event: JsonObject) -> Iterator[tuple[str, Wake]]:
    """Each message with its id."""
    for record in event["Records"]:
        body = json.loads(record["body"])
        yield str(record["messageId"]), Wake(str(body["account"]), str(body["link"]), str(body["assistant"]))
