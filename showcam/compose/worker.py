"""The worker process: keeps an eye on all households, sweeps what expired, shows that it lives."""

import time

import structlog

from registry.watch.watch import Watch
from showcam import keys
from showcam.compose import parts
from showcam.process import logs
from showcam.process.descriptors import raise_limit
from showcam.process.worker import Job, Loop
from showcam.settings import Settings

log = structlog.get_logger()


def serve(settings: Settings) -> None:
    logs.start("worker", settings)
    raise_limit()
    base = parts.ground(settings, keys.of(settings))

    watch = Watch(
        base.store,
        base.adapter.noticing,
        base.driver,
        poll_s=settings.poll_s,
        push=settings.ezviz_push,
        webhook=bool(settings.ezviz_webhook_key),
    )

    def sweep() -> None:
        if gone := base.store.sweep(time.time()):
            log.info("swept", rows=gone)

    beat = settings.data / "run" / "worker"
    beat.parent.mkdir(parents=True, exist_ok=True)
    Loop([Job("beat", 5.0, beat.touch), Job("watch", 1.0, watch.turn), Job("sweep", 600.0, sweep)]).run()
    base.store.close()
