"""A thread with the stack that the web server gives its threads."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

STACK = 2 * 1024 * 1024


def on_small_stack[T](call: Callable[[], T]) -> T:
    before = threading.stack_size(STACK)
    try:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(call).result()
    finally:
        threading.stack_size(before)
