"""The worker process: watches all households, removes expired rows, and touches a file as its heartbeat.

A listener is a worker that takes only the vendors' messages; several listeners divide the households among themselves.
"""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog

from showcam.app import keys
from showcam.app.compose import ground, phones, reports, screens
from showcam.app.compose.ground import Ground
from showcam.app.on_disk import version_of
from showcam.app.process import logs
from showcam.app.process.home_address import home_address
from showcam.app.process.limits import raise_limit
from showcam.app.process.worker import METRICS_FILE, Job, TellingMetrics, run
from showcam.app.settings import Settings
from showcam.drivers.vendor import Posts
from showcam.i18n.catalogue import NAMING
from showcam.net import notices
from showcam.registry.notices.notifier import Notifying
from showcam.registry.readings.changes import Change
from showcam.registry.reporting.sender import POLL_S, Reconciliation, Sender
from showcam.registry.streams.handover import TURN_S
from showcam.registry.watch.messages import Vendor
from showcam.registry.watch.watch import Watch
from showcam.store.outbox import Claim
from showcam.store.ports import StoreUnavailable
from showcam.store.processes import BEAT_S
from showcam.store.records import DAY_S, Assistant, new_id

log = structlog.get_logger()

METRICS_S = 5.0  # Prometheus asks each 15 s in its own sample configuration
KEY_S = 300.0  # a new key of Google's or Amazon's is noticed within this
TOLD_S = 60.0  # between two lines in the log about what is listened to; the stack's alarms count them
TABLE_POLL_S = 2.0  # between two looks at a table for what is due: each takes a request for each of its shards
RESEND_S = 1.0  # reports of a killed worker are sent again no sooner after the next worker's start


def telling(settings: Settings, base: Ground) -> tuple[list[Job], Callable[[], None]]:
    """Starts reports to the assistants. Returns the sending jobs and a function to end the senders.

    Frees the claims of an earlier worker that was killed. Raises StoreUnavailable.
    """
    store, metrics = base.store, TellingMetrics(settings.data / METRICS_FILE)

    def count(assistant: Assistant, _claim: Claim, outcome: str, lag_s: float) -> None:
        metrics.count(assistant, outcome, lag_s)

    poll_s = TABLE_POLL_S if settings.store == "dynamodb" else POLL_S
    deliveries = reports.deliveries(settings, base, count).values()
    senders = [Sender(store, delivery, poll_s=poll_s) for delivery in deliveries]

    def wake(_change: Change) -> None:
        for sender in senders:
            sender.wake()

    def write_metrics() -> None:
        now = time.time()
        laid: Counter[Assistant] = Counter(laid.row.assistant for laid in store.laid_down())
        metrics.write(store.backlog(now), laid, now)

    def close() -> None:
        for sender in senders:
            sender.close()

    departures = base.departures(settings, settings.sign_in_s)
    store.free_claims(time.time() + RESEND_S)
    base.adapter.changes.subscribe(wake)
    for sender in senders:
        sender.start()
    jobs = [
        Job("reconcile", DAY_S, Reconciliation(store, is_gone=departures.turn).turn),
        Job("key for reports", KEY_S, partial(reports.note_key, settings, base)),
        Job("telling metrics", METRICS_S, write_metrics),
    ]
    return jobs, close


def _started(settings: Settings) -> tuple[Ground, dict[str, Vendor], Path]:
    """The ground, the vendors that list and push messages, and the file of the heartbeat. Raises StoreUnavailable."""
    logs.start("worker", settings)
    raise_limit()
    base = ground.build(settings, keys.of(settings))
    beat = settings.data / "run" / "worker"
    beat.parent.mkdir(parents=True, exist_ok=True)
    return base, {kind: driver for kind, driver in base.drivers.items() if isinstance(driver, Vendor)}, beat


def listen(settings: Settings) -> None:
    """Takes the vendors' messages of the households of this process's share. Raises StoreUnavailable."""
    from showcam.registry.watch.share import Share  # no other process needs it

    base, vendors, beat = _started(settings)
    share = Share(base.store)
    watch = Watch(
        base.store, base.adapter.noticing, vendors, poll_s=share.look_s, push=vendors.keys(), webhook=(), share=share
    )

    def report() -> None:
        share.report()
        beat.touch()  # the container ends whoever hangs here

    def tell() -> None:
        log.info("households are listened to", live=watch.listened_to, places=share.most - watch.listened_to)

    run(
        [
            Job("report", BEAT_S, report),
            Job("households", 1.0, share.read),
            Job("watch", 0.25, watch.turn),
            Job("tell", TOLD_S, tell),
        ]
    )
    with contextlib.suppress(StoreUnavailable):  # the other listeners miss its reports soon
        share.leave()
    base.store.close()


def serve(settings: Settings) -> None:
    base, vendors, beat = _started(settings)
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

    home = home_address(settings) if settings.has_console else settings.web_url
    adapter = base.adapter
    notifying = Notifying(base.store, adapter.faults, adapter.standing, partial(notices.send, sender=NAMING.name), home)
    shown = screens.build(settings, base) if settings.casts else None
    end_mqtt = _mqtt(settings, base)
    jobs = [
        Job("beat", 5.0, beat.touch),
        Job("watch", 0.25, watch.turn),
        Job("keep warm", TURN_S, base.adapter.keeping.turn),
        Job("sweep", 600.0, sweep),
    ]
    more, end_telling = telling(settings, base)
    jobs += more
    if settings.notifies:
        phones.ring_phones(settings, base)
        jobs.append(Job("notices", 1.0, notifying.turn))
    if shown is not None:
        door = screens.door(settings, base, shown)
        screens.show_on_change(base, shown)
        threading.Thread(target=door.serve_forever, name="cast door", daemon=True).start()
        jobs.append(Job("cast", 1.0, shown.turn))
    run(jobs)
    end_mqtt()
    end_telling()
    notifying.close()
    if shown is not None:
        shown.close()
    base.store.close()


def _mqtt(settings: Settings, base: Ground) -> Callable[[], None]:
    """Publishes at the broker that the owner named, if any. Returns a function to end that."""
    file = settings.broker_status
    if not settings.mqtt:
        file.unlink(missing_ok=True)
        return lambda: None
    from showcam.mqtt.broker import parsed
    from showcam.mqtt.commands import Commands
    from showcam.mqtt.publisher import Publisher, start

    commands = Commands(base.adapter.owner, base.store)
    publisher = Publisher(
        parsed(settings.mqtt),
        base.adapter.present,
        base.store,
        commands,
        node=base.store.meta_once("mqtt_node", new_id()),
        version=version_of(),
        file=file,
        ca_file=settings.ca_file,
    )
    return start(publisher, commands, base.adapter.changes.subscribe)
