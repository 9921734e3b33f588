"""Prints every step of the walk, what it found and how long it took; the first that fails ends the walk."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from botocore.exceptions import BotoCoreError, ClientError

from scripts.deploy_local.assistants import Assistants


class StepFailed(Exception):
    """What happened and, where it is known, what to do about it."""


class Step:
    """`found` is set while the step runs, and printed at the end of its line."""

    def __init__(self) -> None:
        self.found = ""


@contextmanager
def step(what: str) -> Iterator[Step]:
    """One line: at a terminal it is begun at once and finished in place, elsewhere written when the step is done."""
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


USER, PASSWORD = "demo@example.com", "showcam-demo"
STRANGER = "other@example.com"  # whom nobody adds, and whose account is the only way to video
REDIRECTS = {
    "alexa": "https://pitangui.amazon.com/api/skill/link/LOCAL",
    "google": "https://oauth-redirect.googleusercontent.com/r/showcam-local",
}


@dataclass(frozen=True)
class Place:
    """`directive` invokes the function as Amazon does. `secrets` are the clients', by client id.

    `without_media` does it in a stack without media processes; None if this can't be arranged.
    """

    web: str
    authorities: Path
    directive: Callable[[dict[str, Any]], dict[str, Any]]
    secrets: dict[str, str]
    sweep: Callable[[], dict[str, Any]]  # for all households at once
    assistants: Assistants | None = None  # in the process that started them
    without_media: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    control: str = ""  # address of the simulated EZVIZ's control door
    operators: Callable[[dict[str, Any]], dict[str, Any]] | None = None  # invokes the function as AWS does after IAM
    listener: Callable[[], AbstractContextManager[None]] | None = None  # listens to EZVIZ meanwhile
