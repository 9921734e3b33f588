"""`showcam owner`: who may link cameras here."""

import click

from showcam.cli import readable, settings_of, stop


@click.group()
def owner() -> None:
    """Who may link cameras here: EZVIZ accounts by their user names."""


@owner.command()
@click.argument("user")
@click.option("--key", help="appKey of the account's own EZVIZ Open Platform application; its secret is asked for.")
@click.option("--language", type=click.Choice(["en", "nb"]), default="en", show_default=True)
@click.pass_context
@readable
def add(context: click.Context, user: str, key: str | None, language: str) -> None:
    """Let the EZVIZ account USER (e-mail, phone or user name) sign in here.

    Its password is not asked for: the account's owner types it when linking Alexa or Google.
    """
    from registry.owner import households
    from showcam.compose.command import tools

    if not user.strip():
        stop("Say which EZVIZ account: its e-mail address, phone number or user name.")
    secret = click.prompt("appSecret", hide_input=True) if key else None
    with tools(settings_of(context)) as store:
        if households.find(store, user) is not None:
            stop(f"{user} may sign in here already.", code=1)
        households.add_owner(store, user, open_key=key, open_secret=secret, locale=language)
    click.echo(f"{user} may now link cameras here.")
    if not key:
        click.echo("Pictures come by an EZVIZ Open Platform key: showcam owner key USER.", err=True)


@owner.command("sub-account")
@click.argument("user")
@click.argument("account_id")
@click.pass_context
@readable
def sub_account(context: click.Context, user: str, account_id: str) -> None:
    """Say which sub-account of this installation's Open Platform key (ezviz_key) is USER's household.

    ACCOUNT_ID is the accountId that ram/account/create answered; "none" takes it away.
    """
    from registry.owner import households
    from showcam.compose.command import tools

    kept = "" if account_id == "none" else account_id
    if kept and not (kept.isalnum() and len(kept) <= 64):
        stop("An accountId is letters and digits.", code=1)
    with tools(settings_of(context)) as store:
        if not households.set_sub_account(store, user, kept):
            stop(f"{user} is not known here: showcam owner add {user}", code=1)
    click.echo(f"{user} has that sub-account now." if kept else f"{user} has no sub-account now.")


@owner.command()
@click.argument("user")
@click.option("--key", prompt="appKey", help="appKey of the EZVIZ Open Platform application.")
@click.pass_context
@readable
def key(context: click.Context, user: str, key: str) -> None:
    """Set the Open Platform key by which pictures of USER's cameras come."""
    from registry.owner import households
    from showcam.compose.command import tools

    secret = click.prompt("appSecret", hide_input=True)
    with tools(settings_of(context)) as store:
        if not households.set_open_key(store, user, key, secret):
            stop(f"{user} is not known here: showcam owner add {user}", code=1)
    click.echo(f"Pictures of {user}'s cameras now come by that key.")
