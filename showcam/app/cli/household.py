"""`showcam household`: what support needs of one household: its links, last asks and cameras; end, export, remove."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from showcam.app.cli import Group, settings_of, stop
from showcam.app.cli.output import as_json, echo, report, table
from showcam.store.records import ASSISTANTS, addressable

if TYPE_CHECKING:
    from showcam.registry.owner.operator import AskFacts, HouseholdFacts, LinkFacts, Operator, ShownFacts
    from showcam.store.records import Account

_COLUMNS = ("Household", "Account", "Signed in", "showcam user", "LAN", "Links", "PIN")
_NOBODY = "Nobody has cameras here yet: showcam login, or showcam cameras add"
_UNLINKED = "Nothing is linked. Linking starts in the Alexa or the Google Home app."
_UNASKED = "No assistant was asked for a camera in thirty days, or no history is kept."


class _OfUser(Group):
    """A group that takes a USER in place of a command, and shows the household."""

    def resolve_command(
        self, context: click.Context, words: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(context, words if words[0] in self.commands else ["show", *words])


@click.group(cls=_OfUser, invoke_without_command=True)
@as_json
@click.pass_context
def household(context: click.Context) -> None:
    """One household: showcam household USER shows its links, its last asks and why they failed, and its cameras.

    USER is a user name at the vendor or for showcam, or an id of showcam household list. If there is only one
    household, USER may be left out.
    """
    if context.invoked_subcommand is None:
        context.invoke(show)


@household.command("list")
@click.option("--after", default="", metavar="ID", help="Begin behind this id (default: with the first household).")
@as_json
def list_(after: str) -> None:
    """List households, a hundred at a time: accounts, whether they are signed in, number of links, PIN."""
    if after and not addressable(after):
        raise click.BadParameter("that is no id of a household")
    with _operator() as operator:
        accounts, more = operator.page(after)
        facts = [operator.summary(account) for account in accounts]
    lines = table(map(_row, facts), _COLUMNS)
    if not facts:
        lines = [_NOBODY]
    if more:
        lines.append(f"There are more: showcam household list --after {more}")
    report({"households": facts, "more": more}, lines)


@household.command()
@click.argument("user", required=False)
@as_json
def show(user: str | None) -> None:
    """Show the household of USER. Its cameras are shown as they were last read: no vendor is asked."""
    with _named(user) as (operator, account):
        facts = operator.show(account)
    report(facts, _lines(facts))


@household.command()
@click.argument("user")
@click.argument("link")
@as_json
def end(user: str, link: str) -> None:
    """End the link LINK of the household of USER: its tokens stop working at once, and its live pictures end."""
    with _named(user) as (operator, account):
        if not operator.end(account, link):
            stop(f"The household of {user} has no link {link}: showcam household show {shlex.quote(user)}", code=1)
    report({"household": account.id, "ended": [link]}, ["It has ended."])


@household.command()
@click.argument("user")
@as_json
def export(user: str) -> None:
    """Print everything that is kept of the household of USER as JSON, without secrets, keys and hashes."""
    import json

    with _named(user) as (operator, account):
        click.echo(json.dumps(operator.export(account)))


@household.command()
@click.argument("user")
@click.option("--yes", is_flag=True, help="Remove it without asking for USER again.")
@as_json
def remove(user: str, yes: bool) -> None:
    """Remove the household of USER and all its data. USER is asked for again.

    The household's links end at once, and showcam signs out at its vendor. The vendor's account and its cameras stay
    as they are.
    """
    with _named(user) as (operator, account):
        if not yes:
            echo(
                f"The household of {user} will be removed: {_links(operator.summary(account)['links'])} will end, and "
                "its session, keys, codes, password, PIN and what was said of its cameras will be gone for good.",
                err=True,
            )
            if click.prompt("Type USER to remove it", err=True) != user:
                stop("That is not how you named it: nothing was removed.", code=1)
        ended = operator.remove(account)
    lines = [f"{user} is removed: {_links(len(ended))} ended, and its settings, secrets and lists are gone."]
    lines += [f"  {link.assistant}  {link.label}".rstrip() for link in ended]
    report({"household": account.id, "ended": [link.id for link in ended]}, lines)
    echo("Backups that were made before still hold it.", err=True)


@contextmanager
def _operator() -> Iterator["Operator"]:
    from showcam.app.compose.command import built
    from showcam.app.compose.operators import operator

    settings = settings_of()
    with built(settings) as base:
        yield operator(settings, base)


@contextmanager
def _named(user: str | None) -> Iterator[tuple["Operator", "Account"]]:
    """The household of `user`, or the only one; the command ends if there is none."""
    with _operator() as operator:
        if user is None:
            accounts, _ = operator.page(most=2)
            if len(accounts) > 1:
                stop("There are several households here: say whose. See showcam household list", code=1)
            if not accounts:
                stop(_NOBODY, code=1)
            yield operator, accounts[0]
            return
        account = operator.find(user)
        if account is None:
            stop(f"{user} is not known here: showcam household list", code=1)
        yield operator, account


def _row(household: "HouseholdFacts") -> tuple[str, ...]:
    users = household["users"]
    return (
        household["household"],
        ", ".join(user["user"] for user in users),
        _yes(any(user["signed_in"] for user in users)) if users else "",
        household["showcam_user"],
        _yes(household["lan"]),
        str(household["links"]),
        _yes(household["pin"]),
    )


def _lines(facts: "ShownFacts") -> Iterator[str]:
    yield from table([_row(facts["household"])], _COLUMNS)
    yield ""
    of_links = ("Link", "Assistant", "Made", "Used", "Cameras", "Reported (UTC)", "Label")
    yield from table(map(_link, facts["links"]), of_links) if facts["links"] else [_UNLINKED]
    yield ""
    of_asks = ("Asked (UTC)", "Camera", "By", "Link", "Outcome")
    yield from table(map(_ask, facts["asks"]), of_asks) if facts["asks"] else [_UNASKED]
    yield ""
    if not facts["cameras"]:
        yield "No list of its cameras is known that is younger than a day."
        return
    shown = [
        (camera["name"], camera["model"], *(_yes(assistant not in camera["refused"]) for assistant in ASSISTANTS))
        for camera in facts["cameras"]
    ]
    header, *lines = table(shown, ("Camera", "Model", "Alexa", "Google"))
    yield header
    for camera, line in zip(facts["cameras"], lines, strict=True):
        yield line
        yield from (f"    {sentence}" for sentence in camera["told"])
    yield f"Read {_minute(min(camera['as_of'] for camera in facts['cameras']))} UTC."


def _link(link: "LinkFacts") -> tuple[str, ...]:
    reported = f"{_minute(link['reported'])} {link['report']}" if link["reported"] else ""
    problem = link["report_problem"]
    return (
        link["id"],
        link["assistant"],
        _day(link["created"]),
        _day(link["last_used"]),
        "all" if link["cameras"] is None else str(len(link["cameras"])),
        "; now: ".join(filter(None, (reported, problem))) or "nothing",
        link["label"],
    )


def _ask(ask: "AskFacts") -> tuple[str, ...]:
    seen = f"watched for {ask['live_s']:.0f} s" if ask["live_s"] else "the picture was not fetched"
    return _minute(ask["at"]), ask["name"] or ask["camera"], ask["surface"], ask["link"], ask["told"] or seen


def _minute(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d") if at else "never"


def _links(count: int) -> str:
    return "1 link" if count == 1 else f"{count} links"


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"
