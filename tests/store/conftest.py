"""SQLite, moto in process and a served DynamoDB, for one contract."""

import re
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from scripts.deploy_local.emulator import Emulator
from showcam.store.dynamodb import DynamoStore
from showcam.store.ports import Store
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.dynamodb_table import create_table
from tests.doubles.quick_moto import mock_aws
from tests.doubles.waiting import LONG_S

SHARD = re.compile(r"telling#\w+#\w+")


class KnownShards:
    """A DynamoDB client that answers a query of a shard of tellings which it never wrote to, without asking.

    Each reading of what is due queries all eighty shards, and a test's links are in two or three of them.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._written: set[str] = set()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            named = set(SHARD.findall(repr(request)))
            if operation != "query":
                self._written |= named
            elif named and self._written.isdisjoint(named):
                return {"Items": []}
            return getattr(self._client, operation)(**request)

        return call


class OneAtATime(KnownShards):
    """A DynamoDB client of which one request runs at a time: the service orders writes to an item, moto does not."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self._lock = threading.Lock()
        self.calls: list[str] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        ask = super().__getattr__(operation)

        def call(**request: Any) -> Any:
            with self._lock:
                self.calls.append(operation)
                return ask(**request)

        return call


@pytest.fixture
def sealer() -> Sealer:
    return Sealer([("test", secrets.token_bytes(32))])


@pytest.fixture(scope="session")
def client_of_moto() -> Any:
    """One client for all tests, since boto3 reads DynamoDB's model for each; only in `mock_aws` does anybody answer."""
    return boto3.client(
        "dynamodb",
        region_name="eu-west-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


@pytest.fixture
def dynamodb(client_of_moto: Any) -> Iterator[OneAtATime]:
    """A client whose table "showcam" is made."""
    with mock_aws():
        create_table(client_of_moto, "showcam")
        yield OneAtATime(client_of_moto)


@pytest.fixture
def served(aws: Emulator) -> tuple[Any, str]:
    """A client of the served DynamoDB, and a new table's name there."""
    client, name = aws.client("dynamodb", max_pool_connections=128), f"showcam-{secrets.token_hex(4)}"
    create_table(client, name)
    return client, name


@pytest.fixture(params=["sqlite", "moto", "ministack"])
def store(request: pytest.FixtureRequest, tmp_path: Path, sealer: Sealer) -> Iterator[Store]:
    made: Store
    match request.param:
        case "sqlite":
            made = SqliteStore(tmp_path / "showcam.db", sealer)
        case "moto":
            made = DynamoStore(request.getfixturevalue("dynamodb"), "showcam", sealer)
        case _:
            client, table = request.getfixturevalue("served")
            made = DynamoStore(KnownShards(client), table, sealer)
    yield made
    made.close()


@pytest.fixture
def at_once() -> Callable[[int, Callable[[int], Any]], list[Any]]:
    """Runs a function in that many threads, all let go together; what each returned or raised."""

    def run(count: int, function: Callable[[int], Any]) -> list[Any]:
        gate = threading.Barrier(count)

        def one(number: int) -> Any:
            gate.wait(LONG_S)
            try:
                return function(number)
            except Exception as error:
                return error

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return run
