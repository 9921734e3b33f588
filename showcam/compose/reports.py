"""The function on the queue of links that are due: reports to their assistants what has changed."""

import logging
from functools import partial
from typing import Any

from registry.reporting.delivery import Delivery, Outcome
from registry.reporting.reporter import Unreported
from showcam import keys
from showcam.aws import boto, wakes
from showcam.aws.cloudwatch import CloudWatch, Event, Handler, Reply
from showcam.compose import ground, reporters, shares
from showcam.process.settings_sources import load
from store.outbox import Claim
from store.ports import StoreUnavailable
from store.records import Assistant

log = logging.getLogger(__name__)

ASSISTANTS: tuple[Assistant, ...] = ("alexa", "google")
TURNS = 4  # of one link, for what came meanwhile; the stream wakes for what is left
STORE_S = 20.0  # for all calls to the table


def build() -> Handler:
    """Raises whatever prevents a start, so that AWS counts it as an error."""
    settings = load()
    watch = CloudWatch(settings.log_level)
    watch.install()
    settings = shares.of("reports", settings)
    base = ground.build(settings, keys.of(settings))
    built = {reporter.assistant: reporter for reporter in reporters.build(settings, base)}
    end = ground.unlinker(base.store, base.pictures)
    tellings = {
        assistant: Delivery(
            base.store,
            built.get(assistant) or Unreported(assistant),
            base.adapter.present,
            end,
            partial(_follow, base),
        )
        for assistant in ASSISTANTS
    }

    @boto.within(STORE_S)
    def answer(event: Event, _context: Any) -> Reply:
        failures: list[wakes.Failure] = []
        for message, wake in wakes.of_queue(event):
            try:
                _report(tellings, wake)
            except StoreUnavailable:
                log.warning("link %s could not be reported to", wake.link, extra={"reason": "store"})
                failures.append({"itemIdentifier": message})
        return {"batchItemFailures": failures}

    return watch.watched(answer)


def _report(tellings: dict[Assistant, Delivery], wake: wakes.Wake) -> None:
    for assistant, found in tellings.items():
        if assistant == wake.assistant:
            for _ in range(TURNS):
                if not found.tell(wake.account, wake.link):
                    return


def _follow(base: ground.Ground, claim: Claim, outcome: Outcome, _lag_s: float) -> None:
    reporters.note_faults(base, claim, outcome)
