"""`showcam doctor`: one's own endpoints fetched as an assistant would, and what is wrong with them."""

import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from showcam.cli import installation, readable, settings_of
from showcam.cli.output import as_json, report, runnable, tell

if TYPE_CHECKING:
    from showcam.doctor.finding import Finding

_MARKS = {"ok": "ok    ", "wrong": "WRONG ", "unsure": "?     "}


@click.group()
def doctor() -> None:
    """Look at showcam from outside, as an assistant sees it."""


@doctor.command()
@as_json
@installation
@click.pass_context
@readable
def google(context: click.Context, as_json: bool) -> None:
    """Fetch this installation's endpoints as Google would, and say what is wrong and how to mend it.

    Exit code 0: nothing is wrong. 1: something is.
    """
    from showcam.compose.doctor import google as examined

    findings = []
    for finding in examined(settings_of(context)):
        findings.append(finding)
        if not as_json:
            _say(finding)
    seen = Counter(finding.state for finding in findings)
    facts = {"findings": [asdict(each) | {"mend": runnable(each.mend)} for each in findings]}
    report(as_json, facts, [f"\n{seen['ok']} well, {seen['wrong']} wrong, {seen['unsure']} unsure."])
    sys.exit(1 if seen["wrong"] else 0)


def _say(finding: "Finding") -> None:
    """As soon as it is known: the next one may take its time."""
    tell(f"{_MARKS[finding.state]}{finding.what}: {finding.told}")
    if finding.mend:
        tell(f"      {finding.mend}")
