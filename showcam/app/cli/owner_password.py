"""`showcam owner password` and `pin`: a household's user at showcam, and its PIN for Google."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from showcam.app.cli import Command, Group, settings_of, stop
from showcam.app.cli.output import as_json, echo, report

if TYPE_CHECKING:
    from showcam.accounts.pins import Pins
    from showcam.app.settings import Settings
    from showcam.store.ports import Store
    from showcam.store.records import Account


@click.command(cls=Command)
@click.argument("user", required=False)
@click.option("--name", help="The user name for showcam (default: the one it has, else asked for).")
@as_json
def password(user: str | None, name: str | None) -> None:
    """Set the user name and password for USER's household at showcam itself.

    USER is its EZVIZ user name, its user name for showcam, or the id of showcam household list; it may be left out
    if there is one household. The password is asked for twice. It opens the console and the pages for linking Alexa or
    Google. The EZVIZ account opens them too.
    """
    from showcam.accounts.owner_users import BadUser, OwnerUsers
    from showcam.app.compose.command import tools

    with tools(settings_of()) as store:
        account, users = known_or_only(store, user), OwnerUsers(store)
        name = name or users.name_of(account.id) or str(click.prompt("User name for showcam", err=True))
        try:
            free(store, name, account.id)
            users.set(account.id, name, typed(name))
        except BadUser as error:
            stop(f"{error}.", code=1)
    facts = {"household": account.id, "showcam_user": name.strip()}
    report(facts, [f"{name.strip()} signs in at showcam with that password now."])
    echo("Links and browsers that are signed in stay as they are.", err=True)


def add_with_lan(settings: "Settings", name: str, language: str) -> None:
    """Adds a household that has only cameras in the house. Its owner signs in at showcam itself by `name`."""
    from showcam.accounts import households
    from showcam.accounts.owner_users import BadUser, OwnerUsers
    from showcam.app.compose.command import pictures, tools

    refuse_where_none_are(settings)
    with tools(settings) as store:
        try:
            free(store, name, "")
            secret = typed(name)
            account = households.add_of_lan(store, locale=language)
            try:
                OwnerUsers(store).set(account.id, name, secret)
            except BadUser:
                households.remove(store, pictures(settings, store), account.id)
                raise
        except BadUser as error:
            stop(f"{error}.", code=1)
    echo(f"{name.strip()} may now link cameras here, with that password.")


def known(store: "Store", user: str) -> "Account":
    """The household that the command names; the command ends if there is none."""
    from showcam.accounts import owner_users
    from showcam.drivers import KINDS

    account = owner_users.named_household(store, KINDS, user)
    if account is None:
        stop(f"{user} is not known here: showcam owner add {shlex.quote(user)}", code=1)
    return account


def known_or_only(store: "Store", user: str | None) -> "Account":
    """The household of `user`, or the only household if none is named.

    The command ends if there is no household, or if several are possible.
    """
    if user is not None:
        return known(store, user)
    accounts = [account for account, _ in zip(store.accounts(), range(2), strict=False)]
    if not accounts:
        stop("There is no household yet: showcam login, or showcam cameras add", code=1)
    if len(accounts) > 1:
        stop("There are several households here: say whose. See showcam household list", code=1)
    return accounts[0]


def hint_at_password(store: "Store", account_id: str) -> None:
    """Says how to sign in to a household that nobody can sign in to yet."""
    from showcam.accounts.owner_users import OwnerUsers

    if all(source.kind == "lan" for source in store.sources(account_id)) and not OwnerUsers(store).name_of(account_id):
        echo("Nobody can sign in to this household yet: showcam owner password", err=True)


def free(store: "Store", name: str, account_id: str) -> None:
    """Raises BadUser if the name is a vendor's user here, or another household's at showcam."""
    from showcam.accounts import households
    from showcam.accounts.owner_users import BadUser, OwnerUsers, checked_name
    from showcam.drivers import KINDS, vendor_of

    name = checked_name(name)
    if (taken := households.find_at_any(store, KINDS, name)) is not None:
        vendor = vendor_of(taken.kind)
        raise BadUser(
            "taken",
            f"{name} is an {vendor} user name here: choose another, so that a password for showcam is never sent to "
            f"{vendor}",
        )
    user = OwnerUsers(store).find(name)
    if user is not None and user.account != account_id:
        raise BadUser("taken", f"another household has the user name {name}: choose another")


def typed(name: str) -> str:
    """The password, asked for twice. Raises BadUser."""
    from showcam.accounts.owner_users import SHORTEST, check_password

    prompt = f"Password for showcam (at least {SHORTEST} characters)"
    secret = str(click.prompt(prompt, hide_input=True, confirmation_prompt="The same once more", err=True))
    check_password(secret, name)
    return secret


def refuse_where_none_are(settings: "Settings") -> None:
    if not settings.has_lan_cameras:
        stop('There are no cameras in the house with sign_up = "anyone", nor on AWS.', code=1)


@click.group(cls=Group)
def pin() -> None:
    """The PIN that Google asks for before a camera is turned off by voice."""


@pin.command("set")
@click.argument("user")
def set_(user: str) -> None:
    """Set the PIN of USER's household: 4 to 8 digits, which are asked for.

    Without one no camera can be turned off by Google. A voice turns off only a camera whose voice_may
    names sleep: showcam cameras set NAME voice_may sleep.
    """
    from showcam.accounts.pins import BadPin

    with _household(user) as (pins, account):
        digits = click.prompt("PIN", hide_input=True, confirmation_prompt=True)
        try:
            pins.set(account, digits)
        except BadPin as error:
            stop(f"That can't be set: {error}.", code=1)
    echo(f"Google now asks for that PIN before it turns off a camera of {user}.")


@pin.command()
@click.argument("user")
def clear(user: str) -> None:
    """Forget the PIN of USER's household: Google can then turn off none of its cameras."""
    with _household(user) as (pins, account):
        pins.clear(account)
    echo(f"No PIN is set for {user}: Google can't turn off a camera now.")


@contextmanager
def _household(user: str) -> Iterator[tuple["Pins", str]]:
    from showcam.accounts.pins import Pins
    from showcam.app.compose.command import tools

    with tools(settings_of()) as store:
        yield Pins(store), known(store, user).id
