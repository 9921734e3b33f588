"""`showcam doctor`: one's own endpoints fetched as an assistant would, and what is wrong with them."""

import sys
from collections import Counter

import click

from showcam.cli import readable, settings_of

_MARKS = {"ok": "ok    ", "wrong": "WRONG ", "unsure": "?     "}


@click.group()
def doctor() -> None:
    """Look at showcam from outside, as an assistant sees it."""


@doctor.command()
@click.option("--demo", is_flag=True, help="The demo that runs on this machine.")
@click.pass_context
@readable
def google(context: click.Context, demo: bool) -> None:
    """Fetch this installation's endpoints as Google would, and say what is wrong and how to mend it.

    Exit code 0: nothing is wrong. 1: something is.
    """
    from showcam.compose.doctor import google as examined

    seen: Counter[str] = Counter()
    for finding in examined(settings_of(context)):
        seen[finding.state] += 1
        click.echo(f"{_MARKS[finding.state]}{finding.what}: {finding.told}")
        if finding.mend:
            click.echo(f"      {finding.mend}")
    click.echo(f"\n{seen['ok']} well, {seen['wrong']} wrong, {seen['unsure']} unsure.")
    sys.exit(1 if seen["wrong"] else 0)
