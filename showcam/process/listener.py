"""A port that outlives the process behind it: who connects while that is started again waits, and is not refused."""

import os
import socket

VARIABLE = "SHOWCAM_LISTENER"
_BACKLOG = 128  # who wait


class Listener:
    """Held by the supervisor, which hands it to each process that it starts for this port."""

    def __init__(self, bind: str, port: int) -> None:
        self._bind, self._port = bind, port
        self._socket: socket.socket | None = None

    def open(self) -> int:
        """The descriptor of the listening socket. Raises OSError where the port can't be had."""
        if self._socket is None:
            family = socket.AF_INET6 if ":" in self._bind else socket.AF_INET
            # IPv4 too, by which this machine's own processes come
            both = self._bind == "::" and socket.has_dualstack_ipv6()
            self._socket = socket.create_server(
                (self._bind, self._port), family=family, backlog=_BACKLOG, dualstack_ipv6=both
            )
        return self._socket.fileno()

    def close(self) -> None:
        """From here on whoever connects is refused, unless a process that was handed the socket still listens."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def handed_over() -> socket.socket | None:
    """The socket that this process was handed; None where it opens its own."""
    text = os.environ.get(VARIABLE)
    return socket.socket(fileno=int(text)) if text else None
