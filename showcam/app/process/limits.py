"""Sets what the system lets a process do: its open files, no core dump, and one core."""

import contextlib
import logging
import os
import resource

MOST = 65_536  # more than all our limits need; a table for millions wastes memory
NO_CORE = 1  # bytes; the system pipes no core to a program at this limit either, as it does at 0 (Linux, core(5))


def raise_limit() -> int:
    """Raise the limit of this process and its children to MOST, or to the system's hard limit; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return most
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def forbid_core() -> None:
    """Write no memory of this process and its children to a disk when one of them crashes: it holds keys and codes."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    limit = NO_CORE if hard == resource.RLIM_INFINITY else min(hard, NO_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, hard))


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


POLL_S = 0.5  # between two looks at what another process or a person has changed
