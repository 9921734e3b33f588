"""The reports of links on the assistants' page: the last report, waiting reports, and parked reports with reasons."""

import time
from collections.abc import Callable, Mapping

from flask import request
from msgspec import Struct

from showcam.console.assistants.sentences import ASSISTANTS as SAID
from showcam.console.assistants.sentences import LAST_TOLD, REPORTED
from showcam.console.look import pages
from showcam.console.look.pages import ASSISTANTS
from showcam.i18n.catalogue import mark
from showcam.registry.notices.faults import Fault as Noted
from showcam.registry.notices.faults import Kind
from showcam.registry.notices.notifier import WHYS, names_of_link, what_happened
from showcam.registry.reporting.reporter import LATE_S
from showcam.store.outbox import ENDED, LOOK, Laid, Row, Telling, Why
from showcam.store.ports import Store
from showcam.store.records import Assistant, Link

REASONS: Mapping[Why, str] = {
    "late": mark("Over {minutes} minutes old."),
    "too_large": mark("Too large for {assistant}."),
    "refused": mark("{assistant} refuses it until the camera changes."),
    "permission": mark("{assistant} takes no reports by this link."),
    "unknown_user": mark("{assistant} forgot this link until it next asks."),
    **WHYS,
}
OWN: frozenset[Why] = frozenset({"late", "fault"})  # reasons without any answer
# The one button for a fault of a link: its words, and the page that it leads to.
_BUTTONS: Mapping[Kind, tuple[str, str]] = {
    "grant": (mark("Link it again"), "/home/{assistant}?open=link#link"),
    "expired": (mark("Link it again"), "/home/{assistant}?open=link#link"),
    "ending": (mark("End this link"), ""),
    "silent": (mark("See Health"), "/home/health"),
}
SHOWN = 20  # the most reports of each kind and link


class Reason(Struct, frozen=True):
    """`answered`: the service's own words, in English; "" if the service said nothing."""

    says: str
    answered: str


def reason(of: Telling | Laid, assistant: str) -> Reason | None:
    if of.why is None:
        return None
    says = pages.say(REASONS[of.why], assistant=assistant, minutes=round(LATE_S / 60))
    return Reason(says, "" if of.why in OWN else of.reason)


class Report(Struct, frozen=True):
    """`since`: when the report became due, or was parked. `reason`: None if the report waits."""

    id: str
    what: str
    since: float
    reason: Reason | None = None


class Fault(Struct, frozen=True):
    """Why a link is not reported to, and the one button: it leads to `page`, or ends the link if that is ""."""

    says: str
    button: str
    page: str


class OfLink(Struct, frozen=True):
    """`told`: when and what was last reported, "" if nothing was. `why_not`: why the report is tried again."""

    told: str
    fault: Fault | None
    why_not: Reason | None
    waiting: tuple[Report, ...]
    laid: tuple[Report, ...]


class OfEnded(Struct, frozen=True):
    """A report about an ended link that could not be sent."""

    assistant: Assistant
    report: Report


class Reports:
    """`faults` returns the noted faults of a household. `clock`: epoch seconds."""

    def __init__(
        self, store: Store, faults: Callable[[str], list[Noted]], clock: Callable[[], float] = time.time
    ) -> None:
        self._store, self._faults, self._clock = store, faults, clock

    def of(self, account: str, links: list[Link], names: Mapping[str, str]) -> tuple[dict[str, OfLink], list[OfEnded]]:
        """Returns the reports of each link by its id, and the reports of links that have ended.

        `names` are of cameras, by id.
        """
        tellings, laid = self._store.tellings(account), self._store.laid_down(account)
        waiting = self._store.waiting(self._clock(), account)
        noted = {fault.subject: fault.kind for fault in self._faults(account) if fault.lasts and fault.kind in _BUTTONS}
        found = {}
        for link in links:
            telling = tellings.get(link.id)
            told = telling is not None and telling.told_at is not None
            found[link.id] = OfLink(
                _last_sent(telling.told_at or 0.0, telling.what) if telling and told else "",
                _fault(noted[link.id], link, telling) if link.id in noted else None,
                reason(telling, ASSISTANTS[link.assistant]) if telling else None,
                tuple(Report(row.id, _what(row, names), row.due) for row in waiting if row.link == link.id)[:SHOWN],
                tuple(_parked(laid_row, names) for laid_row in laid if laid_row.row.link == link.id)[:SHOWN],
            )
        ended = [
            OfEnded(laid_row.row.assistant, _parked(laid_row, names))
            for laid_row in laid
            if laid_row.row.link not in found
        ]
        return found, ended[:SHOWN]

    def take(self, step: str, account: str) -> str:
        """Returns what was wrong, as a sentence to translate, or "" when done."""
        row = request.form.get("row", "")
        if step == "retry-report":
            done = self._store.retry(account, row, self._clock())
        else:
            done = self._store.drop(account, row)
        return "" if done else SAID["no_report"]


def _fault(kind: Kind, link: Link, telling: Telling | None) -> Fault:
    says = what_happened(kind, names_of_link(link, telling), pages.language())
    button, page = _BUTTONS[kind]
    return Fault(says, pages.say(button), page.format(assistant=link.assistant))


def _last_sent(at: float, what: str) -> str:
    """Returns the last report as a sentence. `what` is as showcam.registry.reporting writes it: counts and words."""
    counts = [part.partition(" ") for part in what.split(", ") if part]
    said = [pages.say(REPORTED[word], count=count) for count, _, word in counts if word in REPORTED]
    return pages.say(LAST_TOLD, when=pages.moment(at), what="; ".join(said) or what)


def _parked(laid: Laid, names: Mapping[str, str]) -> Report:
    return Report(laid.row.id, _what(laid.row, names), laid.at, reason(laid, ASSISTANTS[laid.row.assistant]))


def _what(row: Row, names: Mapping[str, str]) -> str:
    """Says what a row is to report. The row about a link's end holds the link's secret, which is left out."""
    if row.kind == ENDED:
        return pages.say(REPORTED["ended"])
    if row.kind == LOOK and row.subject not in names:
        return pages.say(REPORTED["look"])
    sentence = REPORTED["camera"] if row.kind == LOOK else REPORTED.get(f"a {row.kind}", REPORTED["look"])
    return pages.say(sentence, camera=names.get(row.subject, "–"))
