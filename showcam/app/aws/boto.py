"""AWS's clients, made once per process and service, with short time limits, since Alexa waits no longer than 8 s.

`within` limits the time of all calls to the table that a request makes together: it makes up to ten.
`read_secret` reads Secrets Manager at the start; no error's text holds a secret or a piece of one.
"""

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from showcam.net.text import JsonObject
from showcam.store.ports import StoreUnavailable

CONNECT_S = 1  # within a region a connection takes milliseconds
BOUNDS = 2, 3  # seconds to wait for an answer, tries
TABLE_BOUNDS = 1, 2  # DynamoDB answers in milliseconds; if a call hangs, the assistant must still get an answer in time
STORE_S = 1.5  # for a request's calls to the table, in addition to the request's other waits
ASSISTANT_S = 4.5  # for an assistant's request: a call begun by then ends before Alexa stops waiting

_end: ContextVar[float] = ContextVar("end", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limits the time for the table: after these seconds every call to it raises StoreUnavailable at once."""
    before = _end.set(min(_end.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(before)


@cache
def client(service: str, region: str = "") -> Any:
    """An AWS client, safe to share between threads. Without a named region it uses the region of this process.

    Raises botocore.exceptions.BotoCoreError if no region is set.
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
        _before_send()  # raises before the wait for the next try, not after it


class SecretUnreadable(Exception):
    """The secret is missing, can't be read, or has the wrong form; the text names it and says what to do."""


def read_secret(secret: str) -> JsonObject:
    """The JSON object under that name or ARN. Raises SecretUnreadable."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = client("secretsmanager", _region(secret)).get_secret_value(SecretId=secret)
    except ClientError as error:
        raise SecretUnreadable(f"the secret {secret} can't be read: {_why(error.response)}") from None
    except BotoCoreError as error:  # its text holds the service's address at most
        raise SecretUnreadable(f"the secret {secret} can't be read: {error}") from None
    try:
        content = json.loads(answer["SecretString"])
    except (KeyError, ValueError, RecursionError):
        raise SecretUnreadable(f"the secret {secret} holds no JSON") from None
    if not isinstance(content, dict):
        raise SecretUnreadable(f"the secret {secret} holds JSON that is no object")
    return content


def _region(secret: str) -> str:
    """The region in an ARN; "" for a name, which means this process's own region."""
    return secret.split(":")[3] if secret.startswith("arn:") and secret.count(":") >= 6 else ""


def _why(response: JsonObject) -> str:
    code = str(response.get("Error", {}).get("Code", ""))
    mend = {
        "ResourceNotFoundException": "there is none of that name in this region",
        "AccessDeniedException": "this role or user may not (secretsmanager:GetSecretValue, kms:Decrypt)",
        "DecryptionFailure": "its KMS key can't be used (kms:Decrypt)",
        "InvalidRequestException": "it is about to be deleted, or has no value",
    }.get(code)
    return f"{mend} ({code})" if mend else code
