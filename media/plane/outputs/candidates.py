"""Where a display says it can be found: the lines of an offer that aioice is given, and whether it is far away."""

import ipaddress
import re

from media.plane.outputs.sections import Section
from net.addresses import is_public

MOST = 64  # of an offer, whose sections may all end at one transport, which tries each with each of ours
_START, _END = "a=candidate:", "a=end-of-candidates"
# aioice speaks UDP, and RTCP goes the way of RTP. What is beyond these bounds would break aioice's tasks.
_USABLE = re.compile(
    r"a=candidate:\S{1,32} 1 udp (\d{1,10}) (\S+) (\d{1,5}) typ (?:host|srflx|relay)(?: .*)?", re.I | re.A
)


def usable(offered: list[Section]) -> list[Section]:
    """The sections without candidates that can't be tried, and of the others with the most wanted ones of the offer.

    Names too are left out: one under .local would be asked of the whole network, and a display behind one is found by
    its own checks. RFC 8445 section 6.1.2.5: what is beyond an agent's limit is discarded by priority, not refused.
    Where one was left out, so is the line that says that there are no more: Firefox names .local candidates only and
    then that line, and aioice fails at once when it has nothing to try and expects nothing.
    """
    found = [
        (-priority, number, place)
        for number, section in enumerate(offered)
        for place, line in enumerate(section)
        if line.startswith(_START) and (priority := _priority(line)) is not None
    ]
    kept = {(number, place) for _, number, place in sorted(found)[:MOST]}
    is_whole = len(kept) == sum(line.startswith(_START) for section in offered for line in section)
    return [
        [
            line
            for place, line in enumerate(section)
            if (line != _END or is_whole) and (not line.startswith(_START) or (number, place) in kept)
        ]
        for number, section in enumerate(offered)
    ]


def _priority(line: str) -> int | None:
    """None where it can't be tried."""
    found = _USABLE.fullmatch(line)
    good = found and _is_literal(found[2]) and 0 < int(found[3]) < 65536
    return int(found[1]) if found and good else None


def are_tcp(offered: list[Section]) -> bool:
    """Whether there are some and all of them are of TCP, which aioice does not speak."""
    ways = [
        (line.split()[2:3] or [""])[0].lower() for section in offered for line in section if line.startswith(_START)
    ]
    return bool(ways) and set(ways) == {"tcp"}


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
