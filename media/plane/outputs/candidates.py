"""Where a display says it can be found: the lines of an offer that aioice is given, and whether it is far away."""

import ipaddress
import re

from media.plane.outputs.sections import Section
from net.addresses import is_public

MOST = 64  # of a section
_START = "a=candidate:"
# aioice speaks UDP, and RTCP goes the way of RTP. What is beyond these bounds would break aioice's tasks.
_USABLE = re.compile(
    r"a=candidate:\S{1,32} 1 udp \d{1,10} (\S+) (\d{1,5}) typ (?:host|srflx|relay)(?: .*)?", re.I | re.A
)


def usable(section: Section) -> Section:
    """The section without candidates that can't be tried.

    Names too are left out: one under .local would be asked of the whole network, and a display behind one is found by
    its own checks.
    """
    kept, count = [], 0
    for line in section:
        if line.startswith(_START):
            found = _USABLE.fullmatch(line)
            count += 1
            if count > MOST or not found or not _is_literal(found[1]) or not 0 < int(found[2]) < 65536:
                continue
        kept.append(line)
    return kept


def are_far(lines: Section) -> bool:
    """Whether there are some and all of them name public addresses: nothing says that it is in the house."""
    hosts = [(line.split()[4:5] or [""])[0] for line in lines if line.startswith(_START)]
    return bool(hosts) and all([_is_literal(host) and is_public(host) for host in hosts])


def _is_literal(host: str) -> bool:
    try:
        # one with a zone ("%eth0") is of a link, and the zone is the display's own
        return "%" not in str(ipaddress.ip_address(host))
    except ValueError:
        return False
