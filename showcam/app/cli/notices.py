"""`showcam notices`: the addresses for notices of faults to a household's owner."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from showcam.app.cli import installation, readable, settings_of, stop
from showcam.app.cli.output import as_json, echo, report, table
from showcam.app.cli.owner_password import known_or_only

if TYPE_CHECKING:
    from showcam.registry.notices.notifier import Address, Addresses
    from showcam.store.records import Account

_user = click.option("--user", help="Whose household (default: the only one).")


@click.group()
def notices() -> None:
    """The addresses that get a notice when something is wrong with your cameras, and when it is fixed."""


@notices.command()
@click.option("--name", default="", help="What you call it, such as “Kari's phone” (default: nothing).")
@_user
@as_json
@installation
@click.pass_context
@readable
def add(context: click.Context, name: str, user: str | None, as_json: bool) -> None:
    """Add an address, which is asked for: of ntfy, mail, a webhook or another service that Apprise knows.

    \b
    ntfys://ntfy.sh/TOPIC                          mailtos://USER:PASSWORD@gmail.com
    jsons://HOST/PATH (a webhook)                  tgram://BOT-TOKEN/CHAT-ID (Telegram)

    It is kept sealed, and shown nowhere. All of them: https://github.com/caronc/apprise/wiki
    """
    from showcam.net.notices import BadAddress, service
    from showcam.net.text import line
    from showcam.registry.notices.notifier import LONGEST_NAME, TooMany

    name = line(name)
    if len(name) > LONGEST_NAME:
        stop(f"a name has at most {LONGEST_NAME} characters.")
    with _household(context, user) as (account, addresses):
        url = str(click.prompt("Address", hide_input=True, err=True)).strip()
        try:
            what = service(url)
            address_id = addresses.add(account.id, url, what, name)
        except (BadAddress, TooMany) as error:
            stop(f"{error}.", code=1)
    report(as_json, {"address": address_id, "service": what, "name": name}, [f"{what} is address {address_id} now."])
    echo("A running showcam follows within five seconds. Try it: showcam notices test", err=True)


@notices.command("list")
@_user
@as_json
@installation
@click.pass_context
@readable
def list_(context: click.Context, user: str | None, as_json: bool) -> None:
    """List the addresses by service and name, never as they were typed."""
    with _household(context, user) as (account, addresses):
        found = addresses.of(account.id)
    facts = [_facts(address_id, address) for address_id, address in found.items()]
    rows = [(fact["address"], fact["service"], fact["name"], fact["added"][:10]) for fact in facts]
    lines = table(rows, ("Address", "Service", "Name", "Added"))
    report(as_json, {"addresses": facts}, lines if rows else ["You are notified nowhere yet: showcam notices add"])


@notices.command()
@click.argument("address")
@_user
@installation
@click.pass_context
@readable
def remove(context: click.Context, address: str, user: str | None) -> None:
    """Remove the ADDRESS, by its id of showcam notices list."""
    with _household(context, user) as (account, addresses):
        if not addresses.remove(account.id, address):
            stop(f"There is no address {address}: showcam notices list", code=1)
    echo("You are notified there no more.")


@notices.command()
@_user
@as_json
@installation
@click.pass_context
@readable
def test(context: click.Context, user: str | None, as_json: bool) -> None:
    """Send a test to each address. Exit code 0: each took it. 1: one did not."""
    from showcam.i18n.catalogue import chosen
    from showcam.net.notices import BadAddress, send
    from showcam.registry.notices.notifier import trial

    with _household(context, user) as (account, addresses):
        found = addresses.of(account.id)
    if not found:
        stop("You are notified nowhere yet: showcam notices add", code=1)
    title, text = trial(chosen([account.locale]))
    taken: dict[str, bool] = {}
    for address_id, address in found.items():
        try:
            taken[address_id] = send(address.url, title, text)
        except BadAddress:
            taken[address_id] = False
    lines = [f"{found[which].service} ({which}): {'taken' if took else 'NOT TAKEN'}" for which, took in taken.items()]
    if not all(taken.values()):
        lines.append("See that the address is right and its service runs; then remove and add it: showcam notices add")
    facts = [{"address": which, "service": found[which].service, "taken": took} for which, took in taken.items()]
    report(as_json, {"addresses": facts}, lines)
    if not all(taken.values()):
        context.exit(1)


@contextmanager
def _household(context: click.Context, user: str | None) -> Iterator[tuple["Account", "Addresses"]]:
    from showcam.app.compose.command import tools
    from showcam.registry.notices.notifier import Addresses

    settings = settings_of(context)
    if not settings.notifies:
        stop('Nobody is notified with sign_up = "anyone", nor on AWS.', code=1)
    with tools(settings) as store:
        yield known_or_only(store, user), Addresses(store)


def _facts(address_id: str, address: "Address") -> dict[str, str]:
    added = datetime.fromtimestamp(address.added, UTC).isoformat(timespec="seconds")
    return {"address": address_id, "service": address.service, "name": address.name, "added": added}
