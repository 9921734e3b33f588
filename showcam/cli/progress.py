"""A sign of life for what takes more than a second."""

import contextlib
import threading
from collections.abc import Iterator

import click

SOON_S = 1.0


@contextlib.contextmanager
def progress(doing: str) -> Iterator[None]:
    """After a second `doing` is told on stderr, then a dot each second until it is done."""
    done = threading.Event()

    def tell() -> None:
        if done.wait(SOON_S):
            return
        click.echo(f"{doing} …", err=True, nl=False)
        while not done.wait(SOON_S):
            click.echo(".", err=True, nl=False)
        click.echo(err=True)

    teller = threading.Thread(target=tell, name="progress", daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
