"""The pages of the app API's device list: their rows, their sections, and values that are JSON in a string."""

import json
from collections.abc import Iterable
from typing import Any

from net.incoming import JsonObject


def number(value: Any, otherwise: int | None = None) -> Any:
    try:
        return int(value)
    except (TypeError, ValueError):
        return otherwise


def fields(value: Any) -> JsonObject:
    """An object, or one that is written as JSON in a string; {} for all else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def within(value: Any, *names: str) -> JsonObject:
    """The object below these names; {} where one of them is missing."""
    for name in names:
        value = fields(value).get(name)
    return fields(value)


def text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def rows(page: JsonObject, name: str) -> list[JsonObject]:
    found = page.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def device(pages: Iterable[JsonObject], serial: str) -> JsonObject:
    """The device's own row; {} where no page has it."""
    found = (row for page in pages for row in rows(page, "deviceInfos") if text(row.get("deviceSerial")) == serial)
    return next(found, {})


def channel(pages: Iterable[JsonObject], serial: str, number_: int) -> JsonObject:
    """The row of a device's channel, or of a device without channel rows; {} where no page has it."""
    for page in pages:
        for row in rows(page, "resourceInfos"):
            if text(row.get("deviceSerial")) == serial and text(row.get("localIndex")) in ("", str(number_)):
                return row
    return {}


def section(pages: Iterable[JsonObject], name: str, key: str) -> JsonObject:
    """What a section has under a serial or a resource id; {} where no page has it."""
    for page in pages:
        found = page.get(name)
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            return dict(found[key])
    return {}
