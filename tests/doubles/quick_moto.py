"""moto's AWS, quicker: the names by which moto looks for a field of an answer are worked out once and kept."""

import contextlib
from collections.abc import Iterator
from unittest import mock

import moto
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker

_names: dict[tuple[object, ...], tuple[str, ...]] = {}
_possible_keys = XFormedAttributePicker.get_possible_keys


def _kept_keys(picker: XFormedAttributePicker, context: AttributePickerContext) -> Iterator[str]:
    if type(context.obj) is not dict:  # an object of moto's may have names of its own
        return iter(_possible_keys(picker, context))
    shape, service = context.shape, context.service_model
    parent = getattr(shape, "parent", None)
    what = service and service.service_name, parent and parent.name, shape.name, context.key
    if what not in _names:
        _names[what] = tuple(dict.fromkeys(_possible_keys(picker, context)))
    return iter(_names[what])


@contextlib.contextmanager
def mock_aws() -> Iterator[None]:
    with mock.patch.object(XFormedAttributePicker, "get_possible_keys", _kept_keys), moto.mock_aws():
        yield
