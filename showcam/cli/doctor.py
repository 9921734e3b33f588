"""`showcam doctor`: requests the installation's endpoints as an assistant would, and prints what is wrong with them."""

import sys
from collections import Counter
from typing import TYPE_CHECKING

import click

from showcam.cli import installation, readable, settings_of
from showcam.cli.output import as_json, echo, report, runnable

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
            _print(finding)
    count = Counter(finding.state for finding in findings)
    report(
        as_json,
        {"findings": [_facts(finding) for finding in findings]},
        [f"\n{count['ok']} well, {count['wrong']} wrong, {count['unsure']} unsure."],
    )
    sys.exit(1 if count["wrong"] else 0)


def _facts(finding: "Finding") -> dict[str, str]:
    return {
        "what": finding.what,
        "state": finding.state,
        "told": finding.text,
        "mend": runnable(finding.mend),
    }


def _print(finding: "Finding") -> None:
    echo(f"{_MARKS[finding.state]}{finding.what}: {finding.text}")
    if finding.mend:
        echo(f"      {finding.mend}")
