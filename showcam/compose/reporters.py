"""Builds the doors that report to assistants, for whoever runs `registry.reporting`."""

import logging

from actions.google_key import BadKey, KeyFile
from actions.homegraph import HomeGraph
from actions.reports import Reports as GoogleReports
from actions.states import States
from actions.traits import traits
from alexa.interfaces import interfaces
from alexa.reports import Reports as AlexaReports
from alexa.sender import EventSender
from registry.reporting.delivery import Outcome
from registry.reporting.reporter import Reporter
from showcam.compose import amazon, ground
from showcam.compose.google import google_key
from showcam.settings import Settings
from store.outbox import Claim

log = logging.getLogger(__name__)


def build(settings: Settings, base: ground.Ground) -> list[Reporter]:
    """The reporters by which something can be sent. A key that can't be used is named, and everything else goes on."""
    found: list[Reporter] = []
    if settings.lwa_client_id and settings.lwa_client_secret:  # no grant can be made without them
        found.append(_alexa(settings, base))
    try:
        key = google_key(settings, base.store)
    except BadKey as error:
        log.warning("nothing is reported to Google: google_service_account can't be used: %s", error)
        return found
    return [*found, _google(settings, base, key)] if key else found


def note_faults(base: ground.Ground, claim: Claim, outcome: Outcome) -> None:
    """What the owner is notified of."""
    match outcome:
        case "dead" | "refused":
            base.adapter.faults.began(claim.account, "grant", claim.link_id)
        case "doubted":
            base.adapter.faults.began(claim.account, "ending", claim.link_id)
        case "told" | "first":
            base.adapter.faults.ended(claim.account, "grant", claim.link_id)
            base.adapter.faults.ended(claim.account, "ending", claim.link_id)
        case "laid_down":
            base.adapter.faults.began(claim.account, "outbox", claim.link_id)
        case _:
            pass


def note_key(settings: Settings, base: ground.Ground) -> None:
    """Notes for households that are linked to Google whether the key for reports can't be used."""
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
    grants, table = amazon.gateway(settings, base.store), interfaces(base.adapter.registry, snapshots=True)
    return AlexaReports(EventSender(grants, amazon.http(settings)), table, grants.works, scenes=settings.casts)


def _google(settings: Settings, base: ground.Ground, key: KeyFile) -> GoogleReports:
    homegraph = HomeGraph(key, settings.assistants_at, settings.ca_file if settings.assistants_at else None)
    all_traits = traits(base.adapter.registry, settings.web_url, settings.cast_receiver_app_id)
    states = States(base.adapter.registry, all_traits)
    return GoogleReports(homegraph, all_traits, states, scenes=settings.casts)
