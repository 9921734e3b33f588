"""Cameras that were tried and wait for their names, each of one browser.

One holds a password, so it waits in the memory of this process and in no store.
"""

import time
from collections.abc import Callable

from msgspec import Struct

from net.cache import Recent
from registry.drivers.lan.trial import Tried

KEPT_S = 900.0
MANY = 64  # browsers


class Nameless(Struct, frozen=True):
    """`name`: what it may be called; `missed`: the camera did not take all that was to be set."""

    account: str
    tried: Tried
    name: str = ""
    missed: bool = False


class NamelessCameras:
    """By the browser's session. `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: Recent[str, tuple[float, Nameless]] = Recent(2 * MANY)

    def put(self, browser: str, camera: Nameless) -> None:
        self._kept.put(browser, (self._clock() + KEPT_S, camera))

    def of(self, browser: str, account_id: str) -> Nameless | None:
        until, camera = self._kept.get(browser) or (0.0, None)
        return camera if camera and camera.account == account_id and self._clock() < until else None

    def drop(self, browser: str) -> None:
        self._kept.drop(browser)
