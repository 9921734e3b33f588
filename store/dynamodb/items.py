"""Records as items of the table, and back."""

import contextlib
from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct, structs

from store.dynamodb.table import Action, ConditionFailed, Item, Table
from store.ports import Inconsistent


def item_of(pk: str, sk: str, kind: str, record: Struct) -> Item:
    return {"pk": pk, "sk": sk, "kind": kind, "record": structs.asdict(record)}


def record_of[T: Struct](item: Item | None, kind: type[T]) -> T | None:
    return msgspec.convert(item["record"], kind) if item else None


def swap_sealed(
    table: Table,
    pk: str,
    sk: str,
    sealed: bytes,
    version: int,
    *,
    write: Callable[[Action], object] | None = None,
    **values: object,
) -> bool:
    """Replace what is sealed, and those values, if the row still has that version. `write`: what writes it."""
    sets = ", ".join(f"#{name} = :{name}" for name in ("sealed", *values))
    update = f"SET {sets}, #version = :next"
    swap = table.update(
        pk, sk, update, "#version = :version", sealed=sealed, version=version, next=version + 1, **values
    )
    try:
        (write or table.write)(swap)
    except ConditionFailed as failed:
        # sealing never gives the same bytes twice: equal ones were written by this call, whose answer was lost
        stored = failed.item or table.get(pk, sk)
        return stored is not None and stored["sealed"] == sealed
    return True


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Turns a failed condition into Inconsistent."""
    try:
        yield
    except ConditionFailed:
        raise Inconsistent("the id is taken, or what the row belongs to is missing") from None
