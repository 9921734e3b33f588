"""A table and secrets on a simulated AWS, with made-up region and credentials."""

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from showcam.app.aws import boto
from tests.doubles.dynamodb_table import create_table
from tests.doubles.quick_moto import mock_aws

REGION = "eu-west-1"
ENVIRON = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}
ROOT = "r" * 24 + "oot-of-the-keys-of-test!"
OLD_ROOT = "o" * 24 + "ld-root-before-that-one!"


class Cloud:
    """`client` makes the boto3 client of a service; by default one of moto's AWS in `region`."""

    def __init__(self, client: Callable[[str], Any] | None = None, region: str = REGION) -> None:
        client = client or (lambda service: boto3.client(service, region_name=region))
        self.secrets, self.dynamodb = client("secretsmanager"), client("dynamodb")

    def table(self, name: str = "showcam") -> None:
        create_table(self.dynamodb, name)

    def secret(self, name: str, held: Any) -> str:
        """Creates a secret and returns its ARN; bytes are kept as they are, other values than text as JSON."""
        kind = "SecretBinary" if isinstance(held, bytes) else "SecretString"
        value = held if isinstance(held, str | bytes) else json.dumps(held)
        return str(self.secrets.create_secret(Name=name, **{kind: value})["ARN"])


@contextlib.contextmanager
def in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A cloud in this process, by moto."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    boto.client.cache_clear()
    with mock_aws():
        yield Cloud()
    boto.client.cache_clear()
