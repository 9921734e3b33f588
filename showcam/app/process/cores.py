"""Keeps a process, in which one interpreter does the work, to one core.

Only one thread of it runs at a time. Spread over cores, the threads hand the interpreter from core to core twice or
more in a request, and find their data in another core's caches each time: that costs as much as the request itself.
"""

import contextlib
import logging
import os

log = logging.getLogger(__name__)


def keep_to_one() -> int | None:
    """Bind the calling thread, and all it starts from now on, to one core; return the core, None where it is not bound.

    SCHED_BATCH keeps a woken thread from interrupting the one that runs: it could only wait for the interpreter.
    """
    if not hasattr(os, "sched_setaffinity"):
        return None
    allowed = sorted(os.sched_getaffinity(0))
    core = allowed[os.getpid() % len(allowed)]
    try:
        os.sched_setaffinity(0, {core})
    except OSError as error:  # some container hosts forbid it; the process works without, only slower
        log.info("the web process is not kept to one core: %s", error.strerror)
        return None
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):  # some container hosts forbid it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    return core
