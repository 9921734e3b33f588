"""Shows on stderr that a command is still at work."""

import contextlib
import threading
from collections.abc import Iterator

import click

SOON_S = 1.0


@contextlib.contextmanager
def progress(doing: str) -> Iterator[None]:
    """After a second `doing` is printed, then a dot every second until the work is done."""
    done = threading.Event()

    def write() -> None:
        if done.wait(SOON_S):
            return
        click.echo(f"{doing} …", err=True, nl=False)
        while not done.wait(SOON_S):
            click.echo(".", err=True, nl=False)
        click.echo(err=True)

    writer = threading.Thread(target=write, name="progress", daemon=True)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()
