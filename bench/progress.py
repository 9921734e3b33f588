"""Progress, on stderr: only the table goes to stdout."""

import sys


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
