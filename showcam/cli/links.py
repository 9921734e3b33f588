"""`showcam links`: who may see cameras through which assistant."""

from datetime import UTC, datetime

import click

from showcam.cli import readable, settings_of, stop


@click.group()
def links() -> None:
    """Completed links: who may see cameras through which assistant."""


@links.command("list")
@click.pass_context
@readable
def list_(context: click.Context) -> None:
    """Every link that is alive."""
    from showcam.compose.command import tools

    with tools(settings_of(context)) as store:
        rows = [link for account in store.accounts() for link in store.links(account.id) if link.ended is None]
    if not rows:
        click.echo("Nothing is linked yet. Linking starts in the Alexa or the Google Home app.")
    for link in rows:
        shown = "every camera" if link.cameras is None else f"{len(link.cameras)} cameras"
        click.echo(
            f"{link.id}  {link.assistant:6}  {_day(link.created)}  used {_day(link.last_used)}  {shown}  {link.label}"
        )


@links.command()
@click.argument("link_id")
@click.pass_context
@readable
def end(context: click.Context, link_id: str) -> None:
    """End a link: its tokens are dead at once, its pictures end."""
    from accounts import households
    from showcam.compose.command import pictures, tools

    settings = settings_of(context)
    with tools(settings) as store:
        link = store.link(link_id)
        if link is None or link.ended is not None:
            stop(f"There is no link {link_id}: showcam links list", code=1)
            return
        households.end(store, pictures(settings), link)
    click.echo("It has ended.")


def _day(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d") if when else "never"
