"""`showcam owner`: who may link cameras here, and a household's quiet hours, without announcements."""

import shlex
from typing import TypedDict

import click

from showcam.app.cli import at_vendor, installation, owner_password, readable, settings_of, stop
from showcam.app.cli.output import as_json, echo, report, table
from showcam.i18n.catalogue import LANGUAGES

_BY_CLOUD = (
    "Pictures come by EZVIZ's own cloud stream, which takes nothing more: linking asks about its open connection. "
)


class UserFacts(TypedDict):
    user: str
    signed_in: bool


class HouseholdFacts(TypedDict):
    household: str
    users: list[UserFacts]
    showcam_user: str
    lan: bool
    links: int
    pin: bool
    language: str
    created: float
    origin: str  # how the household began: owner, invited, linking


@click.group()
def owner() -> None:
    """The people who may link cameras here: by their EZVIZ user name, or an owner's user name for showcam itself."""


owner.add_command(owner_password.password)
owner.add_command(owner_password.lan)


@owner.command()
@click.argument("user")
@click.option(
    "--key",
    help="appKey of the account's own EZVIZ Open Platform application, whose secret is asked for (default: none).",
)
@at_vendor
@click.option("--lan", is_flag=True, help="A household of cameras in the house alone, without an EZVIZ account.")
@click.option("--to", metavar="HOUSEHOLD", help="Whose household it joins, by a name of it (default: one of its own).")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of its pages.")
@installation
@click.pass_context
@readable
def add(
    context: click.Context, user: str, key: str | None, kind: str, lan: bool, to: str | None, language: str
) -> None:
    """Let the EZVIZ account USER (e-mail, phone or user name), or another vendor's, sign in here.

    Its password is not asked for: the account's owner types it when linking Alexa or Google. With --lan USER is any
    user name of the owner's choice, and the password for it is asked for.
    """
    from showcam.accounts import households
    from showcam.accounts.owner_users import OwnerUsers
    from showcam.app.compose import ground
    from showcam.app.compose.command import tools
    from showcam.drivers import vendor_of
    from showcam.drivers.ezviz import EZVIZ, sessions

    if not user.strip():
        stop(f"Say which {vendor_of(kind)} account: its e-mail address, phone number or user name.")
    if key and kind != EZVIZ.kind:
        raise click.UsageError(f"Only an account of {EZVIZ.vendor} has a --key.")
    if lan and (key or to):
        raise click.UsageError("A household of cameras in the house alone takes neither --key nor --to.")
    if lan:
        owner_password.add_with_lan(settings_of(context), user, language)
        return
    secret, settings = click.prompt("appSecret", hide_input=True) if key else None, settings_of(context)
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
        if key and secret:
            sessions.set_open_key(store, user, key, secret)
    echo(f"{user} may now link cameras here.")
    if not key and kind == EZVIZ.kind:
        comes_by_cloud = settings.pictures == "plane"
        echo(
            (_BY_CLOUD if comes_by_cloud else "")
            + "At home pictures come by the code on a camera's label: showcam cameras code NAME. Last, by a key: "
            f"showcam owner key {shlex.quote(user)}",
            err=True,
        )


@owner.command("list")
@as_json
@installation
@click.pass_context
@readable
def list_(context: click.Context, as_json: bool) -> None:
    """List the households: the accounts of each, whether they are signed in, its links and whether it has a PIN."""
    from showcam.accounts.pins import Pins
    from showcam.app.compose import ground
    from showcam.app.compose.command import tools

    settings = settings_of(context)
    with tools(settings) as store:
        vendors = ground.vendors(ground.drivers(settings, store))
        facts: list[HouseholdFacts] = [
            {
                "household": account.id,
                "users": [
                    {"user": user.name, "signed_in": user.is_signed_in}
                    for source in store.sources(account.id)
                    if source.kind in vendors
                    for user in [vendors[source.kind].sessions.user(source)]
                ],
                "showcam_user": owner_password.user_of(store, account.id),
                "lan": any(source.kind == "lan" for source in store.sources(account.id)),
                "links": len(store.links(account.id)),
                "pin": Pins(store).is_set(account.id),
                "language": account.locale,
                "created": account.created,
                "origin": account.origin,
            }
            for account in store.accounts()
        ]
    report(as_json, {"households": facts}, _lines(facts))


def _lines(households: list[HouseholdFacts]) -> list[str]:
    if not households:
        return ["Nobody has cameras here yet: showcam login, or showcam cameras add"]
    rows = [
        (
            household["household"],
            ", ".join(source["user"] or "(can't be opened)" for source in household["users"]),
            _yes(any(source["signed_in"] for source in household["users"])) if household["users"] else "",
            household["showcam_user"],
            _yes(household["lan"]),
            str(household["links"]),
            _yes(household["pin"]),
        )
        for household in households
    ]
    return table(rows, ("Household", "Account", "Signed in", "showcam user", "LAN", "Links", "PIN"))


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


@owner.command()
@click.argument("user")
@installation
@click.pass_context
@readable
def remove(context: click.Context, user: str) -> None:
    """Remove the household of USER and all its data. USER is asked for again.

    The household's links end at once, and its sign-ins no longer work. The vendor's account and its cameras stay as
    they are. USER is its user name at the vendor, its user name for showcam, or the household of showcam owner list.
    """
    from showcam.accounts import households, owner_users
    from showcam.app.compose.command import pictures, tools
    from showcam.drivers import KINDS

    settings = settings_of(context)
    with tools(settings) as store:
        account = owner_users.named_household(store, KINDS, user)
        if account is None:
            stop(f"{user} is not known here: showcam owner list", code=1)
        cameras = len(store.preferences(account.id))
        echo(
            f"The household of {user} will be removed: {_links(len(store.links(account.id)))} will end, and its "
            "session, keys, codes, password, PIN and what was said of its cameras will be gone for good.",
            err=True,
        )
        if click.prompt("Type USER to remove it") != user:
            stop("That is not how you named it: nothing was removed.", code=1)
        ended = households.remove(store, pictures(settings), account.id)
    echo(
        f"{user} is removed: {_links(len(ended))} ended, the settings of "
        f"{cameras} camera{'' if cameras == 1 else 's'}, its secrets and lists."
    )
    for link in ended:
        echo(f"  {link.assistant}  {link.label}".rstrip())
    echo("Backups that were made before still hold it.", err=True)


def _links(count: int) -> str:
    return "1 link" if count == 1 else f"{count} links"


@owner.command("sub-account")
@click.argument("user")
@click.argument("account_id")
@installation
@click.pass_context
@readable
def sub_account(context: click.Context, user: str, account_id: str) -> None:
    """Say which sub-account of this installation's Open Platform key (ezviz_key) is USER's household.

    ACCOUNT_ID is the accountId that ram/account/create answered; "none" takes it away.
    """
    from showcam.app.compose.command import tools
    from showcam.drivers.ezviz import sessions

    kept = "" if account_id == "none" else account_id
    if kept and not (kept.isalnum() and len(kept) <= 64):
        stop("An accountId is letters and digits.", code=1)
    with tools(settings_of(context)) as store:
        if not sessions.set_sub_account(store, user, kept):
            stop(f"{user} is not known here: showcam owner add {shlex.quote(user)}", code=1)
    echo(f"{user} has that sub-account now." if kept else f"{user} has no sub-account now.")


@owner.command()
@click.argument("user")
@click.argument("agreed", type=click.Choice(["yes", "no"]), metavar="yes|no")
@installation
@click.pass_context
@readable
def cloud(context: click.Context, user: str, agreed: str) -> None:
    """Say whether pictures of USER's cameras may come by EZVIZ's own cloud stream, if no other way brings one.

    It is an open connection: on its way from EZVIZ to here the picture is not encrypted. Linking asks for it too.
    """
    from showcam.app.compose.command import tools
    from showcam.drivers.ezviz import sessions

    with tools(settings_of(context)) as store:
        if not sessions.set_open_air(store, user, agreed == "yes"):
            stop(f"{user} is not known here: showcam owner add {shlex.quote(user)}", code=1)
    may = "may now" if agreed == "yes" else "no longer"
    echo(f"Pictures of {user}'s cameras {may} come by EZVIZ's cloud stream.")


@owner.command()
@click.argument("user")
@click.option("--key", help="appKey of the EZVIZ Open Platform application (default: asked for).")
@installation
@click.pass_context
@readable
def key(context: click.Context, user: str, key: str | None) -> None:
    """Set the Open Platform key that fetches the video of USER's cameras."""
    from showcam.app.compose.command import tools
    from showcam.drivers.ezviz import sessions

    with tools(settings_of(context)) as store:
        if sessions.find(store, user) is None:
            stop(f"{user} is not known here: showcam owner add {shlex.quote(user)}", code=1)
        app_key = key or str(click.prompt("appKey", err=True))
        sessions.set_open_key(store, user, app_key, click.prompt("appSecret", hide_input=True, err=True))
    echo(f"Pictures of {user}'s cameras now come by that key.")


@owner.command()
@click.argument("times", required=False)
@click.option("--zone", help="Time zone, such as Europe/Oslo (default: the one it has, else this machine's).")
@click.option("--user", help="Whose household (default: the only one).")
@as_json
@installation
@click.pass_context
@readable
def quiet(context: click.Context, times: str | None, zone: str | None, user: str | None, as_json: bool) -> None:
    """Set the quiet TIMES of a household, such as "22:00-07:00, 13:00-14:30", or nothing; without TIMES print them.

    In quiet times no display rings, no TV changes to a camera, and motion is not announced. Live pictures, and what a
    camera's sensors report, stay as they are.
    """
    from showcam.app.compose.command import tools
    from showcam.drivers.settings import BadValue
    from showcam.registry import quiet_times

    with tools(settings_of(context)) as store:
        account = owner_password.known_or_only(store, user)
        kept = quiet_times.of_household(store, account.id)
        if times is not None:
            chosen = zone or (kept.zone if kept.spans else quiet_times.own_zone())
            try:
                kept = quiet_times.parsed("" if times == "nothing" else times, chosen)
            except BadValue as error:
                stop(f"{error}.")
            quiet_times.keep(store, account.id, kept)
        elif zone:
            raise click.UsageError("--zone goes with TIMES.")
    says = f"Quiet times: {kept} ({kept.zone})." if kept.spans else "There are no quiet times."
    report(as_json, {"household": account.id, "quiet": str(kept), "zone": kept.zone}, [says])
    if times is not None:
        echo("They hold at once.", err=True)
