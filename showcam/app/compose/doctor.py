"""Builds what the doctor examines: the public addresses, the registered client, and a client for the trial."""

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from actions.google_key import BadKey
from showcam.accounts import clients
from showcam.app.compose import demo
from showcam.app.compose.command import built, tools
from showcam.app.compose.ground import Ground
from showcam.app.doctor import assistants, households, machine
from showcam.app.doctor import google as points
from showcam.app.doctor.finding import of, ok, unsure, wrong
from showcam.app.doctor.reach import RESOLVER, Visitor, World
from showcam.app.settings import Settings
from showcam.app.setup.google_console import google_key
from showcam.app.shipped import page
from showcam.console.health.machine import Finding
from showcam.i18n.catalogue import worded
from showcam.store.ports import Store
from showcam.store.records import DAY_S

KEY = worded("key for reports, google_service_account")
NOWHERE = "https://showcam.invalid/doctor"
MOST = 100  # households whose links are looked at


def google(settings: Settings, authorities: Path | None = None) -> Iterator[Finding]:
    """Examines only the things that Google needs."""
    with tools(settings) as store:
        yield households.sign_in(store, anyone=settings.sign_up == "anyone")
        yield from _endpoints(settings, store, Visitor(authorities))


def whole(settings: Settings, authorities: Path | None = None) -> Iterator[Finding]:
    """Everything, the machine first, then the way to it, the assistants, and the cameras."""
    with built(settings) as base:
        yield from running(settings, base, authorities)


def running(
    settings: Settings, base: Ground, authorities: Path | None = None, *, household: str = ""
) -> Iterator[Finding]:
    """Examines everything with the store and the drivers in `base`. `household`: the household whose owner reads it."""
    visitor, store = Visitor(authorities), base.store
    if not settings.all_on_aws:  # on AWS no data lasts on this disk
        yield machine.disk(settings.data)
    if not settings.demo:  # the demo asks nobody outside
        yield machine.clock(visitor)
    yield households.sign_in(store, anyone=settings.sign_up == "anyone")
    yield from _endpoints(settings, store, visitor)
    forwarded = not settings.demo and not settings.all_on_aws
    yield from assistants.examine(store, forwarded=forwarded, spoken=bool(settings.alexa_skill_id))
    if settings.own_media and (ports := machine.webrtc_ports(settings.webrtc_range)):
        yield ports
    if not settings.demo and settings.own_media:
        yield machine.stun(settings.stun)
        if relay := machine.turn(settings.turn, settings.turn_secret):
            yield relay
    adapter = base.adapter
    cameras = households.examine(store, adapter.owner, adapter.faults, adapter.standing, only=household)
    yield from of("cameras", cameras)
    if settings.notifies:
        yield households.notices(store)
    if broker := _broker(settings):
        yield broker


def _endpoints(settings: Settings, store: Store, visitor: Visitor) -> Iterator[Finding]:
    with clients.on_trial(store, "google", NOWHERE) as trial:
        known = clients.registered(store, "google")
        patient = points.Patient(
            web=settings.web_url,
            pictures=settings.pictures_urls,
            client=(known.id, known.redirect_uris) if known else None,
            trial=trial,
            demo=settings.demo,
            hidden=settings.console != "public" and not settings.demo and not settings.all_on_aws,
        )
        yield from points.examine(patient, visitor, _world(settings, store))
        yield from of("google", [reports(settings, store)])


def reports(settings: Settings, store: Store) -> Finding:
    try:
        key = google_key(demo.prepare(settings) if settings.demo else settings, store)
    except BadKey as error:
        mend = worded(
            "Make a key of that account in the project of Google's client, see {page}", page=page("google.md")
        )
        return wrong(KEY, error.args[0], mend, "homegraph_key_wrong")
    if key is None:
        mend = worded("Set google_service_account, see {page}", page=page("google.md"))
        return unsure(KEY, worded("none is set: Google learns of changes only when it asks"), mend)
    return ok(KEY, worded("of the project {project}, and it signs", project=key.project_id))


def _broker(settings: Settings) -> Finding | None:
    """A finding about the MQTT broker, as the worker last met it; None if no broker is set."""
    file = settings.broker_status
    if not file.exists():
        return None
    from showcam.mqtt import status

    met = status.read(file)
    if met is None or met.outcome == "connected":
        return ok("MQTT", met.sentence) if met else None
    mend = worded("Correct the setting mqtt, see {page}", page=page("settings.md"))
    return wrong("MQTT", met.sentence, mend, "mqtt_refused", command="showcam settings set mqtt")


def _world(settings: Settings, store: Store) -> World:
    if settings.demo:
        return World()
    servers, since = settings.stun or machine.OTHERS, time.time() - DAY_S
    return World(
        resolver=RESOLVER,
        own_address=lambda: next(
            filter(None, (machine.seen_from(server, machine.WITHIN_S) for server in servers)), None
        ),
        visited=any(
            link.last_used > since for account in islice(store.accounts(), MOST) for link in store.links(account.id)
        ),
    )
