"""A finding of the doctor about one point of the installation."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from showcam.console.health.machine import Fault, Finding, Step


def ok(what: str, text: str) -> Finding:
    return Finding(what, "ok", text)


def wrong(what: str, text: str, mend: str, fault: Fault | None = None, *, command: str = "") -> Finding:
    return Finding(what, "wrong", text, mend, fault, command=command)


def unsure(what: str, text: str, mend: str, fault: Fault | None = None, *, command: str = "") -> Finding:
    return Finding(what, "unsure", text, mend, fault, command=command)


def of(step: Step, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Marks the findings as part of a step of set-up."""
    for finding in findings:
        yield replace(finding, step=step)
