"""moto's AWS, which works out once by which names the fields of an answer are looked for, not for each answer anew."""

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
