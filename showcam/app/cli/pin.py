"""`showcam pin`: the PIN for turning cameras off by voice with Google."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from showcam.app.cli import installation, readable, settings_of, stop
from showcam.app.cli.output import echo
from showcam.app.cli.owner_password import known

if TYPE_CHECKING:
    from showcam.accounts.pins import Pins


@click.group()
def pin() -> None:
    """The PIN that Google asks for before a camera is turned off by voice."""


@pin.command("set")
@click.argument("user")
@installation
@click.pass_context
@readable
def set_(context: click.Context, user: str) -> None:
    """Set the PIN of USER's household: 4 to 8 digits, which are asked for.

    Without one no camera can be turned off by Google. A voice turns off only a camera whose voice_may
    names sleep: showcam cameras set NAME voice_may sleep.
    """
    from showcam.accounts.pins import BadPin

    with _household(context, user) as (pins, account):
        digits = click.prompt("PIN", hide_input=True, confirmation_prompt=True)
        try:
            pins.set(account, digits)
        except BadPin as error:
            stop(f"That can't be set: {error}.", code=1)
    echo(f"Google now asks for that PIN before it turns off a camera of {user}.")


@pin.command()
@click.argument("user")
@installation
@click.pass_context
@readable
def clear(context: click.Context, user: str) -> None:
    """Forget the PIN of USER's household: Google can then turn off none of its cameras."""
    with _household(context, user) as (pins, account):
        pins.clear(account)
    echo(f"No PIN is set for {user}: Google can't turn off a camera now.")


@contextmanager
def _household(context: click.Context, user: str) -> Iterator[tuple["Pins", str]]:
    from showcam.accounts.pins import Pins
    from showcam.app.compose.command import tools

    with tools(settings_of(context)) as store:
        yield Pins(store), known(store, user).id
