"""Reads EZVIZ's answers and messages: pages of the device list, result codes, and the alarms of messages.

Real lists hold odd rows now and then: null, without a serial, a section as a list (public clients skip such rows).

A press of an EP8x is a call in the app's list of messages, with subType 2701, callingStatus 1 and no alarmType; no push
brings it (AidenShaw2020/ha-ezviz-doorbell, README, "A ring is not an alarm"). An older DP1C pushes its press, with
the code 0 (RenierM26/ha-ezviz issue 112). AidenShaw2020's README ("Burst polling") has the list read every 5 s, and
every second for 30 s after a push. A ring of the EP8x was then found about a second after the press. The coordinator.py
there takes messages of both channels within 15 s for the same ring.
"""

import contextlib
import json
import logging
import time
from collections.abc import Callable, Iterable
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from showcam.drivers.driver import EventKind, Hint
from showcam.drivers.errors import CameraSilent, DriverError, Reason, Refused, SetRefused, VendorBusy, VendorDown
from showcam.net.cache import Recent
from showcam.net.text import JsonObject
from showcam.store.records import DAY_S

ROWS = ("deviceInfos", "resourceInfos")
LISTS = frozenset({"SWITCH", "VIDEO_QUALITY"})  # sections that hold a list for each device or channel, others an object
STATUS_KEPT_S = 60.0  # a STATUS this old replaces an empty one (adirgan/ha-ezviz-cloud-plus gets empty ones)
MOST_KEPT = 4096


def tidied(page: JsonObject) -> JsonObject:
    """The page without parts of a wrong shape. A value in place of a list of rows is left as it is.

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
        self._last: Recent[tuple[str, str], tuple[float, JsonObject]] = Recent(MOST_KEPT)

    def read(
        self, source: str, ask: Callable[[], list[JsonObject]], failures: tuple[type[Exception], ...] = (DriverError,)
    ) -> list[JsonObject]:
        """The pages that `ask` gets. The last status replaces an empty one, if it is at most a minute old.

        If there is none so young, the list is asked for once more: a camera without a status would be refused. If the
        second request ends with one of `failures`, the first answer counts.
        """
        pages, unread = self._filled(source, ask())
        if unread:
            with contextlib.suppress(*failures):
                return self._filled(source, ask())[0]
        return pages

    def _filled(self, source: str, pages: Iterable[JsonObject]) -> tuple[list[JsonObject], bool]:
        """The filled pages, and whether one has an empty status in place of one that was never read or is too old."""
        filled, unread = [], False
        for page in pages:
            if "STATUS" not in page:
                filled.append(page)
                continue
            now, found = self._clock(), dict(page["STATUS"] or {})
            for serial in {text(row.get("deviceSerial")) for row in rows(page, "deviceInfos")}:
                at, before = self._last.get((source, serial)) or (now, None)
                if found.get(serial) or before is None or (before and now - at > STATUS_KEPT_S):
                    # an empty one is noted too: a device that never has a status is not asked for twice each time
                    self._last.put((source, serial), (now, found.get(serial) or {}))
                    unread |= not found.get(serial)
                elif before:
                    found[serial] = before
            filled.append({**page, "STATUS": found})
        return filled, unread


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
    """The object below these names; {} if one of them is missing."""
    for name in names:
        value = fields(value).get(name)
    return fields(value)


def text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def rows(page: JsonObject, name: str) -> list[JsonObject]:
    found = page.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def device(pages: Iterable[JsonObject], serial: str) -> JsonObject:
    """The device's own row; {} if no page has it."""
    found = (row for page in pages for row in rows(page, "deviceInfos") if text(row.get("deviceSerial")) == serial)
    return next(found, {})


def channel(pages: Iterable[JsonObject], serial: str, number_: int) -> JsonObject:
    """The row of a device's channel, or of a device without channel rows; {} if no page has it."""
    for page in pages:
        for row in rows(page, "resourceInfos"):
            if text(row.get("deviceSerial")) == serial and text(row.get("localIndex")) in ("", str(number_)):
                return row
    return {}


def section(pages: Iterable[JsonObject], name: str, key: str) -> JsonObject:
    """The object of a section under a serial or a resource id; {} if no page has it."""
    for page in pages:
        found = page.get(name)
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            return dict(found[key])
    return {}


type Kind = Literal["token", "retry", "down", "rate"] | Reason

# EZVIZ Open Platform, "Return codes"; 5xxx and 9xxx come from its stream service.
_OPEN: tuple[tuple[Kind, str], ...] = (
    ("token", "10002"),  # expired or invalid: a new one, once
    ("down", "10001"),  # a parameter is wrong: ours to fix, nothing a person can do
    # the key: frozen, unknown, not fitting its secret, without the right, or for paying accounts only
    ("no_way", "10005 10013 10014 10017 10018 10026 10030 10031 10036 10012 10032 10034 10035 10004 30001"),
    ("rate", "10006 10007 10029"),  # too many calls
    # the camera isn't this key's: gone, another channel, another owner's (shared ones too)
    ("no_way", "2000 2001 2007 20001 20002 20014 20018 20021 20022 20032"),
    # the camera can't do this, or a person must confirm it in the app
    ("no_way", "2030 20009 20011 20012 20013 20019 20031 60000 60001 60006 60013 60018 60047 60056 20015 60020 60058"),
    ("not_permitted", "5411 5545"),  # of a stream: no right, or the sharing has ended
    # of a stream: another channel, or one that is not linked or has no camera; a link with its own cipher is wanted
    ("no_way", "5403 5415 5455 5457 5458 5459 6106"),
    # network, data or server on their side; the device did not answer them
    ("retry", "20006 20008 2009 49999 50000 5000 5405 5491 5500 6518 6519 6520 7005 60017 60044 60055"),
    ("offline", "2003 20023 20024 20029 20007 5404 5452 5456"),
    ("encryption_on", "60019 20010 5002"),  # in the last two the code was wrong
    ("asleep", "60026 5409 5544"),  # privacy, with the lens covered; no video source
    # formatting, upgrading, restarting; turning its picture over, panning, talking; as many viewers as the camera or
    # the free edition allows
    ("busy", "20016 60014 60015 60027 60028 60029 60048 5416 5503 5504 5546 5547 9048 9049"),
)
OPEN: dict[str, Kind] = {code: kind for kind, codes in _OPEN for code in codes.split()}

# The setting had this value already, which is as good as done.
DONE = frozenset({"60016", "60021", "60022"})
WRONG_CODE = frozenset({"20010", "5002"})

NO_SUCH_CALL = frozenset({"2030", "20015", "60020"})  # this model does not know it

# EZVIZ app API, sign-in (reply field meta.code): the refusal for a person.
SIGN_IN: dict[int, Literal["wrong", "unknown", "locked", "terminals", "too_often", "wrong_code", "expired"]] = {
    1011: "wrong_code",
    1012: "expired",  # of a code that was sent
    1013: "unknown",
    1014: "wrong",
    1015: "locked",
    1041: "too_often",
    1043: "too_often",
    1069: "terminals",
    1226: "wrong",
}


SILENT = frozenset({"20008", "2009"})  # of the codes of OPEN, those of a device that did not answer


def kind(code: str) -> Kind:
    """The kind of a code; "down" if unknown. Some clients see stream codes with the prefix 39: 399048 is 9048."""
    return OPEN.get(code) or OPEN.get(code.removeprefix("39") if len(code) == 6 else "") or "down"


def error(code: str) -> DriverError:
    """The error to raise for a code."""
    if code in SILENT:
        return CameraSilent(f"code {code}")
    match kind(code):
        case "token" | "retry" | "down":
            return VendorDown(f"code {code}")
        case "rate":
            return VendorBusy(f"code {code}")
        case reason:
            return Refused(reason, f"code {code}")


# EZVIZ app API, settings (meta.code, or resultCode of older calls): why one was not taken. 1011 is Image Encryption's.
def set_error(code: int | None) -> DriverError | SetRefused | None:
    """The error to raise for a refused setting; None if the code says only that something went wrong."""
    match code:
        case 2003 | 20007:
            return Refused("offline")
        case 2000 | 2001 | 20001 | 20002 | 20014 | 20018:
            return Refused("not_found")
        case 2009 | 20008:
            return CameraSilent(f"code {code}")
        case 1041 | 1043 | 10006 | 10007 | 10029:
            return VendorBusy(f"code {code}")
        case 10013 | 10031 | 10036:
            return SetRefused("not_permitted")
        case 2030 | 20015 | 60020 | 60022:
            return SetRefused("unsupported")
        case _:
            return None


def open_set_error(code: str) -> DriverError | SetRefused:
    """The error for a change by the Open Platform, whose key may be only for pictures."""
    if code in WRONG_CODE:
        return SetRefused("wrong_code")
    if kind(code) == "no_way":
        return SetRefused("unsupported")
    return error(code)


log = logging.getLogger(__name__)

# A Date that differs by more than a day is wrong, and not our clock.
SURE_S = 10.0  # clocks that differ less are taken for the same; an answer that takes this long is not waited for

CALL = "2701"  # subType of a doorbell's call in the list of messages
PUSHED_CALL = "0"  # the code of a press, from bells that push messages
MOST_UNKNOWN = 100  # codes that are logged
LONGEST_ID = 64

# Alarm types of the Open Platform and the app, as numbers and, in webhooks, as words. Those that the Open Platform's
# own table lacks were seen: 10120 of an EP8x (AidenShaw2020/ha-ezviz-doorbell, README, "Alert type codes"),
# 10131 of a C3X and 10079 of a C3N (RenierM26/ha-ezviz issue 91).
_ALARMS: tuple[tuple[EventKind, str], ...] = (
    # infrared (10000), a line crossed (10013), a region entered or stayed in (10014), a shape (10131) of a person or a
    # vehicle
    ("motion", "10000 10002 10010 10013 10014 10027 10029 10030 10033 10035 10079 10131 12000 motiondetect pir"),
    ("person", "10015 10026 10120 humandetect"),  # a face (10015), people (10026)
    ("doorbell", "10016 calling"),
    ("tamper", "12002 12027"),  # of the video, of the device
)
SEEN: dict[str, EventKind] = {code: kind for kind, codes in _ALARMS for code in codes.split()}
_unknown: set[str] = set()


def kind_of(alarm_type: object) -> Literal["read"] | EventKind:
    """Returns the kind of an alarm. An unknown alarm gives "read", and its number is logged."""
    code = str(alarm_type).strip().lower()
    kind = SEEN.get(code)
    if kind is not None:
        return kind
    is_number = code.isascii() and code.isdecimal() and len(code) <= 6
    if is_number and code not in _unknown and len(_unknown) < MOST_UNKNOWN:
        _unknown.add(code)
        log.info("EZVIZ sent a message with the unknown code %s", code)
    return "read"


def epoch_s(timestamp: object) -> float | None:
    """Epoch seconds from milliseconds or seconds since 1970, also as text."""
    try:
        number = float(str(timestamp))
    except ValueError:
        return None
    if not 0 < number < 1e14:  # nan is none of these
        return None
    return number / 1000 if number > 1e11 else number


def ahead_s(date: str, now: float, known_s: float = 0.0) -> float:
    """How far `now`, by our clock, is ahead of an answer's Date (RFC 9110, 6.6.1), in seconds.

    0 if they differ by less than SURE_S or more than a day, or without a Date.

    `known_s`, as found before, stays while it is nearly right, so that a message has the same time in each answer.
    """
    try:
        ahead = now - parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return 0.0
    if not SURE_S < abs(ahead) < DAY_S:
        return 0.0
    return known_s if abs(ahead - known_s) < SURE_S else ahead


def channel_of(channel: object) -> int:
    """The channel's number; 0 if it is missing, or no channel number."""
    text = str(channel)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def message_id(value: object) -> str:
    """Returns the vendor's id of a message; "" for what is no id."""
    text = value if isinstance(value, str) else str(value) if type(value) is int else ""
    return text if len(text) <= LONGEST_ID else ""


def message_hint(message: Any) -> Hint | None:
    """The hint in a message of the app; None if the message is not about an event."""
    if not isinstance(message, dict) or not isinstance(message.get("deviceSerial"), str):
        return None
    at, given = epoch_s(message.get("time")), message.get("ext")
    if at is None:
        return None
    ext: JsonObject = given if isinstance(given, dict) else {}
    kind: Literal["read"] | EventKind = "doorbell"
    if str(message.get("subType")) != CALL and str(ext.get("callingStatus") or "0") == "0":
        alarm = ext.get("alarmType")
        kind = kind_of(alarm if alarm is not None else message.get("subType"))
    channel = channel_of(message.get("channel"))
    return Hint(message["deviceSerial"], channel, kind, at, message_id(message.get("msgId")))


def push_hint(serial: str, channel: object, code: str, message: str, at: float) -> Hint:
    """The hint in a pushed message. The code 0 is a press, if the device has a bell."""
    if code.strip() == PUSHED_CALL:
        return Hint(serial, channel_of(channel), "doorbell", at, message_id(message), only_bells=True)
    return Hint(serial, channel_of(channel), kind_of(code), at, message_id(message))
