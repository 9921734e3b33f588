"""Alexa directives: neither Flask, Authlib, PyAV nor ask-sdk is loaded for them. What is spoken comes here too."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from accounts.tokens import authenticate
from alexa.skill import SmartHome
from showcam import keys
from showcam.compose import amazon, parts, spoken
from showcam.settings import load

type Event = dict[str, Any]


def build() -> Callable[[Event], Event]:
    settings = load()
    base = parts.ground(settings, keys.of(settings))
    gateway = amazon.gateway(settings, base.store)
    who = partial(authenticate, base.store, assistant="alexa")
    skill = SmartHome(who, base.registry, gateway, snapshots=settings.snapshots)
    talk = spoken.Lazy(settings, base)

    def answer(event: Event) -> Event:
        if "directive" in event:
            return dict(json.loads(skill.answer(json.dumps(event).encode())))
        return talk.answer(event)

    return answer
