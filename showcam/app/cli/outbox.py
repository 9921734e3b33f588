"""`showcam outbox`: waiting reports to assistants, and reports that can't be sent."""

import time
from datetime import UTC, datetime

import click

from showcam.app.cli import Group, settings_of, stop
from showcam.app.cli.output import as_json, echo, report, table


@click.group(cls=Group)
def outbox() -> None:
    """The reports that wait for Alexa and Google, and the reports that can't be sent, with the reason."""


@outbox.command("list")
@as_json
def list_() -> None:
    """List what waits, and what was put aside because an assistant refused it or it happened too long ago."""
    from showcam.app.compose.command import tools

    now = time.time()
    with tools(settings_of()) as store:
        waiting, laid = store.waiting(now), store.laid_down()
        reasons = {
            telling.link: (telling.reason, telling.why)
            for account in {row.account for row in waiting}
            for telling in store.tellings(account).values()
        }
    rows = [
        *(("waits", row, row.due, reasons.get(row.link, ("", None))) for row in waiting),
        *(("put aside", known.row, known.at, (known.reason, known.why)) for known in laid),
    ]
    lines = table(
        [
            (row.id if state == "put aside" else "", state, row.assistant, row.link, row.kind, _when(since), reason)
            for state, row, since, (reason, why) in rows
        ],
        ("Row", "State", "Assistant", "Link", "What", "Since (UTC)", "Why"),
    )
    facts = [
        {
            "id": row.id,
            "state": state.replace(" ", "_"),
            "assistant": row.assistant,
            "account": row.account,
            "link": row.link,
            "what": row.kind,
            "camera": row.subject if row.kind != "ended" else "",
            "at": row.at,
            "since": since,
            "reason": reason,
            "why": why,
        }
        for state, row, since, (reason, why) in rows
    ]
    report({"rows": facts}, lines if rows else ["Nothing waits, and nothing was put aside."])


@outbox.command()
@click.argument("row")
def retry(row: str) -> None:
    """Report ROW again, which was put aside."""
    _change(row, again=True)
    echo("It is reported again within a second, while showcam runs.")


@outbox.command()
@click.argument("row")
def drop(row: str) -> None:
    """Forget ROW, which was put aside."""
    _change(row, again=False)
    echo("It is forgotten.")


def _change(row_id: str, *, again: bool) -> None:
    from showcam.app.compose.command import tools

    with tools(settings_of()) as store:
        account = next((known.row.account for known in store.laid_down() if known.row.id == row_id), None)
        if account is None or not (store.retry(account, row_id, time.time()) if again else store.drop(account, row_id)):
            stop(f"No row {row_id} was put aside: showcam outbox list", code=1)


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
