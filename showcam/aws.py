"""AWS's clients: made once per process and service, and bounded, since whoever asked waits no longer than 8 s."""

from functools import cache
from typing import Any

CONNECT_S, READ_S, TRIES = 1, 2, 3


@cache
def client(service: str, region: str = "") -> Any:
    """Of this process's own region if none is named; safe to share between threads.

    Raises botocore.exceptions.BotoCoreError, where no region is set for one.
    """
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": TRIES}
    return boto3.client(
        service,
        region_name=region or None,
        config=Config(connect_timeout=CONNECT_S, read_timeout=READ_S, retries=retries),
    )
