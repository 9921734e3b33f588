"""What EZVIZ's messages mean: the alarms that each channel brings, and a doorbell's call, which is no alarm.

A press of an EP8x is a call in the app's list of messages, with subType 2701, callingStatus 1 and no alarmType; no push
brings it (AidenShaw2020/ha-ezviz-doorbell, README, "A ring is not an alarm"). An older DP1C pushes its press, with
the code 0 (RenierM26/ha-ezviz issue 112). With a read of the list every 5 s, and every second for 30 s after a push, a
ring of the EP8x was found about a second after the press (the same README, "Burst polling"); its coordinator.py takes
messages of both channels within 15 s for the same ring.
"""

import logging
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from net.incoming import JsonObject
from registry.driver import EventKind, Hint

log = logging.getLogger(__name__)

SURE_S = 10.0  # clocks that differ less are taken for the same; an answer that takes this long is not waited for
STEADY_S = 10.0  # answers differ by less that come late
FARTHEST_S = 24 * 3600.0  # a Date that differs more is wrong, and not our clock: with such a one no TLS would work

CALL = "2701"  # subType of a doorbell's call in the list of messages
PUSHED_CALL = "0"  # the code of a press where a bell pushes it
MOST_UNKNOWN = 100  # codes that are logged
LONGEST_ID = 64

# Alarm types of the Open Platform and the app, as numbers and, in webhooks, as words. Those that the Open Platform's
# own table lacks were seen: 10120 of an EP8x (AidenShaw2020/ha-ezviz-doorbell, README, "Alert type codes"),
# 10131 of a C3X and 10079 of a C3N (RenierM26/ha-ezviz issue 91).
SEEN: dict[str, EventKind] = {
    "10000": "motion",  # infrared
    "10002": "motion",
    "10010": "motion",
    "10013": "motion",  # a line crossed
    "10014": "motion",  # a region entered or stayed in
    "10027": "motion",
    "10029": "motion",
    "10030": "motion",
    "10033": "motion",
    "10035": "motion",
    "10079": "motion",
    "10131": "motion",  # the shape of a person or of a vehicle
    "12000": "motion",
    "10015": "person",  # a face
    "10026": "person",  # people
    "10120": "person",
    "10016": "doorbell",
    "12002": "tamper",  # of the video
    "12027": "tamper",  # of the device
    "motiondetect": "motion",
    "pir": "motion",
    "humandetect": "person",
    "calling": "doorbell",
}
_unknown: set[str] = set()


def kind_of(alarm_type: object) -> Literal["read"] | EventKind:
    """Returns the kind of an alarm. Of an unknown one only that something happened is taken; its number is logged."""
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
    """Milliseconds, or seconds, since 1970, also as text."""
    try:
        number = float(str(timestamp))
    except ValueError:
        return None
    if not 0 < number < 1e14:  # nan is none of these
        return None
    return number / 1000 if number > 1e11 else number


def ahead_s(date: str, now: float, known_s: float = 0.0) -> float:
    """How far `now`, by our clock, is ahead of an answer's Date (RFC 9110, 6.6.1), in seconds.

    0 where they differ by less than SURE_S or more than FARTHEST_S, and without a Date.

    `known_s`, as found before, stays while it is nearly right, so that a message has the same time in each answer.
    """
    try:
        ahead = now - parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return 0.0
    if not SURE_S < abs(ahead) < FARTHEST_S:
        return 0.0
    return known_s if abs(ahead - known_s) < STEADY_S else ahead


def channel_of(channel: object) -> int:
    """0: missing, or no channel number."""
    text = str(channel)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def message_id(value: object) -> str:
    """Returns the vendor's id of a message; "" for what is no id."""
    text = value if isinstance(value, str) else str(value) if type(value) is int else ""
    return text if len(text) <= LONGEST_ID else ""


def message_hint(message: Any) -> Hint | None:
    """One of the app's messages; None for what is none."""
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
    """One of the messages that are pushed. Its code 0 is a press, if the device has a bell."""
    if code.strip() == PUSHED_CALL:
        return Hint(serial, channel_of(channel), "doorbell", at, message_id(message), only_bells=True)
    return Hint(serial, channel_of(channel), kind_of(code), at, message_id(message))
