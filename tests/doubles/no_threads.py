"""A machine that has no thread left, as under a container's limit of processes."""

import contextlib
import threading
from collections.abc import Iterator

TOO_LARGE = 1 << 47  # bytes: a stack of 128 TiB is more than a process can address


@contextlib.contextmanager
def no_threads() -> Iterator[None]:
    """No thread of this process can be started meanwhile."""
    before = threading.stack_size(TOO_LARGE)
    try:
        yield
    finally:
        threading.stack_size(before)
