"""The function on a schedule: wakes `reports` for links that are overdue, and looks at each household once a day."""

import time
from collections.abc import Callable
from typing import Any

from showcam.app import keys
from showcam.app.aws import boto, wakes
from showcam.app.aws.cloudwatch import Event, Handler, Reply
from showcam.app.compose import ground
from showcam.registry.reporting.sender import TARDY_S, Reconciliation
from showcam.store.records import ASSISTANTS

MOST = 10_000  # links in one run


def build(clock: Callable[[], float] = time.time) -> Handler:
    """Builds the function on a schedule. Raises every error that prevents a start, so that AWS counts it.

    It wakes `reports` for links that stream and queue lost, or that wait longer than a queue holds a message, and looks
    at each household once a day. `clock` decides which households have their turn of the day.
    """
    settings, watch = ground.function()
    store = ground.open_store(settings, keys.of(settings))
    queue = wakes.Queue(boto.client("sqs"), settings.reports_queue)
    reconciling = Reconciliation(store, clock)

    def answer(_event: Event, _context: Any) -> Reply:
        looked_at = reconciling.turn_of_day()
        before = time.time() - TARDY_S  # a link that is due for less time may have a message on its way
        due = [(assistant, *pair) for assistant in ASSISTANTS for pair in store.due(assistant, before, MOST)]
        woken = queue.send(wakes.Wake(account, link, assistant) for assistant, account, link in due)
        return {"woken": woken, "looked_at": looked_at}

    return watch.watched(answer)
