"""`showcam owner`: who may link cameras here, and a household's quiet hours, without announcements."""

import shlex

import click

from showcam.app.cli import Group, at_vendor, owner_password, settings_of, stop
from showcam.app.cli.output import as_json, echo, report
from showcam.i18n.catalogue import LANGUAGES


@click.group(cls=Group)
def owner() -> None:
    """The people who may link cameras here: by their user name at the vendor, or an owner's for showcam itself."""


owner.add_command(owner_password.password)


@owner.command()
@click.argument("user")
@at_vendor
@click.option("--lan", is_flag=True, help="A household of cameras in the house alone, without an account of a vendor.")
@click.option("--to", metavar="HOUSEHOLD", help="Whose household it joins, by a name of it (default: one of its own).")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of its pages.")
def add(user: str, kind: str, lan: bool, to: str | None, language: str) -> None:
    """Let the account USER of a vendor (e-mail, phone or user name) sign in here.

    Its password is not asked for: the account's owner types it when linking Alexa or Google. With --lan USER is any
    user name of the owner's choice, and the password for it is asked for.
    """
    from showcam.accounts import households
    from showcam.accounts.owner_users import OwnerUsers
    from showcam.app.compose import ground
    from showcam.app.compose.command import tools
    from showcam.drivers import BRANDS

    brand = next(brand for brand in BRANDS if brand.kind == kind)
    if not user.strip():
        stop(f"Say which {brand.vendor} account: its e-mail address, phone number or user name.")
    if lan and to:
        raise click.UsageError("A household of cameras in the house alone takes no --to.")
    if lan:
        owner_password.add_with_lan(settings_of(), user, language)
        return
    settings = settings_of()
    with tools(settings) as store:
        if households.find(store, kind, user) is not None:
            stop(f"{user} may sign in here already.", code=1)
        if OwnerUsers(store).find(user) is not None:
            stop(f"{user} is the user name of an owner at showcam itself: give that one another name first.", code=1)
        sealed = ground.vendors(ground.drivers(settings, store))[kind].sessions.waiting(user.strip())
        if to:
            households.add_to(store, owner_password.known(store, to).id, kind, user, sealed)
        else:
            households.add(store, kind, user, sealed, locale=language)
    echo(f"{user} may now link cameras here.")
    if hint := brand.when_added(settings.pictures == "plane"):
        echo(hint.format(user=shlex.quote(user)), err=True)


@owner.command("set")
@click.argument("user")
@click.argument("what")
@click.argument("value", required=False)
def set_(user: str, what: str, value: str | None) -> None:
    """Set the option WHAT of USER's account to VALUE. Asks for a missing VALUE; lists the options for a wrong WHAT."""
    from showcam.accounts import households
    from showcam.app.compose.command import tools
    from showcam.drivers import BRANDS
    from showcam.drivers.settings import BadValue

    known = {option.name: (brand.kind, option) for brand in BRANDS for option in brand.options}
    if what not in known:
        stop("Say which of these: " + "; ".join(f"{name}, {option.help}" for name, (_, option) in known.items()))
    kind, option = known[what]
    with tools(settings_of()) as store:
        if households.find(store, kind, user) is None:
            stop(f"{user} is not known here: showcam owner add {shlex.quote(user)}", code=1)
        given = value or str(click.prompt(option.value, err=True))
        secret = str(click.prompt(option.secret, hide_input=True, err=True)) if option.secret else ""
        try:
            option.keep(store, user, given, secret)
        except BadValue as error:
            stop(f"{error}.", code=1)
    echo(f"{what} is set for {user}.")


@owner.command()
@click.argument("times", required=False)
@click.option("--zone", help="Time zone, such as Europe/Oslo (default: the one it has, else this machine's).")
@click.option("--user", help="Whose household (default: the only one).")
@as_json
def quiet(times: str | None, zone: str | None, user: str | None) -> None:
    """Set the quiet TIMES of a household, such as "22:00-07:00, 13:00-14:30", or nothing; without TIMES print them.

    In quiet times no display rings, no TV changes to a camera, and motion is not announced. Live pictures, and what a
    camera's sensors report, stay as they are.
    """
    from showcam.app.compose.command import tools
    from showcam.drivers.settings import BadValue
    from showcam.registry import quiet_times

    with tools(settings_of()) as store:
        account = owner_password.known_or_only(store, user)
        kept = quiet_times.of_household(store, account.id)
        if times is not None:
            chosen = zone or kept.zone or quiet_times.own_zone()
            try:
                kept = quiet_times.parsed("" if times == "nothing" else times, chosen)
            except BadValue as error:
                stop(f"{error}.")
            quiet_times.keep(store, account.id, kept)
        elif zone:
            raise click.UsageError("--zone goes with TIMES.")
    says = f"Quiet times: {kept} ({kept.zone})." if kept.spans else "There are no quiet times."
    report({"household": account.id, "quiet": str(kept), "zone": kept.zone}, [says])
    if times is not None:
        echo("They hold at once.", err=True)
