"""Each step said in plain words, with what it found and how long it took; the first that fails ends it."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from botocore.exceptions import BotoCoreError, ClientError


class StepFailed(Exception):
    """What happened and, where it is known, what to do about it."""


class Step:
    """What it found is set while it runs, for the end of its line."""

    def __init__(self) -> None:
        self.found = ""


@contextmanager
def step(what: str) -> Iterator[Step]:
    """One line: at a terminal begun at once and finished in place, else written when it is done."""
    live, began, done = sys.stdout.isatty(), time.monotonic(), Step()
    if live:
        print(f"  …  {what}", end="", flush=True)
    start = "\r" if live else ""
    try:
        yield done
    except KeyboardInterrupt:
        print(f"{start} --  {what}: broken off", flush=True)
        raise
    except BaseException as error:
        print(f"{start}  ✗  {what}", flush=True)
        if isinstance(error, (requests.RequestException, BotoCoreError, ClientError)):
            raise StepFailed(f"{what}: {error}") from error
        raise
    found = f": {done.found}" if done.found else ""
    print(f"{start}  ✓  {what}{found} ({time.monotonic() - began:.1f} s)", flush=True)


def heading(text: str) -> None:
    print(f"\n{text}", flush=True)
