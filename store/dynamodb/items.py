"""Records as items of the table, and back."""

import contextlib
from collections.abc import Iterator

import msgspec
from msgspec import Struct, structs

from store.dynamodb.table import ConditionFailed, Item
from store.ports import Inconsistent


def item_of(pk: str, sk: str, kind: str, record: Struct) -> Item:
    return {"pk": pk, "sk": sk, "kind": kind, "record": structs.asdict(record)}


def record_of[T: Struct](item: Item | None, kind: type[T]) -> T | None:
    return msgspec.convert(item["record"], kind) if item else None


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Turns a failed condition into Inconsistent."""
    try:
        yield
    except ConditionFailed:
        raise Inconsistent("the id is taken, or what the row belongs to is missing") from None
