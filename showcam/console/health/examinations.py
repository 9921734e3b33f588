"""The doctor's findings for each household, examined in the background.

A page begins an examination and shows its progress. The page may be left, or opened again, meanwhile.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from showcam.console.health.machine import Finding, Machine, Step

log = logging.getLogger(__name__)

GOOD_FOR_S = 300.0  # after this time, a page that shows whether a step is done examines again


@dataclass
class Examined:
    """`ended` is in epoch seconds, 0 while the examination runs. `broke`: it ended before everything was examined."""

    findings: tuple[Finding, ...] = ()
    ended: float = 0.0
    broke: bool = False

    @property
    def running(self) -> bool:
        return not self.ended

    def wrong(self, step: Step = "") -> list[Finding]:
        """Lists the findings that are wrong, of one step of set-up or of all steps."""
        return [found for found in self.findings if found.state == "wrong" and (not step or found.step == step)]

    def well(self, step: Step) -> bool:
        """Tells whether everything of the step was examined and nothing was wrong."""
        examined = any(found.step == step for found in self.findings)
        return examined and not self.running and not self.broke and not self.wrong(step)


def in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="behind a page", daemon=True).start()


@dataclass
class Examinations:
    """One examination at a time for each household. Safe to use from many threads."""

    machine: Machine
    start: Callable[[Callable[[], None]], None] = in_background
    clock: Callable[[], float] = time.time
    _of: dict[str, Examined] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, account: str) -> Examined | None:
        """Returns the examination that is running, else the last; None before the first."""
        return self._of.get(account)

    def begin(self, account: str, *, good_for_s: float = 0.0) -> Examined:
        """Begins an examination, unless another is running or ended less than `good_for_s` seconds ago.

        Returns the examination.
        """
        with self._lock:
            last = self._of.get(account)
            if last is not None and (last.running or last.ended + good_for_s > self.clock()):
                return last
            begun = self._of[account] = Examined()
        self.start(lambda: self._examine(account, begun))
        return begun

    def _examine(self, account: str, begun: Examined) -> None:
        try:
            for found in self.machine.examine(account):
                begun.findings = (*begun.findings, found)
        except Exception:
            log.exception("the doctor could not end its examination")
            begun.broke = True
        begun.ended = self.clock()
