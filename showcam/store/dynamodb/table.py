"""One DynamoDB table: plain values in and out, conditions, transactions, and what its errors mean.

Expressions write every attribute as `#name` and every value as `:name`. Both are declared from the text, so that
reserved words don't matter and nothing unused is sent.
"""

import contextlib
import random
import re
import time
from collections.abc import Callable, Iterator
from itertools import batched, chain
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct, structs

from showcam.store.ports import Inconsistent, StoreUnavailable

type Item = dict[str, Any]
type Action = tuple[str, dict[str, Any]]  # ("Put" | "Update" | "Delete" | "ConditionCheck", its parameters)

GSI = "gsi1"
NEW = "attribute_not_exists(#pk)"
EXISTS = "attribute_exists(#pk)"
LIVE = f"{EXISTS} AND attribute_not_exists(#ended)"  # of a link
_TRIES = 8
_MOST = 100  # actions in a transaction
_CONFLICTS = ("TransactionConflictException", "TransactionInProgressException")
# as the reasons of a cancelled transaction name it; the client of AWS does not repeat such a transaction
_THROTTLED = {"ProvisionedThroughputExceeded", "ThrottlingError"}


class ConditionFailed(Exception):
    """A condition did not hold; nothing was written. `item`: the stored row, for a single write."""

    def __init__(self, item: Item | None, places: tuple[int, ...] = (0,)) -> None:
        super().__init__("condition failed")
        self.item = item
        self.places = places  # the places of the failed actions in the transaction


class _Again(StoreUnavailable):
    """A request may be repeated: another transaction holds one of the items, or the table is throttled."""


class Table:
    """Every read of the table itself is consistent; `listed`, by the index, lags a little."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, pk: str, sk: str) -> Item | None:
        answer = self._call("get_item", TableName=self._name, Key=_key(pk, sk), ConsistentRead=True)
        return _plain(answer["Item"]) if "Item" in answer else None

    def get_all(self, keys: list[tuple[str, str]]) -> list[Item]:
        """The rows of these keys that exist, in no order."""
        found: list[Item] = []
        for start in range(0, len(keys), 100):
            wanted: list[Any] = [_key(*key) for key in keys[start : start + 100]]
            for attempt in range(_TRIES):
                request = {self._name: {"Keys": wanted, "ConsistentRead": True}}
                answer = self._call("batch_get_item", RequestItems=request)
                found += [_plain(item) for item in answer["Responses"].get(self._name, [])]
                wanted = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
                if not wanted:
                    break
                _pause(attempt)
            else:
                raise StoreUnavailable(f"table {self._name} is throttled: it left keys unread in every try")
        return found

    def query(self, pk: str, prefix: str, *, newest_first: bool = False, beyond: str = "") -> Iterator[Item]:
        """The rows whose sort keys begin so, in their order or backwards. `beyond`: those after this key."""
        more: dict[str, Any] = {"ScanIndexForward": not newest_first}
        if beyond:
            more["ExclusiveStartKey"] = _key(pk, beyond)
        return chain.from_iterable(self._begun(pk, prefix, **more))

    def listed(self, gsi1pk: str, after: str = "", until: str = "", page: int = 0) -> Iterator[Item]:
        """The rows in the order of gsi1sk: those after `after`, up to and including `until`, or to the end.

        `page`: the rows of one request; 0: as many as DynamoDB answers.
        """
        where, values = "#gsi1pk = :gsi1pk", {"gsi1pk": gsi1pk}
        if after:  # DynamoDB allows one condition on the sort key: the loop below stops at `until`
            where, values = f"{where} AND #gsi1sk > :after", {**values, "after": after}
        elif until:
            where, values = f"{where} AND #gsi1sk <= :until", {**values, "until": until}
        request: dict[str, Any] = {"KeyConditionExpression": where, "ExpressionAttributeValues": _values(values)}
        if page:
            request["Limit"] = page
        for item in chain.from_iterable(self._pages(IndexName=GSI, **request)):
            if until and item["gsi1sk"] > until:
                return
            yield item

    def put(self, item: Item, condition: str = "", **values: Any) -> Action:
        return "Put", {"TableName": self._name, "Item": _values(item, "")} | _condition(condition, values)

    def update(self, pk: str, sk: str, update: str, condition: str = "", **values: Any) -> Action:
        request = _condition(condition, values, update)
        return "Update", {"TableName": self._name, "Key": _key(pk, sk), "UpdateExpression": update} | request

    def check(self, pk: str, sk: str, condition: str, **values: Any) -> Action:
        return "ConditionCheck", {"TableName": self._name, "Key": _key(pk, sk)} | _condition(condition, values)

    def delete(self, pk: str, sk: str, condition: str = "", **values: Any) -> Action:
        return "Delete", {"TableName": self._name, "Key": _key(pk, sk)} | _condition(condition, values)

    def write(self, action: Action, *, tries: int = _TRIES) -> Item:
        """Writes one action. Returns the item as it is now (Update) or was (Delete). Raises ConditionFailed.

        AWS's client repeats a request without an answer. A row that the first try put counts as written; after an
        Update the caller finds by `item` whether the row is its own.
        """
        kind, request = action
        more = {"Put": "NONE", "Update": "ALL_NEW", "Delete": "ALL_OLD"}[kind]
        if "ConditionExpression" in request:
            request = request | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        try:
            answer = self._patiently(f"{kind.lower()}_item", tries, ReturnValues=more, **request)
        except ConditionFailed as failed:
            # the same row is stored: an earlier try of this request wrote it, and its answer was lost
            if kind == "Put" and failed.item == _plain(request["Item"]):
                return {}
            raise
        return _plain(answer.get("Attributes", {}))

    def together(self, *actions: Action) -> None:
        """Writes all actions or none. Raises ConditionFailed with the places of those that failed."""
        self._patiently("transact_write_items", _TRIES, TransactItems=[{kind: request} for kind, request in actions])

    def clear(self, pk: str, prefix: str, goes: Callable[[Item], bool] = lambda _: True) -> None:
        """Deletes the rows whose sort keys begin so, in their order. `goes`: says of each row whether to delete it.

        Each transaction deletes up to a hundred rows of one page of the query. So its rows have at most 1 MB, and a
        transaction may have 4 MB. A call that was cut off has left the later rows, and can be repeated.
        """
        for page in self._begun(pk, prefix):
            for rows in batched(filter(goes, page), _MOST, strict=False):
                self.together(*(self.delete(row["pk"], row["sk"]) for row in rows))

    def _patiently(self, operation: str, tries: int, **request: Any) -> dict[str, Any]:
        for attempt in range(tries - 1):
            with contextlib.suppress(_Again):
                return self._call(operation, **request)
            _pause(attempt)
        return self._call(operation, **request)

    def _begun(self, pk: str, prefix: str, **more: Any) -> Iterator[Iterator[Item]]:
        values = _values({"pk": pk, "prefix": prefix})
        where = "#pk = :pk AND begins_with(#sk, :prefix)"
        return self._pages(KeyConditionExpression=where, ExpressionAttributeValues=values, ConsistentRead=True, **more)

    def _pages(self, **request: Any) -> Iterator[Iterator[Item]]:
        names = {"ExpressionAttributeNames": _names(request["KeyConditionExpression"])}
        while True:
            answer = self._call("query", TableName=self._name, **request, **names)
            yield map(_plain, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**request)
            return answer
        except ClientError as error:
            raise self._meaning(error) from error
        except BotoCoreError as error:  # its text holds addresses of the service at most
            raise StoreUnavailable(f"table {self._name} can't be reached: {error}") from error

    def _meaning(self, error: ClientError) -> Exception:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "ConditionalCheckFailedException":
            return ConditionFailed(_plain(error.response["Item"]) if error.response.get("Item") else None)
        if code == "TransactionCanceledException":
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            failed = tuple(place for place, reason in enumerate(reasons) if reason == "ConditionalCheckFailed")
            if failed:
                return ConditionFailed(None, failed)
            if "TransactionConflict" in reasons:
                return self._met()
            code = ", ".join(sorted({reason for reason in reasons if reason and reason != "None"})) or code
            if not _THROTTLED.isdisjoint(reasons):
                return _Again(f"table {self._name} refused: {code}")
        if code in _CONFLICTS:
            return self._met()
        if code == "ValidationException":
            mistake: Exception = error  # a mistake in our request, no failure of the table
            return mistake
        return StoreUnavailable(f"table {self._name} refused: {code}")

    def _met(self) -> _Again:
        return _Again(f"table {self._name}: other writers of the same rows won every try")


def _condition(condition: str, values: dict[str, Any], update: str = "") -> dict[str, Any]:
    request: dict[str, Any] = {}
    if condition:
        request["ConditionExpression"] = condition
    if names := _names(update + " " + condition):
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = _values(values)
    return request


def _names(expression: str) -> dict[str, str]:
    return {f"#{name}": name for name in re.findall(r"#(\w+)", expression)}


def _values(values: dict[str, Any], mark: str = ":") -> dict[str, Any]:
    return {mark + name: _wire(value) for name, value in values.items()}


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0.5, 1.0) * min(0.2, 0.01 * 2**attempt))  # noqa: S311 - spreads retries


def _wire(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case int() | float():
            return {"N": repr(value)}
        case dict():
            return {"M": _values(value, "")}
        case _:
            return {"L": [_wire(element) for element in value]}


def _plain(item: dict[str, Any]) -> Item:
    return {name: _value(wire) for name, wire in item.items()}


def _value(wire: dict[str, Any]) -> Any:
    ((kind, value),) = wire.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(value) if value.lstrip("-").isdigit() else float(value)
        case "M":
            return _plain(value)
        case "L":
            return [_value(element) for element in value]
        case _:
            return value


def item_of(pk: str, sk: str, kind: str, record: Struct) -> Item:
    return {"pk": pk, "sk": sk, "kind": kind, "record": structs.asdict(record)}


def account_there(table: Table, account_id: str) -> Action:
    """Fails if the account is removed. A transaction that writes a row of the household holds this check."""
    return table.check(f"account#{account_id}", "account", EXISTS)


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
    """Replaces the sealed bytes and `values` if the row still has this version. `write` writes the action."""
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


def took(write: Callable[..., object], *actions: Action) -> bool:
    """Whether the conditions of the actions held, which `write` writes; False: nothing was written."""
    try:
        write(*actions)
    except ConditionFailed:
        return False
    return True


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Turns a failed condition into Inconsistent."""
    try:
        yield
    except ConditionFailed:
        raise Inconsistent("the id is taken, or what the row belongs to is missing") from None
