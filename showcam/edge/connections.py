"""Ends connections to the web process whose peers are silent.

granian waits HEAD_S for a request's head, also on a connection that is kept alive, but without end for a body and for a
peer that does not read its answer. The kernel's count of bytes (TCP_INFO) shows which peers are silent.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator

import structlog

from media.silence import silence
from net.addresses import unmapped
from showcam.edge.bodies import BODY_S

log = structlog.get_logger()

HEAD_S = 5.0
MOST = 2048  # at once; who is silent gives up its place after HEAD_S
_AND_MORE_S = 5.0
EVERY_S = 0.5
_DESCRIPTORS = "/proc/self/fd"


class Connections:
    """`overdue`: the peers a body of which has been waited for long enough. `answer_s`: the longest an answer takes.

    `head_s`, `body_s`: what a head and a body may take; `and_more_s`: beyond what all three may take together.
    """

    def __init__(
        self,
        port: int,
        overdue: Callable[[], set[str]],
        answer_s: float,
        *,
        head_s: float = HEAD_S,
        body_s: float = BODY_S,
        and_more_s: float = _AND_MORE_S,
    ) -> None:
        self._port, self._overdue = port, overdue
        self._quiet_s = head_s + body_s + answer_s + and_more_s
        self._body_s, self._head_s = max(body_s, answer_s), head_s

    def watch(self) -> None:
        """Start a thread that watches as long as the process lives. Does nothing on systems without TCP_INFO."""
        if os.path.isdir(_DESCRIPTORS) and hasattr(socket, "TCP_INFO"):  # noqa: PTH112 - a plain string will do
            threading.Thread(target=self._repeat, name="connections", daemon=True).start()

    def turn(self) -> None:
        overdue = self._overdue()
        for connection in accepted(self._port):
            with connection, contextlib.suppress(OSError):
                self._judge(connection, overdue)

    def _judge(self, connection: socket.socket, overdue: set[str]) -> None:
        quiet = silence(connection)
        if quiet is None:
            return
        if quiet.sent_s > self._quiet_s:
            connection.shutdown(socket.SHUT_RDWR)
        # a connection that is kept alive was idle for at most HEAD_S before the request whose body is late
        elif (
            overdue
            and quiet.sent_s > self._body_s + (self._head_s if quiet.ever_sent else 0)
            and unmapped(connection.getpeername()[0].partition("%")[0]) in overdue
        ):
            connection.shutdown(socket.SHUT_RD)  # the waiting thread wakes up and can still answer

    def _repeat(self) -> None:
        wait = threading.Event().wait
        while not wait(EVERY_S):
            try:
                self.turn()
            except Exception:
                log.exception("connections could not be checked")


def accepted(port: int) -> Iterator[socket.socket]:
    """Every connection to this process's own port, as a duplicate that is to be closed before the next is taken.

    A duplicate, since granian may close its descriptor at any time, and another connection may get the number.
    """
    for name in os.listdir(_DESCRIPTORS):  # noqa: PTH208 - a thousand names are read twice a second
        with contextlib.suppress(OSError):
            if not os.readlink(f"{_DESCRIPTORS}/{name}").startswith("socket:"):  # noqa: PTH115
                continue
            found = socket.socket(fileno=os.dup(int(name)))
            if _is_ours(found, port):
                yield found
            else:
                found.close()


def _is_ours(found: socket.socket, port: int) -> bool:
    try:
        return found.family in (socket.AF_INET, socket.AF_INET6) and (
            found.getsockname()[1] == port and bool(found.getpeername())
        )
    except OSError:  # a listening socket, or a connection that has just ended
        return False
