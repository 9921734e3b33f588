"""The logging of this process, which an entry of AWS configures for the whole process, as it was before."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def own_logging() -> Iterator[None]:
    """Restores the logging that the entries configure for the whole process."""
    root, lines = logging.getLogger(), structlog.get_config()
    handlers, level, moto = root.handlers, root.level, logging.getLogger("responses")
    moto.disabled = True  # it logs every call that passes through
    try:
        yield
    finally:
        moto.disabled = False
        root.handlers, root.level = handlers, level
        structlog.configure(**lines)
