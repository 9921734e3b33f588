"""`showcam doctor`: requests the installation's endpoints as an assistant would, and prints what is wrong with them."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from showcam.app.cli import Group, guide, settings_of
from showcam.app.cli.output import as_json, echo, report, runnable, wants_json

if TYPE_CHECKING:
    from showcam.console.health.machine import Finding

_HELP = re.compile(r"/help/docs/([a-z-]+\.md)")
_MARKS = {"ok": "ok    ", "wrong": "WRONG ", "unsure": "?     "}


@click.group(cls=Group, invoke_without_command=True)
@as_json
def doctor() -> None:
    """Examine this machine, the way to it from outside, the assistants and the cameras. Print each fault and its fix.

    Exit code 0: nothing is wrong. 1: something is.
    """
    from showcam.app.compose.doctor import whole

    if click.get_current_context().invoked_subcommand is None:
        _print_all(whole(settings_of()))


@doctor.command()
@as_json
def google() -> None:
    """Fetch this installation's endpoints as Google would, and say what is wrong and how to fix it.

    Exit code 0: nothing is wrong. 1: something is.
    """
    from showcam.app.compose.doctor import google as examined

    _print_all(examined(settings_of()))


def _print_all(examined: "Iterator[Finding]") -> None:
    findings, settings = [], settings_of()
    for found in examined:
        # a page has the document at its own address, a terminal only if showcam runs
        finding = replace(found, mend=_HELP.sub(lambda named: guide(settings, named[1]), found.mend))
        findings.append(finding)
        if not wants_json():
            _print(finding)
    count = Counter(finding.state for finding in findings)
    report(
        {"findings": [_facts(finding) for finding in findings]},
        [f"\n{count['ok']} well, {count['wrong']} wrong, {count['unsure']} unsure."],
    )
    click.get_current_context().exit(1 if count["wrong"] else 0)


def _facts(finding: "Finding") -> dict[str, str]:
    return {
        "what": finding.what,
        "state": finding.state,
        "told": finding.text,
        "mend": finding.mend,
        "command": runnable(finding.command),
        "fault": finding.fault or "",
    }


def _print(finding: "Finding") -> None:
    echo(f"{_MARKS[finding.state]}{finding.what}: {finding.text}")
    if finding.mend:
        echo(f"      {finding.mend}")
    if finding.command:
        echo(f"      Here: {finding.command}")
