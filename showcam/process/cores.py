"""One core for a process in which one interpreter does the work.

Only one of its threads runs at a time. Spread over cores they hand the interpreter from core to core, twice or more in
a request, and each time what the next one needs is in another core's caches: it costs as much again as the request.
"""

import contextlib
import logging
import os

log = logging.getLogger(__name__)


def keep_to_one() -> int | None:
    """The calling thread and all it starts from now on; which core that is, None where the system has no such thing.

    None of them cuts in on another that runs (SCHED_BATCH): whoever is woken could only wait for the interpreter. Other
    processes are free to move out of their way.
    """
    if not hasattr(os, "sched_setaffinity"):
        return None
    allowed = sorted(os.sched_getaffinity(0))
    core = allowed[os.getpid() % len(allowed)]
    try:
        os.sched_setaffinity(0, {core})
    except OSError as error:  # forbidden to containers here and there; it is as good without, only slower
        log.info("the web process is not kept to one core: %s", error.strerror)
        return None
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):  # likewise
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    return core
