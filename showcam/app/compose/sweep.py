"""The function on a schedule: wakes `reports` for links that are overdue, and looks at each household once a day."""

import time
from collections.abc import Callable
from typing import Any

from showcam.app import keys
from showcam.app.aws import boto, wakes
from showcam.app.aws.cloudwatch import Event, Handler, Reply
from showcam.app.compose import ground
from showcam.registry.reporting.sender import TARDY_S, Reconciliation
from showcam.registry.watch.daily import DailyReading
from showcam.store.records import ASSISTANTS

MOST = 10_000  # links in one run
READS_PER_SECOND = 5  # if the schedule names no other number


def build(clock: Callable[[], float] = time.time) -> Handler:
    """Builds the function on a schedule. Raises every error that prevents a start, so that AWS counts it.

    It wakes `reports` for links that stream and queue lost, or that wait longer than a queue holds a message. Once a
    day it reads each household at EZVIZ and compares what was reported. A household without a link is deleted in time.
    `clock` decides which households have their turn of the day; an event with `every` takes all of them.
    """
    settings, watch = ground.function("sweep")
    base = ground.build(settings, keys.of(settings))
    queue = wakes.Queue(boto.client("sqs"), settings.reports_queue)
    reconciling = Reconciliation(base.store, clock, base.departures(settings, settings.request_s).turn)
    reading = DailyReading(base.adapter.noticing.refresh)

    def answer(event: Event, _context: Any) -> Reply:
        looked_at = reconciling.turn() if event.get("every") else reconciling.turn_of_day()
        before = time.time() - TARDY_S  # a link that is due for less time may have a message on its way
        due = [(assistant, *pair) for assistant in ASSISTANTS for pair in base.store.due(assistant, before, MOST)]
        woken = queue.send(wakes.Wake(account, link, assistant) for assistant, account, link in due)
        counts = reading.of(looked_at, event.get("reads_per_second") or READS_PER_SECOND)
        return {"woken": woken, "looked_at": len(looked_at)} | counts._asdict()

    return watch.watched(answer)
