"""Builds what reports changes to assistants: their reporters, and the function on AWS's queue of links that are due."""

import logging
from collections.abc import Callable
from typing import Any

from actions.devices import States
from actions.google_key import BadKey, KeyFile
from actions.homegraph import HomeGraph
from actions.reports import Reports as GoogleReports
from actions.traits import traits
from showcam.alexa.events import EventSender
from showcam.alexa.interfaces import interfaces
from showcam.alexa.reports import Reports as AlexaReports
from showcam.app import keys
from showcam.app.aws import boto, wakes
from showcam.app.aws.cloudwatch import Event, Handler, Reply
from showcam.app.compose import ground
from showcam.app.compose.event_gateway import amazon_http, event_gateway
from showcam.app.settings import Settings
from showcam.app.setup.google_console import google_key
from showcam.registry import outcomes
from showcam.registry.reporting.delivery import CLAIM_S, Delivery, Outcome
from showcam.registry.reporting.reporter import Reporter, Unreported
from showcam.store.outbox import Claim
from showcam.store.ports import StoreUnavailable
from showcam.store.records import ASSISTANTS, Assistant

log = logging.getLogger(__name__)

TURNS = 4  # turns for one link in a run, for changes that came meanwhile; the stream wakes the function for the rest


def reporters_of(settings: Settings, base: ground.Ground) -> list[Reporter]:
    """The reporters that can send. A key that can't be used is logged, and everything else goes on."""
    found: list[Reporter] = []
    if settings.lwa_client_id and settings.lwa_client_secret:  # no grant can be made without them
        found.append(_alexa(settings, base))
    try:
        key = google_key(settings, base.store)
    except BadKey as error:
        log.warning("nothing is reported to Google: google_service_account can't be used: %s", error)
        return found
    return [*found, _google(settings, base, key)] if key else found


def deliveries(
    settings: Settings, base: ground.Ground, count: Callable[[Assistant, Claim, Outcome, float], None]
) -> dict[Assistant, Delivery]:
    """A delivery for each assistant, also if showcam has no key for its reports. `count` gets each outcome."""
    departures = base.departures(settings, settings.request_s)  # the same run reports the end to the assistant
    built = {reporter.assistant: reporter for reporter in reporters_of(settings, base)}

    def delivery(assistant: Assistant) -> Delivery:
        reporter = built.get(assistant)

        def follow(claim: Claim, outcome: Outcome, lag_s: float) -> None:
            count(assistant, claim, outcome, lag_s)
            if reporter is not None:  # a person who took the key or the client away needs no notice of that
                note_faults(base, claim, outcome)

        return Delivery(
            base.store,
            reporter or Unreported(assistant),
            base.adapter.present,
            base.end,
            follow,
            ended=departures.unlinked,
        )

    return {assistant: delivery(assistant) for assistant in ASSISTANTS}


def note_faults(base: ground.Ground, claim: Claim, outcome: Outcome) -> None:
    """Begins or ends the link's faults by the outcome of a delivery; the owner is notified of faults."""
    faults = base.adapter.faults
    match outcome:
        case "dead" | "not_permitted":
            faults.hindered(claim.account, "expired", claim.link_id)
        case "refused":
            faults.hindered(claim.account, "grant", claim.link_id)
        case "doubted":
            faults.hindered(claim.account, "ending", claim.link_id)
        case "told" | "first":
            faults.reported(claim.account, claim.link_id)
        case "laid_down":
            faults.began(claim.account, "outbox", claim.link_id)
        case _:
            pass


def note_key(settings: Settings, base: ground.Ground) -> None:
    """Notes a fault for each household linked to Google if the key for reports can't be used, or that it has ended."""
    is_bad = False
    try:
        google_key(settings, base.store)
    except BadKey:
        is_bad = True
    for account in base.store.accounts():
        if is_bad and any(link.assistant == "google" for link in base.store.links(account.id)):
            base.adapter.faults.began(account.id, "key", "google")
        else:
            base.adapter.faults.ended(account.id, "key", "google")


def _alexa(settings: Settings, base: ground.Ground) -> AlexaReports:
    grants, table = event_gateway(settings, base.store), interfaces(base.adapter.registry, snapshots=True)
    return AlexaReports(EventSender(grants, amazon_http(settings)), table, grants.works, scenes=settings.casts)


def _google(settings: Settings, base: ground.Ground, key: KeyFile) -> GoogleReports:
    homegraph = HomeGraph(key, settings.assistants_at, settings.ca_file if settings.assistants_at else None)
    all_traits = traits(base.adapter.registry, settings.web_url, settings.cast_receiver_app_id)
    states = States(base.adapter.registry, all_traits)
    return GoogleReports(homegraph, all_traits, states, scenes=settings.casts)


def build() -> Handler:
    """Builds the function. Raises every error that prevents a start, so that AWS counts it."""
    settings, watch = ground.function("reports")
    base = ground.build(settings, keys.of(settings))
    by_assistant = deliveries(settings, base, note_outcome)

    @boto.within(CLAIM_S)  # afterwards another run may report to the link
    def answer(event: Event, _context: Any) -> Reply:
        failures: list[wakes.Failure] = []
        for message, wake in wakes.of_queue(event):
            try:
                _report(by_assistant, wake)
            except StoreUnavailable:
                log.warning("link %s could not be reported to", wake.link, extra={"reason": "store"})
                failures.append({"itemIdentifier": message})
        return {"batchItemFailures": failures}

    return watch.watched(answer)


def note_outcome(assistant: Assistant, claim: Claim, outcome: Outcome, lag_s: float) -> None:
    """Notes how a delivery ended, for the message's line in the log."""
    is_told = outcome in ("told", "first")
    ending: outcomes.Ending = "done" if is_told else "pending" if outcome == "retried" else "refused"
    reason, took_s = ("", round(lag_s, 3)) if is_told else (outcome, None)
    name, ids = outcomes.REPORT, ("", claim.link_id, claim.account)
    outcomes.add(outcomes.Outcome(name, ending, reason, "", *ids, assistant, took_s=took_s))


def _report(by_assistant: dict[Assistant, Delivery], wake: wakes.Wake) -> None:
    for assistant, found in by_assistant.items():
        if assistant == wake.assistant:
            for _ in range(TURNS):
                if not found.tell(wake.account, wake.link):
                    return
