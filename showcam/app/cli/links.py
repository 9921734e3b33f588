"""`showcam links`: who may see cameras through which assistant."""

from datetime import UTC, datetime

import click
from msgspec.structs import asdict

from showcam.app.cli import Group, settings_of, stop
from showcam.app.cli.output import as_json, echo, report, table
from showcam.store.outbox import Telling


@click.group(cls=Group)
def links() -> None:
    """Completed links: who may see cameras through which assistant."""


@links.command("list")
@as_json
def list_() -> None:
    """List every link that is alive: when it was made and last used, and the last report to its assistant."""
    from showcam.app.compose.command import tools

    with tools(settings_of()) as store:
        accounts = [account.id for account in store.accounts()]
        found = [link for account in accounts for link in store.links(account)]
        tellings = {known.link: known for account in accounts for known in store.tellings(account).values()}
    rows = [
        (
            link.id,
            link.assistant,
            _day(link.created),
            _day(link.last_used),
            "all" if link.cameras is None else str(len(link.cameras)),
            _last_sent(tellings.get(link.id)),
            link.label,
        )
        for link in found
    ]
    lines = table(rows, ("Link", "Assistant", "Made", "Used", "Cameras", "Reported (UTC)", "Label"))
    if not rows:
        lines = ["Nothing is linked yet. Linking starts in the Alexa or the Google Home app."]
    listed = ("id", "account", "client", "assistant", "label", "cameras", "locale", "created", "last_used")
    facts = [{name: asdict(link)[name] for name in listed} | _report(tellings.get(link.id)) for link in found]
    report({"links": facts}, lines)


@links.command()
@click.argument("link_id")
def end(link_id: str) -> None:
    """End the link LINK_ID: its tokens stop working at once, and its live pictures end."""
    from showcam.accounts import households
    from showcam.app.compose.command import pictures, tools

    settings = settings_of()
    with tools(settings) as store:
        link = store.link(link_id)
        if link is None or link.ended is not None:
            stop(f"There is no link {link_id}: showcam links list", code=1)
        households.end(store, pictures(settings, store), link)
    echo("It has ended.")


def _last_sent(telling: Telling | None) -> str:
    if telling is None or telling.told_at is None:
        return telling.reason if telling and telling.reason else "nothing"
    at = datetime.fromtimestamp(telling.told_at, UTC).strftime("%Y-%m-%d %H:%M")
    return f"{at} {telling.what}" + (f"; now: {telling.reason}" if telling.reason else "")


def _report(telling: Telling | None) -> dict[str, object]:
    if telling is None:
        return {"reported": None, "report": "", "report_problem": ""}
    return {"reported": telling.told_at, "report": telling.what, "report_problem": telling.reason}


def _day(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d") if when else "never"
