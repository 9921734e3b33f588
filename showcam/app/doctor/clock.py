"""Examines this machine's clock by the time that web servers put into their answers."""

import time
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime

from showcam.app.doctor.finding import Finding, ok, unsure, wrong
from showcam.app.doctor.reach import Unreached, Visitor
from showcam.i18n.catalogue import Worded, worded

# servers of the assistants, whose clocks are the ones that count
SOURCES = ("https://www.google.com/generate_204", "https://api.amazonalexa.com/")
WRONG_S = 30.0  # the forwarder's signature is taken within a minute, and tokens are counted in seconds
_MEND = worded("Let the machine keep its time by NTP: timedatectl set-ntp true.")


def examine(visitor: Visitor, sources: Sequence[str] = SOURCES, now: Callable[[], float] = time.time) -> Finding:
    what = worded("clock")
    for source in sources:
        began = now()
        try:
            answer = visitor.request("GET", source)
            served = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
        except (Unreached, ValueError):
            continue
        # the header has whole seconds, and was written while the request was on its way
        off = min(0.0, now() - served) + max(0.0, began - (served + 1))
        if abs(off) <= WRONG_S:
            return ok(what, worded("it is right"))
        behind, span = off < 0, _span(abs(off))
        text = worded("it is {span} behind", span=span) if behind else worded("it is {span} ahead", span=span)
        return wrong(what, text, _MEND, "clock_off")
    return unsure(
        what,
        worded("no server of the assistants tells the time"),
        worded("See that this machine reaches the internet."),
    )


def _span(seconds: float) -> Worded:
    if seconds >= 90:
        return worded("{count} minutes", count=round(seconds / 60))
    return worded("{count} seconds", count=round(seconds))
