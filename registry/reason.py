"""Why a camera can't be shown, or was not changed: one word per reason, in the gate's order."""

from typing import Literal, TypedDict, TypeIs, get_args

type Reason = Literal[
    "not_found",
    "signed_out",
    "no_internet",
    "vendor_down",
    "vendor_busy",
    "offline",
    "asleep",
    "state_unknown",
    "encryption_on",
    "encryption_unknown",
    "audio_off",
    "audio_unknown",
    "not_agreed",
    "no_way",
    "silent",
    "not_permitted",
    "code_wrong",
    "lan_unreachable",
    "lan_closed",
    "key_server_changed",
    "not_playable",
    "beyond_displays",
    "not_passable",
    "no_common_protocol",
    "too_large",
    "busy",
    "too_often",
    "household_full",
    "machine_full",
    "waking",
    "media_down",
    "voice_may_not",
    "encryption_by_voice",
    "owners_alone",
    "not_this_way",
    "not_set",
    "no_tv",
]

REASONS: tuple[Reason, ...] = get_args(Reason.__value__)


class ByReason[T](TypedDict):
    """A table with a row for every Reason: mypy refuses one that lacks a row, or has one too many."""

    not_found: T
    signed_out: T
    no_internet: T
    vendor_down: T
    vendor_busy: T
    offline: T
    asleep: T
    state_unknown: T
    encryption_on: T
    encryption_unknown: T
    audio_off: T
    audio_unknown: T
    not_agreed: T
    no_way: T
    silent: T
    not_permitted: T
    code_wrong: T
    lan_unreachable: T
    lan_closed: T
    key_server_changed: T
    not_playable: T
    beyond_displays: T
    not_passable: T
    no_common_protocol: T
    too_large: T
    busy: T
    too_often: T
    household_full: T
    machine_full: T
    waking: T
    media_down: T
    voice_may_not: T
    encryption_by_voice: T
    owners_alone: T
    not_this_way: T
    not_set: T
    no_tv: T


def is_reason(word: object) -> TypeIs[Reason]:
    """For a word from another process or an assistant."""
    return word in REASONS
