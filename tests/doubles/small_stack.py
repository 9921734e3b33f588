"""Runs a call in a thread with the stack size of the web server's threads."""

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
