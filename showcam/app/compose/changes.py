"""The function on the table's stream: wakes `reports` for each link that has something to be reported.

The package of this function has no store and no vendor: it only reads the records that the stream hands it.
"""

import time
from typing import Any

from showcam.app.aws import boto, wakes
from showcam.app.aws.cloudwatch import CloudWatch, Event, Handler, Reply
from showcam.app.process.settings_sources import load


def build() -> Handler:
    """Builds the function. Raises every error that prevents a start, so that AWS counts it."""
    settings = load()
    watch = CloudWatch(settings.log_level)
    watch.install()
    queue = wakes.Queue(boto.client("sqs"), settings.reports_queue)

    def answer(event: Event, _context: Any) -> Reply:
        """An error makes the stream deliver all records again."""
        return {"woken": queue.send(wakes.of_stream(event, time.time()))}

    return watch.watched(answer)
