"""The time limit on a request's calls to the table."""

import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context

import pytest

from scripts.deploy_local.emulator import Emulator
from showcam.app.aws import boto
from showcam.store.dynamodb import DynamoStore
from showcam.store.ports import StoreUnavailable
from showcam.store.sealing import Sealer
from tests.doubles.aws_wire import AwsWire
from tests.doubles.dynamodb_table import create_table
from tests.doubles.waiting import until


@pytest.fixture
def wire(aws: Emulator) -> Iterator[AwsWire]:
    wire = AwsWire(aws.url)
    yield wire
    wire.close()


@pytest.fixture
def table(aws: Emulator, wire: AwsWire, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoStore]:
    """By the client that the program makes."""
    for name, value in (aws.environ | {"AWS_ENDPOINT_URL_DYNAMODB": wire.url}).items():
        monkeypatch.setenv(name, value)
    boto.client.cache_clear()
    create_table(aws.client("dynamodb"), "bounded")
    yield DynamoStore(boto.client("dynamodb"), "bounded", Sealer([("test", b"k" * 32)]))
    aws.client("dynamodb").delete_table(TableName="bounded")
    boto.client.cache_clear()


def in_a_thread(act: Callable[[], object]) -> object:
    found: list[object] = []
    context = copy_context()
    thread = threading.Thread(target=lambda: found.append(context.run(act)))
    thread.start()
    thread.join()
    return found[0]


def query(table: DynamoStore) -> str:
    try:
        table.ping()
    except StoreUnavailable as error:
        return str(error)
    return "answered"


def test_after_the_time_limit_no_call_is_made(table: DynamoStore, wire: AwsWire) -> None:
    late = "the table did not answer within the request's time"
    with boto.within(0):
        assert query(table) == late
        with boto.within(60):
            assert query(table) == late  # nobody gives a request more time than it has
        assert in_a_thread(lambda: query(table)) == late
    assert wire.calls == []
    with boto.within(60):
        assert query(table) == "answered"
    assert query(table) == "answered"


@pytest.mark.parametrize(
    ("seconds", "tries", "expected"),
    [
        (0.9, 1, "the table did not answer within the request's time"),
        (60.0, 2, "table bounded can't be reached: Read timeout on endpoint URL"),
    ],
)
def test_an_unanswered_call_is_repeated_within_the_time_limit(
    table: DynamoStore, wire: AwsWire, seconds: float, tries: int, expected: str
) -> None:
    wire.slow_s = boto.TABLE_BOUNDS[0] + 4.0
    with boto.within(seconds):
        assert query(table).startswith(expected)
    until(lambda: len(wire.calls) >= tries)  # AWS answers each when it has waited
    time.sleep(0.5)
    assert len(wire.calls) == tries
