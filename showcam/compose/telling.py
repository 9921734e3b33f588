"""Builds what tells assistants of changes, and what follows how that goes: metrics, and faults for the owner."""

import time
from collections import Counter
from functools import partial

from registry.readings.changes import Change
from registry.reporting.delivery import Delivery, Outcome
from registry.reporting.reporter import Reporter, Unreported
from registry.reporting.sender import Reconciliation, Sender
from showcam.compose import ground, reporters
from showcam.compose.ground import Ground
from showcam.process.telling_metrics import ASSISTANTS, FILE, TellingMetrics
from showcam.process.worker import Job
from showcam.settings import Settings
from store.outbox import Claim
from store.records import Assistant

DAY_S = 24 * 3600.0
METRICS_S = 5.0
KEY_S = 300.0
RESEND_S = 1.0  # what a killed worker sent is sent again no sooner after the next one's start


class Tellings:
    """All assistants' senders of the worker process; the only ones of an installation at home."""

    def __init__(self, settings: Settings, base: Ground) -> None:
        self._settings, self._base = settings, base
        self._metrics = TellingMetrics(settings.data / FILE)
        built: dict[Assistant, Reporter] = {known.assistant: known for known in reporters.build(settings, base)}
        self._sending = [
            Sender(base.store, telling(base, built.get(assistant) or Unreported(assistant), self._metrics))
            for assistant in ASSISTANTS
        ]

    def start(self) -> list[Job]:
        """Frees what an earlier worker held when it was killed, and looks at every link. Raises StoreUnavailable."""
        self._base.store.free_claims(time.time() + RESEND_S)
        self._base.adapter.changes.subscribe(self._wake)
        for sending in self._sending:
            sending.start()
        return [
            Job("reconcile", DAY_S, Reconciliation(self._base.store).turn),
            Job("key for reports", KEY_S, partial(reporters.note_key, self._settings, self._base)),
            Job("telling metrics", METRICS_S, self._write_metrics),
        ]

    def close(self) -> None:
        for sending in self._sending:
            sending.close()

    def _wake(self, _change: Change) -> None:
        for sending in self._sending:
            sending.wake()

    def _write_metrics(self) -> None:
        now, store = time.time(), self._base.store
        laid: Counter[Assistant] = Counter(laid.row.assistant for laid in store.laid_down())
        self._metrics.write(store.backlog(now), laid, now)


def telling(base: Ground, reporter: Reporter, metrics: TellingMetrics) -> Delivery:
    # whoever took the key or the client away needs no notice of that
    noted = None if isinstance(reporter, Unreported) else base
    follow = partial(_follow, noted, metrics, reporter.assistant)
    return Delivery(base.store, reporter, base.adapter.present, ground.unlinker(base.store, base.pictures), follow)


def _follow(
    noted: Ground | None, metrics: TellingMetrics, assistant: Assistant, claim: Claim, outcome: Outcome, lag_s: float
) -> None:
    metrics.count(assistant, outcome, lag_s)
    if noted is not None:
        reporters.note_faults(noted, claim, outcome)
