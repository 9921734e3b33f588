"""The floor of a function on the table: AWS's client, made as showcam makes it, and the requests of the event."""

import contextlib
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

RETRIES = {"mode": "standard", "total_max_attempts": 3}
CLIENT = boto3.client("dynamodb", config=Config(connect_timeout=1, read_timeout=2, retries=RETRIES))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    for operation, request in event["requests"]:
        with contextlib.suppress(ClientError):  # a condition that held the first time
            getattr(CLIENT, operation)(**request)
    return {}
