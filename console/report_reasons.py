"""Why an assistant got no report, as a sentence of the page; the service's own words stand beside it, folded away."""

from collections.abc import Mapping

from msgspec import Struct

from console import pages
from registry.reporting.reasons import LATE_S, Why, why_of
from words.catalogue import mark

REASONS: Mapping[Why, str] = {
    "late": mark("It happened more than {minutes} minutes before it could be reported."),
    "too_large": mark("The report is larger than {assistant} takes."),
    "refused": mark("{assistant} refused this report, and refuses it again until something changes at the camera."),
    "permission": mark(
        "{assistant} takes no reports by this link: let the doctor on the page Health say why, or link it again."
    ),
    "unknown_user": mark("{assistant} does not know this link: it is told again once it asks for the list of cameras."),
    "busy": mark("{assistant} takes no more reports just now, and showcam goes on by itself."),
    "trouble": mark("The service of {assistant} did not take it, and showcam tries again by itself."),
    "unreached": mark("{assistant} could not be reached, and showcam tries again by itself."),
    "clock": mark("The clock of this machine is wrong by more than {assistant} takes: set it right."),
    "fault": mark("Something went wrong here; it is noted in showcam's log."),
}
OWN: frozenset[Why] = frozenset({"late", "fault"})  # nothing was answered


class Reason(Struct, frozen=True):
    """`answered`: the service's own words, in English; "" where it said nothing."""

    says: str
    answered: str


def reason(kept: str, assistant: str) -> Reason:
    why = why_of(kept)
    says = pages.say(REASONS[why], assistant=assistant, minutes=round(LATE_S / 60))
    return Reason(says, "" if why in OWN else kept)
