"""Which hosts may be connected to, and their addresses."""

import re
import socket
import threading
from urllib.parse import urlsplit

from net.addresses import are_public, is_spelled
from net.errors import NoInternet, NotAllowed

# A resolver that is silent for so long is not there: those of homes answer in tens of milliseconds, and glibc waits 5 s
# for one before it asks again (resolv.conf(5), `timeout`).
SILENT_S = 1.0


class Hosts:
    """Which hosts may be connected to, by https alone.

    `extra`: given exactly as "host:port"; they may be on loopback. `known`: a pattern of further names, whose port
    is 443; None: no further ones, since practice must not reach a real service.
    """

    def __init__(self, extra: tuple[str, ...] = (), known: re.Pattern[str] | None = None) -> None:
        self._extra, self._known = frozenset(extra), known

    def check(self, url: str) -> tuple[str, int]:
        """Host and port. Raises NotAllowed."""
        try:
            address = urlsplit(url)
            host, port = (address.hostname or "").lower(), address.port or 443
        except ValueError:
            raise NotAllowed("not an address") from None
        if address.scheme != "https" or address.username is not None or address.password is not None:
            raise NotAllowed("not an https address")
        known = self._known is not None and port == 443 and self._known.fullmatch(host) is not None
        if not known and f"{host}:{port}" not in self._extra:
            raise NotAllowed("not a known host")
        return host, port

    def addresses(self, host: str, port: int, timeout_s: float) -> list[str]:
        """The host's addresses, all public; the caller connects to these and resolves no name.

        Raises NotAllowed, NoInternet.
        """
        found = _resolve(host, port, timeout_s)
        if not are_public(found, loopback=f"{host}:{port}" in self._extra):
            raise NotAllowed("the host is not at a public address")
        return found


def _resolve(host: str, port: int, timeout_s: float) -> list[str]:
    if is_spelled(host):
        return [host]
    found: list[str] = []
    failures: list[OSError] = []

    def resolve() -> None:
        try:
            found.extend(str(answer[4][0]) for answer in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failures.append(error)

    # the system's resolver has no timeout, so it runs in a thread that is waited for
    thread = threading.Thread(target=resolve, name="resolve", daemon=True)
    thread.start()
    thread.join(max(0.0, timeout_s))
    # EAI_AGAIN: no resolver answered. One that answers "no such name" speaks of the host.
    unanswered = thread.is_alive() and timeout_s >= SILENT_S
    if unanswered or any(failure.errno == socket.EAI_AGAIN for failure in failures):
        raise NoInternet("no name can be looked up")
    return list(dict.fromkeys(found))
