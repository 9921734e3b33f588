"""Bodies that come slowly hold a share of the threads, never all of them."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from showcam.bodies import Bodies
from showcam.exchange import Refuse


class Slow:
    """A sender that says nothing until it is let."""

    def __init__(self) -> None:
        self.asked, self.let = threading.Event(), threading.Event()

    def read(self, _size: int) -> bytes:
        self.asked.set()
        self.let.wait(10)
        return b""


def sender(bodies: Bodies, slow: Slow, address: str) -> threading.Thread:
    environ: dict[str, Any] = {"CONTENT_LENGTH": "10", "REMOTE_ADDR": address, "wsgi.input": slow}
    thread = threading.Thread(target=lambda: bodies.read(environ), daemon=True)
    thread.start()
    assert slow.asked.wait(5)
    return thread


@pytest.mark.parametrize(
    ("address", "held"),
    [(lambda number: "203.0.113.1", 4), (lambda number: f"203.0.113.{number}", 6)],
    ids=["half of the threads for one address", "three quarters for all"],
)
def test_what_is_left_keeps_answering(address: Callable[[int], str], held: int) -> None:
    bodies, slows = Bodies(100, threads=8), [Slow() for _ in range(held)]
    threads = [sender(bodies, slow, address(number)) for number, slow in enumerate(slows)]
    with pytest.raises(Refuse) as refused:
        bodies.read({"CONTENT_LENGTH": "1", "REMOTE_ADDR": address(0), "wsgi.input": Slow()})
    assert refused.value.response.status == 503
    assert ("Retry-After", "5") in refused.value.response.headers
    for slow in slows:
        slow.let.set()
    for thread in threads:
        thread.join(5)
    free = Slow()
    free.let.set()
    assert bodies.read({"CONTENT_LENGTH": "1", "REMOTE_ADDR": address(0), "wsgi.input": free}) == b""
