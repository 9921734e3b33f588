"""Alexa directives alone: neither Flask, Authlib nor PyAV is loaded for them."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from accounts.tokens import authenticate
from alexa.skill import SmartHome
from showcam import keys as key_files
from showcam.compose import parts
from showcam.settings import load

type Event = dict[str, Any]


def build() -> Callable[[Event], Event]:
    settings = load()
    base = parts.ground(settings, key_files.read_or_make(settings.keys))
    skill = SmartHome(partial(authenticate, base.store, assistant="alexa"), base.registry)
    return lambda event: dict(json.loads(skill.answer(json.dumps(event).encode())))
