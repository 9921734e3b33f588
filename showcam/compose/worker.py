"""The worker process: watches all households, removes expired rows, and touches a file as its heartbeat."""

import threading
import time

import structlog

from registry.streams.handover import TURN_S
from registry.watch.watch import Vendor, Watch
from showcam import keys
from showcam.compose import ground, notices, screens, telling
from showcam.process import logs
from showcam.process.limits import raise_limit
from showcam.process.worker import Job, Worker
from showcam.settings import Settings

log = structlog.get_logger()


def serve(settings: Settings) -> None:
    logs.start("worker", settings)
    raise_limit()
    base = ground.build(settings, keys.of(settings))

    ezviz = base.driver.sessions.kind
    vendors: dict[str, Vendor] = {ezviz: base.driver}
    push = {ezviz}
    if base.own_cameras is not None:
        vendors[base.own_cameras.devices.kind] = base.own_cameras
        push.add(base.own_cameras.devices.kind)
    watch = Watch(
        base.store,
        base.adapter.noticing,
        vendors,
        poll_s=settings.poll_s,
        push=push,
        webhook={ezviz} if settings.ezviz_webhook_key else (),
    )

    def sweep() -> None:
        if removed := base.store.sweep(time.time()):
            log.info("swept", rows=removed)

    beat = settings.data / "run" / "worker"
    beat.parent.mkdir(parents=True, exist_ok=True)
    notifying = notices.build(settings, base) if settings.notifies else None
    shown = screens.build(settings, base) if settings.casts else None
    jobs = [
        Job("beat", 5.0, beat.touch),
        Job("watch", 0.25, watch.turn),
        Job("keep warm", TURN_S, base.adapter.keeping.turn),
        Job("sweep", 600.0, sweep),
    ]
    tellings = telling.Tellings(settings, base)
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
