"""Examines households: sessions with vendors, what stands in the way of each camera, reports to the assistants."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Protocol

from showcam.app.doctor.finding import Fault, Finding, ok, unsure, wrong
from showcam.drivers.camera import Refusal, Surface
from showcam.drivers.errors import Reason, Unavailable
from showcam.i18n.catalogue import Worded, worded
from showcam.registry.gate.reasons import explain
from showcam.registry.notices.faults import Fault as Noted
from showcam.registry.readings.judge import Row
from showcam.store.ports import Store

MOST = 20  # most households in an examination: each waits for the vendor's answer
# Stills are not among them: with pictures = vendor no camera has one, and both assistants show it all the same.
_ASSISTANTS: tuple[Surface, ...] = ("alexa", "google")
_FAULTS: dict[Reason, Fault] = {"code_wrong": "code_wrong", "not_playable": "no_room_to_transcode"}
# states that a camera's owner may want; any other reason is a fault of the installation
_WANTED: frozenset[Reason] = frozenset({"asleep", "encryption_on", "audio_off", "offline", "lan_unreachable", "busy"})


class Owner(Protocol):
    def readiness(self, account_id: str, surfaces: tuple[Surface, ...]) -> list[Row]:
        """Raises Unavailable if the cameras can't be listed."""
        ...


class Faults(Protocol):
    def of(self, account_id: str) -> list[Noted]: ...


class Standing(Protocol):
    def signed_out(self, account_id: str) -> bool: ...


def examine(store: Store, owner: Owner, faults: Faults, standing: Standing, *, only: str = "") -> Iterator[Finding]:
    """`only`: the id of the one household whose owner may read the findings; "" for all."""
    for account in islice((household for household in store.accounts() if only in ("", household.id)), MOST):
        if standing.signed_out(account.id):
            text = worded("the vendor ended it, so no camera of that account can be shown")
            mend = worded("Sign in again on showcam's page.")
            yield wrong(worded("session with the vendor"), text, mend, "session_ended", command="showcam login")
        elif any(store.known(account.id, source.id) for source in store.sources(account.id)):
            # of the others no camera was ever listed: nobody has signed in
            yield from _cameras(owner, account.id)
        yield from (_reports(fault) for fault in faults.of(account.id) if fault.lasts and fault.kind in _OF_REPORTS)


def _cameras(owner: Owner, account_id: str) -> Iterator[Finding]:
    try:
        rows = owner.readiness(account_id, _ASSISTANTS)
    except Unavailable as error:
        yield unsure(
            worded("cameras"),
            worded("they can't be listed ({reason})", reason=error.reason),
            worded("Try again in a few minutes."),
        )
        return
    for camera, verdicts in rows:
        what = worded("camera {camera}", camera=camera.name)
        refusals = [verdict for verdict in verdicts.values() if isinstance(verdict, Refusal)]
        if not refusals:
            yield ok(what, worded("every assistant can show it"))
            continue
        first = max(refusals, key=lambda refusal: refusal.reason not in _WANTED)
        problem = unsure if first.reason in _WANTED else wrong
        text = (
            worded("one assistant can't show it")
            if len(refusals) < len(verdicts)
            else worded("no assistant can show it")
        )
        yield problem(what, text, Worded(explain(first), partial(explain, first)), _FAULTS.get(first.reason))


_OF_REPORTS = ("grant", "outbox")


def _reports(fault: Noted) -> Finding:
    if fault.kind == "grant":
        text = worded("the assistant refuses them, or showcam has no permission for them any more")
        mend = worded("In the assistant's app disable or disconnect showcam, then link it again.")
        return wrong(worded("reports of the link {link}", link=fault.subject), text, mend, "gateway_grant_dead")
    text = worded("some could not be sent, and were put aside")
    mend = worded("See why, and send them again, on showcam's page under Assistants.")
    what = worded("reports of the link {link}", link=fault.subject)
    return wrong(what, text, mend, "reports_not_sent", command="showcam outbox list")
