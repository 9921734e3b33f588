"""Ends connections to the web process that neither go on nor end.

The server gives the head of a request HEAD_S, also on a connection that is kept alive. To a body, and to a peer who
does not take its answer, it gives no end: then the system's count of what was sent tells who is silent.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator

import structlog

from media.silence import silence
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
        """From a thread of its own, as long as the process lives. Nothing where the system has no such count."""
        if os.path.isdir(_DESCRIPTORS) and hasattr(socket, "TCP_INFO"):  # noqa: PTH112 - no Path needed for a look
            threading.Thread(target=self._go_on, name="connections", daemon=True).start()

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
        # one that is kept alive was idle for HEAD_S at most before the request that it now waits with
        elif (
            overdue
            and quiet.sent_s > self._body_s + (self._head_s if quiet.ever_sent else 0)
            and connection.getpeername()[0].partition("%")[0] in overdue
        ):
            connection.shutdown(socket.SHUT_RD)  # the thread that waits wakes up, and can still answer

    def _go_on(self) -> None:
        wait = threading.Event().wait
        while not wait(EVERY_S):
            try:
                self.turn()
            except Exception:
                log.exception("connections could not be looked at")


def accepted(port: int) -> Iterator[socket.socket]:
    """Each connection of this process to its own port, by a new descriptor, to be closed before the next is taken.

    The server may close its own at any time, and the number then be another connection's.
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
    except OSError:  # it listens, or has just ended
        return False
