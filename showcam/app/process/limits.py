"""Sets the system's limits for a process: the number of files and connections it may open, and no core dump of it."""

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
