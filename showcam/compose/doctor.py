"""Builds what the doctor examines: the public addresses, the registered client, and a client for the trial."""

from collections.abc import Iterator
from pathlib import Path

from accounts import clients
from showcam.compose.command import tools
from showcam.doctor import google as points
from showcam.doctor import sign_in
from showcam.doctor.finding import Finding
from showcam.doctor.reach import Visitor
from showcam.settings import Settings

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
