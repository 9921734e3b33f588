"""The worker process: watches all households, removes expired rows, and touches a file as its heartbeat."""

import threading
import time
from collections import Counter
from functools import partial

import structlog

from showcam.app import keys
from showcam.app.compose import ground, reports, screens
from showcam.app.compose.ground import Ground
from showcam.app.process import logs
from showcam.app.process.home_address import home_address
from showcam.app.process.limits import raise_limit
from showcam.app.process.worker import ASSISTANTS, METRICS_FILE, Job, TellingMetrics, Worker
from showcam.app.settings import Settings
from showcam.drivers.vendor import Posts
from showcam.net import notices
from showcam.registry.notices.notifier import Notifying
from showcam.registry.readings.changes import Change
from showcam.registry.reporting.delivery import Delivery, Outcome
from showcam.registry.reporting.reporter import Reporter, Unreported
from showcam.registry.reporting.sender import Reconciliation, Sender
from showcam.registry.streams.handover import TURN_S
from showcam.registry.watch.watch import Vendor, Watch
from showcam.store.outbox import Claim
from showcam.store.records import DAY_S, Assistant

log = structlog.get_logger()

METRICS_S = 5.0  # Prometheus asks each 15 s in its own sample configuration
KEY_S = 300.0  # a new key of Google's or Amazon's is noticed within this
RESEND_S = 1.0  # reports of a killed worker are sent again no sooner after the next worker's start


class Tellings:
    """All assistants' senders of the worker process; the only ones of an installation at home."""

    def __init__(self, settings: Settings, base: Ground) -> None:
        self._settings, self._base = settings, base
        self._metrics = TellingMetrics(settings.data / METRICS_FILE)
        built: dict[Assistant, Reporter] = {known.assistant: known for known in reports.reporters_of(settings, base)}
        self._sending = [
            Sender(base.store, telling(base, built.get(assistant) or Unreported(assistant), self._metrics))
            for assistant in ASSISTANTS
        ]

    def start(self) -> list[Job]:
        """Frees the claims of an earlier worker that was killed, and examines every link. Raises StoreUnavailable."""
        self._base.store.free_claims(time.time() + RESEND_S)
        self._base.adapter.changes.subscribe(self._wake)
        for sending in self._sending:
            sending.start()
        return [
            Job("reconcile", DAY_S, Reconciliation(self._base.store).turn),
            Job("key for reports", KEY_S, partial(reports.note_key, self._settings, self._base)),
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
    # a person who took the key or the client away needs no notice of that
    noted = None if isinstance(reporter, Unreported) else base
    follow = partial(_follow, noted, metrics, reporter.assistant)
    return Delivery(base.store, reporter, base.adapter.present, ground.unlinker(base.store, base.pictures), follow)


def _follow(
    noted: Ground | None, metrics: TellingMetrics, assistant: Assistant, claim: Claim, outcome: Outcome, lag_s: float
) -> None:
    metrics.count(assistant, outcome, lag_s)
    if noted is not None:
        reports.note_faults(noted, claim, outcome)


def notifying_of(settings: Settings, base: Ground) -> Notifying:
    home = home_address(settings) if settings.has_console else settings.web_url
    return Notifying(base.store, base.adapter.faults, base.adapter.standing, notices.send, home)


def serve(settings: Settings) -> None:
    logs.start("worker", settings)
    raise_limit()
    base = ground.build(settings, keys.of(settings))

    vendors = {kind: driver for kind, driver in base.drivers.items() if isinstance(driver, Vendor)}
    watch = Watch(
        base.store,
        base.adapter.noticing,
        vendors,
        poll_s=settings.poll_s,
        push=vendors.keys(),
        webhook={kind for kind, driver in vendors.items() if isinstance(driver, Posts) and driver.webhook_key},
    )

    def sweep() -> None:
        if removed := base.store.sweep(time.time()):
            log.info("swept", rows=removed)

    beat = settings.data / "run" / "worker"
    beat.parent.mkdir(parents=True, exist_ok=True)
    notifying = notifying_of(settings, base) if settings.notifies else None
    shown = screens.build(settings, base) if settings.casts else None
    jobs = [
        Job("beat", 5.0, beat.touch),
        Job("watch", 0.25, watch.turn),
        Job("keep warm", TURN_S, base.adapter.keeping.turn),
        Job("sweep", 600.0, sweep),
    ]
    tellings = Tellings(settings, base)
    jobs += tellings.start()
    if notifying is not None:
        jobs.append(Job("notices", 1.0, notifying.turn))
    if shown is not None:
        door = screens.door(settings, base, shown)
        screens.show_on_change(base, shown)
        threading.Thread(target=door.serve_forever, name="cast door", daemon=True).start()
        jobs.append(Job("cast", 1.0, shown.turn))
    Worker(jobs).run()
    tellings.close()
    if notifying is not None:
        notifying.close()
    if shown is not None:
        shown.close()
    base.store.close()
