"""Keeps from other tests what libx265 leaves behind on x86: a thread's floating-point unit as its MMX code had it.

Long doubles are wrong then, and by these SQLite compares a whole number with one that has a fraction. showcam itself
encodes no H.265.
"""

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def apart[**Given, Made](make: Callable[Given, Made]) -> Callable[Given, Made]:
    """Runs it in a thread of its own, which ends with it: each thread has a floating-point state of its own."""

    @functools.wraps(make)
    def made(*args: Given.args, **named: Given.kwargs) -> Made:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(make, *args, **named).result()

    return made
