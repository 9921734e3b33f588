"""What EZVIZ's kinds of events mean for us; where they come from differs, the kinds are the same."""

from email.utils import parsedate_to_datetime
from typing import Any, Literal

from registry.driver import EventKind, Hint

SURE_S = 60.0  # clocks that differ less are taken for the same
STEADY_S = 10.0  # answers differ by less that come late
FARTHEST_S = 24 * 3600.0  # a Date that differs more is wrong, and not our clock: with such a one no TLS would work

# Alarm types of the Open Platform and the app, as numbers and, in webhooks, as words. Two are not in the vendor's own
# table: 2403, by which the app filters its messages for people, and the word for a person.
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
    "12000": "motion",
    "10015": "person",  # a face
    "10026": "person",  # people
    "2403": "person",
    "10016": "doorbell",
    "12002": "tamper",  # of the video
    "12027": "tamper",  # of the device
    "motiondetect": "motion",
    "pir": "motion",
    "humandetect": "person",
    "calling": "doorbell",
}


def kind_of(alarm_type: object) -> Literal["read"] | EventKind:
    """The kind of an event; of an unknown one only that something happened is taken."""
    return SEEN.get(str(alarm_type).strip().lower(), "read")


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


def message_hint(message: Any) -> Hint | None:
    """One of the app's messages; None for what is none."""
    if not isinstance(message, dict) or not isinstance(message.get("deviceSerial"), str):
        return None
    at, ext = epoch_s(message.get("time")), message.get("ext")
    alarm = ext.get("alarmType") if isinstance(ext, dict) else None
    if at is None:
        return None
    kind = kind_of(alarm if alarm is not None else message.get("subType"))
    return Hint(message["deviceSerial"], channel_of(message.get("channel")), kind, at)
