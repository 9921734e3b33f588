"""What is going on, on stderr: the table alone goes to stdout."""

import sys


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
