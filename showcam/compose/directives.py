"""Alexa directives alone: neither Flask, Authlib nor PyAV is loaded for them."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from accounts.tokens import authenticate
from alexa.skill import SmartHome
from media.grants import Grants
from showcam import keys as key_files
from showcam.compose import parts
from showcam.settings import load

type Event = dict[str, Any]


def build() -> Callable[[Event], Event]:
    settings = load()
    keys = key_files.read_or_make(settings.keys)
    store = parts.open_store(settings, keys)
    grants = Grants(keys.grant)
    pictures = parts.media_client(settings, grants)
    registry = parts.registry(settings, store, parts.ezviz(settings, store), pictures, grants)
    skill = SmartHome(partial(authenticate, store, assistant="alexa"), registry)
    return lambda event: dict(json.loads(skill.answer(json.dumps(event).encode())))
