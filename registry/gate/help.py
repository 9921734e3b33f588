"""The short address of the page that explains a reason, such as /h/5: short enough to be typed from a television.

A number stays a reason's as long as there is one: it stands on pictures and in letters.
"""

from registry.reason import REASONS, ByReason, Reason

NUMBERS: ByReason[int] = {
    "not_found": 1,
    "signed_out": 2,
    "vendor_down": 3,
    "vendor_busy": 4,
    "offline": 5,
    "asleep": 6,
    "state_unknown": 7,
    "encryption_on": 8,
    "encryption_unknown": 9,
    "audio_off": 10,
    "audio_unknown": 11,
    "no_way": 12,
    "not_permitted": 13,
    "code_wrong": 14,
    "lan_unreachable": 15,
    "lan_closed": 16,
    "not_playable": 17,
    "beyond_displays": 18,
    "not_passable": 19,
    "no_common_protocol": 20,
    "too_large": 21,
    "busy": 22,
    "waking": 23,
    "media_down": 24,
    "voice_may_not": 25,
    "encryption_by_voice": 26,
    "owners_alone": 27,
    "not_this_way": 28,
    "not_set": 29,
    "no_tv": 30,
    "too_often": 31,
    "household_full": 32,
    "machine_full": 33,
    "no_internet": 34,
    "not_agreed": 35,
    "silent": 36,
    "key_server_changed": 37,
}
_BY_NUMBER = {NUMBERS[reason]: reason for reason in REASONS}


def short(reason: Reason) -> str:
    """The path on this installation's own address."""
    return f"/h/{NUMBERS[reason]}"


def of_number(number: int) -> Reason | None:
    return _BY_NUMBER.get(number)
