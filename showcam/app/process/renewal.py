"""Names to the supervisor which processes start again, because settings that showcam keeps have changed.

The media process waits until nobody watches, or until the owner says now; a restart of the others interrupts nobody.
"""

import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from showcam.app.keys import KeysUnreadable
from showcam.app.process.kept import CHANGED, NOW, WAITS
from showcam.app.process.limits import POLL_S
from showcam.app.process.settings_sources import SettingsError
from showcam.store.ports import StoreUnavailable

log = structlog.get_logger()

ASK_S = 2.0  # between two questions whether somebody watches

type Environ = dict[str, str]


class Renewal:
    """`environs`: each process's environment by the settings of now.

    If these settings can't be used, the reason is logged and everything goes on as before.

    `watched`: whether a picture is live. `run`: the folder with the files of `showcam.app.process.kept`.
    """

    def __init__(
        self,
        run: Path,
        environs: Callable[[], Mapping[str, Environ]],
        watched: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run, self._environs, self._watched, self._clock = run, environs, watched, clock
        self._wanted: Mapping[str, Environ] = {}
        self._due = self._ask_at = 0.0
        self._is_held_up = False
        for name in (NOW, WAITS):
            (run / name).unlink(missing_ok=True)
        self._read_at = self._changed_at()

    def due(self, running: Mapping[str, Environ]) -> dict[str, Environ]:
        """The environments of processes that are to start again now, by name."""
        now = self._clock()
        if now < self._due:
            return {}
        self._due = now + POLL_S
        changed_at = self._changed_at()
        if changed_at != self._read_at:
            self._read_at = changed_at
            self._read()
        differ = {
            name: self._wanted[name] for name in running.keys() & self._wanted if self._wanted[name] != running[name]
        }
        is_held_up = "media" in differ and not self._may_interrupt(now)
        if is_held_up:
            del differ["media"]
        if is_held_up != self._is_held_up:
            self._is_held_up = is_held_up
            self._announce()
        return differ

    def _may_interrupt(self, now: float) -> bool:
        is_urgent = (self._run / NOW).exists()
        if not is_urgent:
            if now < self._ask_at:
                return False
            self._ask_at = now + ASK_S
            if self._watched():
                return False
        (self._run / NOW).unlink(missing_ok=True)
        return True

    def _announce(self) -> None:
        """Tells the page with the button whether a change waits."""
        with contextlib.suppress(OSError):
            if self._is_held_up:
                (self._run / WAITS).touch()
            else:
                (self._run / WAITS).unlink(missing_ok=True)

    def _read(self) -> None:
        try:
            self._wanted = self._environs()
        except (SettingsError, KeysUnreadable, StoreUnavailable) as error:
            log.warning("the changed settings can't be used; everything goes on as before", why=str(error))

    def _changed_at(self) -> int:
        with contextlib.suppress(OSError):
            return (self._run / CHANGED).stat().st_mtime_ns
        return 0
