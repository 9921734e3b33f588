"""The function for Alexa: spoken requests, and directives, for which no Flask, Authlib, PyAV or ask-sdk is loaded."""

import json
import time
from functools import partial
from typing import Any

from accounts.links import authenticate
from alexa.smart_home import SmartHome
from registry.reporting.sender import Listed
from showcam import keys
from showcam.aws import boto
from showcam.aws.cloudwatch import CloudWatch, Event, Handler, Reply
from showcam.compose import amazon, ground, shares, spoken
from showcam.process.settings_sources import load
from showcam.settings import Settings
from store.ports import Store
from store.records import Link


def skill(settings: Settings, base: ground.Ground) -> SmartHome:
    known = partial(authenticate, base.store, assistant="alexa")
    gateway = amazon.gateway(settings, base.store)
    return SmartHome(
        known,
        base.adapter.registry,
        gateway,
        reported=gateway.works,
        granted=partial(_granted, base.store),
    )


def _granted(store: Store, link: Link) -> None:
    store.look(link.account, time.time(), link.id)


def build() -> Handler:
    """Raises whatever prevents a start, so that AWS counts it as an error."""
    settings = load()
    watch = CloudWatch(settings.log_level)
    watch.install()
    settings = shares.of("directives", settings)
    base = ground.build(settings, keys.of(settings))
    base.adapter.registry.when_listed(Listed(base.store).note)
    home, talk = skill(settings, base), spoken.Lazy(settings, base)

    @boto.within(boto.ASSISTANT_S)
    def answer(event: Event, _context: Any) -> Reply:
        received = time.monotonic()
        if "directive" in event:
            return dict(json.loads(home.answer(json.dumps(event).encode(), received)))
        return talk.answer(event, received)

    return watch.watched(answer)
