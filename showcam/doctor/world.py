"""What the doctor asks of others about this installation: its name as the world sees it, and its own public address."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from net.addresses import is_public
from showcam.doctor.reach import Unreached, Visitor

RESOLVER = "https://dns.google/resolve"  # https://developers.google.com/speed/public-dns/docs/doh/json
_TYPES = {"A": 1, "AAAA": 28}


def nowhere() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class World:
    """`resolver` answers names as the world sees them, by HTTPS and JSON; "" where none is to be asked.

    `own_address` answers the public address of the house, None where that can't be had. `visited`: whether an assistant
    came to the public address lately. `public` judges an address.
    """

    resolver: str = ""
    own_address: Callable[[], str | None] = nowhere
    visited: bool = False
    public: Callable[[str], bool] = is_public

    def addresses(self, host: str, visitor: Visitor) -> frozenset[str] | None:
        """The addresses of a name, as resolvers outside answer; None where nobody answers."""
        if not self.resolver:
            return None
        found: set[str] = set()
        for kind, number in _TYPES.items():
            try:
                answer = visitor.request("GET", f"{self.resolver}?{urlencode({'name': host, 'type': kind})}")
            except Unreached:
                return None
            content = answer.json()
            if answer.status != 200 or not isinstance(content, dict) or content.get("Status") not in (0, 3):
                return None
            rows = content.get("Answer") or []
            found |= {str(row["data"]) for row in rows if isinstance(row, dict) and row.get("type") == number}
        return frozenset(found)


def addresses_here(host: str, port: int) -> frozenset[str]:
    """The addresses of a name, by this machine's own resolver."""
    try:
        return frozenset(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):  # UnicodeError where the text can't be a host name
        return frozenset()
