"""`showcam expose`: a public address by Tailscale Funnel or Cloudflare Tunnel, and the way back."""

import getpass
import sys
import time
from typing import TYPE_CHECKING

import click

from showcam.app.cli import Command, origins_of, stop
from showcam.app.cli.output import as_json, draw, echo, report, wants_json
from showcam.app.shipped import whole_way

if TYPE_CHECKING:
    from showcam.console.setup.exposing import Stage

_CONSENT = "Anyone on the internet can then reach the sign-in page. Go on?"


@click.command(cls=Command, epilog=whole_way("owner/reachable.md"))
@click.option("--cloudflare", "name", metavar="NAME", help="By Cloudflare, with a name of yours; default: Tailscale.")
@click.option("--stop", "stops", is_flag=True, help="Close the way in again, and forget the address.")
@click.option("--yes", is_flag=True, help="Agree that anyone on the internet can reach the sign-in page.")
@as_json
def expose(name: str | None, stops: bool, yes: bool) -> None:
    """Give this machine a public address by Tailscale Funnel or Cloudflare Tunnel, and keep it.

    The command prints the pages that you must visit, and waits for you. With --json it ends after the first page of
    Tailscale: visit the page, then run the command again. It waits for your sign-in to Cloudflare in any case.
    """
    from showcam.app.cli.settings import opened
    from showcam.app.setup.address import AddressKeeper
    from showcam.app.setup.exposing import PAUSE_S, Exposing
    from showcam.console.setup.recipes import EXAMPLE, cleaned, is_name

    name = cleaned(name or "")
    if name and not is_name(name):
        stop(f"{name} is no name such as {EXAMPLE}")
    settings, _ = opened()
    exposing = Exposing(AddressKeeper(settings, origins_of()), settings.port, settings.media_port)
    if stops:
        _end(exposing.end(), "The way in is closed, and the address is forgotten.")
        return
    if not yes:
        click.confirm(_CONSENT, abort=True, err=True)
    shown = ""
    for stage in exposing.walk(name):
        if not stage.waits or (wants_json() and stage.link and stage.by == "tailscale"):
            _end(stage, "The address is kept. A running showcam takes it within seconds.")
            return
        if stage.link != shown:
            shown = stage.link
            _show(stage)
        time.sleep(PAUSE_S)


def _show(stage: "Stage") -> None:
    """Prints the page to visit, at a terminal also as a QR code for a phone."""
    from showcam.console.setup.exposing import EXPOSING

    echo(f"{EXPOSING[stage.stand]} {stage.link}", err=True)
    if stage.link and sys.stderr.isatty():
        draw(stage.link, err=True)


def _end(stage: "Stage", done: str) -> None:
    """Prints the outcome. Exits with 1 if a program refused or waits for a person."""
    from showcam.console.setup.exposing import EXPOSING, NOT_EXPOSED

    text = (NOT_EXPOSED[stage.why] if stage.why else EXPOSING.get(stage.stand, "")).format(detail=stage.detail)
    well = stage.stand in ("done", "idle", "closed")
    if stage.stand == "closed":
        done = text
    if stage.why == "denied":
        text += f" The command is: sudo tailscale set --operator={getpass.getuser()}"
    facts = {"stand": stage.stand, "link": stage.link, "why": stage.why, "text": done if well else text}
    if not wants_json() and not well:
        stop(text, code=1)
    report(facts, [done])
    if not well:
        sys.exit(1)
