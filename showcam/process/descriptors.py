"""How many files and connections a process may have open."""

import resource

MOST = 65_536  # more than all our limits need; a table for millions wastes memory


def raise_limit() -> int:
    """Raise the limit of this process and its children to MOST, or to the system's hard limit; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return most
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
