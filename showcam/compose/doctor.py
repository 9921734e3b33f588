"""What the doctor is handed: the addresses, the client as registered, and one of its own to try the doors with."""

from collections.abc import Iterator
from pathlib import Path

from accounts import clients
from showcam.compose.command import tools
from showcam.doctor import google as points
from showcam.doctor.finding import Finding
from showcam.doctor.reach import Visitor
from showcam.settings import Settings

TRIAL = "doctor"  # registered for the length of an examination; nobody else is told its secret
NOWHERE = ("https://showcam.invalid/doctor",)


def google(settings: Settings, authorities: Path | None = None) -> Iterator[Finding]:
    with tools(settings) as store:
        known = next((each for each in store.clients() if each.assistant == "google" and each.id != TRIAL), None)
        store.drop_client(TRIAL)  # left behind by one that was killed
        secret = clients.register(store, TRIAL, "google", NOWHERE)
        patient = points.Patient(
            web=settings.web_url,
            pictures=settings.pictures_urls,
            client=(known.id, known.redirect_uris) if known else None,
            trial=(TRIAL, secret),
            demo=settings.demo,
        )
        try:
            yield from points.examine(patient, Visitor(authorities))
        finally:
            store.drop_client(TRIAL)
