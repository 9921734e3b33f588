"""AWS's clients: made once per process and service, and bounded, since whoever asked waits no longer than 8 s.

What a request asks of the table has an end together, too (`within`): one call is short, and a request makes ten.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from store.ports import StoreUnavailable

CONNECT_S = 1
BOUNDS = 2, 3  # s to answer in, tries
TABLE_BOUNDS = 1, 2  # it answers in milliseconds; where it hangs, an assistant hears so while it still listens
STORE_S = 1.5  # of a request, beside what it waits for others
ASSISTANT_S = 4.5  # of an assistant's: a call that is begun by then is over within the six seconds that Alexa waits

_end: ContextVar[float] = ContextVar("end", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is asked of the table in here is asked within so many seconds, and then no more: StoreUnavailable."""
    before = _end.set(min(_end.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(before)


@cache
def client(service: str, region: str = "") -> Any:
    """Of this process's own region if none is named; safe to share between threads.

    Raises botocore.exceptions.BotoCoreError, where no region is set for one.
    """
    import boto3
    from botocore.config import Config

    read_s, tries = TABLE_BOUNDS if service == "dynamodb" else BOUNDS
    retries = {"mode": "standard", "total_max_attempts": tries}
    made = boto3.client(
        service,
        region_name=region or None,
        config=Config(connect_timeout=CONNECT_S, read_timeout=read_s, retries=retries),
    )
    if service == "dynamodb":
        made.meta.events.register("before-send.dynamodb", _before_send)
        made.meta.events.register_first("needs-retry.dynamodb", _before_retry)
    return made


def _before_send(**_: Any) -> None:
    if time.monotonic() >= _end.get():
        raise StoreUnavailable("the table did not answer within the request's time")


def _before_retry(caught_exception: Exception | None, **_: Any) -> None:
    if caught_exception is not None:
        _before_send()  # rather than wait first, and then not ask
