"""`showcam expose`: a public address by Tailscale Funnel, and the way back."""

import getpass
import sys
import time
from typing import TYPE_CHECKING

import click

from showcam.app.cli import Command, stop
from showcam.app.cli.output import as_json, draw, echo, report, wants_json
from showcam.app.shipped import whole_way

if TYPE_CHECKING:
    from showcam.console.exposing import Stage

_CONSENT = "Anyone on the internet can then reach the sign-in page. Go on?"


@click.command(cls=Command, epilog=whole_way("owner/reachable.md"))
@click.option("--stop", "stops", is_flag=True, help="Close the way in again, and forget the address.")
@click.option("--yes", is_flag=True, help="Agree that anyone on the internet can reach the sign-in page.")
@as_json
def expose(stops: bool, yes: bool) -> None:
    """Give this machine a public address by Tailscale Funnel, and keep it.

    The command prints the pages of Tailscale that you must visit, and waits for you. With --json it ends after the
    first page: visit the page, then run the command again.
    """
    from showcam.app.cli.settings import opened
    from showcam.app.setup.address import PAUSE_S, AddressKeeper, Exposing

    settings, kept = opened()
    exposing = Exposing(AddressKeeper(kept, settings.data), settings.port, settings.media_port)
    if stops:
        _end(exposing.end(), "The way in is closed, and the address is forgotten.")
        return
    if not yes:
        click.confirm(_CONSENT, abort=True, err=True)
    shown = ""
    for stage in exposing.walk():
        if not stage.waits or (wants_json() and stage.link):
            _end(stage, "The address is kept. A running showcam takes it within seconds.")
            return
        if stage.link != shown:
            shown = stage.link
            _show(stage)
        time.sleep(PAUSE_S)


def _show(stage: "Stage") -> None:
    """Prints the page of Tailscale, at a terminal also as a QR code for a phone."""
    from showcam.console.sentences import EXPOSING

    echo(f"{EXPOSING[stage.stand]} {stage.link}", err=True)
    if stage.link and sys.stderr.isatty():
        draw(stage.link, err=True)


def _end(stage: "Stage", done: str) -> None:
    """Prints the outcome. Exits with 1 if Tailscale refused or waits for a person."""
    from showcam.console.sentences import EXPOSING, NOT_EXPOSED

    text = NOT_EXPOSED[stage.why].format(detail=stage.detail) if stage.why else EXPOSING.get(stage.stand, "")
    well = stage.stand in ("done", "idle")
    if stage.why == "denied":
        text += f" The command is: sudo tailscale set --operator={getpass.getuser()}"
    facts = {"stand": stage.stand, "link": stage.link, "why": stage.why, "text": done if well else text}
    if not wants_json() and not well:
        stop(text, code=1)
    report(facts, [done])
    if not well:
        sys.exit(1)
