"""`showcam google`: what Google's console wants of showcam."""

from itertools import groupby

import click

from showcam.cli import own_address, readable, settings_of
from showcam.shipped import whole_way


@click.group(epilog=whole_way("google.md"))
def google() -> None:
    """Google Home: what its developer console wants of showcam."""


@google.command()
@click.option("--project", default="", help="Project ID of the console, while Google's client isn't there.")
@click.option("--demo", is_flag=True, help="Of the demo.")
@click.pass_context
@readable
def values(context: click.Context, project: str, demo: bool) -> None:
    """Print each field of the Home Developer Console with the value for it."""
    from accounts import clients
    from showcam import google_console
    from showcam.compose.command import tools

    settings = settings_of(context)
    with tools(settings) as store:
        client = clients.registered(store, "google")
    if client is not None:
        project = project or google_console.project_of(client.redirect_uris)
    rows = google_console.fields(settings.web_url, client.id if client else google_console.CLIENT, project)
    for screen, fields in groupby(rows, key=lambda each: each.screen):
        click.echo(f"{screen}")
        for field in fields:
            click.echo(f"  {field.name}:\n    {field.value}")
    if client is None:
        click.echo(f"\nGoogle may not ask for access yet. Let it in with:\n  {google_console.register(project)}")
    if not settings.public_url:
        click.echo(f"No public_url is set: Google reaches none of these addresses. {own_address(settings)}.", err=True)
