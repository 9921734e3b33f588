"""Prints the table of what was shown of each artefact."""

import pytest

from tests.ship import table


def pytest_sessionstart() -> None:
    table.begin()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if drawn := table.drawn():
        terminalreporter.write_line(f"\n{drawn}")
