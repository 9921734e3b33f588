"""What a showcam 0.1 kept of one household, in either engine: its preferences, and a code of a camera at home."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3

from showcam.store.dynamodb import DynamoStore
from showcam.store.ports import Store
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.dynamodb_table import create_table
from tests.doubles.quick_moto import mock_aws

KEPT = Path(__file__).parents[1] / "registry" / "kept"

type Opens = Callable[[], Store]  # each time another process


@contextmanager
def in_sqlite(folder: Path) -> Iterator[Opens]:
    path = folder / "showcam.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.executescript((KEPT / "showcam-0.1.sql").read_text())
    yield lambda: SqliteStore(path, _sealer())


@contextmanager
def in_dynamodb(_folder: Path) -> Iterator[Opens]:
    """The rows are what 0.1 wrote into a table; `{"hex": …}` stands for bytes."""
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="eu-west-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        create_table(client, "showcam")
        for row in json.loads((KEPT / "showcam-0.1.dynamodb.json").read_text(), object_hook=_bytes):
            client.put_item(TableName="showcam", Item=row)
        yield lambda: DynamoStore(client, "showcam", _sealer())


def _bytes(read: dict[str, Any]) -> Any:
    return bytes.fromhex(read["hex"]) if read.keys() == {"hex"} else read


def _sealer() -> Sealer:
    return Sealer([("kept", bytes(range(32)))])
