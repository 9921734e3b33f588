"""Finds a word for why a report failed: the stored reason is a text in English, with the service's own code in it."""

import re
from typing import Literal

LATE = "it happened too long ago"
FAULT = "something went wrong in showcam; it is in its log"
REFUSED = "refused: "  # before the stored reason of a link, if the refusal may pass
LATE_S = 300.0  # an older happening is no longer reported

type Why = Literal[
    "late", "too_large", "refused", "permission", "unknown_user", "busy", "trouble", "unreached", "clock", "fault"
]

# The first match counts. A text may hold several reasons, and may be by an earlier version.
_TEXTS: tuple[tuple[re.Pattern[str], Why], ...] = (
    (re.compile(re.escape(LATE)), "late"),
    (re.compile(re.escape(FAULT)), "fault"),
    (re.compile("clock is wrong"), "clock"),
    (re.compile("does not know this user|has not fetched the list"), "unknown_user"),
    (re.compile("no grant|the grant|the key|no key"), "permission"),
    (re.compile(r"be reached: .*answered \d"), "trouble"),  # the service that gives the tokens answered
    (re.compile("answered 413"), "too_large"),
    (re.compile("answered 400"), "refused"),
    (re.compile("answered 40[34]"), "permission"),
    (re.compile("answered 429"), "busy"),
    (re.compile("could not be reached|the time for this turn was over"), "unreached"),
)


def why_of(reason: str) -> Why:
    """The word for the stored reason of a link or row; "trouble" for an unlisted reason."""
    return next((why for text, why in _TEXTS if text.search(reason)), "trouble")


def is_refusal(kept: str) -> bool:
    """Whether the last try failed because the assistant refused the link or the key, as by a 403 or 404."""
    return kept.startswith(REFUSED)
