"""The pages of the app API's device list: their rows, their sections, and values that are JSON in a string.

Real lists hold odd rows now and then: null, without a serial, a section as a list (public clients skip such rows).
"""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from net.cache import Recent
from net.incoming import JsonObject
from registry.errors import VendorDown

ROWS = ("deviceInfos", "resourceInfos")
LISTS = frozenset({"SWITCH", "VIDEO_QUALITY"})  # sections that hold a list for each device or channel, others an object
KEPT_S = 60.0  # what a section had before stands in for an empty one for so long
MANY = 4096


def tidied(page: JsonObject) -> JsonObject:
    """The page without what is not of its place's shape. A list of rows that is none stays as it is.

    Raises VendorDown if a list has rows and none of them is right: an empty list would remove every camera.
    """
    tidy: JsonObject = {}
    for name, value in page.items():
        if name in ROWS and isinstance(value, list):
            tidy[name] = [row for row in value if isinstance(row, dict) and text(row.get("deviceSerial"))]
            if value and not tidy[name]:
                raise VendorDown("no row of the device list can be read")
        elif name.isupper() and value is not None:
            tidy[name] = _section(name, value)
        else:
            tidy[name] = value
    return tidy


def _section(name: str, value: Any) -> JsonObject:
    rows_of = value if isinstance(value, dict) else {}
    if name in LISTS:
        return {
            key: [row for row in rows_ if isinstance(row, dict)]
            for key, rows_ in rows_of.items()
            if isinstance(rows_, list)
        }
    return {key: row for key, row in rows_of.items() if isinstance(row, dict)}


class LastStatus:
    """The section STATUS, which is empty for a camera now and then (github.com/adirgan/ha-ezviz-cloud-plus)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: Recent[tuple[str, str], tuple[float, JsonObject]] = Recent(MANY)

    def filled(self, source: str, pages: Iterable[JsonObject]) -> list[JsonObject]:
        """The pages, with what was read a minute ago at the most in place of each empty status."""
        return [self._filled(source, page) for page in pages]

    def _filled(self, source: str, page: JsonObject) -> JsonObject:
        if "STATUS" not in page:
            return page
        now, found = self._clock(), dict(page["STATUS"] or {})
        for serial in {text(row.get("deviceSerial")) for row in rows(page, "deviceInfos")}:
            if found.get(serial):
                self._last.put((source, serial), (now, found[serial]))
                continue
            at, before = self._last.get((source, serial)) or (0.0, None)
            if before is not None and now - at <= KEPT_S:
                found[serial] = before
        return {**page, "STATUS": found}


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
