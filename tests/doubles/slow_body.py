"""A request's body that does not come."""

import threading


class SlowBody:
    """Its sender says nothing until it is let, or cut off."""

    def __init__(self) -> None:
        self.asked, self.let = threading.Event(), threading.Event()

    def read(self, _size: int) -> bytes:
        self.asked.set()
        self.let.wait(10)
        return b""
