"""Which cameras answer just now: all are asked together, so that one that is away holds up none."""

import contextlib
import errno
import selectors
import socket
import time
from collections.abc import Iterable, Mapping

from registry.reason import Reason

type Place = tuple[str, int]  # IP address and port

_OPTIONS = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: showcam\r\n\r\n"


def knock(places: Iterable[Place], deadline_s: float, *, rtsp: bool = False) -> Mapping[Place, Reason | None]:
    """None where the connection was taken; it is closed at once, without a byte sent.

    `rtsp`: it is asked for its methods, which needs no login, and whoever does not say anything is away.
    """
    end, found = time.monotonic() + deadline_s, dict[Place, Reason | None]()
    with selectors.DefaultSelector() as waiting, contextlib.ExitStack() as stack:
        for place in set(places):
            begun = stack.enter_context(socket.socket(socket.AF_INET6 if ":" in place[0] else socket.AF_INET))
            begun.setblocking(False)
            code = begun.connect_ex(place)
            if code in (0, errno.EINPROGRESS):
                waiting.register(begun, selectors.EVENT_WRITE, place)
            else:
                found[place] = _refused(code)
        while waiting.get_map() and (left := end - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                assert isinstance(key.fileobj, socket.socket)
                if key.events == selectors.EVENT_READ:
                    reason = _said(key.fileobj)
                else:
                    reason = _refused(key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
                    if rtsp and reason is None and _is_asked(key.fileobj):
                        waiting.modify(key.fileobj, selectors.EVENT_READ, key.data)
                        continue
                waiting.unregister(key.fileobj)
                found[key.data] = reason
        for key in list(waiting.get_map().values()):
            found[key.data] = "lan_unreachable"
    return found


def _is_asked(connection: socket.socket) -> bool:
    """False where the connection is over already."""
    try:
        return connection.send(_OPTIONS) > 0
    except OSError:
        return False


def _said(connection: socket.socket) -> Reason | None:
    """Cameras that end a connection in place of an answer are asked properly when they are opened."""
    with contextlib.suppress(OSError):
        said = connection.recv(16)
        return "no_way" if said and not said.startswith(b"RTSP/") else None
    return None


def _refused(code: int) -> Reason | None:
    if code == 0:
        return None
    return "lan_closed" if code == errno.ECONNREFUSED else "lan_unreachable"
