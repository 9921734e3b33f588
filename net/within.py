"""Work that is done within a deadline, or left behind."""

import threading
from collections.abc import Callable
from concurrent.futures import Future


def within[T](seconds: float, work: Callable[[], T], name: str = "within") -> T:
    """What the work returns or raises; TimeoutError when it is not done in time, and its thread is left behind.

    A socket's own timeout starts again with each byte, so a server that drips its answer would never exceed it.
    """
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return done.result(seconds)
