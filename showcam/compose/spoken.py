"""The spoken half of the Alexa skill, loaded with the first spoken request, since ask-sdk takes a while to import."""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from accounts.links import authenticate
from net.text import JsonObject
from showcam.compose import ground
from showcam.settings import Settings
from store.ports import Store
from store.records import Link

if TYPE_CHECKING:
    from alexa.spoken.skill import Spoken

_KEPT_S = 10 * 365 * 24 * 3600.0


class People:
    """Which link an Amazon user has. Stored among the visits: under a hash of the user's id, sealed."""

    def __init__(self, store: Store, end: Callable[[Link], None]) -> None:
        self._store, self.end = store, end

    def remember(self, user: str, link: Link) -> None:
        key, now = _key(user), time.time()
        if self._store.visit(key, now) != link.id.encode():
            self._store.put_visit(key, link.id.encode(), now + _KEPT_S)

    def link_of(self, user: str) -> Link | None:
        link_id = self._store.visit(_key(user), time.time())
        return self._store.link(link_id.decode()) if link_id else None


class Lazy:
    def __init__(self, settings: Settings, base: ground.Ground) -> None:
        self._settings, self._base = settings, base
        self._lock = threading.Lock()
        self._spoken: Spoken | None = None

    def answer(self, request: JsonObject, received: float | None = None) -> Mapping[str, object]:
        """`received`: when it came, by time.monotonic."""
        return self._ready().answer(request, received)

    def _ready(self) -> "Spoken":
        with self._lock:
            if self._spoken is None:
                from alexa.spoken.skill import Spoken

                store = self._base.store
                self._spoken = Spoken(
                    partial(authenticate, store, assistant="alexa"),
                    self._base.adapter.registry,
                    People(store, ground.unlinker(store, self._base.pictures)),
                    self._settings.alexa_skill_id,
                    self._settings.web_url,
                )
            return self._spoken


def _key(user: str) -> str:
    return hashlib.sha256(f"alexa-user/{user}".encode()).hexdigest()
