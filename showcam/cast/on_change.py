"""Shows a camera on the TV that its owner chose, for a minute, when somebody rings or moves there.

A change that is not announced to the household, as in its quiet times, does not appear on a TV. A change that waited
for other TVs until it is older than RUNG_S is dropped: nobody is at the door any more.
"""

import queue
import time
from collections.abc import Callable

import structlog

from showcam.cast.door import Shows
from showcam.cast.errors import CastFailed
from showcam.drivers.camera import Refusal
from showcam.drivers.errors import Unavailable
from showcam.registry.owner.owner import Owner
from showcam.registry.readings.changes import RUNG_S, Change
from showcam.store.ports import StoreUnavailable

log = structlog.get_logger()

SHOWN_S = 60.0  # a visitor or a movement has usually gone after this
MOST_WAITING = 64
_QUIET = ("no_device", "unreachable", "not_running")  # reasons that are no fault, such as a TV that is off


class OnChange:
    """Shows changes on TVs. `take` is for `Changes.subscribe` and does not wait; `run` works in its own thread."""

    def __init__(self, owner: Owner, screens: Shows, clock: Callable[[], float] = time.time) -> None:
        self._owner, self._screens, self._clock = owner, screens, clock
        self._waiting: queue.Queue[Change] = queue.Queue(MOST_WAITING)

    def take(self, change: Change) -> None:
        if change.announced is not None:
            try:
                self._waiting.put_nowait(change)
            except queue.Full:
                log.warning("too much happens at once: a change is not shown on a TV", account=change.account)

    @property
    def waiting(self) -> int:
        """How many changes wait to be shown."""
        return self._waiting.qsize()

    def run(self) -> None:
        """Shows changes without end; a fault with one change does not keep the next from being shown."""
        while True:
            change = self._waiting.get()
            try:
                self.handle(change)
            except Exception:
                log.exception("a change could not be shown on a TV", account=change.account)

    def handle(self, change: Change) -> None:
        """Shows the change, unless the TV shows a camera that a person asked for."""
        try:
            chosen = self._owner.preferences(change.account, change.camera)
            is_chosen = change.kind in chosen.tv_when or change.announced in chosen.tv_when
            if not chosen.tv or not is_chosen or self._is_wanted(change.account, chosen.tv):
                return
            if self._clock() - change.at > RUNG_S:
                log.warning("a change is not shown on the TV", account=change.account, reason="late")
                return
            shown = self._screens.show(change.account, change.camera, chosen.tv, SHOWN_S)
        except (Unavailable, StoreUnavailable) as error:
            log.warning("what a TV should show can't be read", account=change.account, error=type(error).__name__)
        except CastFailed as error:
            note = log.info if error.why in _QUIET else log.warning
            note("a change is not shown on the TV", account=change.account, reason=error.why)
        else:
            if isinstance(shown, Refusal):
                log.info("a change is not shown on the TV", account=change.account, reason=shown.reason)

    def _is_wanted(self, account: str, tv: str) -> bool:
        wanted = tv.casefold()
        return any(
            not showing.until and wanted in (showing.device.name.casefold(), showing.device.id)
            for showing in self._screens.now(account)
        )
