"""Builds the doors that report to assistants, for whoever runs `registry.telling`."""

import logging

from accounts import clients
from actions.google_key import BadKey, KeyFile, read_key
from actions.google_tokens import check_key
from actions.homegraph import HomeGraph
from actions.reported import Reported
from actions.reports import Reports as GoogleReports
from actions.states import States
from actions.traits import traits
from alexa.interfaces import interfaces
from alexa.reports import Reports as AlexaReports
from alexa.sender import EventSender
from registry.telling.reporter import Reporter
from registry.telling.telling import Outcome
from showcam.compose import amazon, ground
from showcam.settings import Settings
from showcam.setup.google_console import projects_of
from store.ports import Store
from store.telling_ports import Claim

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


def google_key(settings: Settings, store: Store) -> KeyFile | None:
    """The key, examined; None where none is set. Raises BadKey, StoreUnavailable."""
    if not settings.google_service_account:
        return None
    key, known = read_key(settings.google_service_account), clients.registered(store, "google")
    check_key(key, projects_of(known.redirect_uris) if known else ())
    return key


def note_faults(base: ground.Ground, claim: Claim, outcome: Outcome) -> None:
    """What the owner is notified of."""
    match outcome:
        case "dead":
            base.adapter.faults.began(claim.account, "grant", claim.link_id)
        case "first":
            base.adapter.faults.ended(claim.account, "grant", claim.link_id)
        case "laid_down":
            base.adapter.faults.began(claim.account, "outbox", claim.link_id)
        case _:
            pass


def _alexa(settings: Settings, base: ground.Ground) -> AlexaReports:
    grants, table = (
        amazon.gateway(settings, base.store),
        interfaces(base.adapter.registry, snapshots=settings.snapshots),
    )
    return AlexaReports(EventSender(grants, amazon.http(settings)), table, grants.works, scenes=settings.casts)


def _google(settings: Settings, base: ground.Ground, key: KeyFile) -> GoogleReports:
    homegraph = HomeGraph(key, settings.google_at, settings.ca_file if settings.google_at else None)
    all_traits = traits(base.adapter.registry, settings.web_url, settings.cast_receiver_app_id)
    states = States(base.adapter.registry, all_traits)
    return GoogleReports(homegraph, Reported(base.store, key.private_key_id), all_traits, states, scenes=settings.casts)
