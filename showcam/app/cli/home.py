"""`showcam home`: the address of the console's page, with a code that signs a browser in there once."""

import contextlib
import ipaddress
import math
import os
import sys

import click

from showcam.app.cli import Command, settings_of, stop
from showcam.app.cli.output import as_json, draw, echo, report, wants_json
from showcam.app.process.home_address import home_address, host_in_house
from showcam.app.settings import Settings


@click.command(cls=Command)
@as_json
def home() -> None:
    """Print the address of your cameras' page, with a code that signs one browser in: once, within half an hour.

    An earlier code no longer works.
    """
    from showcam.app.process.supervisor import running_at

    settings = settings_of()
    if not settings.has_console or settings.all_on_aws:
        stop("There is no such page here: the setting console is off, or everything is on AWS.", code=1)
    if running_at(settings.data) is None:
        stop(
            f"No showcam runs on this data ({settings.data.absolute()}). Start it with showcam run, or name the folder "
            "of the one that runs with --data.",
            code=1,
        )
    announce(settings)


def announce(settings: Settings, *, again: str = "showcam home", since: float = math.inf) -> None:
    """Prints the address with a code; at a terminal also as a QR code, if a phone could open the address.

    `again`: the command that prints a new code. `since`: the time of the start, in epoch seconds: a code that was asked
    for while showcam started stays valid, and is printed again. By default the code is new.
    """
    from showcam.accounts.attempts import LIFE_S, OneTimeCode

    host = host_in_house(settings)
    address = f"{home_address(settings)}#{OneTimeCode(settings.home_code).since(since)}"
    if _is_journal():
        echo(f"Your cameras: {home_address(settings)}")
        echo(f"The code is only in a file, not in the journal. An address with a code: {again}", err=True)
        return
    report({"address": address, "good_for_s": LIFE_S}, [f"Your cameras: {address}"])
    if wants_json():
        return
    echo(f"That address signs one browser in, once, within {LIFE_S // 60} minutes. Another one: {again}", err=True)
    if _is_loopback(host):
        if not settings.demo and settings.bind not in ("0.0.0.0", "::"):  # noqa: S104
            echo("Only this machine reaches it. The house does, after: showcam settings set bind 0.0.0.0", err=True)
    elif sys.stdout.isatty():
        draw(address)


def _is_journal() -> bool:
    """Whether systemd's journal keeps what is written here, which others may read: JOURNAL_STREAM, systemd.exec(5)."""
    kept = os.environ.get("JOURNAL_STREAM", "")
    with contextlib.suppress(OSError, ValueError):
        found = os.fstat(sys.stdout.fileno())
        return kept == f"{found.st_dev}:{found.st_ino}"
    return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
