"""moto's AWS, quicker, with the same answers: it looks up and copies less.

moto works out the names of each field of each answer again, lists a service's methods for each request, and copies
the whole table for each row of a transaction.
"""

import contextlib
import copy
import functools
from collections.abc import Iterator
from typing import Any
from unittest import mock

import moto
from botocore.model import Shape
from moto.core import responses
from moto.core.serialize import AttributePickerContext, ResponseSerializer, XFormedAttributePicker
from moto.core.utils import method_names_from_class
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_names: dict[tuple[object, ...], tuple[str, ...]] = {}
_value_of = ResponseSerializer.get_value
_copied_value = DynamoType.__deepcopy__
_methods = functools.cache(method_names_from_class)


def _value(serializer: ResponseSerializer, value: Any, key: str, shape: Shape) -> Any:
    picker = serializer._value_picker
    # an object of moto's may have names of its own
    if type(value) is not dict or type(picker) is not XFormedAttributePicker or picker.response_transformers:
        return _value_of(serializer, value, key, shape)
    service = serializer.operation_model.service_model
    parent = getattr(shape, "parent", None)
    what = service.service_name, parent and parent.name, shape.name, key
    if what not in _names:
        context = AttributePickerContext(value, key, shape, serializer.operation_model, service)
        _names[what] = tuple(dict.fromkeys(picker.get_possible_keys(context)))
    for name in _names[what]:
        if name in value:
            return value[name]
    return None


def _copy_of_value(value: DynamoType, memo: dict[int, Any]) -> DynamoType:
    """Nobody changes a text, a number or a key, so a copied row has the same."""
    return _copied_value(value, memo) if value.is_list() or value.is_map() or value.is_set() else value


def _copy_of_table(table: Table, memo: dict[int, Any]) -> Table:
    """Copies what a transaction may change: the rows, and the stream of what was changed."""
    copied = memo[id(table)] = copy.copy(table)
    copied.items = copy.deepcopy(table.items, memo)
    if table.stream_shard:
        copied.stream_shard = copy.copy(table.stream_shard)
        copied.stream_shard.table, copied.stream_shard.items = copied, [*table.stream_shard.items]
    return copied


@contextlib.contextmanager
def mock_aws() -> Iterator[None]:
    with (
        mock.patch.object(ResponseSerializer, "get_value", _value),
        mock.patch.object(responses, "method_names_from_class", _methods),
        mock.patch.object(DynamoType, "__deepcopy__", _copy_of_value),
        mock.patch.object(Table, "__deepcopy__", _copy_of_table, create=True),
        moto.mock_aws(),
    ):
        yield
