"""Keeps a process to one core if a single interpreter does the work.

Only one of the process's threads runs at a time. Spread over cores, the threads hand the interpreter from core to core
twice or more in a request, and find their data in another core's caches each time. That costs as much as the request.
"""

import contextlib
import logging
import os

log = logging.getLogger(__name__)


def keep_to_one() -> int | None:
    """Binds the calling thread, and all threads it starts from now on, to a core. Returns the core, or None.

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
