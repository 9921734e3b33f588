"""A meter of the units that DynamoDB bills for the requests made: by table key, from the items' sizes.

The rules are DynamoDB's published ones: 4 KB a read unit (consistent), 1 KB a write unit, twice that in a transaction,
at least one unit for each requested item. An item that is in the index is written there too; if its key there changes,
its removal from the old place is another write.
"""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3

type Item = dict[str, dict[str, Any]]

READ_B, WRITE_B, ROW_OVERHEAD_B = 4096, 1024, 100
INDEX = "gsi1pk"


@dataclass
class Units:
    """`read` and `written` by partition key ("gsi1 …" in the index); `requests` counts the requests."""

    requests: int = 0
    read: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    written: dict[str, float] = field(default_factory=lambda: defaultdict(float))


class Meter:
    """Meters every DynamoDB client of `session`; `client`, of another session, is for reads that are not counted."""

    def __init__(self, session: boto3.Session, client: Any, table: str) -> None:
        self._client, self._table = client, table
        self.units = Units()
        self.beyond_s = 0.0  # CPU of moto, which stands in for the service
        self._left = threading.local()  # what is noted beside an answer is written in another thread
        session.events.register("provide-client-params.dynamodb.*", self._remember)
        for service in ("dynamodb", "sqs"):
            session.events.register_first(f"before-send.{service}.*", self._begin_service)
            session.events.register(f"before-parse.{service}.*", self._end_service)
        session.events.register("after-call.dynamodb.*", self._count)

    @contextmanager
    def beside(self) -> Iterator[None]:
        """What is done meanwhile is not counted."""
        before, beyond_s, began = self.units, self.beyond_s, time.process_time()
        self.units = Units()
        yield
        self.units, self.beyond_s = before, beyond_s + time.process_time() - began

    def take(self) -> Units:
        """The units since the last take."""
        taken, self.units = self.units, Units()
        return taken

    def spent(self, cpu_s: float) -> None:
        """By a service's stand-in in this process."""
        self.beyond_s += cpu_s

    def _begin_service(self, **_: Any) -> None:
        self._left.at = time.thread_time()

    def _end_service(self, **_: Any) -> None:
        self.beyond_s += time.thread_time() - self._left.at

    def _remember(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["metered"] = params
        if "TransactItems" in params:
            requests = [request for action in params["TransactItems"] for request in action.values()]
        else:
            requests = [params] if "Item" in params or "UpdateExpression" in params or "ReturnValues" in params else []
        began = time.thread_time()
        context["before"] = [self._row(_key(request)) for request in requests]
        self.beyond_s += time.thread_time() - began

    def _count(self, model: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        self.units.requests += 1
        began = time.thread_time()
        _COUNTED[model.name](self, context["metered"], parsed)
        for before in context["before"]:
            self._moved(before)
        self.beyond_s += time.thread_time() - began

    def _get(self, params: dict[str, Any], parsed: dict[str, Any]) -> None:
        self._read(_pk(params["Key"]), [parsed.get("Item", {})])

    def _batch_get(self, params: dict[str, Any], parsed: dict[str, Any]) -> None:
        found = {_name(item): item for item in parsed["Responses"][self._table]}
        for key in params["RequestItems"][self._table]["Keys"]:
            self._read(_pk(key), [found.get(_name(key), {})])

    def _query(self, params: dict[str, Any], parsed: dict[str, Any]) -> None:
        values, index = params["ExpressionAttributeValues"], params.get("IndexName")
        if index is None:
            self._read(values[":pk"]["S"], parsed["Items"])
        else:  # eventually consistent, at half the price
            self._read(f"{index} {values[':gsi1pk']['S']}", parsed["Items"], 0.5)

    def _put(self, params: dict[str, Any], _: dict[str, Any]) -> None:
        self._write(params["Item"])

    def _change(self, params: dict[str, Any], parsed: dict[str, Any]) -> None:
        self._write(parsed.get("Attributes") or params["Key"], params["Key"])

    def _together(self, params: dict[str, Any], _: dict[str, Any]) -> None:
        for action in params["TransactItems"]:
            ((kind, request),) = action.items()
            # a condition check counts as a write too, which is the dearer reading of the rules
            item = request["Item"] if kind == "Put" else self._row(request["Key"])
            if kind == "ConditionCheck":  # nothing is written to the index
                item = {name: value for name, value in item.items() if name != INDEX}
            self._write(item, request.get("Key"), 2)

    def _moved(self, before: Item) -> None:
        """Counts the removal from the index of an item as it was before a request, if it is not there any more."""
        if INDEX in before and _place(before) != _place(self._row(_key({"Item": before}))):
            self.units.written[f"gsi1 {before[INDEX]['S']}"] += max(1, math.ceil(size(before) / WRITE_B))

    def _row(self, key: Item) -> Item:
        return dict(self._client.get_item(TableName=self._table, Key=key).get("Item") or key)

    def _read(self, pk: str, items: Iterable[Item], share: float = 1.0) -> None:
        self.units.read[pk] += max(1, math.ceil(sum(size(item) for item in items) / READ_B)) * share

    def _write(self, item: Item, key: Item | None = None, times: int = 1) -> None:
        units = max(1, math.ceil(size(item) / WRITE_B)) * times
        self.units.written[_pk(key or item)] += units
        if INDEX in item:
            self.units.written[f"gsi1 {item[INDEX]['S']}"] += max(1, math.ceil(size(item) / WRITE_B))


_COUNTED: dict[str, Callable[[Meter, dict[str, Any], dict[str, Any]], None]] = {
    "GetItem": Meter._get,
    "BatchGetItem": Meter._batch_get,
    "Query": Meter._query,
    "PutItem": Meter._put,
    "UpdateItem": Meter._change,
    "DeleteItem": Meter._change,
    "TransactWriteItems": Meter._together,
}


def size(item: Item) -> int:
    """An item's bytes, as DynamoDB counts them."""
    return sum(len(name.encode()) + _bytes(value) for name, value in item.items())


def _bytes(value: dict[str, Any]) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "B":
            return len(held)
        case "N":
            return len(held.lstrip("-").replace(".", "")) // 2 + 2
        case "M":
            return 3 + sum(1 + len(name.encode()) + _bytes(inner) for name, inner in held.items())
        case "L":
            return 3 + sum(1 + _bytes(inner) for inner in held)
        case _:
            return 1


def stored(items: Iterable[Item]) -> int:
    """Bytes at rest of the items and of their copies in the index."""
    return sum((size(item) + ROW_OVERHEAD_B) * (2 if INDEX in item else 1) for item in items)


def _pk(item: Item) -> str:
    return str(item["pk"]["S"])


def _place(item: Item) -> tuple[str, str] | None:
    """The item's key in the index."""
    return (item[INDEX]["S"], item["gsi1sk"]["S"]) if INDEX in item else None


def _key(request: dict[str, Any]) -> Item:
    """The key of the item that a request writes."""
    item = request.get("Key") or request["Item"]
    return {"pk": item["pk"], "sk": item["sk"]}


def _name(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]
