"""The worker process: keeps camera lists and sessions fresh, sweeps what expired, shows that it lives."""

import time

import structlog

from showcam import keys as key_files
from showcam import logs
from showcam.compose import parts
from showcam.settings import Settings
from showcam.worker import Job, Loop

log = structlog.get_logger()


def serve(settings: Settings) -> None:
    logs.configure("worker", settings.log_level)
    base = parts.ground(settings, key_files.read_or_make(settings.keys))

    def refresh() -> None:
        for account in base.store.accounts():
            base.registry.refresh(account.id)

    def sweep() -> None:
        if gone := base.store.sweep(time.time()):
            log.info("swept", rows=gone)

    beat = settings.data / "run" / "worker"
    beat.parent.mkdir(parents=True, exist_ok=True)
    Loop([Job("beat", 5.0, beat.touch), Job("refresh", 900.0, refresh), Job("sweep", 600.0, sweep)]).run()
