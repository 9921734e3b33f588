"""Alexa's part of the web process, and the function for her requests on AWS.

For directives no Flask, Authlib, PyAV or ask-sdk is loaded. ask-sdk comes with the first spoken request.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from showcam.accounts.links import authenticate
from showcam.alexa.smart_home import SmartHome
from showcam.app import keys
from showcam.app.aws import boto
from showcam.app.aws.cloudwatch import Event, Handler, Reply
from showcam.app.compose import ground
from showcam.app.compose.event_gateway import event_gateway
from showcam.app.settings import Settings
from showcam.net.text import JsonObject
from showcam.registry.reporting.sender import Listed
from showcam.store.ports import Store
from showcam.store.records import Link

if TYPE_CHECKING:
    from showcam.alexa.spoken.signature import Chains
    from showcam.alexa.spoken.skill import Spoken

_KEPT_S = 10 * 365 * 24 * 3600.0  # nothing else ends a row of a skill's user, so it lasts as long as the link may


def chains(settings: Settings) -> "Chains":
    """Checks Amazon's certificate chains. In the demo the simulator's authority is trusted, not the public ones."""
    from cryptography import x509

    from showcam.alexa.spoken.signature import Chains, public_roots

    if settings.assistants_at and settings.ca_file:
        anchors = x509.load_pem_x509_certificates(settings.ca_file.read_bytes())
        return Chains(anchors, settings.assistants_at, settings.ca_file)
    return Chains(public_roots())


class LinksOfAmazonUsers:
    """Finds the link of an Amazon user. The rows are stored among the visits: sealed, under a hash of the user's id."""

    def __init__(self, store: Store, end: Callable[[Link], None]) -> None:
        self._store, self.end = store, end

    def remember(self, user: str, link: Link) -> None:
        key, now = _visit_key(user), time.time()
        if self._store.visit(key, now) != link.id.encode():
            self._store.put_visit(key, link.id.encode(), now + _KEPT_S)

    def link_of(self, user: str) -> Link | None:
        link_id = self._store.visit(_visit_key(user), time.time())
        return self._store.link(link_id.decode()) if link_id else None


def spoken(settings: Settings, base: ground.Ground) -> Callable[[JsonObject, float], Mapping[str, object]]:
    """A function that answers a spoken request, which came at the given time by time.monotonic."""

    @cache
    def spoken_skill() -> "Spoken":
        from showcam.alexa.spoken.skill import Spoken

        known = partial(authenticate, base.store, assistant="alexa")
        links = LinksOfAmazonUsers(base.store, base.end)
        return Spoken(known, base.adapter.registry, links, settings.alexa_skill_id, settings.web_url)

    return lambda request, received: spoken_skill().answer(request, received)


def _visit_key(user: str) -> str:
    return hashlib.sha256(f"alexa-user/{user}".encode()).hexdigest()


def skill(settings: Settings, base: ground.Ground) -> SmartHome:
    known, gateway = partial(authenticate, base.store, assistant="alexa"), event_gateway(settings, base.store)

    def granted(link: Link) -> None:
        base.store.look(link.account, time.time(), link.id)

    return SmartHome(known, base.adapter.registry, gateway, reported=gateway.works, granted=granted)


def build() -> Handler:
    """Builds the function. Raises every error that prevents a start, so that AWS counts it."""
    settings, watch = ground.function("directives")
    base = ground.build(settings, keys.of(settings))
    base.adapter.registry.when_listed(Listed(base.store).note)
    home, talk = skill(settings, base), spoken(settings, base)

    @boto.within(boto.ASSISTANT_S)
    def answer(event: Event, _context: Any) -> Reply:
        received = time.monotonic()
        if "directive" in event:
            return dict(json.loads(home.answer(json.dumps(event).encode(), received)))
        return talk(event, received)

    return watch.watched(answer)
