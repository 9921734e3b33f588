"""How many files and connections a process may have open."""

import resource

MOST = 65_536  # enough for every limit of ours; a table for millions is memory for nothing


def raise_limit() -> int:
    """As many as the system lets this process have, and what it starts; how many those are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return most
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
