"""A request's body that does not arrive."""

import threading

from tests.doubles.waiting import LONG_S


class SlowBody:
    """A body that ends, empty, once `let` is set; `reading` is set by the first read."""

    def __init__(self) -> None:
        self.reading, self.let = threading.Event(), threading.Event()

    def read(self, _size: int) -> bytes:
        self.reading.set()
        self.let.wait(LONG_S)
        return b""
