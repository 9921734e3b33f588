"""Which cameras take a connection just now: all are knocked at together, so that one that is away holds up none."""

import contextlib
import errno
import selectors
import socket
import time
from collections.abc import Iterable, Mapping

from registry.reason import Reason

type Place = tuple[str, int]  # IP address and port


def knock(places: Iterable[Place], deadline_s: float) -> Mapping[Place, Reason | None]:
    """None where the connection was taken; it is closed at once, without a byte sent."""
    end, found = time.monotonic() + deadline_s, dict[Place, Reason | None]()
    with selectors.DefaultSelector() as waiting, contextlib.ExitStack() as stack:
        for place in set(places):
            begun = stack.enter_context(socket.socket(socket.AF_INET6 if ":" in place[0] else socket.AF_INET))
            begun.setblocking(False)
            code = begun.connect_ex(place)
            if code == errno.EINPROGRESS:
                waiting.register(begun, selectors.EVENT_WRITE, place)
            else:
                found[place] = _reason(code)
        while waiting.get_map() and (left := end - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                assert isinstance(key.fileobj, socket.socket)
                found[key.data] = _reason(key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
                waiting.unregister(key.fileobj)
        for key in list(waiting.get_map().values()):
            found[key.data] = "lan_unreachable"
    return found


def _reason(code: int) -> Reason | None:
    if code == 0:
        return None
    return "lan_closed" if code == errno.ECONNREFUSED else "lan_unreachable"
