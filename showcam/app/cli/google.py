"""`showcam google`: the values for Google's Home Developer Console."""

from dataclasses import asdict
from itertools import groupby

import click

from showcam.app.cli import Group, own_address, settings_of, stop
from showcam.app.cli.output import as_json, echo, report, runnable
from showcam.app.shipped import whole_way


@click.group(cls=Group, epilog=whole_way("owner/google.md"))
def google() -> None:
    """Google Home: the values for Google's developer console."""


@google.command()
@click.option("--project", default="", help="Project ID of the console (default: as Google's client was added).")
@as_json
def values(project: str) -> None:
    """Print each field of Google's Home Developer Console with the value for it."""
    from showcam.accounts import clients
    from showcam.app.compose.command import tools
    from showcam.app.compose.ground import product
    from showcam.app.setup import google_console

    settings = settings_of()
    product(settings)
    if project and not google_console.PROJECT.fullmatch(project):
        stop(f"{project} is no project ID: 6 to 30 letters, digits and hyphens, which Google's console shows.")
    with tools(settings) as store:
        client = clients.registered(store, "google")
    if client is not None:
        project = project or google_console.project_of(client.redirect_uris)
    rows = google_console.fields(settings.web_url, client.id if client else google_console.CLIENT, project)
    lines = [
        line
        for screen, fields in groupby(rows, key=lambda row: row.screen)
        for line in (screen, *(f"  {field.name}:\n    {field.value}" for field in fields))
    ]
    facts = {"fields": [asdict(row) for row in rows], "client": client.id if client else None}
    if client is None:
        command = google_console.register(project)
        facts["mend"] = runnable(command)
        lines.append(f"\nGoogle may not ask for access yet. Let it in with:\n  {command}")
    report(facts, lines)
    if not settings.public_url:
        echo(f"No public_url is set: Google reaches none of these addresses. {own_address(settings)}.", err=True)
