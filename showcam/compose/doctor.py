"""Builds what the doctor examines: the public addresses, the registered client, and a client for the trial."""

from collections.abc import Iterator
from pathlib import Path

from accounts import clients
from actions.google_key import BadKey
from showcam.compose import reporters
from showcam.compose.command import tools
from showcam.doctor import google as points
from showcam.doctor import sign_in
from showcam.doctor.finding import Finding, ok, unsure, wrong
from showcam.doctor.reach import Visitor
from showcam.settings import Settings
from showcam.shipped import document
from store.ports import Store

KEY = "key for reports, google_service_account"
NOWHERE = "https://showcam.invalid/doctor"


def google(settings: Settings, authorities: Path | None = None) -> Iterator[Finding]:
    with tools(settings) as store, clients.on_trial(store, "google", NOWHERE) as trial:
        known = clients.registered(store, "google")
        patient = points.Patient(
            web=settings.web_url,
            pictures=settings.pictures_urls,
            client=(known.id, known.redirect_uris) if known else None,
            trial=trial,
            demo=settings.demo,
        )
        yield sign_in.examine(store, anyone=settings.sign_up == "anyone")
        yield from points.examine(patient, Visitor(authorities))
        yield _reports(settings, store)


def _reports(settings: Settings, store: Store) -> Finding:
    try:
        key = reporters.google_key(settings, store)
    except BadKey as error:
        return wrong(KEY, str(error), f"Make a key of that account again, see {document('google.md')}")
    if key is None:
        mend = f"Set google_service_account, see {document('google.md')}"
        return unsure(KEY, "none is set: Google learns of changes only when it asks", mend)
    return ok(KEY, f"of the project {key.project_id}, and it signs")
