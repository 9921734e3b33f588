"""`showcam links`: who may see cameras through which assistant."""

from datetime import UTC, datetime

import click
from msgspec.structs import asdict

from showcam.cli import installation, readable, settings_of, stop
from showcam.cli.output import as_json, echo, report, table


@click.group()
def links() -> None:
    """Completed links: who may see cameras through which assistant."""


@links.command("list")
@as_json
@installation
@click.pass_context
@readable
def list_(context: click.Context, as_json: bool) -> None:
    """List every link that is alive, with the day it was made and last used."""
    from showcam.compose.command import tools

    with tools(settings_of(context)) as store:
        found = [link for account in store.accounts() for link in store.links(account.id)]
    rows = [
        (
            link.id,
            link.assistant,
            _day(link.created),
            _day(link.last_used),
            "all" if link.cameras is None else str(len(link.cameras)),
            link.label,
        )
        for link in found
    ]
    lines = table(rows, ("Link", "Assistant", "Made", "Used", "Cameras", "Label"))
    if not rows:
        lines = ["Nothing is linked yet. Linking starts in the Alexa or the Google Home app."]
    listed = ("id", "account", "client", "assistant", "label", "cameras", "locale", "created", "last_used")
    report(as_json, {"links": [{name: asdict(link)[name] for name in listed} for link in found]}, lines)


@links.command()
@click.argument("link_id")
@installation
@click.pass_context
@readable
def end(context: click.Context, link_id: str) -> None:
    """End the link LINK_ID: its tokens are dead at once, its pictures end."""
    from accounts import households
    from showcam.compose.command import pictures, tools

    settings = settings_of(context)
    with tools(settings) as store:
        link = store.link(link_id)
        if link is None or link.ended is not None:
            stop(f"There is no link {link_id}: showcam links list", code=1)
        households.end(store, pictures(settings), link)
    echo("It has ended.")


def _day(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d") if when else "never"
