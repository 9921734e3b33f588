"""Reading request bodies: at most so many bytes, and never with every thread, since nothing can hurry a slow sender.

The server hands a request over before its body is there, so a thread waits for it. What is left free keeps answering.
"""

import threading
from wsgiref.types import WSGIEnvironment

from showcam.exchange import Refuse, Response, problem


class Bodies:
    """`threads` is how many requests are answered at once."""

    def __init__(self, limit: int, threads: int) -> None:
        self._limit = limit
        self._most, self._most_of_one = max(1, threads * 3 // 4), max(1, threads // 2)
        self._reading = 0
        self._reading_of: dict[str, int] = {}
        self._lock = threading.Lock()

    def read(self, environ: WSGIEnvironment) -> bytes:
        """The whole body, whatever length it claims. Raises Refuse with 413, or 503 when too many are being read."""
        claimed = environ.get("CONTENT_LENGTH") or ""
        size = int(claimed) if claimed.isdecimal() else self._limit + 1
        if claimed and size > self._limit:
            raise self._too_much()
        address = environ.get("REMOTE_ADDR", "")
        self._begin(address)
        try:
            read = environ["wsgi.input"].read
            body: bytes = read(size)
            while len(body) < size and (part := read(size - len(body))):
                body += part
        finally:
            self._end(address)
        if len(body) > self._limit:
            raise self._too_much()
        return body

    def _begin(self, address: str) -> None:
        with self._lock:
            of_one = self._reading_of.get(address, 0)
            if self._reading < self._most and of_one < self._most_of_one:
                self._reading += 1
                self._reading_of[address] = of_one + 1
                return
        busy = problem(503, "Too many requests are being read", "Try again in a few seconds.")
        raise Refuse(Response(503, busy.body, [*busy.headers, ("Retry-After", "5")]))

    def _end(self, address: str) -> None:
        with self._lock:
            self._reading -= 1
            left = self._reading_of.pop(address) - 1
            if left:
                self._reading_of[address] = left

    def _too_much(self) -> Refuse:
        return Refuse(problem(413, "That is too much", f"At most {self._limit} bytes are taken."))
